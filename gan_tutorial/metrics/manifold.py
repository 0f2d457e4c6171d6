"""Quality and variety apart: precision and recall, density and coverage."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .features import Features
from .pairs import check_pair
from .results import jackknife

__all__ = ["ManifoldReport", "manifold_report"]

ROWS = 1024  # distances from so many samples are computed at once
HELD = 4000  # samples of a set up to which all distances are kept


@dataclass(frozen=True)
class ManifoldReport:
    """What `manifold_report` found.

    Attributes
    ----------
    precision : float
        Share of generated samples inside the real manifold: quality.
    recall : float
        Share of real samples inside the generated manifold: variety.
    density : float
        How many real neighborhoods a generated sample lies in, over k; about 1 for samples of
        the true distribution, and more than 1 for samples crowded where real ones are dense.
    coverage : float
        Share of real neighborhoods with a generated sample: variety again, less easily fooled
        by single outliers.
    neighbors : int
        The k of the k nearest neighbors.
    extractor : str
        The feature network.
    real, fake : int
        Sample sizes.
    spread : dict of str to float
        Standard errors (jackknife) of the four values by their names; empty if not asked for.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    neighbors: int
    extractor: str
    real: int
    fake: int
    spread: dict[str, float]

    def __str__(self) -> str:
        values = [
            f"{name} {getattr(self, name):.3f}"
            + (f" ± {self.spread[name]:.2g}" if name in self.spread else "")
            for name in NAMES
        ]
        return (
            f"{', '.join(values)} ({self.neighbors} neighbors, {self.extractor}, "
            f"{self.real} real, {self.fake} generated)"
        )


NAMES = ("precision", "recall", "density", "coverage")


def manifold_report(
    real: Features, fake: Features, neighbors: int = 5, spread: bool = True
) -> ManifoldReport:
    """Measure precision, recall, density and coverage of generated samples.

    The manifold of a set is taken to be the union of balls around its samples, each of which
    reaches to the k-th nearest other sample (Kynkaanniemi et al. 2019 for precision and recall,
    Naeem et al. 2020 for density and coverage).

    Parameters
    ----------
    real, fake : Features
        More than `neighbors` samples in each. The values depend on the sample sizes: compare
        them with those of held-out real samples in equal number.
    neighbors : int
        The k, 1 or more: 5 in Naeem et al., 3 in Kynkaanniemi et al.
    spread : bool
        Whether to estimate standard errors (twenty times the work).

    Returns
    -------
    ManifoldReport

    Raises
    ------
    ValueError
        If there are too few samples, features are not finite, or the two sets cannot be
        compared: different extractors, gray against color, different sizes or ranges.

    Examples
    --------
    Half of the data, perfectly drawn: nothing is wrong with a sample, and half is missing.

    >>> line = Features(torch.linspace(0, 1, 100)[:, None], "position")
    >>> report = manifold_report(line, line[:50])
    >>> report.precision, round(report.coverage, 1)
    (1.0, 0.5)
    """
    check_pair(real, fake)
    if not neighbors >= 1:
        raise ValueError(f"neighbors must be at least 1, not {neighbors}.")
    for what, features in (("real", real), ("generated", fake)):
        if len(features) <= neighbors:
            raise ValueError(
                f"There are {len(features)} {what} samples, and the {neighbors} nearest neighbors "
                f"of one of them need at least {neighbors + 1}: measure more samples."
            )
    between = _Distances(real.values.double(), fake.values.double())
    rows, columns = (torch.arange(len(f), device=f.values.device) for f in (real, fake))
    values = _values(between, rows, columns, neighbors)
    errors = {}
    if spread:
        found = jackknife(lambda a, b: _values(between, a, b, neighbors), rows, columns).tolist()
        errors = dict(zip(NAMES, found, strict=True))
    return ManifoldReport(*values, neighbors, real.extractor, len(real), len(fake), errors)


class _Distances:
    """Distances among the samples of two sets, x and y, of which parts are asked for.

    Those of sets that are not too large are computed once: the jackknife wants most of them
    twenty times. One of these serves one number of neighbors.
    """

    def __init__(self, x: Tensor, y: Tensor):
        self.sets = {"x": x, "y": y}
        pairs = ("xx", "xy", "yy") if max(len(x), len(y)) <= HELD else ()
        self.of_whole: dict[str, Tensor] = {}
        self.known = {pair: _distances(*(self.sets[name] for name in pair)) for pair in pairs}

    def __call__(self, pair: str, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the distances of some samples of one set from some of another."""
        if pair in self.known:
            return self.known[pair].index_select(0, rows).index_select(1, columns)
        one, other = (self.sets[name] for name in pair)
        return _distances(one[rows], other[columns])

    def radii(self, name: str, samples: Tensor, neighbors: int) -> Tensor:
        """Return the distance of each of these samples of a set from its k-th nearest other one."""
        whole = len(samples) == len(self.sets[name])  # which half of the jackknife asks for
        if whole and name in self.of_whole:
            return self.of_whole[name]
        # The smallest of all is the distance 0 from itself.
        parts = [
            self(2 * name, rows, samples).kthvalue(neighbors + 1, dim=1).values
            for rows in samples.split(ROWS)
        ]
        found = torch.cat(parts)
        if whole:
            self.of_whole[name] = found
        return found


def _values(
    between: _Distances, x: Tensor, y: Tensor, neighbors: int
) -> tuple[float, float, float, float]:
    """Return precision, recall, density, coverage of samples y against samples x (their rows)."""
    radius_x, radius_y = between.radii("x", x, neighbors), between.radii("y", y, neighbors)
    neighborhoods = torch.zeros(len(y), device=y.device)  # of x that hold each sample of y
    recalled = covered = 0
    for rows, radius in zip(x.split(ROWS), radius_x.split(ROWS), strict=True):
        distance = between("xy", rows, y)
        inside = distance < radius[:, None]
        neighborhoods += inside.sum(0)
        covered += int(inside.any(1).sum())
        recalled += int((distance < radius_y).any(1).sum())
    return (
        float((neighborhoods > 0).double().mean()),
        recalled / len(x),
        float(neighborhoods.double().mean()) / neighbors,
        covered / len(x),
    )


def _distances(x: Tensor, y: Tensor) -> Tensor:
    # Differences, not |x|^2 - 2 x y + |y|^2: a copy must be at distance 0 exactly.
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
