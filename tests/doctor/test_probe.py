import math

import pytest
import torch
from torch import nn

from gan_tutorial.doctor.probe import compare_samples, judge_samples, undisturbed
from gan_tutorial.metrics import Features, manifold_report
from gan_tutorial.models import DCGANDiscriminator


def test_judging_by_hand():
    """A linear discriminator: everything can be computed on paper."""
    real, fake = torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    w = torch.tensor([3.0, 4.0])
    row = judge_samples(lambda x: x @ w, real, fake, held_out=torch.tensor([[0.0, 0.0]]))
    assert row["ranked"] == 0.75
    assert row["logit_gap"] == pytest.approx(3.0)  # logits 3, 9 against 0, 6
    assert row["logit_std"] == pytest.approx(3.0)
    assert (row["logit_low"], row["logit_high"]) == (0.0, 9.0)
    assert row["memory"] == 1.0
    assert row["held_out_gap"] == pytest.approx(6.0)
    assert row["slope"] == pytest.approx(5.0)
    assert row["jitter"] == 0.0


def test_an_offset_of_the_logits_changes_only_the_extremes():
    d, shifted = nn.Linear(2, 1), nn.Linear(2, 1)
    shifted.load_state_dict({"weight": d.weight, "bias": d.bias + 50})
    sets = [torch.randn(30, 2) for _ in range(3)]
    before, after = (judge_samples(net, *sets) for net in (d, shifted))
    for name in before:
        if name in ("logit_low", "logit_high"):
            assert after[name] == pytest.approx(before[name] + 50, abs=1e-3)
        else:
            assert after[name] == pytest.approx(before[name], abs=1e-3), name


def test_jitter_measures_noise_in_units_of_the_spread():
    x = torch.randn(4000, 1)
    noisy = lambda x: x[:, 0] + 0.5 * torch.randn(len(x))  # noqa: E731
    jitter = judge_samples(noisy, x, x)["jitter"]
    # spread of a look: sqrt(1 + 0.25); noise: 0.5
    assert jitter == pytest.approx(0.5 / math.sqrt(1.25), rel=0.05)


def test_slope_between():
    row = judge_samples(lambda x: 2 * x[:, 0], torch.randn(20, 3), torch.randn(20, 3), between=True)
    assert row["slope_between"] == pytest.approx(2.0)


def test_equal_distributions_look_equal():
    real, fake = torch.randn(400, 2), torch.randn(400, 2)
    row = compare_samples(real, fake)
    assert abs(row["distance"]) < 0.02
    assert row["diversity"] == pytest.approx(1, abs=0.1)
    assert row["coverage"] == pytest.approx(1 - 2**-5, abs=0.03)
    assert row["precision"] > 0.9
    assert row["rank"] == pytest.approx(1, abs=0.05)


def test_comparison_by_hand():
    """Energy distance and diversity of points on a line, computed pair by pair."""
    real = torch.arange(8.0)[:, None]
    fake = torch.full((8, 1), 3.0)
    xx = sum(abs(i - j) for i in range(8) for j in range(8)) / 56  # pairs of two, both orders
    xy = sum(abs(i - 3) for i in range(8)) / 8
    row = compare_samples(real, fake)
    assert row["distance"] == pytest.approx((2 * xy - xx) / xx, abs=1e-5)
    assert row["diversity"] == 0
    assert row["precision"] == 1
    # fifth neighbors of 0..7 lie at 5, 4, 3, 3, 3, 3, 4, 5: only 7 - 3 = 4 < 5 and so on: all
    assert row["coverage"] == 1


def test_neighborhoods_are_those_of_the_instruments():
    real, fake = torch.randn(80, 4), 0.8 * torch.randn(80, 4)
    row = compare_samples(real, fake)
    report = manifold_report(Features(real, "points"), Features(fake, "points"), spread=False)
    assert row["coverage"] == pytest.approx(report.coverage, abs=1e-6)
    assert row["precision"] == pytest.approx(report.precision, abs=1e-6)
    assert 0.5 < report.coverage < 1


def test_scale_of_the_data_does_not_matter():
    real, fake = torch.rand(50, 1, 4, 4), torch.rand(50, 1, 4, 4) ** 2
    small, large = compare_samples(real, fake), compare_samples(255 * real, 255 * fake)
    assert large == pytest.approx(small, abs=1e-3)


def test_rank_of_a_line_in_many_dimensions():
    directions = torch.linalg.qr(torch.randn(10, 10)).Q
    real = torch.randn(2000, 10)
    fake = torch.randn(2000, 1) * directions[0]
    row = compare_samples(real, fake)
    assert row["rank"] == pytest.approx(1 / 10, rel=0.05)  # one direction against ten


def test_samples_that_are_not_finite_give_no_numbers():
    real = torch.randn(10, 2)
    assert compare_samples(real, torch.full((10, 2), math.nan)) == {}


def test_looking_leaves_no_trace():
    d = DCGANDiscriminator(16, 1, 4, norm="batch").train()
    before = {name: value.clone() for name, value in d.state_dict().items()}
    state = torch.get_rng_state()
    with undisturbed(d):
        judge_samples(d, torch.randn(8, 1, 16, 16), torch.randn(8, 1, 16, 16))
        torch.randn(3)
    for name, value in d.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in d.parameters())
