import math

import numpy as np
import pytest
import torch
from scipy import stats

from gan_tutorial.data import Mixture, grid, mixtures, ring, swiss_roll

EVERY = [ring(std=0.1), grid(side=3, std=0.1), swiss_roll(std=0.1)]


def by_name(mixture):
    return mixture.name


@pytest.fixture
def uneven():
    return Mixture([[0.0, 0.0], [2.0, 1.0], [-1.0, 3.0]], std=0.5, weights=[1, 2, 5])


def test_log_prob_is_that_of_scipy(uneven):
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2
    expected = sum(
        w * stats.multivariate_normal(m, 0.25 * np.eye(2)).pdf(x)
        for w, m in zip((1 / 8, 2 / 8, 5 / 8), uneven.means.tolist(), strict=True)
    )
    np.testing.assert_allclose(uneven.log_prob(x).exp(), expected, rtol=1e-6)


def test_log_prob_is_exact_to_float32_next_to_a_narrow_mode_and_finite_far_away():
    mixture = ring(std=0.02)
    x = mixture.sample(1000, seed=0)
    torch.testing.assert_close(
        mixture.log_prob(x), mixture.log_prob(x.double()).float(), atol=1e-4, rtol=0
    )
    assert mixture.log_prob(torch.tensor([[30.0, 40.0]])).isfinite().all()


@pytest.mark.parametrize("mixture", EVERY, ids=by_name)
def test_density_integrates_to_one(mixture):
    ticks = torch.arange(-2, 2, 0.02, dtype=torch.float64)
    points = torch.cartesian_prod(ticks, ticks)
    assert mixture.log_prob(points).exp().sum().item() * 0.02**2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("mixture", EVERY, ids=by_name)
def test_samples_have_the_moments_of_the_mixture(mixture):
    n = 100_000
    x = mixture.sample(n, seed=1)
    means = mixture.means.double()
    mean = mixture.weights.double() @ means
    centered = means - mean
    covariance = (centered * mixture.weights[:, None]).T @ centered
    covariance += mixture.std**2 * torch.eye(2)
    error = 4 * (covariance.diagonal() / n).sqrt()  # four standard errors
    assert ((x.double().mean(0) - mean).abs() < error).all()
    torch.testing.assert_close(x.double().T.cov(), covariance, atol=0.01, rtol=0)


def test_samples_follow_the_weights_and_the_normal_law(uneven):
    x, components = uneven.sample_with_components(40_000, seed=2)
    counts = components.bincount(minlength=3).numpy()
    assert stats.chisquare(counts, 40_000 * np.array([1, 2, 5]) / 8).pvalue > 1e-3
    noise = (x - uneven.means[components]) / uneven.std
    for axis in noise.T:
        assert stats.kstest(axis.numpy(), "norm").pvalue > 1e-3


def test_the_seed_decides_the_samples():
    mixture = ring()
    assert torch.equal(mixture.sample(10, seed=3), mixture.sample(10, seed=3))
    assert not torch.equal(mixture.sample(10, seed=3), mixture.sample(10, seed=4))


def test_a_generator_is_used_and_moved_on():
    generator = torch.Generator().manual_seed(3)
    first = ring().sample(10, generator=generator)
    assert torch.equal(first, ring().sample(10, seed=3))
    assert not torch.equal(first, ring().sample(10, generator=generator))


def test_without_either_the_global_generator_is_used():
    torch.manual_seed(3)
    assert torch.equal(ring().sample(10), ring().sample(10, seed=3))


def test_component_is_the_most_probable_one():
    mixture = Mixture([[-1.0, 0.0], [1.0, 0.0]], std=1.0, weights=[1, 9])
    # Where w1 N1 = w2 N2: 2 x = log(1/9), so the border lies at x = -1.0986.
    x = torch.tensor([[-1.12, 5.0], [-1.08, -5.0]])
    assert mixture.component(x).tolist() == [0, 1]


def test_large_inputs_are_taken_in_parts_without_a_difference(monkeypatch, uneven):
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    whole = uneven.log_prob(x), uneven.component(x)
    monkeypatch.setattr(mixtures, "PAIRS_AT_ONCE", 7)
    assert torch.equal(uneven.log_prob(x), whole[0])
    assert torch.equal(uneven.component(x), whole[1])


def test_gradients_of_the_log_density_are_the_score():
    x = torch.tensor([[0.3, -0.2]], requires_grad=True)
    Mixture([[0.0, 0.0]], std=0.5).log_prob(x).sum().backward()
    torch.testing.assert_close(x.grad, -x.detach() / 0.25)


def test_ring_and_grid_stand_where_they_should():
    five = ring(modes=5, radius=2.0, std=0.1)
    torch.testing.assert_close(five.means.norm(dim=1), torch.full((5,), 2.0))
    gaps = (five.means - five.means.roll(1, 0)).norm(dim=1)
    torch.testing.assert_close(gaps, torch.full((5,), 4 * math.sin(math.pi / 5)))
    lattice = grid(side=5, spacing=2.0).means
    assert len(lattice) == 25
    assert lattice.unique().tolist() == [-4.0, -2.0, 0.0, 2.0, 4.0]


def test_the_swiss_roll_has_no_gaps_between_its_gaussians():
    roll = swiss_roll()
    inner = roll.means[20:-20]  # away from the ends
    between = (inner[1:] + inner[:-1]) / 2
    ratio = roll.log_prob(between.double()) - roll.log_prob(inner[1:].double())
    assert ratio.abs().max() < 0.01
    gaps = (roll.means[1:] - roll.means[:-1]).norm(dim=1)
    torch.testing.assert_close(gaps, gaps.mean().expand_as(gaps), rtol=1e-2, atol=0)
    assert gaps.max() <= roll.std / 2 * 1.01
    radii = roll.means.norm(dim=1)
    assert radii[[0, -1]].tolist() == pytest.approx([0.2, 1.0])
    assert (radii.diff() > 0).all()


def test_the_number_of_components_can_be_chosen():
    assert len(swiss_roll(components=7)) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"means": [0.0, 1.0], "std": 1.0}, r"means must have shape \(K, 2\), not \(2,\)"),
        ({"means": [[0.0, math.nan]], "std": 1.0}, "means must be finite"),
        ({"means": [[0.0, 0.0]], "std": 0.0}, "std must be a positive number, not 0.0"),
        ({"means": [[0.0, 0.0]], "std": math.inf}, "std must be a positive number"),
        ({"means": [[0.0, 0.0]], "std": 1.0, "weights": [1, 1]}, r"weights must have shape \(1,\)"),
        (
            {"means": [[0.0, 0.0]] * 2, "std": 1.0, "weights": [2, -1]},
            "must be non-negative",
        ),
        ({"means": [[0.0, 0.0]], "std": 1.0, "weights": [0]}, "sum to a positive number"),
    ],
)
def test_impossible_mixtures_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Mixture(**arguments)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ring(modes=0), "modes must be a whole number of at least 1, got 0"),
        (lambda: ring(radius=-1), "radius must be a positive number, not -1"),
        (lambda: grid(spacing=0), "spacing must be a positive number"),
        (lambda: swiss_roll(turns=0), "turns must be a positive number"),
        (lambda: swiss_roll(std=-1), "std must be a positive number"),
        (lambda: ring().sample(0), "n must be a whole number of at least 1"),
        (lambda: ring().log_prob(torch.zeros(3)), r"x must have shape \(n, 2\), not \(3,\)"),
        (lambda: ring().sample(1, seed=0, generator=torch.Generator()), "either seed or generator"),
    ],
)
def test_impossible_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
