import math

import pytest
import torch
from scipy import stats

from gan_tutorial import data, metrics


def test_true_samples_cover_every_mode_with_the_mass_within_three_sigma():
    grid = data.grid()
    report = metrics.mode_report(grid.sample(50_000, seed=0), grid)
    assert report.modes == 25
    # distance from the mean is Rayleigh distributed; .989 of it is below three
    assert report.high_quality == pytest.approx(stats.rayleigh.cdf(3), abs=0.002)
    assert report.reverse_kl < 0.001
    assert sum(report.counts) == round(report.high_quality * report.samples)


def test_reverse_kl_against_scipy():
    ring = data.ring()
    counts = [50, 30, 20, 0, 0, 0, 0, 0]
    samples = ring.means.repeat_interleave(torch.tensor(counts), dim=0)
    report = metrics.mode_report(samples, ring)
    assert report.counts == tuple(counts)
    assert report.modes == 3
    assert report.reverse_kl == pytest.approx(stats.entropy(counts, [1 / 8] * 8), rel=1e-9)


def test_collapse_to_one_mode_is_log_of_their_number():
    ring = data.ring()
    report = metrics.mode_report(ring.means[:1].repeat(10, 1), ring)
    assert (report.modes, report.high_quality) == (1, 1.0)
    assert report.reverse_kl == pytest.approx(math.log(8))


def test_samples_between_the_modes_are_of_low_quality():
    ring = data.ring()
    report = metrics.mode_report(torch.zeros(5, 2), ring)
    assert (report.modes, report.high_quality, report.reverse_kl) == (0, 0.0, math.inf)


def test_the_border_is_at_the_asked_number_of_standard_deviations():
    ring = data.ring()
    towards = torch.tensor([[1.0, 0.0]])
    for distance, high_quality in ((2.99, 1.0), (3.01, 0.0)):
        report = metrics.mode_report(ring.means[:1] + distance * ring.std * towards, ring)
        assert report.high_quality == high_quality


@pytest.mark.parametrize("bad", [torch.zeros(3, 3), torch.zeros(0, 2), torch.zeros(2)])
def test_wrong_shapes_are_refused(bad):
    with pytest.raises(ValueError, match="shape"):
        metrics.mode_report(bad, data.ring())


def test_non_finite_samples_are_counted_and_refused():
    with pytest.raises(ValueError, match="1 of 2"):
        metrics.mode_report(torch.tensor([[0.0, math.nan], [0.0, 0.0]]), data.ring())


def test_standard_errors_are_those_of_shares():
    grid = data.grid()
    samples = torch.cat([grid.sample(900, seed=0), torch.full((100, 2), 50.0)])
    report = metrics.mode_report(samples, grid)
    p = report.high_quality
    assert report.spread["high_quality"] == pytest.approx(math.sqrt(p * (1 - p) / 1000), rel=0.6)
    assert report.spread["reverse_kl"] > 0
    assert "of 25 modes" in str(report)
    assert "±" in str(report)
    assert metrics.mode_report(samples[-100:], grid).spread == {}
