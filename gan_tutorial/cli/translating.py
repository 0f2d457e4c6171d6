"""What ``train --task translate`` and ``--task upscale`` load and show."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import data
from ..data import Dataset
from ..translation import Pairs, UnpairedTranslation, Upscaling, load_paired_folders
from .options import FOLDER_SIZE, TrainOptions

__all__ = ["load_pairs", "picture"]

SHOWN = 32  # pictures of a grid


def load_pairs(
    name: str, options: TrainOptions, split: str, load: Callable[[str], Dataset]
) -> Dataset:
    """Load a split of both sides; `load` loads one of them.

    Raises
    ------
    ValueError
        If there is no other side, or pairs are asked for of what has no file names.
    """
    if options.to is None:
        raise ValueError(
            "--task translate needs to know what to translate to: give --to, a folder of pictures "
            "or the name of a data set."
        )
    if not options.paired:
        return Pairs(load(name), load(options.to))
    for side in (name, options.to):
        if side in data.NAMES:
            raise ValueError(
                f"--paired goes by the names of files, and {side} is a data set without any: give "
                "two folders, or leave --paired out."
            )
        if Path(side).expanduser().is_file():
            raise ValueError(f"--paired goes by the names of files in two folders: unpack {side}.")
    if options.on_error == "skip":
        raise ValueError(
            "--on-error skip would leave partners alone: with --paired, repair or remove pictures "
            "that cannot be read, from both folders."
        )
    shape = options.given("image_size", "channels")
    return load_paired_folders(name, options.to, split, **{"image_size": FOLDER_SIZE, **shape})


def picture(task: Any, samples: Dataset) -> Tensor:
    """Return rows of eight originals, each above what was made of them, and the truth if any."""
    rows = torch.arange(SHOWN) % len(samples)
    if isinstance(task, UnpairedTranslation):
        originals = samples[rows].cpu()
        shown = [originals, task.translate(originals)]
    else:
        small, truth = (part.cpu() for part in task.take(samples, rows.to(samples.rows_device)))
        before = task.generator.enlarged(small) if isinstance(task, Upscaling) else small
        shown = [before, task.translate(small), truth]
    return torch.stack([each.unflatten(0, (-1, 8)) for each in shown], 1).flatten(0, 2)
