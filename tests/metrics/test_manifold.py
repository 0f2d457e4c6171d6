import numpy as np
import pytest
import torch

from gan_tutorial.metrics import Features, manifold, manifold_report

NAMES = ("precision", "recall", "density", "coverage")


def features(count: int, seed: int, scale: float = 1.0, width: int = 6) -> Features:
    generator = torch.Generator().manual_seed(seed)
    return Features(scale * torch.randn(count, width, generator=generator).double(), "gaussian")


@pytest.mark.parametrize(("sizes", "scale"), [((150, 150), 1.0), ((200, 90), 0.6), ((60, 210), 2)])
@pytest.mark.parametrize("neighbors", [1, 3, 5])
def test_all_four_agree_with_the_reference_package(sizes, scale, neighbors):
    prdc = pytest.importorskip("prdc")
    real, fake = features(sizes[0], 0), features(sizes[1], 1, scale)
    expected = prdc.compute_prdc(real.values.numpy(), fake.values.numpy(), neighbors)
    report = manifold_report(real, fake, neighbors)
    for name in NAMES:
        assert getattr(report, name) == pytest.approx(float(expected[name]), abs=1e-7), name
    assert (report.real, report.fake, report.neighbors) == (*sizes, neighbors)


def test_how_many_distances_are_computed_at_once_does_not_matter(monkeypatch):
    real, fake = features(70, 0), features(50, 1)
    expected = manifold_report(real, fake)
    monkeypatch.setattr(manifold, "ROWS", 7)
    assert manifold_report(real, fake) == expected
    monkeypatch.setattr(manifold, "HELD", 60)  # of the larger set nothing is kept
    assert manifold_report(real, fake) == expected


def test_each_distance_is_computed_once(monkeypatch):
    compute, sizes = manifold._distances, []
    monkeypatch.setattr(
        manifold, "_distances", lambda x, y: sizes.append((len(x), len(y))) or compute(x, y)
    )
    manifold_report(features(70, 0), features(50, 1))
    assert sizes == [(70, 70), (70, 50), (50, 50)]


def test_a_collapsed_generator_is_precise_and_covers_nothing():
    real = features(200, 0)
    report = manifold_report(real, Features(real.values[:1].repeat(200, 1), "gaussian"))
    assert report.precision == 1
    assert report.recall == 0
    assert report.coverage < 0.1


def test_samples_far_away_have_nothing():
    real = features(100, 0)
    report = manifold_report(real, Features(real.values + 100, "gaussian"))
    assert (report.precision, report.recall, report.density, report.coverage) == (0, 0, 0, 0)


def test_standard_errors_are_of_the_size_of_the_deviation_between_repetitions():
    reports = [manifold_report(features(200, s), features(200, s + 50), spread=s == 0)
               for s in range(20)]  # fmt: skip
    for name in NAMES:
        deviation = np.std([getattr(report, name) for report in reports], ddof=1)
        assert 0.4 * deviation < reports[0].spread[name] < 2.5 * deviation, name
    assert "±" in str(reports[0])
    assert "±" not in str(reports[1])


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match=r"20 generated samples.*at least 21"):
        manifold_report(features(30, 0), features(20, 1), neighbors=20)
    with pytest.raises(ValueError, match="neighbors must be at least 1, not 0"):
        manifold_report(features(30, 0), features(20, 1), neighbors=0)


def test_other_extractors_are_refused():
    with pytest.raises(ValueError, match="same network"):
        manifold_report(features(30, 0), Features(torch.randn(30, 6), "mine"))
