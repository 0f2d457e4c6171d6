"""Checks for the exercises of chapter 1 on what is learned without labels, 1.4 to 1.7."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from .classical import digits
from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    close,
    compare_values,
    exercise,
    number,
    numbers,
)

# --- 1.4 A discriminator without data --------------------------------------------------------


def _logits(answer: Any, mistakes: Mistakes) -> None:
    logits = numbers(answer).flatten()
    if len(logits) < 3:
        raise Wrong(mistakes["one_seed"].why)
    if ((logits >= 0) & (logits <= 1)).all():
        raise Wrong(mistakes["probabilities"].why)
    if (logits > 0).all():
        raise Wrong(mistakes["labels_swapped"].why)
    if (logits.abs() < 3).any():
        raise Wrong(mistakes["data_left_in"].why)
    if (logits > -3).any():
        raise Wrong("Some of the logits are positive: is every seed trained with the same loss?")


# --- 1.5 Half a digit ------------------------------------------------------------------------

Halves = dict[str, np.ndarray]


def _given(answer: Any, x: np.ndarray, x_test: np.ndarray) -> Halves:
    torch.manual_seed(0), np.random.seed(0)  # noqa: NPY002 (what begins at random, begins alike)
    found = call(answer, x, x_test)
    if not isinstance(found, Mapping) or not {"copied", "regression"} <= set(found):
        raise Wrong('The answer is a dict with "copied" and "regression".')
    halves = {name: numbers(found[name]).numpy() for name in ("copied", "regression")}
    for name, half in halves.items():
        if half.shape != (len(x_test), 32):
            raise Wrong(
                f"{name!r} has shape {half.shape}; the lower halves of the {len(x_test)} test "
                f"images have shape ({len(x_test)}, 32)."
            )
    return halves


def _halves(answer: Any, mistakes: Mistakes) -> None:
    x, x_test = digits()[:600], digits()[600:700]
    upper, lower = x_test[:, :32], x_test[:, 32:]
    given, blind = _given(answer, x, x_test), _given(answer, x, np.hstack([upper, -lower]))
    for name, half in given.items():
        if not close(half, blind[name], 1e-4):
            raise Wrong(mistakes["peeks"].why)
        if close(half, upper, 1e-4):
            raise Wrong(mistakes["upper_again"].why)
    if not _copied_from_nearest(given["copied"], x, upper):
        raise Wrong(
            "A copied half does not belong to the training image whose *upper* half is nearest."
        )
    regression = given["regression"]
    for name, usual in (("mean_only", _mean_halves), ("copied_twice", _copied_twice)):
        if close(regression, usual(x, x_test)["regression"], 1e-3):
            raise Wrong(mistakes[name].why)
    straight = _least_squares(x, upper)
    error, straight_error, off = (
        ((one - other) ** 2).mean()
        for one, other in ((regression, lower), (straight, lower), (regression, straight))
    )
    # A linear prediction between two images lies midway, but where it is clipped or rounded.
    between = _given(answer, x, (x_test + np.roll(x_test, 1, axis=0)) / 2)["regression"]
    bend = ((between - (regression + np.roll(regression, 1, axis=0)) / 2) ** 2).mean()
    if bend > 0.02 * straight_error:
        raise Wrong(mistakes["not_linear"].why)
    # Penalized, with fewer components or by descent: all of these stay near least squares.
    if off > 0.25 * straight_error:
        raise Wrong(
            f"The regression's mean squared error is {error:.3f}, and least squares on all the "
            f"training images, whose error is {straight_error:.3f}, predicts something else: does "
            "it learn from the two halves of the same images, and from all of them?"
        )


def _copied_from_nearest(copied: np.ndarray, x: np.ndarray, upper: np.ndarray) -> bool:
    """Whether each half is that of a nearest image; of several as near, any will do."""
    distances = _distances(upper, x)
    nearest = distances <= distances.min(1, keepdims=True) + 1e-3
    same = np.abs(copied[:, None] - x[:, 32:]).max(2) < 1e-4
    return bool((nearest & same).any(1).all())


def _distances(upper: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.linalg.norm(upper[:, None] - x[:, :32], axis=2)


def _copy(x: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    return x[_distances(x_test[:, :32], x).argmin(1), 32:]


def _least_squares(x: np.ndarray, upper: np.ndarray) -> np.ndarray:
    with_one = [np.hstack([half, np.ones((len(half), 1))]) for half in (x[:, :32], upper)]
    weights, *_ = np.linalg.lstsq(with_one[0].astype(float), x[:, 32:].astype(float), rcond=1e-6)
    return with_one[1] @ weights


def _peeking(x: np.ndarray, x_test: np.ndarray) -> Halves:
    distances = np.linalg.norm(x_test[:, None] - x, axis=2)
    copied = x[distances.argmin(1), 32:]
    return {"copied": copied, "regression": copied}


def _mean_halves(x: np.ndarray, x_test: np.ndarray) -> Halves:
    mean = np.tile(x[:, 32:].mean(0), (len(x_test), 1))
    return {"copied": _copy(x, x_test), "regression": mean}


def _copied_twice(x: np.ndarray, x_test: np.ndarray) -> Halves:
    return {"copied": _copy(x, x_test), "regression": _copy(x, x_test)}


def _neighbors(x: np.ndarray, x_test: np.ndarray) -> Halves:
    five = _distances(x_test[:, :32], x).argsort(1)[:, :5]
    return {"copied": _copy(x, x_test), "regression": x[five, 32:].mean(1)}


# --- 1.6 Named without labels ----------------------------------------------------------------


def _by_majority(clusters: np.ndarray, digits: np.ndarray) -> float:
    most = [np.bincount(digits[clusters == k]).max() for k in np.unique(clusters)]
    return float(np.sum(most) / len(digits))


def _as_labels(clusters: np.ndarray, digits: np.ndarray) -> float:
    return float((clusters == digits).mean())


def _mean_of_shares(clusters: np.ndarray, digits: np.ndarray) -> float:
    shares = [
        np.bincount(digits[clusters == k]).max() / (clusters == k).sum()
        for k in np.unique(clusters)
    ]
    return float(np.mean(shares))


def _rightly_named(answer: Any, mistakes: Mistakes) -> None:
    rng = np.random.default_rng(0)
    for clusters_count in (3, 10):
        clusters = rng.choice(clusters_count, 200, p=_uneven(clusters_count))
        digits = np.where(rng.random(200) < 0.7, (clusters + 4) % 10, rng.integers(10, size=200))
        given = number(call(answer, clusters, digits))
        if abs(given - _by_majority(clusters, digits)) < 1e-6:
            continue
        for name, wrong in (("as_labels", _as_labels), ("mean_of_shares", _mean_of_shares)):
            if abs(given - wrong(clusters, digits)) < 1e-6:
                raise Wrong(mistakes[name].why)
        raise Wrong(
            "For each cluster count its most common digit, add these counts up, and divide by the "
            "number of images."
        )


def _uneven(count: int) -> np.ndarray:
    shares = np.arange(1.0, count + 1)
    return shares / shares.sum()


EXERCISES = (
    exercise(
        "1.4",
        "ex-no-data",
        "the mean logits of the fakes at the end, one for each of three seeds or more",
        _logits,
        'Nothing contradicts "fake", so the logits fall without end.',
        one_seed=Mistake("One seed is an anecdote: hand in three or more.", [-8.0]),
        probabilities=Mistake(
            "These look like probabilities: hand in logits, the outputs before any sigmoid.",
            [0.01, 0.02, 0.0],
        ),
        labels_swapped=Mistake(
            "Positive logits call the fakes real: in D's loss the fakes belong in softplus(+a).",
            [9.0, 8.0, 11.0],
        ),
        data_left_in=Mistake(
            "These logits stay near zero, as in a game with data: is the real points' half left "
            "out of D's loss, and are there some hundred steps?",
            [-0.4, 0.2, -0.9],
        ),
    ),
    exercise(
        "1.5",
        "ex-half",
        'a function of (x, x_test) that returns the lower halves, a dict with "copied" and '
        '"regression"',
        _halves,
        "The average is nearer to the truth, and the copy looks more like writing.",
        peeks=Mistake(
            "The prediction changes with the lower half of the test image, which is not known: "
            "search and regress with the first 32 pixels only.",
            lambda: _peeking,
        ),
        upper_again=Mistake(
            "That is the upper half again; predict pixels 32 to 63.",
            lambda: lambda x, x_test: {"copied": x_test[:, :32], "regression": x_test[:, :32]},
        ),
        mean_only=Mistake(
            "The regression predicts one and the same mean image: it does not use the upper half.",
            lambda: _mean_halves,
        ),
        copied_twice=Mistake(
            "The regression is the copy once more: fit the lower halves as a linear function of "
            "the upper ones.",
            lambda: _copied_twice,
        ),
        not_linear=Mistake(
            "That is no *linear* regression: for the mean of two images it does not predict the "
            "mean of its two predictions.",
            lambda: _neighbors,
        ),
    ),
    exercise(
        "1.6",
        "ex-names",
        "a function of (clusters, digits), two arrays of whole numbers, that returns a share",
        _rightly_named,
        "The names came from the labels: k-means clusters, and does not classify.",
        as_labels=Mistake(
            "You compared the clusters' numbers with the digits. A cluster's number means nothing: "
            "call it by its most common digit.",
            lambda: _as_labels,
        ),
        mean_of_shares=Mistake(
            "That is the mean over clusters, in which a small cluster counts as much as a large "
            "one: count images.",
            lambda: _mean_of_shares,
        ),
    ),
    exercise(
        "1.7",
        "ex-walk",
        "one number, the ratio of the two lengths",
        compare_values([0.5**0.5], ["the ratio"], 1e-2),
        "The straight line passes where the generator has hardly ever been trained.",
        half=Mistake(
            "The lengths do not halve: two independent codes are nearly at right angles, so the "
            "variances of their halves add up.",
            [0.5],
        ),
        one=Mistake(
            "That would be a path on the sphere: what is the variance of an entry of the mean of "
            "two codes?",
            [1.0],
        ),
        square=Mistake(
            "The middle is nearer to the origin than the ends: the ratio is below one.", [2**0.5]
        ),
    ),
)
