"""Checks for the exercises of chapter 1 on the classical generators, 1.1 to 1.3."""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .core import Mistake, Mistakes, Wrong, chosen, exercise, numbers

if TYPE_CHECKING:
    from sklearn.cluster import DBSCAN

# --- 1.1 Shuffled pixels ---------------------------------------------------------------------

_BLIND = {"IndependentPixels", "PCAGaussian", "GaussianMixture", "KMeansCentroids"}
_SIGHTED = {"Templates", "Recombination"}


def _shuffled(answer: Any, mistakes: Mistakes) -> None:
    names = chosen(answer, sorted(_BLIND | _SIGHTED))
    for mistake in mistakes.values():
        if names == mistake.answer:
            raise Wrong(mistake.why)
    for name, why in (("Templates", "shift rows and columns"), ("Recombination", "cuts at a row")):
        if name in names:
            raise Wrong(f"{name} does care: it {why}, and shuffled images have none.")
    if missing := _BLIND - names:
        raise Wrong(
            f"{sorted(missing)[0]} is missing: it treats an image as a list of numbers, and their "
            "order is never used."
        )


# --- 1.2 How many directions? ----------------------------------------------------------------


@cache
def digits() -> np.ndarray:
    """Return the digits as rows of 64 pixels; do not write into them."""
    from .. import data

    return data.load("digits").tensor().flatten(1).numpy()


def _covariances() -> dict[str, np.ndarray]:
    """Return the covariance of the digits and what is often computed in its place."""
    right = np.cov(digits().T)
    variances, columns = np.linalg.eigh(right)
    order = np.argsort(-variances)
    variances, rows = np.clip(variances[order], 0, None), columns.T[order]
    return {
        "right": right,
        "square_roots": rows.T @ np.diag(np.sqrt(variances)) @ rows,
        "second_moments": digits().T @ digits() / len(digits()),
        "diagonal": np.diag(variances),
    }


def _covariance(answer: Any, mistakes: Mistakes) -> None:
    given = numbers(answer).numpy()
    if given.shape != (64, 64):
        raise Wrong(f"A covariance of 64 pixels has shape (64, 64), not {given.shape}.")
    usual = _covariances()
    if np.allclose(given, usual["right"], atol=1e-5):
        return
    for name, mistake in mistakes.items():
        if name in usual and np.allclose(given, usual[name], atol=1e-3):
            raise Wrong(mistake.why)
    close_trace = abs(np.trace(given) - np.trace(usual["right"])) < 1e-3
    if close_trace:  # the right eigenvalues along the wrong directions
        raise Wrong(mistakes["transposed"].why)
    raise Wrong(
        "It differs from the covariance of the digits: is the generator fitted with all 64 "
        "components, to the training images?"
    )


def _transposed() -> np.ndarray:
    variances, columns = np.linalg.eigh(np.cov(digits().T))
    return columns.T @ np.diag(variances) @ columns


# --- 1.3 A sampler from DBSCAN ---------------------------------------------------------------


@cache
def _moons() -> "tuple[np.ndarray, DBSCAN]":
    from sklearn.cluster import DBSCAN
    from sklearn.datasets import make_moons

    moons = make_moons(400, noise=0.07, random_state=0)[0]
    return moons, DBSCAN(eps=0.18, min_samples=8).fit(moons)


def _distance_to_data(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each point's distance to the nearest moon point, and that point's cluster."""
    moons, found = _moons()
    distances = np.linalg.norm(points[:, None] - moons, axis=2)
    return distances.min(1), found.labels_[distances.argmin(1)]


def _sampler(answer: Any, mistakes: Mistakes) -> None:
    points = numbers(answer).numpy()
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 100:
        raise Wrong(f"At least 100 points in the plane are expected, not shape {points.shape}.")
    distance, cluster = _distance_to_data(points)
    if (distance < 1e-6).mean() > 0.5:
        raise Wrong(mistakes["copies"].why)
    shares = np.array([(cluster == k).mean() for k in (0, 1)])
    if shares.min() < 0.25:
        raise Wrong(mistakes["one_moon"].why)
    if (distance < 0.18).mean() < 0.97:
        raise Wrong(mistakes["too_wide"].why)


def _wide(width: float) -> np.ndarray:
    moons, _ = _moons()
    rng = np.random.default_rng(0)
    return moons[rng.integers(400, size=300)] + width * rng.standard_normal((300, 2))


EXERCISES = (
    exercise(
        "1.1",
        "ex-shuffle",
        "the names of the generators that do not care",
        _shuffled,
        "They treat an image as a list of numbers; the other two need rows and columns.",
        all_six=Mistake(
            "Not all six: two of them do something to *rows*. What is a row of a shuffled image?",
            _BLIND | _SIGHTED,
        ),
        independent_only=Mistake(
            "There are more. A covariance between two pixels does not ask where they lie.",
            {"IndependentPixels"},
        ),
        opposite=Mistake("These are the two that *do* care.", _SIGHTED),
    ),
    exercise(
        "1.2",
        "ex-pca",
        "the covariance of the samples, 64 by 64, from `directions` and `variances`",
        _covariance,
        "Mean and covariance are exact, and the pictures are smudges: two moments are not a "
        "distribution.",
        square_roots=Mistake(
            "You used standard deviations where the variances belong.",
            lambda: _covariances()["square_roots"],
        ),
        second_moments=Mistake(
            "These are second moments: the mean was not subtracted.",
            lambda: _covariances()["second_moments"],
        ),
        diagonal=Mistake(
            "These are the variances in the coordinates of the directions: turn them back to "
            "pixels.",
            lambda: _covariances()["diagonal"],
        ),
        transposed=Mistake(
            "The right variances along the wrong directions: each *row* of `directions` is one, so "
            "the transpose stands on the left.",
            _transposed,
        ),
    ),
    exercise(
        "1.3",
        "ex-dbscan",
        "your new points, a few hundred, shape (count, 2)",
        _sampler,
        "Near the data, on both moons, and new: DBSCAN lacked a density, and you added one.",
        copies=Mistake(
            "These are the training points themselves. To copy is to sample, but nothing is new: "
            "what would make a point differ from its origin?",
            lambda: _wide(0.0),
        ),
        one_moon=Mistake(
            "Nearly all of the points lie on one moon: choose a cluster in proportion to its size.",
            lambda: _moons()[0][_moons()[1].labels_ == 0] + 0.01,
        ),
        too_wide=Mistake(
            "Too many points lie away from both moons: the noise is too wide, or one blob covers "
            "the gap.",
            lambda: _wide(0.4),
        ),
    ),
)
