"""Loading samples for a command, as they were loaded for the training of a run."""

import os
import warnings
from pathlib import Path
from typing import Any

import torch

from .. import data
from ..data import Dataset, EmptySplitError
from ..metrics.report import FEWEST
from ..training import SavedRun
from .options import FOLDER_SIZE, TrainOptions
from .translating import load_pairs

__all__ = [
    "held_out",
    "held_out_for_choice",
    "held_out_or_none",
    "is_trained_on",
    "of_run",
    "to_train_on",
]

OF_FOLDERS = ("validation", "levels", "on_error")


def to_train_on(name: str, options: TrainOptions, split: str = "train") -> Dataset:
    """Load a split of what is trained on, as ``train`` was told: samples, or two sets of them."""
    if options.task == "translate":
        return load_pairs(name, options, split, lambda side: _one(side, options, split))
    return _one(name, options, split)


def _one(name: str, options: TrainOptions, split: str) -> Dataset:
    """Load a split of a named data set or of a folder of pictures."""
    of_source = options.given("image_size", "channels", "data_dir")
    if name not in data.NAMES:
        of_source = {"image_size": FOLDER_SIZE, **of_source, **options.given(*OF_FOLDERS)}
    elif given := options.given("validation", "levels"):
        flag = "--" + next(iter(given))
        raise ValueError(f"{flag} is for folders of pictures, and {name} is a data set of its own.")
    if name == "soccer" and (options.task == "semi" or options.conditional):
        of_source["kinds"] = "all"
    return data.load(name, split, **of_source)


def held_out_or_none(name: str, options: TrainOptions) -> Dataset | None:
    """Load the pictures for validation; None, with a warning, if there are none."""
    try:
        return to_train_on(name, options, "validation")
    except EmptySplitError:
        warnings.warn(
            f"{name} holds out no picture for validation: whether the discriminator learns its "
            "pictures by heart is not looked at.",
            stacklevel=2,
        )
        return None


def held_out_for_choice(name: str, options: TrainOptions) -> Dataset:
    """Load the pictures for validation, by which the best generator is chosen.

    Raises
    ------
    ValueError
        If there are none.
    """
    try:
        return to_train_on(name, options, "validation")
    except EmptySplitError:
        raise ValueError(
            f"--keep-best chooses by pictures for validation, and {name} holds out none: hold out "
            "some by --validation 0.2, or leave it out."
        ) from None


def is_trained_on(run: SavedRun, name: str) -> bool:
    """Whether data of this name are those that a run was trained on."""
    before = run.about.get("data")
    if name in data.NAMES or before in data.NAMES:
        return before is None or name == before
    if before is not None and _real(name) == _real(before):
        return True
    saved = run.config.get("data", {}).get("content")
    if saved is None:
        return before is None  # nobody knows: then what was held out is measured
    try:
        return of_run(run, name, "train").identity == saved
    except (ValueError, OSError):
        return False


def _real(path: str) -> str:
    return os.path.realpath(Path(path).expanduser())


def of_run(run: SavedRun, name: str, split: str, **given: Any) -> Dataset:
    """Load samples in the shape that a run's generator makes, as they were loaded for it.

    Parameters
    ----------
    run : SavedRun
    name : str
        Of a data set, or the path of a folder.
    split : str
        Which part; "all" of a folder.
    **given
        Options of `data.load` in place of those of the run.

    Raises
    ------
    ValueError
        If the samples have another shape.
    """
    shape = run.shape
    options: dict[str, Any] = {}
    if len(shape) == 3:
        options.update(channels=shape[0], image_size=shape[1])
    classes = getattr(run.latent_generator(), "classes", None)
    if name == "soccer" and classes:
        options["kinds"] = classes
    if name not in data.NAMES:
        stored = run.about.get("options", {})
        options |= {k: stored[k] for k in OF_FOLDERS if stored.get(k) is not None}
    options |= {option: value for option, value in given.items() if value is not None}
    samples = data.load(name, split, **options)
    if samples.shape != shape:
        raise ValueError(
            f"The generator in {run.folder} makes samples of "
            f"{'x'.join(map(str, shape))}, and those of {samples.name} are "
            f"{'x'.join(map(str, samples.shape))}: give the data it was trained on as --data."
        )
    return samples


def held_out(run: SavedRun, name: str, split: str, **given: Any) -> Dataset:
    """Load what a run was not trained on: a split, or both that were held out if it is too small.

    Raises
    ------
    ValueError
        If there are too few; the message says what to do about it.
    """
    parts = []
    for each in dict.fromkeys((split, "validation", "test")):
        try:
            parts.append(of_run(run, name, each, **given))
        except EmptySplitError:
            continue
        if len(parts[0]) >= FEWEST:
            return parts[0]
    total = sum(map(len, parts))
    if total < FEWEST:
        # with a quarter for each of the two, and the splits by name a matter of luck, this is safe
        enough = len(of_run(run, name, "all", **given)) >= 3 * FEWEST
        again = ", or train again with --validation 0.25" if enough else ""
        raise ValueError(
            f"{name} held out {total} samples when {run.folder} was trained, and a measurement "
            f"needs {FEWEST}: give a folder of other pictures as --data, which is used "
            f"whole{again}."
        )
    warnings.warn(
        f"The {split} split of {name} has fewer than {FEWEST} samples: all {total} that were held "
        "out are measured, those for validation and those for tests.",
        stacklevel=2,
    )
    labels = [part.labels for part in parts if part.labels is not None]
    return Dataset(
        parts[0].name,
        torch.cat([part[:] for part in parts]),
        labels=torch.cat(labels) if len(labels) == len(parts) else None,
        classes=parts[0].classes,
        source=parts[0].source,
    )
