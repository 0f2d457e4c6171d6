"""``evaluate``: measure a trained generator, or a folder of pictures, against real samples."""

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from .. import data
from ..data import Dataset, Samples
from ..metrics.report import FEWEST, Evaluation, evaluation
from ..training import SavedRun
from . import per_class
from .features import FEATURES, drawn, feature_network
from .kept import add_checkpoint, add_network, opened
from .loading import held_out, is_trained_on, of_run
from .numbers import SEED, number, size, whole
from .options import FOLDER_SIZE

__all__ = ["add_to", "run"]

MOST = 2000  # samples measured if no other number is asked for


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "evaluate",
        help="measure a generator, or a folder of pictures, against real samples",
        description="Measure the generator of a run against samples that it never saw: those held "
        "out from its data, or a folder of other pictures, which is used whole. Or compare two "
        "folders or files of pictures: those of the first count as generated.",
    )
    command.add_argument("run", metavar="DIR", help="folder of a run, or of generated pictures")
    command.add_argument(
        "other", metavar="PICTURES", nargs="?", help="folder of real pictures, if DIR is no run"
    )
    command.add_argument(
        "--data", help="a folder, or the name of a data set (what the run was trained on)"
    )
    add_checkpoint(command)
    add_network(command)
    command.add_argument(
        "--split", choices=("validation", "test"), default="test",
        help="real samples to compare with (test); choose among runs on validation",
    )  # fmt: skip
    command.add_argument(
        "--count", type=whole(FEWEST),
        help=f"samples of each kind, {FEWEST} or more (all there are, at most {MOST:,})",
    )  # fmt: skip
    command.add_argument(
        "--seed", type=SEED, default=0, help="decides which, a whole number from 0 on (0)"
    )
    command.add_argument(
        "--features", choices=FEATURES,
        help="feature network, or plain pixels (the one for this kind of data, else natural)",
    )  # fmt: skip
    command.add_argument(
        "--per-class",
        action="store_true",
        help="of a run of train --conditional: every class by itself; trains two classifiers",
    )
    command.add_argument(
        "--image-size",
        type=size,
        help=f"of two folders: side to compare at, or WIDTHxHEIGHT ({FOLDER_SIZE})",
    )
    command.add_argument("--data-dir", help="where to look first for data that are downloaded")
    command.add_argument(
        "--on-error", choices=("raise", "skip"),
        help="what to do with pictures that cannot be read (as in training, else raise)",
    )  # fmt: skip
    command.add_argument(
        "--levels", type=number(0, above=True), help="value of white in pictures of 16 or 32 bits"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


@dataclass(frozen=True)
class _Sides:
    """What is compared with what."""

    train: Dataset  # stands for the floor
    real: Dataset
    fake: Samples | None  # None: drawn from the generator
    name: str  # of the real ones
    split: str
    copying: bool = True  # whether `train` is what the fakes may have been copied from


def run(arguments: argparse.Namespace) -> int:
    """Print what was measured; return the exit status."""
    folders = arguments.other is not None
    if folders and arguments.data is not None:
        raise ValueError("Give either two folders, or a run and --data.")
    if folders and arguments.network is not None:
        raise ValueError("--network is for a run: two folders have no generator.")
    saved = opened(arguments)
    if folders and arguments.per_class:
        raise ValueError("--per-class is for a conditional run: two folders have no classes.")
    sides = _two_folders(arguments) if folders else _of_run(saved, arguments)
    if arguments.per_class:
        generator = saved.latent_generator()
        return per_class.run(generator, sides.train, sides.real, feature_network, arguments)
    count = _count(sides, arguments)
    fake = sides.fake
    if fake is None:
        fake = drawn(saved.latent_generator(), sides.train, count, arguments.seed)
    network = feature_network(arguments.features, sides.real)
    found = evaluation(sides.train, sides.real, fake[:count], network, arguments.seed)
    if not sides.copying:
        rows = {k: v for k, v in found.rows.items() if k not in ("closer to train", "copies")}
        found = replace(found, rows=rows)
    print(_json(found, sides, arguments) if arguments.json else _table(found, sides))
    return 0


def _options(arguments: argparse.Namespace) -> dict:
    """Return what was said of reading pictures, or of where data lie."""
    names = ("data_dir", "on_error", "levels")
    given = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in given.items() if value is not None}


def _of_run(saved: SavedRun, arguments: argparse.Namespace) -> _Sides:
    """Load what a run is measured against."""
    saved.latent_generator()  # says what is wrong with the folder, if anything is
    name = arguments.data or saved.about.get("data")
    if name is None:
        raise ValueError(f"{saved.folder} does not say what it was trained on: give --data.")
    given = _options(arguments)
    if name in data.NAMES or is_trained_on(saved, name):
        own = of_run(saved, name, "train", **given)
        real = held_out(saved, name, arguments.split, **given)
        return _Sides(own, real, None, name, arguments.split)
    real = of_run(saved, name, "all", **given)  # nothing of it was trained on
    try:
        train: Dataset | None = of_run(saved, saved.about["data"], "train", **given)
    except (
        KeyError,
        OSError,
        ValueError,
        TypeError,
    ):  # its own data are gone: halves stand for the floor
        train = None
    # its own data are gone, or few: one half of the others stands for what is as good as can be
    if train is None or len(train) < FEWEST:
        return replace(_halves(real, real, name, arguments.seed), fake=None)
    return _Sides(train, real, None, name, "all")


def _two_folders(arguments: argparse.Namespace) -> _Sides:
    """Load two folders, of which the first is judged."""
    if (Path(arguments.run).expanduser() / "config.json").is_file():
        raise ValueError(
            f"{arguments.run} is the folder of a run: measure its generator with "
            f"--data {arguments.other}, or write pictures first with sample --files."
        )
    size = arguments.image_size or FOLDER_SIZE
    given = {k: v for k, v in _options(arguments).items() if k != "data_dir"}
    fake, real = (
        data.load(each, "all", image_size=size, **given)
        if each not in data.NAMES
        else data.load(each, arguments.split, image_size=size, channels=3)
        for each in (arguments.run, arguments.other)
    )
    return _halves(real, fake, arguments.other, arguments.seed)


def _halves(real: Dataset, fake: Dataset, name: str, seed: int) -> _Sides:
    """Compare with one half of the reals; the other half says what is as good as can be."""
    order = torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))
    half = len(real) // 2
    chosen = torch.randperm(len(fake), generator=torch.Generator().manual_seed(seed))
    parts = real.subset(order[:half]), real.subset(order[half:])
    return _Sides(parts[0], parts[1], fake[chosen], name, "half of all", copying=False)


def _count(sides: _Sides, arguments: argparse.Namespace) -> int:
    """Return how many samples of each kind are measured."""
    most = min(len(sides.real), len(sides.train))
    if sides.fake is not None:
        most = min(most, len(sides.fake))
    if most < FEWEST:
        raise ValueError(
            f"A measurement needs {FEWEST} samples of each kind, and there are {most}"
            + (" in a half of the folder." if not sides.copying else f" in {sides.name}.")
            + " Give more pictures."
        )
    count = min(most, MOST) if arguments.count is None else arguments.count
    if count > most:
        raise ValueError(
            f"--count must be from {FEWEST} to {most:,}, as many samples as there are of each kind "
            f"({sides.name}, {sides.split}); got {count}."
        )
    return count


def _json(found: Evaluation, sides: _Sides, arguments: argparse.Namespace) -> str:
    def finite(value: float | None) -> float | None:  # JSON knows no infinity
        return value if value is not None and math.isfinite(value) else None

    rows = [
        {
            "metric": name,
            "value": finite(row.value),
            "spread": finite(row.spread),
            "floor_value": finite(row.floor),
            "floor_spread": finite(row.floor_spread),
        }
        for name, row in found.rows.items()
    ]
    facts = {
        "data": sides.name,
        "split": sides.split,
        "count": found.count,
        "seed": arguments.seed,
        "features": found.extractor,
        "rows": rows,
    }
    return json.dumps(facts, indent=2, allow_nan=False)


def _table(found: Evaluation, sides: _Sides) -> str:
    floor = (
        "The floor is as many training samples against the same held-out ones; for the last two "
        "rows, one half of the held-out samples against the other."
        if sides.copying
        else "The floor is the other half of the real samples against the same ones."
    )
    return (
        f"{found}\n{found.count:,} generated samples against as many of {sides.name} "
        f"({sides.split}), on {found.extractor}; ± is a standard error (of KID, estimated from "
        f"halves of the samples).\n{floor}"
    )
