"""``animate``: pictures that move, of a walk among latent codes or of a training."""

import argparse
import re
from pathlib import Path

import numpy as np
import torch

from ..conditional import label_of
from ..models import latent_codes, sample_generator, truncated
from ..plots import ANIMATIONS, interpolate, save_animation, tile
from ..training import SavedRun
from .kept import add_checkpoint, add_network, add_truncation, opened
from .numbers import SEED, whole

__all__ = ["add_to", "run"]

MOST = 2000  # pictures in all: a file of a few megabytes, and seconds of work
REST = 1500  # milliseconds on the last grid of a training
NAMED = re.compile(r"step_(\d+)\.png")


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "animate",
        help="a picture that moves: a walk among latent codes, or a training",
        description="Write a moving picture of a run: samples that turn into one another on a "
        "closed walk through latent codes, or, with --progress, the grids of its training.",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument(
        "--out", required=True, metavar="FILE", help=f"what to write: {', '.join(ANIMATIONS)}"
    )
    command.add_argument(
        "--progress", action="store_true", help="show the grids in the run's samples/, step by step"
    )
    command.add_argument("--count", type=whole(1), default=9, help="samples side by side (9)")
    command.add_argument("--columns", type=whole(1), help="samples in a row of the grid")
    command.add_argument("--stops", type=whole(2), default=4, help="codes on the walk (4)")
    command.add_argument(
        "--between", type=whole(1), default=12, help="pictures from one stop to the next (12)"
    )
    command.add_argument(
        "--interval", type=whole(20, 10_000), help="milliseconds a picture stays (80; 400)"
    )
    add_checkpoint(command)
    add_network(command)
    add_truncation(command)
    command.add_argument("--seed", type=SEED, default=0, help="decides which codes (0)")
    command.add_argument(
        "--class",
        dest="label",
        metavar="NAME",
        help="of a run of train --conditional: samples of this class (all classes in turn)",
    )
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write the moving picture; return the exit status."""
    out = Path(arguments.out)
    if out.suffix.lower() not in ANIMATIONS:
        raise ValueError(
            f"--out {out} does not say which kind of moving picture to write: let it end in one of "
            f"{', '.join(ANIMATIONS)}."
        )
    saved = opened(arguments)
    if arguments.progress:
        frames = _progress(saved)
        save_animation(frames, out, interval_ms=arguments.interval or 400, last_ms=REST)
    else:
        frames = _walk(saved, arguments)
        save_animation(frames, out, interval_ms=arguments.interval or 80)
    print(f"{len(frames)} pictures in {arguments.out}")
    return 0


def _walk(saved: SavedRun, arguments: argparse.Namespace) -> list[np.ndarray]:
    """Return the grids of a closed walk: every sample comes back to where it began."""
    generator = saved.latent_generator()
    if len(saved.shape) != 3:
        raise ValueError(f"The run in {saved.folder} makes points, and a walk shows pictures.")
    count, stops, between = arguments.count, arguments.stops, arguments.between
    if count * stops * between > MOST:
        raise ValueError(
            f"--count {count}, --stops {stops} and --between {between} make "
            f"{count * stops * between:,} pictures: ask for {MOST:,} at most, all together."
        )
    classes, labels = getattr(generator, "classes", None), None
    if classes is not None:
        labels = torch.arange(count) % len(classes)
    if arguments.label is not None:
        if classes is None:
            raise ValueError(
                f"The generator in {saved.folder} knows no classes: leave out --class."
            )
        labels = torch.full((count,), label_of(arguments.label, classes))
    codes = latent_codes(count * stops, generator.latent_dim, arguments.seed)
    ways = codes.view(stops, count, -1)
    frames = []
    for here, there in zip(ways, ways.roll(-1, 0), strict=True):
        # the last code of a way is the first of the next
        walked = [interpolate(a, b, between + 1)[:-1] for a, b in zip(here, there, strict=True)]
        for each in torch.stack(walked, 1):
            each = truncated(generator, each, arguments.truncation)
            pictures = sample_generator(generator, each, labels=labels)
            scale = max(1, 64 // pictures.shape[3])
            frames.append(tile(pictures, arguments.columns, scale, gap=2))
    return frames


def _progress(saved: SavedRun) -> list[np.ndarray]:
    """Return the grids of a training, each with its step written below."""
    from PIL import Image, ImageDraw

    found = sorted(
        (int(named[1]), path)
        for path in (saved.folder / "samples").glob("step_*.png")
        if (named := NAMED.fullmatch(path.name))
    )
    if len(found) < 2:
        raise ValueError(
            f"{saved.folder} holds {len(found)} grids of its training, and what moves has two at "
            "least: train longer, or more often with train --samples-every."
        )
    frames = []
    for step, path in found:
        with Image.open(path) as grid:
            picture = Image.new("RGB", (grid.width, grid.height + 16), "white")
            shown = grid.convert("RGBA")
            picture.paste(shown, (0, 0), shown)  # what is transparent lies on white
        ImageDraw.Draw(picture).text((4, grid.height + 2), f"step {step:,}", fill="black")
        frames.append(np.asarray(picture))
    return frames
