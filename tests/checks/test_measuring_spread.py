import math
from statistics import NormalDist

import pytest
import torch

from gan_tutorial import check

# --- The best of some -----------------------------------------------------------------------------

QUANTILE = NormalDist().inv_cdf


def drawn_best(candidates):
    """The mean of the best of some, measured."""
    rng = torch.Generator().manual_seed(candidates)
    draws = torch.randn(20_000, candidates, generator=rng)
    return draws.max(1).values.mean()


@pytest.mark.parametrize(
    "right",
    [
        drawn_best,
        lambda m: QUANTILE(0.5 ** (1 / m)),
        lambda m: -QUANTILE(1 - 0.5 ** (1 / m)),
        lambda m: QUANTILE(1 - 1 / m),
        lambda m: QUANTILE(m / (m + 1)),
    ],
    ids=["measured", "median", "median, from below", "one in m", "of m + 1"],
)
def test_exact_quantiles_and_means_of_the_best_are_right(right):
    assert check("4.5", right)


def test_what_holds_for_very_many_does_not_hold_for_five():
    verdict = check("4.5", lambda m: math.sqrt(2 * math.log(m)))
    assert not verdict
    assert "1.16" in verdict.sentence
    assert not check("4.5", lambda m: QUANTILE(1 - 0.25 / m))


# --- Matched moments ------------------------------------------------------------------------------


def by_eigenvectors(x, y, turn=None):
    """Whiten and color with symmetric roots, and perhaps a rotation between them."""
    (a, u), (b, v) = (torch.linalg.eigh(torch.cov(cloud.T)) for cloud in (x, y))
    white = (y - y.mean(0)) @ v / b.sqrt()
    if turn is not None:
        white = white @ turn(x.shape[1])
    return x.mean(0) + white * a.sqrt() @ u.T


def mirror(width):
    return -torch.eye(width, dtype=torch.float64).flip(0)


def test_any_affine_map_that_matches_is_right():
    assert check("4.6", by_eigenvectors)
    assert check("4.6", lambda x, y: by_eigenvectors(x, y, mirror))


def test_other_points_with_these_moments_are_wrong():
    def other_points(x, y):
        fresh = torch.randn(y.shape, generator=torch.Generator().manual_seed(0)).double()
        return by_eigenvectors(x, fresh)

    assert "affine" in check("4.6", other_points).sentence
    assert "shape" in check("4.6", lambda x, y: x).sentence
    assert not check("4.6", lambda x, y: by_eigenvectors(x, y) + 0.1)
    assert not check("4.6", lambda x, y: 1.1 * by_eigenvectors(x, y))


# --- The variance of KID --------------------------------------------------------------------------


def test_the_deviation_of_kid_is_that_of_draws():
    """The closed form against four thousand draws, and its usual approximation is not enough."""

    def closed_form(n, width):
        return math.sqrt((4 / (n * (n - 1)) + 4 / n**2) / width)

    assert check("4.7", closed_form)
    assert not check("4.7", lambda n, width: closed_form(n, width) / 2)
    n, width = 10, 4
    x, y = torch.randn(2, 4000, n, width, generator=torch.Generator().manual_seed(0)).double()
    among = [
        (cloud.sum(1).square().sum(1) - cloud.square().sum((1, 2))) / (n * (n - 1))
        for cloud in (x, y)
    ]
    kid = (among[0] + among[1] - 2 * (x.mean(1) * y.mean(1)).sum(1)) / width
    assert kid.std().item() == pytest.approx(closed_form(n, width), rel=0.05)
