"""``evaluate --per-class``: measure every class of a conditional generator by itself."""

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from torch import nn

from ..conditional import ClassRow, conditional_report
from ..data import Dataset

__all__ = ["run"]


def run(
    generator: Any,
    train: Dataset,
    held_out: Dataset,
    network: Callable[[str | None, Dataset], nn.Module | None],
    arguments: argparse.Namespace,
) -> int:
    """Print what was measured of each class; return the exit status."""
    if not hasattr(generator, "classes"):
        raise ValueError(
            f"The generator in {arguments.run} knows no classes: leave --per-class out, or train "
            "one with --conditional."
        )
    if arguments.count is not None:
        raise ValueError(
            "--count means nothing with --per-class, which makes as many samples as there are for "
            "training: leave one of them out."
        )
    features = network(arguments.features, held_out)
    found = conditional_report(train, held_out, generator, features, seed=arguments.seed)
    if arguments.json:
        facts = {
            "data": arguments.data,
            "split": arguments.split,
            "seed": arguments.seed,
            "features": found.extractor,
            "classes": [_finite(row) for row in found.rows],
            "all": _finite(found.whole),
        }
        print(json.dumps(facts, indent=2, allow_nan=False))
        return 0
    print(
        f"{found}\nrecognized: share of {len(train):,} generated samples that a classifier trained "
        f"on real ones takes for what they should be (and of the {arguments.split} samples); "
        "taught: share of those that a classifier trained on the generated samples recognizes; KID "
        f"against those of the class, on {found.extractor}, and its floor, that of training "
        "samples."
    )
    return 0


def _finite(row: ClassRow) -> dict[str, Any]:
    """Return a row for JSON, which knows no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(row).items()
    }
