"""``project``: find what a generator knows of a picture."""

import argparse
from pathlib import Path
from typing import Any

import torch

from ..conditional import label_of
from ..data.pictures import UnreadablePictureError, read_picture
from ..plots.saving import format_of
from ..repair import project
from .kept import add_checkpoint, add_network, opened
from .numbers import SEED, whole
from .output import laid_on_white, save_samples

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "project",
        help="find the sample that comes nearest to a picture",
        description="Search the latent space of a run for what comes nearest to pictures of your "
        "own. In the picture that is written, each row shows one of them, cut and scaled as the "
        "run's data were, and then what was found from several starts, the nearest first.",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument("pictures", metavar="PICTURE", nargs="+", help="the pictures")
    command.add_argument("--out", required=True, metavar="FILE", help="picture to write")
    add_checkpoint(command)
    add_network(command)
    command.add_argument(
        "--starts", type=whole(1, 64), default=4, help="random codes to search from (4)"
    )
    command.add_argument("--steps", type=whole(1), default=300, help="steps of the search (300)")
    command.add_argument("--seed", type=SEED, default=0, help="decides the starts (0)")
    command.add_argument(
        "--class",
        dest="label",
        metavar="NAME",
        help="of a run of train --conditional: the class as which to make them",
    )
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write what was found; return the exit status."""
    out = Path(arguments.out)
    format_of(out)  # refused before the work begins
    saved = opened(arguments)
    generator = saved.latent_generator()
    if len(saved.shape) != 3:
        raise ValueError(f"The run in {saved.folder} makes points, and a picture is none.")
    given = [Path(each).expanduser() for each in arguments.pictures]
    if out.expanduser().resolve() in [each.resolve() for each in given]:
        raise ValueError(f"--out {out} is one of the pictures: choose another name.")
    channels, height, width = saved.shape
    images = torch.stack([_read(each, (height, width), channels) for each in given])
    found = project(
        generator,
        images,
        labels=_labels(generator, arguments, len(images)),
        starts=arguments.starts,
        steps=arguments.steps,
        seed=arguments.seed,
    )
    rows = torch.cat([images[None], found.pictures.clamp(-1, 1)]).transpose(0, 1).flatten(0, 1)
    save_samples(rows, out, columns=1 + arguments.starts)
    for name, error, chance in zip(given, found.errors[0], found.by_chance, strict=True):
        print(
            f"{name.name}: mean difference {error:.3f} of a range of 2, where the nearest of 256 "
            f"random samples has {chance:.3f}"
        )
    print(f"{len(images)} and what was found in {arguments.out}{laid_on_white(rows, out)}")
    return 0


def _read(path: Path, size: tuple[int, int], channels: int) -> torch.Tensor:
    """Read a picture as the run's data were read."""
    try:
        pixels = read_picture(path, size, channels)
    except UnreadablePictureError as error:
        raise ValueError(f"{path} cannot be read as a picture: {error}.") from None
    return torch.from_numpy(pixels.copy()).float() / 127.5 - 1


def _labels(generator: Any, arguments: argparse.Namespace, count: int) -> torch.Tensor | None:
    classes = getattr(generator, "classes", None)
    if (classes is None) != (arguments.label is None):
        raise ValueError(
            f"The generator in {arguments.run} "
            + ("knows no classes: leave --class out." if classes is None else "makes a class that "
               f"it is told: give --class, one of {', '.join(classes)}.")
        )  # fmt: skip
    return None if classes is None else torch.full((count,), label_of(arguments.label, classes))
