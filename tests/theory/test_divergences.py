import math

import pytest
import torch
from scipy import integrate, stats

from gan_tutorial import divergences as div
from gan_tutorial.losses import LOSSES

CELL = 0.01
GRID = torch.linspace(-9, 9, 1801, dtype=torch.float64)
P = div.gaussian(GRID, 0.0, 1.0)
Q = div.gaussian(GRID, 0.4, 1.5)


def quadrature(integrand):
    """Integrate a function of (p(x), q(x)) with scipy, which shares nothing with the library."""
    p, q = stats.norm(0, 1).pdf, stats.norm(0.4, 1.5).pdf
    return integrate.quad(lambda x: integrand(p(x), q(x)), -9, 9, epsabs=1e-10, limit=200)[0]


def jsd(p, q):
    m = (p + q) / 2
    return (p * math.log(p / m) + q * math.log(q / m)) / 2


@pytest.mark.parametrize(
    ("function", "integrand"),
    [
        (div.kl, lambda p, q: p * math.log(p / q)),
        (div.jensen_shannon, jsd),
        (div.pearson_chi2, lambda p, q: (p - q) ** 2 / q),
        (div.total_variation, lambda p, q: abs(p - q) / 2),
    ],
)
def test_against_quadrature(function, integrand):
    assert function(P, Q, CELL).item() == pytest.approx(quadrature(integrand), abs=2e-5)


def test_kl_of_two_gaussians_in_closed_form():
    expected = math.log(1.5) + (1 + 0.4**2) / (2 * 1.5**2) - 0.5
    assert div.kl(P, Q, CELL).item() == pytest.approx(expected, abs=1e-6)


def test_wasserstein_against_scipy_and_for_a_shift():
    ours = div.wasserstein_1d(P, Q, CELL).item()
    points = GRID.numpy()
    theirs = stats.wasserstein_distance(points, points, P.numpy(), Q.numpy())
    assert ours == pytest.approx(theirs, abs=1e-5)
    shifted = div.gaussian(GRID, 2.5, 1.0)
    assert div.wasserstein_1d(P, shifted, CELL).item() == pytest.approx(2.5, abs=1e-6)


def test_disjoint_supports():
    left, right = torch.zeros_like(GRID), torch.zeros_like(GRID)
    left[600:700], right[1100:1200] = 1.0, 1.0  # uniform on stretches of length 1, 5 apart
    assert div.jensen_shannon(left, right, CELL).item() == pytest.approx(math.log(2))
    assert div.total_variation(left, right, CELL).item() == pytest.approx(1)
    assert div.kl(left, right, CELL).item() == math.inf
    assert div.pearson_chi2(left, right, CELL).item() == math.inf
    assert div.wasserstein_1d(left, right, CELL).item() == pytest.approx(5)


def test_a_density_is_at_distance_zero_from_itself():
    for function in (
        div.kl,
        div.jensen_shannon,
        div.pearson_chi2,
        div.total_variation,
        div.wasserstein_1d,
    ):
        assert function(P, P, CELL).item() == pytest.approx(0, abs=1e-12)


def test_optimal_discriminator_maximizes_the_value_pointwise():
    for share in (0.2, 0.5, 0.8):
        best = div.optimal_discriminator(P, Q, share)
        probe = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
        for i in (700, 900, 1000, 1100):
            payoff = share * P[i] * probe.log() + (1 - share) * Q[i] * torch.log1p(-probe)
            assert best[i].item() == pytest.approx(probe[payoff.argmax()].item(), abs=1e-3)


def library_loss(name, outputs, density_real, density_fake):
    """Evaluate the library's discriminator loss in expectation under two densities on GRID.

    The losses average over a batch, so each is evaluated point by point: loss(a, b) for single
    logits, then weighted. Unpaired losses split into a real and a fake part.
    """
    loss = LOSSES[name]
    if not loss.paired:
        zero = torch.zeros(1, dtype=outputs.dtype)
        offset = loss.discriminator(zero, zero)
        real = torch.stack([loss.discriminator(a[None], zero) for a in outputs])
        fake = torch.stack([loss.discriminator(zero, a[None]) for a in outputs]) - offset
        return ((density_real * real + density_fake * fake) * CELL).sum().item()
    coarse = slice(None, None, 6)
    a, weight = outputs[coarse], 6 * CELL
    pairs = torch.vmap(lambda r: torch.vmap(lambda f: loss.discriminator(r[None], f[None]))(a))(a)
    return (
        torch.outer(density_real[coarse], density_fake[coarse]) * pairs
    ).sum().item() * weight**2


@pytest.mark.parametrize("name", list(LOSSES))
def test_smallest_discriminator_loss_is_the_divergence_in_the_table(name):
    descent = div.DESCENTS[name]
    step = 6 if LOSSES[name].paired else 1
    p, q, cell = P[::step], Q[::step], CELL * step
    expected = descent.discriminator_value(p / (p.sum() * cell), q / (q.sum() * cell), cell).item()
    outputs = descent.best_output(P, Q, CELL)
    best = library_loss(name, outputs, P, Q)
    assert best == pytest.approx(expected, abs=1e-4)
    # equal densities give the equilibrium value that the library advertises
    at_rest = descent.discriminator_value(p / (p.sum() * cell), p / (p.sum() * cell), cell).item()
    assert at_rest == pytest.approx(LOSSES[name].equilibrium, abs=1e-9)
    if name == "wasserstein":
        return  # a steeper critic does better: only the Lipschitz bound stops it
    for wiggle in (0.05 * torch.sin(GRID), -0.05 * torch.cos(2 * GRID)):
        assert library_loss(name, outputs + wiggle, P, Q) > best


@pytest.mark.parametrize("name", [name for name in LOSSES if not LOSSES[name].paired])
@pytest.mark.parametrize("move", ["shift", "widen"])
def test_generator_descends_the_divergence_in_the_table(name, move):
    """Gradient of E_q loss(a*) with a* frozen equals the gradient of the table's functional."""
    descent = div.DESCENTS[name]

    def fakes(amount):
        if move == "shift":
            return div.gaussian(GRID, 0.4 + amount, 1.5)
        return div.gaussian(GRID, 0.4, 1.5 + amount)

    frozen = descent.best_output(P, fakes(0.0), CELL)
    cost = torch.stack([LOSSES[name].generator(None, a[None]) for a in frozen])
    h = 1e-3
    ahead, behind = fakes(h), fakes(-h)
    players = ((cost * (ahead - behind)).sum() * CELL / (2 * h)).item()
    difference = descent.generator_value(P, ahead, CELL) - descent.generator_value(P, behind, CELL)
    assert players == pytest.approx(difference.item() / (2 * h), abs=2e-3)
    assert abs(players) > 0.01


def test_kantorovich_potential_is_lipschitz_and_attains_the_distance():
    potential = div.kantorovich_potential(P, Q, CELL)
    assert potential.diff().abs().max() <= CELL + 1e-12
    gain = ((P - Q) * potential).sum() * CELL
    assert gain.item() == pytest.approx(div.wasserstein_1d(P, Q, CELL).item(), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: div.kl(P, Q[:-1], CELL), "same grid"),
        (lambda: div.kl(P, 2 * Q, CELL), "q is not a density.*integrates to 2"),
        (lambda: div.wasserstein_1d(torch.ones(2, 2), torch.ones(2, 2), 0.25), "on a line"),
        (lambda: div.kl(P, torch.full_like(Q, math.nan), CELL), "q is not a density"),
        (lambda: div.optimal_discriminator(P, Q, math.nan), "between 0 and 1, got nan"),
        (lambda: div.optimal_discriminator(P, Q, 1.0), "between 0 and 1, got 1.0"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
