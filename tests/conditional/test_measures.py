import math

import pytest
import torch
from torch import nn

from gan_tutorial.conditional import conditional_report
from gan_tutorial.data import Dataset

CLASSES = ("left", "right", "rare")
CENTERS = torch.tensor([[-3.0, 0.0], [3.0, 0.0], [0.0, 4.0]])


def samples(counts, seed):
    labels = torch.cat([torch.full((n,), k) for k, n in enumerate(counts)])
    random = torch.Generator().manual_seed(seed)
    points = CENTERS[labels] + 0.5 * torch.randn(len(labels), 2, generator=random)
    return Dataset("clumps", points, labels=labels, classes=CLASSES)


class Known(nn.Module):
    """A generator that is right, or wrong in a known way."""

    latent_dim, shape, classes = 2, (2,), CLASSES

    def __init__(self, fault=""):
        super().__init__()
        self.fault = fault
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, z, labels):
        if self.fault == "swapped":
            labels = torch.tensor([1, 0, 2])[labels]
        spread = 0.0 if self.fault == "collapsed" else 0.5
        return CENTERS[labels] + spread * z


@pytest.fixture(scope="module")
def real():
    return samples([100, 100, 60], seed=0), samples([40, 40, 5], seed=1)


def report(real, fault=""):
    return conditional_report(*real, Known(fault), steps=100)


def test_a_perfect_generator_is_at_the_floor(real):
    found = report(real)
    assert [row.name for row in found.rows] == list(CLASSES)
    for row in found.rows:
        assert row.recognized > 0.97
        assert row.taught > 0.97
    for row in found.rows[:2]:
        assert abs(row.kid - row.floor) < 4 * (row.kid_spread + row.floor_spread)
    assert found.rows[2].kid is None  # five held-out samples say nothing
    assert found.rows[2].held_out == 5
    assert found.whole.kid == pytest.approx(sum(r.kid for r in found.rows[:2]) / 2)
    assert found.whole.held_out == 85
    assert "left" in str(found)
    assert "all" in str(found)


def test_two_classes_taken_for_each_other(real):
    found = report(real, "swapped")
    left, right, rare = found.rows
    assert left.recognized < 0.05 > right.recognized
    assert left.taught < 0.05 > right.taught
    assert rare.recognized > 0.95
    assert left.real_recognized > 0.95
    assert left.kid > 10 * abs(left.floor)


def test_samples_that_are_all_alike_would_pass_for_their_class(real):
    found = report(real, "collapsed")
    assert [row.recognized for row in found.rows] == [1.0, 1.0, 1.0]


def test_a_class_without_held_out_samples_has_no_share(real):
    found = conditional_report(real[0], samples([40, 40, 0], 1), Known(), steps=50)
    assert math.isnan(found.rows[2].taught)
    assert math.isnan(found.rows[2].real_recognized)
    assert not math.isnan(found.whole.taught)
    assert " - " in str(found)


def test_measuring_leaves_the_random_numbers_alone(real):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = report(real)
    assert torch.equal(torch.get_rng_state(), before)
    assert first == report(real)


def test_other_classes_are_refused(real):
    other = Dataset("other", torch.zeros(40, 2), labels=torch.arange(40) % 2, classes=("a", "b"))
    with pytest.raises(ValueError, match="other has the classes a, b, and the generator makes"):
        conditional_report(other, real[1], Known())
    with pytest.raises(ValueError, match="bare has no labels"):
        conditional_report(Dataset("bare", torch.zeros(40, 2)), real[1], Known())
    with pytest.raises(ValueError, match="steps must be"):
        conditional_report(*real, Known(), steps=0)
