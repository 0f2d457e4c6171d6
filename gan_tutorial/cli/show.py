"""``show``: a page to play with a run's generator."""

import argparse
from pathlib import Path

import torch

from ..models import latent_codes, sample_generator, truncated
from ..plots.playground import plane_codes, playground
from ..training.files import write_atomically
from .kept import add_checkpoint, add_network, add_truncation, opened
from .numbers import SEED, whole

__all__ = ["add_to", "run"]

MOST = 16_000 * 12_000  # pixels of all planes: what a page holds without becoming slow
LARGEST = 16_383  # pixels, of a side of a WebP file
CLASSES = 20  # of which each gets a plane


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "show",
        help="write a page to play with a generator",
        description="Write one HTML file in which planes of latent codes can be explored, by "
        "pointer or arrow keys. It holds its pictures, and works offline and from a disk.",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument(
        "--out", metavar="FILE", help="page to write, .html (show.html in the run's folder)"
    )
    command.add_argument(
        "--planes", type=whole(1, 50), help="how many (4; of classes, one for each)"
    )
    command.add_argument(
        "--side", type=whole(2, 100), default=15, help="pictures along an edge of a plane (15)"
    )
    add_checkpoint(command)
    add_network(command)
    add_truncation(command)
    command.add_argument("--seed", type=SEED, default=0, help="decides the corners (0)")
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write the page; return the exit status."""
    saved = opened(arguments)
    out = Path(arguments.out) if arguments.out is not None else saved.folder / "show.html"
    if out.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out {out} is a page: let its name end in .html.")
    generator = saved.latent_generator()
    if len(saved.shape) != 3:
        raise ValueError(f"The run in {saved.folder} makes points, and a page shows pictures.")
    classes = tuple(getattr(generator, "classes", ()))[:CLASSES]
    count, side = arguments.planes or len(classes) or 4, arguments.side
    pixels = saved.shape[1] * saved.shape[2] * side**2
    if count * pixels > MOST or side * max(saved.shape[1:]) > LARGEST:
        raise ValueError(
            f"{count} planes of {side}x{side} pictures are too much for a page: ask for fewer by "
            "--planes or --side."
        )
    corners = latent_codes(4 * count, generator.latent_dim, arguments.seed)
    planes = {}
    for k, four in enumerate(corners.view(count, 4, -1)):
        label = k % len(classes) if classes else None
        codes = truncated(generator, plane_codes(four, side), arguments.truncation)
        labels = None if label is None else torch.full((len(codes),), label)
        name = f"Plane {k + 1}" if label is None else f"Plane {k + 1}, {classes[label]}"
        planes[name] = sample_generator(generator, codes, labels=labels)
    data = saved.config["data"]["name"]
    about = [
        f"A generator trained on {data}, {saved.config['step']:,} steps.",
        f"A plane is spanned by four codes at its corners, {side} pictures along each edge; "
        "between two codes it turns, so that every code is as long as usual.",
        *(
            [f"Codes are scaled by {arguments.truncation:g} (truncation)."]
            if arguments.truncation != 1
            else []
        ),
    ]
    title = f"What a generator learned of {data}"
    page = playground(planes, side, title=title, about=about).encode()
    write_atomically(out, page)
    print(f"{count} planes of {side}x{side} pictures, {len(page) / 1e6:.1f} MB, in {out}")
    return 0
