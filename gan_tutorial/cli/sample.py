"""``sample``: draw from a trained generator."""

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import data
from ..conditional import label_of
from ..metrics import extract, nearest, network_for
from ..models import latent_codes, sample_generator, truncated
from ..plots import interpolate
from ..training import SavedRun
from .kept import add_checkpoint, add_network, add_truncation, opened
from .loading import is_trained_on, of_run
from .numbers import SEED, whole
from .output import laid_on_white, save_files, save_samples

__all__ = ["add_to", "run"]

NEAREST = 3  # pictures of the data beside a sample


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "sample",
        help="draw samples from a trained generator",
        description="Draw samples: in one picture (--out), or each in a file of its own (--files).",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument("--count", type=whole(1), help="how many (64; 8 with --nearest)")
    add_checkpoint(command)
    command.add_argument("--seed", type=SEED, default=0, help="decides which (0)")
    command.add_argument(
        "--class",
        dest="label",
        metavar="NAME",
        help="of a run of train --conditional: samples of this class (all classes in turn)",
    )
    add_truncation(command)
    command.add_argument(
        "--interpolation",
        type=whole(2),
        metavar="STEPS",
        help="every row of the grid leads from one latent code to another in so many steps (see "
        "animate for what moves)",
    )
    command.add_argument(
        "--nearest",
        metavar="DATA",
        nargs="?",
        const="",
        help="show beside every sample the three pictures of DATA that are nearest to it (what the "
        "run was trained on): whether it copies, evaluate tells",
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
    add_network(command)
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write pictures of samples; return the exit status."""
    if arguments.out is None and arguments.files is None:
        raise ValueError("Say where to write: --out for one picture, --files for one a sample.")
    if arguments.count is None:
        arguments.count = 64 if arguments.nearest is None else 8
    saved = opened(arguments)
    samples, of = _samples(saved, arguments)
    if arguments.nearest is not None:
        samples, beside = _with_nearest(samples, saved, arguments)
        of += beside
    written = []
    if arguments.out is not None:
        save_samples(samples, Path(arguments.out), columns=arguments.columns)
        written.append(arguments.out + laid_on_white(samples, Path(arguments.out)))
    if arguments.files is not None:
        save_files(samples, Path(arguments.files))
        written.append(arguments.files)
    print(f"{arguments.count} samples{of} in {' and in '.join(written)}")
    return 0


def _samples(saved: SavedRun, arguments: argparse.Namespace) -> tuple[Tensor, str]:
    """Draw them, and say of which classes."""
    generator = saved.latent_generator()
    labels, of = _labels(generator, arguments)
    if arguments.interpolation is None:
        codes = latent_codes(arguments.count, generator.latent_dim, arguments.seed)
    else:
        codes = _rows(arguments, generator.latent_dim)
        steps = arguments.columns = arguments.interpolation
        of = f"{of}, {len(codes) // steps} ways of {steps} steps,"
        if labels is None and (classes := getattr(generator, "classes", None)):
            labels = torch.arange(len(codes)) // steps % len(classes)  # one class a row
    codes = truncated(generator, codes, arguments.truncation)
    return sample_generator(generator, codes, labels=labels), of


def _with_nearest(
    samples: Tensor, saved: SavedRun, arguments: argparse.Namespace
) -> tuple[Tensor, str]:
    """Return rows of a sample and the pictures that are nearest to it, and say in which sense."""
    if arguments.out is None or arguments.interpolation or arguments.columns:
        raise ValueError(
            "--nearest fills one picture row by row: use it with --out, and without "
            "--interpolation and --columns."
        )
    if len(saved.shape) != 3:
        raise ValueError(f"The run in {saved.folder} makes points: --nearest shows pictures.")
    name = arguments.nearest or saved.about.get("data")
    if name is None:
        raise ValueError(
            f"{saved.folder} does not say what it was trained on: give --nearest DATA."
        )
    own = name in data.NAMES or is_trained_on(saved, name)
    pictures = of_run(saved, name, "train" if own else "all")
    network, count = network_for(pictures), min(NEAREST, len(pictures))
    known = extract(pictures, network)
    rows, _ = nearest(extract(samples, network), known, count)
    beside = pictures[rows.flatten()].cpu().unflatten(0, rows.shape)
    arguments.columns = 1 + count
    return torch.cat([samples[:, None], beside], 1).flatten(0, 1), (
        f", each before the {count} nearest of {len(pictures):,} pictures of {pictures.name} by "
        f"{known.extractor},"
    )


def _rows(arguments: argparse.Namespace, latent_dim: int) -> Tensor:
    """Return the codes of a grid of which every row leads from one code to another."""
    steps, count = arguments.interpolation, arguments.count
    if count % steps or arguments.columns not in (None, steps):
        raise ValueError(
            f"--interpolation {steps} fills rows of {steps} samples: let --count be a multiple of "
            f"{steps}, such as {max(1, round(count / steps)) * steps}, and leave --columns out."
        )
    ends = latent_codes(2 * (count // steps), latent_dim, arguments.seed)
    return torch.cat([interpolate(a, b, steps) for a, b in zip(ends[::2], ends[1::2], strict=True)])


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
