import math

import pytest
import torch
from scipy.stats import norm

from gan_tutorial import data, metrics
from gan_tutorial.data.soccer import draw, draw_factors
from gan_tutorial.metrics import Features


@pytest.fixture(scope="module")
def real():
    return metrics.extract(data.load("soccer", "test", count=300), "soccer")


def drawn(**changes) -> Features:
    factors = draw_factors(300, seed=7)
    for name, change in changes.items():
        factors[name] = change(factors[name])
    return metrics.extract(draw(factors), "soccer")


def test_distance_of_two_gaussians_is_known():
    # sup |Phi(t) - Phi(t - d)| is at t = d / 2
    x, y = torch.randn(2, 4000, 1, generator=torch.Generator().manual_seed(0)).double()
    sets = [Features(rows, "mine", {"radius": rows}) for rows in (x, y + 1)]
    found = metrics.factor_distances(*sets)["radius"]
    assert found.value == pytest.approx(2 * norm.cdf(0.5) - 1, abs=4 * found.spread)
    assert 0 < found.spread < 0.05
    assert metrics.factor_distances(sets[0], sets[0])["radius"].value == 0


def test_other_balls_of_the_same_kind_are_near(real):
    for name, found in metrics.factor_distances(real, drawn()).items():
        assert found.value < 0.13, name  # 300 against 300: mean about .07 for one coordinate
        assert (found.real, found.fake) == (300, 300)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("radius", lambda radius: 0.25 + (radius - 0.25) / 3),
        ("center", lambda center: 0.5 + (center - 0.5) / 5),
        ("light", lambda light: light[:1].expand_as(light).clone()),
    ],
)
def test_a_factor_that_varies_too_little_is_found(real, name, change):
    found = metrics.factor_distances(real, drawn(**{name: change}))
    assert found[name].value > 0.2
    assert found[name].value == max(f.value for f in found.values())


def test_networks_without_factors_and_broken_estimates_are_refused():
    digits = metrics.extract(data.load("digits", "test", count=20), "digits")
    with pytest.raises(ValueError, match="estimates no factors"):
        metrics.factor_distances(digits, digits)
    broken = Features(torch.zeros(5, 2), "mine", {"radius": torch.full((5, 1), math.nan)})
    with pytest.raises(ValueError, match="not finite"):
        metrics.factor_distances(broken, broken)
