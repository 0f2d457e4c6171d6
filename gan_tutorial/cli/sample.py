"""``sample``: draw from a trained generator."""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..conditional import label_of
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
    command.add_argument(
        "--class",
        dest="label",
        metavar="NAME",
        help="of a run of train --conditional: samples of this class (all classes in turn)",
    )
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
    labels, of = _labels(generator, arguments)
    samples = sample_generator(generator, codes, labels=labels)
    save_samples(samples, Path(arguments.out), columns=arguments.columns)
    print(f"{arguments.count} samples{of} in {arguments.out}")
    return 0


def _labels(generator: Any, arguments: argparse.Namespace) -> tuple[Tensor | None, str]:
    """Return the labels to sample, None for those of the generator's choice, and say which."""
    classes = getattr(generator, "classes", None)
    if arguments.label is None:
        return None, f", of the {len(classes)} classes in turn," if classes else ""
    if classes is None:
        raise ValueError(
            f"The generator in {arguments.run} knows no classes: leave --class out, or train one "
            "with --conditional."
        )
    label = label_of(arguments.label, classes)
    return torch.full((arguments.count,), label), f" of class {arguments.label}"
