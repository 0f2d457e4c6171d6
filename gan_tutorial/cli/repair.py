"""``repair``: fill the holes of a picture of any size."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..models import UNetGenerator
from ..repair.pictures import box_mask, read_mask, read_original, retouch
from ..repair.reading import as_file
from ..training import SavedRun
from ..training.files import write_atomically
from .numbers import SEED, whole

__all__ = ["add_to", "run"]

LOSSLESS = (".png", ".tif", ".tiff")


def add_to(commands: Any) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "repair",
        help="fill a hole in a picture",
        description="Fill what is missing in a picture of any size; all other pixels stay as "
        "they are, bit for bit, and with them color profile and resolution. What cannot be kept, "
        "such as further pages, is named first. Say what is missing by --mask or --box.",
    )
    command.add_argument("run", metavar="DIR", help="folder of a run of train --task repair")
    command.add_argument("picture", metavar="PICTURE", help="the damaged picture")
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--mask",
        metavar="MASK.png",
        help="picture of the same size: white where a pixel is missing, black where it is known; "
        "or the picture with the missing part erased",
    )
    where.add_argument(
        "--box",
        metavar="X,Y,W,H",
        help="left, top, width and height of the hole in pixels, the two last at least 1",
    )
    command.add_argument("--out", required=True, metavar="FIXED.png", help="picture to write")
    command.add_argument(
        "--count",
        type=whole(1, 10_000),
        default=1,
        help="completions, in FIXED-1.png and so on (1)",
    )
    command.add_argument("--seed", type=SEED, default=0, help="decides which (0)")
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write one repaired picture or several; return the exit status."""
    out = Path(arguments.out).expanduser()
    if out.suffix.lower() not in LOSSLESS:
        raise ValueError(
            f"--out {out} would change known pixels: choose a name that ends in "
            f"{' or '.join(LOSSLESS)}."
        )
    for given in (arguments.picture, arguments.mask):
        if (
            given
            and out.exists()
            and Path(given).expanduser().exists()
            and out.samefile(Path(given).expanduser())
        ):
            raise ValueError(f"--out {out} is the file to read from: choose another name.")
    picture = read_original(arguments.picture)
    if arguments.mask:
        missing = read_mask(arguments.mask, picture.size)
    else:
        missing = box_mask(_box(arguments.box), picture.size)
    generator = SavedRun(arguments.run).generator
    if not isinstance(generator, UNetGenerator):
        raise ValueError(
            f"The run in {arguments.run} does not repair pictures: train one with --task repair."
        )
    if arguments.count > 1 and not generator.noise_dim:
        raise ValueError(
            f"The generator in {arguments.run} takes no noise and completes a picture in one way "
            "only: leave --count out, or train with --latent-dim above 0."
        )
    paths = [out]
    if arguments.count > 1:
        paths = [out.with_stem(f"{out.stem}-{k}") for k in range(1, arguments.count + 1)]
    for k, path in enumerate(paths):
        fixed = retouch(picture, missing, generator, arguments.seed + k, opaque=True)
        write_atomically(path, as_file(fixed, "PNG" if path.suffix.lower() == ".png" else "TIFF"))
    share = missing.mean()
    print(
        f"{missing.sum():,} of {missing.size:,} pixels filled ({share:.1%}) in {paths[0]}", end=""
    )
    print(f" to {paths[-1].name}" if len(paths) > 1 else "")
    if "A" in picture.mode and (clear := (np.array(picture)[..., -1] < 255) & missing).any():
        print(f"{clear.sum():,} transparent pixels of the hole are opaque now, so that they show")
    return 0


def _box(text: str) -> tuple[int, int, int, int]:
    """Read four whole numbers."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"--box takes four whole numbers, left,top,width,height, not {text!r}."
        ) from None
    return x, y, width, height
