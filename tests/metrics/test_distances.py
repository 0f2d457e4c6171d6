import math

import numpy as np
import pytest
import torch
from scipy import linalg

from gan_tutorial.metrics import Features, distances, fid, fid_infinity, kid


def closed_form(mean_x, cov_x, mean_y, cov_y) -> float:
    """Return the Frechet distance of two Gaussians, by scipy's matrix root."""
    root = linalg.sqrtm(cov_x @ cov_y)
    return float(((mean_x - mean_y) ** 2).sum() + np.trace(cov_x + cov_y - 2 * root.real))


def samples_with(mean, cov, count: int, seed: int) -> torch.Tensor:
    """Draw samples, and bend them until their own mean and covariance are as asked."""
    x = np.random.default_rng(seed).normal(size=(count, len(mean)))
    x = (x - x.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(x.T)))).T
    return torch.from_numpy(x @ np.linalg.cholesky(cov).T + mean)


def gaussian(count: int, width: int, seed: int, shift: float = 0.0) -> Features:
    x = torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
    return Features(x.double() + shift, "gaussian")


@pytest.mark.parametrize("width", [1, 5, 32])
def test_fid_is_the_closed_form_distance_of_gaussians(width):
    rng = np.random.default_rng(width)
    means = rng.normal(size=(2, width))
    covs = [a @ a.T + 0.1 * np.eye(width) for a in rng.normal(size=(2, width, width))]
    x, y = (samples_with(means[i], covs[i], 200 + 50 * i, seed=i) for i in range(2))
    found = fid(Features(x, "numbers"), Features(y, "numbers"), spread=False)
    assert found.value == pytest.approx(closed_form(means[0], covs[0], means[1], covs[1]), rel=1e-6)
    assert (found.real, found.fake, found.extractor) == (200, 250, "numbers")


def test_fid_of_a_set_with_itself_is_zero_and_both_ways_it_is_the_same():
    x, y = gaussian(100, 4, 0), gaussian(80, 4, 1, shift=0.5)
    assert fid(x, x, spread=False).value == pytest.approx(0, abs=1e-8)
    assert fid(x, y, spread=False).value == pytest.approx(fid(y, x, spread=False).value, rel=1e-9)


def test_standard_error_of_fid_is_the_deviation_between_repetitions():
    values, errors = [], []
    for seed in range(40):
        found = fid(gaussian(200, 4, 2 * seed), gaussian(200, 4, 2 * seed + 1, shift=0.5))
        values.append(found.value)
        errors.append(found.spread)
    deviation = float(np.std(values, ddof=1))
    # Forty repetitions know a deviation to about a ninth.
    assert float(np.mean(errors)) == pytest.approx(deviation, rel=0.35)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_extrapolation_removes_most_of_the_bias_of_few_samples(shift):
    truth = 16 * shift**2
    plain, extrapolated = [], []
    for seed in range(8):
        pair = gaussian(300, 16, 2 * seed), gaussian(300, 16, 2 * seed + 1, shift)
        plain.append(fid(*pair, spread=False).value - truth)
        extrapolated.append(fid_infinity(*pair, spread=False).value - truth)
    assert np.mean(plain) > 0.4
    assert abs(np.mean(extrapolated)) < 0.35 * np.mean(plain)
    deviation = np.std(extrapolated, ddof=1)
    assert 0.5 * deviation < fid_infinity(*pair).spread < 3 * deviation


def test_kid_is_the_direct_double_sum():
    x, y = gaussian(12, 3, 0), gaussian(12, 3, 1, shift=0.4)

    def kernel(a, b):
        return (float(a @ b) / 3 + 1) ** 3

    n, total = 12, 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                total += kernel(x.values[i], x.values[j]) / (n * (n - 1))
                total += kernel(y.values[i], y.values[j]) / (n * (n - 1))
            total -= 2 * kernel(x.values[i], y.values[j]) / n**2
    found = kid(x, y, subsets=1, subset_size=12)
    assert found.value == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("sizes", [(60, 60), (90, 40)])
def test_kid_from_kernels_is_that_of_torchmetrics(sizes, monkeypatch):
    x, y = gaussian(sizes[0], 300, 0), gaussian(sizes[1], 300, 1, 0.2)
    ours = kid(x, y, subsets=20)
    monkeypatch.setattr(distances, "HELD", 0)
    theirs = kid(x, y, subsets=20)
    assert ours.value == pytest.approx(theirs.value, rel=1e-9, abs=1e-12)
    assert ours.spread == pytest.approx(theirs.spread, rel=1e-6)


def test_kid_has_no_bias_where_fid_has():
    values = [kid(gaussian(60, 8, 2 * s), gaussian(60, 8, 2 * s + 1)).value for s in range(30)]
    assert abs(np.mean(values)) < 3 * np.std(values, ddof=1) / math.sqrt(len(values))


def test_spread_of_kid_is_about_the_deviation_between_repetitions():
    found = [kid(gaussian(100, 8, 2 * s), gaussian(100, 8, 2 * s + 1, 0.5)) for s in range(30)]
    deviation = np.std([f.value for f in found], ddof=1)
    assert np.mean([f.spread for f in found]) == pytest.approx(deviation, rel=0.4)


def test_subsets_depend_on_the_seed_alone_and_leave_other_random_numbers_alone():
    x, y = gaussian(80, 4, 0), gaussian(80, 4, 1)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = kid(x, y, seed=3), fid_infinity(x, y, seed=3), fid(x, y)
    assert torch.rand(1) == expected
    torch.manual_seed(6)
    assert (kid(x, y, seed=3), fid_infinity(x, y, seed=3), fid(x, y)) == first
    assert kid(x, y, seed=4).value != first[0].value


def test_fewer_samples_than_features_are_refused():
    few, many = gaussian(16, 16, 0), gaussian(100, 16, 1)
    with pytest.raises(ValueError, match="16 generated samples for 16 features"):
        fid(many, few)
    with pytest.raises(ValueError, match="16 real samples"):
        fid(few, many)
    with pytest.raises(ValueError, match="more than 32 samples"):
        fid_infinity(many, many[:33])
    assert math.isfinite(kid(many, few).value)


@pytest.mark.parametrize("size", [1, 31])
def test_impossible_subsets_are_refused(size):
    with pytest.raises(ValueError, match="subset_size"):
        kid(gaussian(30, 2, 0), gaussian(40, 2, 1), subset_size=size)


def test_sets_that_cannot_be_compared_are_refused():
    x = gaussian(50, 2, 0)
    with pytest.raises(ValueError, match="measured with gaussian and the generated ones with mine"):
        fid(x, Features(x.values, "mine"))
    with pytest.raises(ValueError, match="2 features and the generated ones 3"):
        kid(x, gaussian(50, 3, 0))
    broken = x.values.clone()
    broken[[3, 7], 1] = math.nan
    with pytest.raises(ValueError, match="2 of 50 rows"):
        kid(x, Features(broken, "gaussian"))
    with pytest.raises(TypeError, match="extract"):
        fid(x, x.values)
    with pytest.raises(ValueError, match="none"):
        fid(x, x[:0])


def test_ranges_colors_and_sizes_that_disagree_are_refused():
    values = gaussian(50, 2, 0).values

    def features(picture, span):
        return Features(values, "gaussian", picture=picture, span=span)

    real = features((1, 8, 8), (-1.0, 1.0))
    with pytest.raises(ValueError, match=r"scaled to \[0, 1\]"):
        fid(real, features((1, 8, 8), (0.0, 1.0)))
    with pytest.raises(ValueError, match="gray and the generated ones color"):
        fid(real, features((3, 8, 8), (-1.0, 1.0)))
    with pytest.raises(ValueError, match="8x8 and the generated ones 16x16"):
        fid(real, features((1, 16, 16), (-1.0, 1.0)))
    # a bright set is not one in the wrong range
    assert fid(real, features((1, 8, 8), (0.3, 0.9)), spread=False).value < 1e-6


def test_a_result_says_what_it_is():
    found = fid(gaussian(50, 2, 0), gaussian(40, 2, 1))
    assert float(found) == found.value
    assert str(found).startswith("FID ")
    assert "(gaussian, 50 real, 40 generated)" in str(found)
