"""``sample``: draw from a trained generator."""

import argparse
from pathlib import Path

from ..models import latent_codes, sample_generator
from ..training import SavedRun
from .numbers import SEED, whole
from .output import save_samples

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser("sample", help="draw samples from a trained generator")
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument("--count", type=whole(1), default=64, help="how many (64)")
    command.add_argument("--seed", type=SEED, default=0, help="decides which (0)")
    command.add_argument("--columns", type=whole(1), help="samples in a row of the grid")
    command.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="picture to write: .png, .jpg, .webp, .gif, .tif or .bmp",
    )
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write a picture of samples; return the exit status."""
    generator = SavedRun(arguments.run).latent_generator()
    codes = latent_codes(arguments.count, generator.latent_dim, arguments.seed)
    samples = sample_generator(generator, codes)
    save_samples(samples, Path(arguments.out), columns=arguments.columns)
    print(f"{arguments.count} samples in {arguments.out}")
    return 0
