import math

import pytest
import torch
from torch import nn

from gan_tutorial import data, metrics
from gan_tutorial.metrics import Features


class EachPixel(nn.Module):
    """A discriminator that sees one pixel at a time, as one of the source articles builds it."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, images):
        return self.net(images.flatten(1)[..., None]).mean((1, 2))


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", "validation")[:], data.load("digits", "test")[:]


def test_real_digits_cannot_be_told_from_other_real_digits(digits):
    found = metrics.two_sample_accuracy(*digits)
    assert abs(found.value - 0.5) < 3.5 * found.spread
    assert (found.real, found.fake, found.extractor) == (300, 300, "pixels")
    assert found.spread == pytest.approx(math.sqrt(found.value * (1 - found.value) / 600))


def test_a_weak_judge_is_at_chance_where_a_strong_one_is_right(digits):
    real, other = digits
    order = torch.rand(300, 64, generator=torch.Generator().manual_seed(0)).argsort(dim=1)
    shuffled = other.flatten(1).gather(1, order).view_as(other)
    weak = metrics.two_sample_accuracy(real, shuffled, EachPixel, steps=150)
    strong = metrics.two_sample_accuracy(real, shuffled, steps=150)
    assert abs(weak.value - 0.5) < 0.1
    assert strong.value > 0.97


def test_best_possible_accuracy_of_two_gaussians_is_nearly_reached():
    # The best judge of N(0, I) against N((d, 0, 0), I) is right with probability Phi(d / 2).
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 1000, 3, generator=generator)
    y = y + torch.tensor([2.0, 0, 0])
    found = metrics.two_sample_accuracy(Features(x, "g"), Features(y, "g"), steps=200)
    best = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    assert best - 0.04 < found.value < best + 3 * found.spread


def test_only_the_seed_decides_and_other_random_numbers_are_left_alone(digits):
    real, fake = digits[0][:60], digits[1][:60]
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = metrics.two_sample_accuracy(real, fake, steps=20, seed=1)
    assert torch.rand(1) == expected
    assert metrics.two_sample_accuracy(real, fake, steps=20, seed=1) == first


def test_pictures_of_a_power_of_two_are_judged_by_convolutions():
    balls = data.soccer(16, size=16)[0]
    found = metrics.two_sample_accuracy(balls, -balls, steps=30)
    assert found.value > 0.9
    assert metrics.two_sample_accuracy(balls[..., :12, :12], -balls[..., :12, :12], steps=5)


def test_sets_that_do_not_belong_together_are_refused(digits):
    real, fake = digits
    with pytest.raises(TypeError, match="both"):
        metrics.two_sample_accuracy(real, metrics.extract(fake, "digits"))
    with pytest.raises(ValueError, match="needs 8"):
        metrics.two_sample_accuracy(real, fake[:7])
    with pytest.raises(ValueError, match="gray"):
        metrics.two_sample_accuracy(real, fake.expand(-1, 3, -1, -1))
    with pytest.raises(ValueError, match=r"scaled to \[0, 1\]"):
        metrics.two_sample_accuracy(real, (fake + 1) / 2)


def test_the_order_of_the_rows_does_not_matter():
    """Two draws of two clumps, sorted in opposite orders: halves of neighbors would mislead."""
    here, there = torch.randn(2, 200, 2, generator=torch.Generator().manual_seed(0))
    here[:100] += 6.0
    there[100:] += 6.0
    real, fake = Features(here, "points"), Features(there, "points")
    assert 0.4 < metrics.two_sample_accuracy(real, fake, steps=60).value < 0.6
