"""``evaluate``: measure a trained generator against real samples that it never saw."""

import argparse
import json
import math
from typing import Any

from torch import nn

from .. import data, metrics
from ..conditional import labels_like
from ..metrics.networks import name_for
from ..metrics.report import FEWEST, Evaluation, evaluation, fitted
from ..models.sampling import latent_codes, sample_generator
from ..training import SavedRun
from . import per_class
from .numbers import SEED, whole

__all__ = ["add_to", "run"]

PIXELS = "pixels"
MOST = 2000  # samples measured if no other number is asked for


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser("evaluate", help="measure a generator against held-out samples")
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument(
        "--data", required=True, help="what it was trained on: a folder, or the name of a data set"
    )
    command.add_argument(
        "--split", choices=("validation", "test"), default="test",
        help="real samples to compare with (test); choose among runs on validation",
    )  # fmt: skip
    command.add_argument(
        "--count", type=whole(FEWEST),
        help=f"samples of each kind, {FEWEST} or more (all of the split, at most {MOST:,})",
    )  # fmt: skip
    command.add_argument(
        "--seed", type=SEED, default=0, help="decides which, a whole number from 0 on (0)"
    )
    command.add_argument(
        "--features", choices=(*metrics.NETWORKS, PIXELS),
        help="feature network, or plain pixels (the network for this kind of data)",
    )  # fmt: skip
    command.add_argument(
        "--per-class",
        action="store_true",
        help="of a run of train --conditional: every class by itself; trains two classifiers",
    )
    command.add_argument("--data-dir", help="where to look first for data that are downloaded")
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def run(arguments: argparse.Namespace) -> int:
    """Print what was measured; return the exit status."""
    saved = SavedRun(arguments.run)
    generator, shape = saved.latent_generator(), saved.shape
    classes = getattr(generator, "classes", None)
    train, held_out = (
        _load(arguments, shape, split, classes) for split in ("train", arguments.split)
    )
    if arguments.per_class:
        return per_class.run(generator, train, held_out, _network, arguments)
    most = min(len(held_out), len(train))
    count = min(most, MOST) if arguments.count is None else arguments.count
    if not FEWEST <= count <= most:
        raise ValueError(
            f"--count must be from {FEWEST} to {most:,}, the samples that {held_out.name} has in "
            f"the smaller of its train and {arguments.split} splits; got {count}."
        )
    codes = latent_codes(count, generator.latent_dim, arguments.seed)
    labels = labels_like(train, count, arguments.seed) if classes and train.classes else None
    samples = sample_generator(generator, codes, labels=labels)
    network = _network(arguments.features, held_out)
    found = evaluation(train, held_out, samples, network, arguments.seed)
    print(_json(found, arguments) if arguments.json else _table(found, arguments))
    return 0


def _load(
    arguments: argparse.Namespace,
    shape: tuple[int, ...],
    split: str,
    classes: tuple[str, ...] | None = None,
) -> data.Dataset:
    """Load a split in the shape that the generator makes."""
    options: dict[str, Any] = {"data_dir": arguments.data_dir} if arguments.data_dir else {}
    if classes and arguments.data == "soccer":
        options["kinds"] = classes
    if len(shape) == 3:
        options.update(channels=shape[0], image_size=shape[1])
    samples = data.load(arguments.data, split, **options)
    if samples.shape != shape:
        raise ValueError(
            f"The generator in {arguments.run} makes samples of "
            f"{'x'.join(map(str, shape))}, and those of {samples.name} are "
            f"{'x'.join(map(str, samples.shape))}: give the data it was trained on as --data."
        )
    return samples


def _network(name: str | None, samples: data.Dataset) -> nn.Module | None:
    """Return the feature network to measure with; None for plain numbers."""
    if len(samples.shape) == 1:
        if name not in (None, PIXELS):
            raise ValueError(f"--features {name} looks at pictures, and {samples.name} are points.")
        return None
    if name == PIXELS:
        return None
    name = name_for(samples) if name is None else name
    if name is None:
        raise ValueError(
            f"The library has no feature network for {samples.name!r}. --features pixels measures "
            "without one, which says little of what pictures show; "
            f"{' or '.join(f'--features {each}' for each in metrics.NETWORKS)} can be used for "
            "pictures like those it was trained on."
        )
    return fitted(metrics.load_network(name), samples.shape)


def _json(found: Evaluation, arguments: argparse.Namespace) -> str:
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
        "data": arguments.data,
        "split": arguments.split,
        "count": found.count,
        "seed": arguments.seed,
        "features": found.extractor,
        "rows": rows,
    }
    return json.dumps(facts, indent=2, allow_nan=False)


def _table(found: Evaluation, arguments: argparse.Namespace) -> str:
    return (
        f"{found}\n{found.count:,} generated samples against as many of {arguments.data} "
        f"({arguments.split}), on {found.extractor}; ± is a standard error (of KID, estimated from "
        "halves of the samples).\nThe floor is as many training samples against the same held-out "
        "ones; for the last two rows, one half of the held-out samples against the other."
    )
