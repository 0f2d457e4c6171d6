import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from gan_tutorial import data, metrics
from gan_tutorial.metrics import Features


@pytest.fixture(scope="module")
def footballs():
    return data.soccer(6, size=32)[0]


def reference_ssim(x: np.ndarray, y: np.ndarray, sigma: float) -> float:
    """Return the SSIM of two gray pictures in [0, 1], from the formula of Wang et al."""

    def local(values):
        return gaussian_filter(values, sigma, truncate=3.5)

    c1, c2 = 0.01**2, 0.03**2
    mx, my = local(x), local(y)
    vx, vy, vxy = local(x * x) - mx * mx, local(y * y) - my * my, local(x * y) - mx * my
    values = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    edge = int(3.5 * sigma + 0.5)  # where the window leaves the picture
    return float(values[edge:-edge, edge:-edge].mean())


@pytest.mark.parametrize("sigma", [1.5, 0.5])
def test_ssim_against_the_formula(footballs, sigma):
    noisy = (footballs + 0.2 * torch.randn_like(footballs)).clamp(-1, 1)
    found = metrics.ssim(footballs, noisy, sigma)
    real, fake = ((x.double().numpy() + 1) / 2 for x in (footballs, noisy))
    each = [
        np.mean([reference_ssim(real[n, c], fake[n, c], sigma) for c in range(3)])
        for n in range(len(real))
    ]
    assert found.value == pytest.approx(np.mean(each), abs=1e-6)
    assert found.spread == pytest.approx(np.std(each, ddof=1) / math.sqrt(6), abs=1e-6)


def test_psnr_against_the_formula(footballs):
    noisy = (footballs + 0.2 * torch.randn_like(footballs)).clamp(-1, 1)
    error = (noisy - footballs).double().square().flatten(1).mean(1)
    assert metrics.psnr(footballs, noisy).value == pytest.approx(
        float((10 * (4 / error).log10()).mean()), abs=1e-5
    )


def test_equal_pictures_have_the_best_values(footballs):
    assert metrics.psnr(footballs, footballs).value == math.inf
    assert metrics.ssim(footballs, footballs).value == pytest.approx(1)


def test_sharpness_falls_with_blur_and_rises_with_noise(footballs):
    blurred = torch.nn.functional.avg_pool2d(footballs, 3, 1, 1)
    noisy = (footballs + 0.3 * torch.randn_like(footballs)).clamp(-1, 1)
    values = [metrics.sharpness(x).value for x in (blurred, footballs, noisy)]
    assert values == sorted(values)
    assert values[0] < 0.5 * values[1]


def test_sharpness_of_a_parabola_is_its_second_derivative():
    x = torch.linspace(-1, 1, 9)
    parabola = (x**2 - 0.5).expand(2, 3, 9, 9)
    assert metrics.sharpness(parabola).value == pytest.approx(2 * 0.25**2, rel=1e-5)


def test_diversity_against_all_pairs(footballs):
    pairs = [
        (a - b).double().square().mean().sqrt()
        for i, a in enumerate(footballs)
        for b in footballs[:i]
    ]
    assert metrics.diversity(footballs).value == pytest.approx(
        float(torch.stack(pairs).mean()), rel=1e-4
    )


def test_diversity_of_gaussian_features_is_known():
    # The difference of two points is N(0, 2 I): in one dimension, 2 / sqrt(pi) on average.
    found = metrics.diversity(Features(torch.randn(2000, 1), "gaussian"))
    assert found.value == pytest.approx(2 / math.sqrt(math.pi), abs=4 * found.spread)
    assert 0 < found.spread < 0.05


@pytest.mark.parametrize("measure", [metrics.psnr, metrics.ssim])
def test_pairs_that_do_not_belong_together_are_refused(footballs, measure):
    with pytest.raises(ValueError, match="6 originals and 5"):
        measure(footballs, footballs[:5])
    with pytest.raises(ValueError, match="gray"):
        measure(footballs, footballs[:, :1])
    with pytest.raises(ValueError, match="32x32 and the generated ones 16x16"):
        measure(footballs, footballs[:, :, :16, :16])
    with pytest.raises(ValueError, match=r"scaled to \[0, 1\]"):
        measure(footballs, (footballs + 1) / 2)
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        measure(footballs, footballs * 127)
    with pytest.raises(ValueError, match="1 of 6 pictures"):
        measure(footballs, footballs.index_fill(0, torch.tensor([2]), math.nan))
    with pytest.raises(TypeError, match=r"127\.5"):
        measure(footballs, footballs.to(torch.uint8))


def test_pictures_smaller_than_the_window_are_refused():
    digits = data.load("digits", "test", count=3)[:]
    with pytest.raises(ValueError, match=r"11x11.*8x8"):
        metrics.ssim(digits, digits)
    assert metrics.ssim(digits, digits, sigma=0.5).value == pytest.approx(1)
    with pytest.raises(ValueError, match="3x3"):
        metrics.sharpness(digits[:, :, :2, :2])
    with pytest.raises(ValueError, match="two or more"):
        metrics.diversity(digits[:1])
