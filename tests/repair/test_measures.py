import pytest
import torch

from gan_tutorial import data, masks, metrics
from gan_tutorial.repair.measures import HoleTexture, hole_psnr, repair_report, seam

X = data.load("soccer", "test", count=40)[:]
CENTER = masks.center(1, 32)


def test_a_perfect_repair():
    found = repair_report(X, X, CENTER)
    assert found.psnr == float("inf")
    assert (found.ssim, found.gradient_ratio, found.seam) == pytest.approx((1, 1, 1))
    assert found.hole_l1 == found.known_l1 == 0
    assert found.pictures == 40


def test_numbers_of_a_constant_error():
    images = X * 0.5
    wrong = images + 0.1 * (1 - CENTER)  # in the hole only
    found = repair_report(images, wrong, CENTER)
    assert found.psnr == pytest.approx(26.0206, abs=1e-3)  # 10 log10(4 / .01)
    assert found.hole_l1 == pytest.approx(0.1, abs=1e-5)
    assert found.known_l1 == 0
    assert found.gradient_ratio == pytest.approx(1, abs=1e-4)  # a constant has no gradient
    assert repair_report(images, images + 0.1, CENTER).known_l1 == pytest.approx(0.1, abs=1e-5)


def test_the_whole_pictures_psnr_is_larger_by_the_holes_share():
    noisy = masks.composite(X, (X + 0.2).clamp(-1, 1), CENTER)
    whole = metrics.psnr(X, noisy).value
    inside = float(hole_psnr(X, noisy, CENTER).mean())
    share = torch.tensor(324 / 1024)
    assert whole - inside == pytest.approx(float(-10 * share.log10()), abs=1e-3)


def test_gradients_and_seams_are_those_of_their_definition():
    """A vertical edge of height 1 within the hole, or on its border."""
    hole = torch.ones(1, 1, 12, 12)
    hole[..., 4:8, 4:8] = 0
    ramp = torch.linspace(-0.5, 0.5, 12).expand(1, 1, 12, 12)  # steps of 1/11 along rows
    flat = torch.where(hole == 0, 0.0, ramp)
    found = repair_report(ramp, flat, hole, sigma=0.5)
    assert found.gradient_ratio == pytest.approx(0, abs=1e-6)
    # across: 8 steps along rows, of 1/11; 8 along columns, of 0. Flat: left and right of the hole
    # |ramp| at columns 3 and 8 in 4 rows; above and below |ramp| at columns 4 to 7, twice
    r = ramp[0, 0, 0].abs()
    expected = (4 * (r[3] + r[8]) + 2 * r[4:8].sum()) / (8 / 11)
    assert found.seam == pytest.approx(float(expected), rel=1e-5)
    assert seam(ramp, flat, hole) == pytest.approx(float(expected), rel=1e-5)


def test_ssim_agrees_with_the_library_where_all_is_missing():
    hole = torch.zeros(1, 1, 32, 32)
    hole[..., :5, :] = hole[..., -5:, :] = hole[..., :5] = hole[..., -5:] = 1  # half a window
    other = X.roll(1, 0)
    found = repair_report(X, other, hole)
    assert found.ssim == pytest.approx(metrics.ssim(X, other).value, abs=1e-6)


def test_texture_sees_blur_and_noise_in_the_hole_only():
    texture = HoleTexture(CENTER[0])
    real = metrics.extract(X, texture)

    def distance(x):
        return float((metrics.extract(x, texture).values - real.values).norm(dim=1).mean())

    blurred = torch.nn.functional.avg_pool2d(X, 3, 1, 1)
    noisy = (X + 0.1 * torch.randn(X.shape, generator=torch.Generator().manual_seed(0))).clamp(
        -1, 1
    )
    outside = 1 - masks.center(1, 32, side=30 / 32)  # a frame, out of reach of the filters
    for changed in (blurred, noisy):
        inside = distance(masks.composite(X, changed, CENTER))
        assert inside > 0.05
        assert distance(masks.composite(X, changed, outside)) < inside / 10
    assert distance(X) == 0


def test_bad_input_gets_one_sentence():
    with pytest.raises(ValueError, match="one for one"):
        repair_report(X, X[:3], CENTER)
    with pytest.raises(ValueError, match="no hole"):
        repair_report(X, X, torch.ones(1, 1, 32, 32))
    with pytest.raises(ValueError, match="smaller sigma"):
        repair_report(X[..., :8, :8], X[..., :8, :8], masks.center(1, 8))
    with pytest.raises(ValueError, match="color"):
        metrics.extract(X[:, :1], HoleTexture(CENTER[0]))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_window_of_no_size_is_refused(value):
    x, mask = torch.zeros(2, 3, 32, 32), masks.center(1, 32)
    with pytest.raises(ValueError, match="sigma"):
        repair_report(x, x, mask, sigma=value)


@pytest.mark.parametrize("value", [0, -1, 99, float("nan"), 1.5])
def test_layers_that_are_not_there_are_refused(value):
    with pytest.raises(ValueError, match="layers must be a whole number from 1 to"):
        HoleTexture(masks.center(1, 32)[0], layers=value)
    with pytest.raises(ValueError, match="no hole"):
        HoleTexture(torch.ones(1, 32, 32))
