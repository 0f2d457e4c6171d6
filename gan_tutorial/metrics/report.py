"""Everything that can be measured of a generator's samples, each number beside its floor."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..data import Dataset, Mixture, Samples, as_tensor
from .distances import fid, fid_infinity, kid
from .factors import factor_distances
from .features import Features, extract
from .manifold import manifold_report
from .memorization import memorization
from .modes import mode_report
from .networks import load_network
from .results import PIXELS, Measurement
from .score import class_report

__all__ = ["FEWEST", "Evaluation", "Row", "evaluation"]

FEWEST = 20  # samples of each kind, below which no row says anything

Values = dict[str, tuple[float, float | None]]  # value and standard error, by the metric's name


@dataclass(frozen=True, kw_only=True)
class Row:
    """One metric of an `Evaluation`.

    Attributes
    ----------
    value, floor : float
        What the generated samples have, and what real ones have in their place.
    spread, floor_spread : float or None
        Their standard errors (of KID, estimated from halves of the samples); None if not known.
    """

    value: float
    spread: float | None
    floor: float
    floor_spread: float | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What `evaluation` found.

    Attributes
    ----------
    rows : dict of str to Row
        By the names of the metrics.
    extractor : str
        The feature network, "pixels" or "coordinates".
    count : int
        Samples of each kind.
    """

    rows: dict[str, Row]
    extractor: str
    count: int

    def __str__(self) -> str:
        lines = [f"{'':<20} {'generated':<20} {'floor':<20}".rstrip()]
        for name, row in self.rows.items():
            generated = _cell(row.value, row.spread)
            lines.append(f"{name:<20} {generated:<20} {_cell(row.floor, row.floor_spread)}")
        return "\n".join(lines)


def evaluation(
    train: Samples,
    held_out: Samples,
    fake: Samples,
    network: str | Path | nn.Module | None = None,
    seed: int = 0,
) -> Evaluation:
    """Measure generated samples against real ones that the generator never saw.

    FID and KID, precision and recall, density and coverage; of pictures whose network predicts
    them, the classes or factors; of points whose density is known, the modes; and whether training
    samples were copied. The *floor* of each number is what as many training samples have in place
    of the generated ones; for copying, one half of the held-out samples against the other.

    Parameters
    ----------
    train, held_out : Dataset, Tensor or ndarray, shape (N, *shape)
        What the generator was trained on, and real samples that it never saw; at least as many of
        each as there are generated ones.
    fake : Dataset, Tensor or ndarray, shape (count, *shape)
        The generated samples, 20 or more.
    network : str, Path or nn.Module, optional
        What maps pictures to features, as for `extract`; without one, the numbers themselves are
        compared.
    seed : int
        Decides which `count` of the real samples are looked at.

    Returns
    -------
    Evaluation
        Without the rows for which there are too few samples (FID needs more than features).

    Raises
    ------
    ValueError
        If there are too few samples, or `extract` refuses them.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> parts = [data.load("ring", split, count=200) for split in ("train", "test", "validation")]
    >>> found = evaluation(*parts)
    >>> found.rows["modes found"].value, found.extractor
    (8, 'coordinates')
    """
    count = len(fake)
    if not FEWEST <= count <= min(len(train), len(held_out)):
        raise ValueError(
            f"An evaluation needs {FEWEST} generated samples or more, and no more than there are "
            f"real ones; got {count}, {len(train)} for training and {len(held_out)} held out."
        )
    random = torch.Generator().manual_seed(seed)
    order = [torch.randperm(len(each), generator=random) for each in (train, held_out)]
    modes = _modes_of(held_out)
    if isinstance(network, str | Path):
        network = load_network(network)
    learned = _features(as_tensor(train)[order[0]], network)
    real = _features(as_tensor(held_out)[order[1][:count]], network)
    made = _features(as_tensor(fake), network)
    values = _compare(real, made, modes) | _copying(learned, real, made)
    floors = _compare(real, learned[:count], modes)
    floors |= _copying(learned, real[: count // 2], real[count // 2 :])
    rows = {
        name: Row(value=value, spread=spread, floor=floors[name][0], floor_spread=floors[name][1])
        for name, (value, spread) in values.items()
    }
    return Evaluation(rows=rows, extractor=made.extractor, count=count)


def _modes_of(samples: Samples) -> Mixture | None:
    """Return the density whose modes can be counted: its components are the data's classes."""
    if isinstance(samples, Dataset) and samples.labels is not None:
        return samples.density
    return None


def _features(samples: Tensor, network: nn.Module | None) -> Features:
    if network is not None:
        return extract(samples, network)
    name = PIXELS if samples.dim() == 4 else "coordinates"
    return Features(samples.flatten(1).double(), name)


def _compare(real: Features, fake: Features, modes: Mixture | None) -> Values:
    """Measure one set of samples against held-out ones."""
    values: Values = {}
    if modes is not None:
        report = mode_report(fake.values, modes)
        values["modes found"] = (report.modes, None)
        values["high quality"] = (report.high_quality, report.spread.get("high_quality"))
        values["reverse KL"] = (report.reverse_kl, report.spread.get("reverse_kl"))
    width = real.values.shape[1]
    distances: list[Callable[[Features, Features], Measurement]] = []
    if len(fake) > width:
        distances.append(fid)
    if len(fake) // 2 > width:
        distances.append(fid_infinity)
    for distance in (*distances, kid):
        found = distance(real, fake)
        values[found.metric] = (found.value, found.spread)
    manifold = manifold_report(real, fake)
    for name in ("precision", "recall", "density", "coverage"):
        values[name] = (getattr(manifold, name), manifold.spread[name])
    if "class" in fake.outputs:
        classes = class_report(real, fake)
        values["classes found"] = (classes.found, None)
        values["class distance"] = (classes.distance, classes.spread)
    elif fake.outputs:
        for found in factor_distances(real, fake).values():
            values[found.metric] = (found.value, found.spread)
    return values


def _copying(train: Features, held_out: Features, fake: Features) -> Values:
    report = memorization(train, held_out, fake)
    return {
        "closer to train": (report.closer, report.spread),
        "copies": (report.copies, report.copies_spread),
    }


def _cell(value: float, spread: float | None) -> str:
    if not math.isfinite(value):
        return "not finite"
    known = spread is not None and math.isfinite(spread)
    return f"{value:.4g}" + (f" ± {spread:.2g}" if known else "")
