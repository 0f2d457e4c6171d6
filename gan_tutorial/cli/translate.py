"""``translate``: turn a picture into what a run of translation, or of upscaling, has learned."""

import argparse
from pathlib import Path
from typing import Any

from ..models import Translator, build
from ..plots import save_picture
from ..plots.saving import format_of
from ..repair.pictures import read_original
from ..training import SavedRun
from ..translation import translate_picture
from .numbers import whole

__all__ = ["add_to", "run"]

OPAQUE = (".jpg", ".jpeg", ".bmp")  # kinds of files that cannot hold transparency


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "translate",
        help="turn a picture into another one",
        description="Translate a picture of any size and proportions with a run of train --task "
        "translate, or enlarge it with one of train --task upscale.",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument("picture", metavar="PICTURE", help="the picture")
    command.add_argument("--out", required=True, metavar="FILE", help="picture to write")
    command.add_argument(
        "--size",
        type=whole(1, 8192),
        help="shorter side in pixels of what is translated (the one trained on; an upscaled "
        "picture is taken as it is)",
    )
    command.add_argument(
        "--back",
        action="store_true",
        help="of a run without pairs: from the pictures of --to to those it was trained on",
    )
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write the translated picture; return the exit status."""
    out = Path(arguments.out)
    format_of(out)  # refused before the work begins
    saved = SavedRun(arguments.run)
    generator = _generator(saved, arguments.back)
    picture = read_original(arguments.picture)
    if "A" in picture.mode and out.suffix.lower() in OPAQUE:
        raise ValueError(
            f"{arguments.picture} has transparency, which {out.suffix} cannot keep: choose a name "
            "that ends in .png or .webp."
        )
    made = translate_picture(picture, generator, arguments.size)
    save_picture(made, out)
    print(
        f"{picture.width}x{picture.height} pixels became {made.width}x{made.height} in "
        f"{arguments.out}"
    )
    return 0


def _generator(saved: SavedRun, back: bool) -> Any:
    """Return the generator of a run, or the one that goes back."""
    if not isinstance(saved.generator, Translator):
        raise ValueError(
            f"The run in {saved.folder} does not translate pictures: train one with --task "
            "translate or --task upscale."
        )
    if not back:
        return saved.generator
    about = saved.training["networks"].get("inverse")
    if about is None:
        raise ValueError(
            f"The run in {saved.folder} knows no way back: leave --back out, or train one with "
            "--task translate and without --paired."
        )
    generator = build(about)
    generator.load_state_dict(saved.checkpoint["task"]["average"]["inverse"])
    return generator.eval()
