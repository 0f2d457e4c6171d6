"""A data set, a tensor or an array: wherever one may be given, so may the others."""

import math

import numpy as np
import pytest
import torch

from gan_tutorial import data, metrics


@pytest.fixture(scope="module")
def digits():
    return data.load("digits", "test", count=40), data.load("digits", "validation", count=40)


WAYS = {
    "sharpness": lambda real, fake: metrics.sharpness(fake),
    "diversity": lambda real, fake: metrics.diversity(fake),
    "psnr": metrics.psnr,
    "ssim": lambda real, fake: metrics.ssim(real, fake, sigma=0.5),
    "memorization": lambda real, fake: metrics.memorization(real, fake, fake).closer,
    "two-sample": lambda real, fake: metrics.two_sample_accuracy(real, fake, steps=3),
    "kid": lambda real, fake: metrics.kid(*(metrics.extract(x, "digits") for x in (real, fake))),
    "fid": lambda real, fake: metrics.fid(*(metrics.extract(x, "digits") for x in (real, fake))),
    "classes": lambda real, fake: (
        metrics.class_report(*(metrics.extract(x, "digits") for x in (real, fake))).distance
    ),
    "manifold": lambda real, fake: (
        metrics.manifold_report(*(metrics.extract(x, "digits") for x in (real, fake))).density
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_pictures_may_come_in_any_form(digits, way):
    real, fake = digits
    wanted = WAYS[way](real[:], fake[:])
    assert WAYS[way](real, fake) == wanted
    assert WAYS[way](real, fake[:]) == wanted
    assert WAYS[way](real[:].double().numpy(), fake[:].numpy()) == wanted


def test_points_may_come_in_any_form():
    ring = data.load("ring", "test", count=200)
    wanted = metrics.mode_report(ring[:], ring.density)
    assert metrics.mode_report(ring, ring.density) == wanted
    assert metrics.mode_report(ring[:].numpy(), ring.density) == wanted


def test_stacked_digits_may_come_in_any_form():
    pictures = data.Dataset("three", torch.rand(5, 3, 28, 28) * 2 - 1)
    wanted = metrics.stacked_report(pictures[:]).labels
    assert torch.equal(metrics.stacked_report(pictures).labels, wanted)
    assert torch.equal(metrics.stacked_report(pictures[:].numpy()).labels, wanted)


@pytest.mark.parametrize("way", ["sharpness", "diversity", "psnr", "two-sample", "memorization"])
def test_anything_else_is_refused_in_a_sentence(way):
    with pytest.raises(TypeError, match="a Dataset, a tensor or a NumPy array, not as list"):
        WAYS[way]([0.0], [0.0])
    with pytest.raises(TypeError, match=r"levels 0\.\.255 become that by"):
        WAYS[way](*2 * [np.zeros((9, 1, 8, 8), np.uint8)])


@pytest.mark.parametrize("value", [math.nan, 0, -1])
def test_settings_that_are_no_number_or_too_small_are_refused(digits, value):
    real, fake = (metrics.extract(x, "digits") for x in digits)
    ring = data.ring()
    for measure in (
        lambda: metrics.ssim(*digits, sigma=value),
        lambda: metrics.mode_report(ring.means, ring, within=value),
        lambda: metrics.manifold_report(real, fake, neighbors=value),
        lambda: metrics.kid(real, fake, subsets=value),
        lambda: metrics.kid(real, fake, subset_size=value),
        lambda: metrics.two_sample_accuracy(real, fake, steps=value),
        lambda: metrics.extract(digits[0], "digits", batch_size=value),
    ):
        with pytest.raises(ValueError, match=r"must be|needs"):
            measure()


def test_a_measurement_is_made_by_keywords_only():
    facts = {"metric": "FID", "value": 2.0, "extractor": "pixels", "real": 9, "fake": 9}
    assert float(metrics.Measurement(**facts)) == 2.0
    with pytest.raises(TypeError):
        metrics.Measurement(*facts.values())
