"""Checks for the exercises of chapter 1, principles."""

from functools import cache

import numpy as np

from .core import Mistake, Wrong, call, close, compare_values, exercise, numbers

# --- 1.1 Shuffled pixels ---------------------------------------------------------------------

_BLIND = {"IndependentPixels", "PCAGaussian", "GaussianMixture", "KMeansCentroids"}
_SIGHTED = {"Templates", "Recombination"}


def _names(answer) -> set[str]:
    if isinstance(answer, str):
        answer = answer.replace(",", " ").split()
    return {name if isinstance(name, str) else name.__name__ for name in answer}


def _shuffled(answer, mistakes) -> None:
    names = _names(answer)
    if unknown := names - _BLIND - _SIGHTED:
        raise Wrong(
            f"{sorted(unknown)[0]} is none of the six: {', '.join(sorted(_BLIND | _SIGHTED))}."
        )
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
def _digits() -> np.ndarray:
    from .. import data

    return data.load("digits").tensor().flatten(1).numpy()


def _covariances() -> dict[str, np.ndarray]:
    """Return the covariance of the digits and what is often computed in its place."""
    right = np.cov(_digits().T)
    variances, columns = np.linalg.eigh(right)
    order = np.argsort(-variances)
    variances, rows = np.clip(variances[order], 0, None), columns.T[order]
    return {
        "right": right,
        "square_roots": rows.T @ np.diag(np.sqrt(variances)) @ rows,
        "second_moments": _digits().T @ _digits() / len(_digits()),
        "diagonal": np.diag(variances),
    }


def _covariance(answer, mistakes) -> None:
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
    variances, columns = np.linalg.eigh(np.cov(_digits().T))
    return columns.T @ np.diag(variances) @ columns


# --- 1.3 A sampler from DBSCAN ---------------------------------------------------------------


@cache
def _moons():
    from sklearn.cluster import DBSCAN
    from sklearn.datasets import make_moons

    moons = make_moons(400, noise=0.07, random_state=0)[0]
    return moons, DBSCAN(eps=0.18, min_samples=8).fit(moons)


def _distance_to_data(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each point's distance to the nearest moon point, and that point's cluster."""
    moons, found = _moons()
    distances = np.linalg.norm(points[:, None] - moons, axis=2)
    return distances.min(1), found.labels_[distances.argmin(1)]


def _sampler(answer, mistakes) -> None:
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


# --- 1.4 A discriminator without data --------------------------------------------------------


def _logits(answer, mistakes) -> None:
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


def _halves(answer, mistakes) -> None:
    x, x_test = _digits()[:600], _digits()[600:700]
    other = x_test.copy()
    other[:, 32:] = -x_test[:, 32:]
    given, blind = call(answer, x, x_test), call(answer, x, other)
    for name in ("copied", "regression"):
        if name not in given:
            raise Wrong(
                f'The answer is a dict with "copied" and "regression"; {name!r} is missing.'
            )
        if np.shape(given[name]) != (100, 32):
            raise Wrong(
                f"{name!r} has shape {np.shape(given[name])}; the lower halves of the 100 test "
                "images have shape (100, 32)."
            )
        if not close(given[name], blind[name], 1e-4):
            raise Wrong(mistakes["peeks"].why)
        if close(given[name], x_test[:, :32], 1e-4):
            raise Wrong(mistakes["upper_again"].why)
    distances = np.linalg.norm(x_test[:, None, :32] - x[:, :32], axis=2)
    best = x[distances.argmin(1), 32:]
    if not close(given["copied"], best, 1e-4):
        raise Wrong(
            "A copied half does not belong to the training image whose *upper* half is nearest."
        )
    error = {name: ((numbers(given[name]).numpy() - x_test[:, 32:]) ** 2).mean() for name in given}
    mean_error = ((x[:, 32:].mean(0) - x_test[:, 32:]) ** 2).mean()
    if abs(error["regression"] - mean_error) < 1e-3:
        raise Wrong(mistakes["mean_only"].why)
    if error["regression"] > error["copied"]:
        raise Wrong("The regression is farther from the truth than a copy: did it see the halves "
                    "of the same images?")  # fmt: skip


def _peeking(x, x_test):
    distances = np.linalg.norm(x_test[:, None] - x, axis=2)
    copied = x[distances.argmin(1), 32:]
    return {"copied": copied, "regression": copied}


def _ridge(x, x_test):
    from sklearn.linear_model import Ridge

    return Ridge(alpha=1.0).fit(x[:, :32], x[:, 32:]).predict(x_test[:, :32])


def _mean_halves(x, x_test):
    distances = np.linalg.norm(x_test[:, None, :32] - x[:, :32], axis=2)
    mean = np.tile(x[:, 32:].mean(0), (len(x_test), 1))
    return {"copied": x[distances.argmin(1), 32:], "regression": mean}


# --- 1.6 Named without labels ----------------------------------------------------------------


def _by_majority(clusters, digits) -> float:
    return sum(np.bincount(digits[clusters == k]).max() for k in np.unique(clusters)) / len(digits)


def _as_labels(clusters, digits) -> float:
    return float((clusters == digits).mean())


def _mean_of_shares(clusters, digits) -> float:
    shares = [
        np.bincount(digits[clusters == k]).max() / (clusters == k).sum()
        for k in np.unique(clusters)
    ]
    return float(np.mean(shares))


def _rightly_named(answer, mistakes) -> None:
    rng = np.random.default_rng(0)
    for clusters_count in (3, 10):
        clusters = rng.choice(clusters_count, 200, p=_uneven(clusters_count))
        digits = np.where(rng.random(200) < 0.7, (clusters + 4) % 10, rng.integers(10, size=200))
        given = numbers(call(answer, clusters, digits)).item()
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
