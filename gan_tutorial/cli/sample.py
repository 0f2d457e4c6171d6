"""``sample``: draw from a trained generator."""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..conditional import label_of
from ..models import latent_codes, sample_generator
from .kept import add_checkpoint, opened
from .numbers import SEED, whole
from .output import save_files, save_samples
from .own import made_by

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "sample",
        help="draw samples from a trained generator",
        description="Draw samples: in one picture (--out), or each in a file of its own (--files).",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument("--count", type=whole(1), default=64, help="how many (64)")
    add_checkpoint(command)
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
        metavar="FILE",
        help="picture to write: .png, .jpg, .webp, .gif, .tif or .bmp",
    )
    command.add_argument(
        "--files", metavar="FOLDER", help="new folder for one .png file a sample, in its own size"
    )
    command.add_argument(
        "--network",
        metavar="FILE.py:NAME",
        help="for a generator of your own: the program and the class or function that makes it",
    )
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write pictures of samples; return the exit status."""
    if arguments.out is None and arguments.files is None:
        raise ValueError("Say where to write: --out for one picture, --files for one a sample.")
    samples, of = _samples(arguments)
    written = []
    if arguments.out is not None:
        save_samples(samples, Path(arguments.out), columns=arguments.columns)
        written.append(arguments.out)
    if arguments.files is not None:
        save_files(samples, Path(arguments.files))
        written.append(arguments.files)
    print(f"{arguments.count} samples{of} in {' and in '.join(written)}")
    return 0


def _samples(arguments: argparse.Namespace) -> tuple[Tensor, str]:
    """Draw them, and say of which classes."""
    saved = opened(arguments)
    if arguments.network is None:
        generator = saved.latent_generator()
    else:
        generator = saved.load_into(made_by(arguments.network))
    codes = latent_codes(arguments.count, generator.latent_dim, arguments.seed)
    labels, of = _labels(generator, arguments)
    return sample_generator(generator, codes, labels=labels), of


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
