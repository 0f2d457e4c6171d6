import pytest
import torch

from gan_tutorial import data, metrics
from gan_tutorial.metrics import Features


@pytest.fixture(scope="module")
def digits():
    return [data.load("digits", split)[:] for split in ("train", "validation", "test")]


def test_real_pictures_are_not_copies(digits):
    report = metrics.memorization(*digits)
    assert abs(report.closer - 0.5) < 3 * report.spread
    assert report.copies < 0.04
    assert (report.train, report.held_out, report.fake) == (1197, 300, 300)
    assert report.extractor == "pixels"


def test_copies_are_found_and_named(digits):
    train, held_out, test = digits
    rows = torch.tensor([5, 900, 17])
    report = metrics.memorization(train, held_out, torch.cat([train[rows], test[:1]]))
    assert torch.equal(report.nearest[:3], rows)
    assert report.distance[:3].abs().max() == 0
    assert report.copies == 0.75
    assert metrics.memorization(train, held_out, train[:100]).closer == 1


def test_half_copies_are_half_way(digits):
    train, held_out, test = digits
    report = metrics.memorization(train, held_out, torch.cat([train[:150], test[:150]]))
    assert report.closer == pytest.approx(0.75, abs=3 * report.spread)
    assert report.copies == pytest.approx(0.5, abs=0.02)
    assert 0.01 < report.copies_spread < 0.06  # of half of 300: sqrt(.25 / 300) = .03


def test_noise_is_farther_away_than_real_pictures(digits):
    train, held_out, _ = digits
    assert metrics.memorization(train, held_out, torch.rand(50, 1, 8, 8) * 2 - 1).closer < 0.01


def test_distances_in_features_against_a_direct_search(digits):
    train, held_out, test = (metrics.extract(x[:60], "digits") for x in digits)
    report = metrics.memorization(train, held_out, test)
    direct = (test.values[:, None] - train.values).square().sum(-1).sqrt()
    assert torch.allclose(report.distance, direct.amin(1))
    assert torch.equal(report.nearest, direct.argmin(1))
    usual = (held_out.values[:, None] - train.values).square().sum(-1).sqrt().amin(1)
    share = (direct.amin(1)[:, None] < usual).double().mean()
    assert report.closer == pytest.approx(float(share))
    assert report.extractor == train.extractor


def test_a_tie_counts_half():
    points = Features(torch.tensor([[0.0], [10.0]]), "points")
    one_off = Features(torch.tensor([[1.0], [9.0]]), "points")
    assert metrics.memorization(points, one_off, one_off).closer == 0.5


def test_sets_that_do_not_belong_together_are_refused(digits):
    train, held_out, test = digits
    with pytest.raises(TypeError, match="all three"):
        metrics.memorization(train, held_out, metrics.extract(test, "digits"))
    with pytest.raises(ValueError, match="gray and the generated ones color"):
        metrics.memorization(train, held_out, test.expand(-1, 3, -1, -1))
    with pytest.raises(ValueError, match=r"scaled to \[0, 1\]"):
        metrics.memorization(train, held_out, (test + 1) / 2)
    with pytest.raises(ValueError, match="two held-out"):
        metrics.memorization(train, held_out, test[:1])
