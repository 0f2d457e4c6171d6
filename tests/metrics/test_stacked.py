import math
import os

import pytest
import torch
from scipy import stats
from torch import nn

from gan_tutorial import data, metrics


class ReadsAPixel(nn.Module):
    """A classifier that knows the digit: the picture's first pixel is digit / 10."""

    name = "pixel"

    def forward(self, images):
        return images[:, :, 0, 0]

    def predict(self, features):
        far = (features * 10 - torch.arange(10)).abs()
        return {"class": -100 * far}


def pictures(triples):
    """Make pictures (N, 3, 28, 28) of the given triples for that classifier."""
    digits = torch.tensor([[t // 100, t // 10 % 10, t % 10] for t in triples])
    return (digits / 10.0)[:, :, None, None].expand(-1, -1, 28, 28)


def test_triples_are_read_channel_by_channel():
    triples = [0, 7, 40, 123, 999, 123]
    found = metrics.stacked_report(pictures(triples), ReadsAPixel())
    assert found.labels.tolist() == triples
    assert (found.modes, found.samples, found.extractor) == (5, 6, "pixel")
    assert found.confidence > 0.99
    assert str(found).startswith("5 of 1,000 modes")


def test_kl_against_scipy():
    triples = torch.randint(1000, (6000,)).pow(2).div(1000, rounding_mode="floor").tolist()
    found = metrics.stacked_report(pictures(triples), ReadsAPixel())
    counts = torch.bincount(torch.tensor(triples), minlength=1000)
    assert found.modes == int((counts > 0).sum())
    assert found.kl == pytest.approx(stats.entropy(counts, [1e-3] * 1000), rel=1e-9)


def test_all_modes_once_is_perfect_and_one_mode_is_log_of_a_thousand():
    every = metrics.stacked_report(pictures(range(1000)), ReadsAPixel())
    assert (every.modes, every.kl) == (1000, pytest.approx(0, abs=1e-9))
    one = metrics.stacked_report(pictures([42] * 7), ReadsAPixel())
    assert (one.modes, one.kl) == (1, pytest.approx(math.log(1000)))


def test_sampling_noise_adds_what_the_docstring_says():
    triples = torch.randint(1000, (5000,)).tolist()
    found = metrics.stacked_report(pictures(triples), ReadsAPixel())
    assert found.kl == pytest.approx(500 / 5000, rel=0.15)


def test_more_pictures_than_fit_at_once_and_data_sets():
    triples = torch.randint(1000, (4100,)).tolist()
    small = pictures(triples)[:, :, :4, :4].contiguous()
    dataset = data.Dataset("stacked", small)
    found = metrics.stacked_report(dataset, ReadsAPixel())
    assert found.labels.tolist() == triples


def test_the_classifier_is_sure_of_noise_which_makes_one_mode_and_says_nothing_of_quality():
    noise = metrics.stacked_report(torch.rand(300, 3, 28, 28) * 2 - 1)
    black = metrics.stacked_report(torch.full((300, 3, 32, 32), -1.0))
    assert black.modes == 1
    assert noise.modes < 10
    assert noise.confidence > 0.99


def test_the_shipped_classifier_reads_real_stacks():
    if not os.environ.get("GAN_TUTORIAL_DATA_DIR"):
        pytest.skip("the files of MNIST are not here")
    real = data.load("stacked_mnist", "test", count=500)
    found = metrics.stacked_report(real)
    assert (found.labels == real.labels).double().mean() > 0.95
    assert found.confidence > 0.97


@pytest.mark.parametrize("shape", [(5, 1, 28, 28), (5, 28, 28), (5, 2, 28, 28)])
def test_pictures_without_three_channels_are_refused(shape):
    with pytest.raises(ValueError, match="three digits in the three channels"):
        metrics.stacked_report(torch.zeros(shape))


def test_other_bad_input_is_refused():
    with pytest.raises(ValueError, match="28x28 or 32x32"):
        metrics.stacked_report(torch.zeros(2, 3, 16, 16))
    with pytest.raises(ValueError, match="no pictures"):
        metrics.stacked_report(torch.zeros(0, 3, 28, 28))
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        metrics.stacked_report(torch.full((2, 3, 28, 28), 255.0))
    two = metrics.FeatureNetwork((1, 28, 28), [(4, 2)], 3, {"class": 2})
    with pytest.raises(ValueError, match="does not tell ten digits"):
        metrics.stacked_report(torch.zeros(2, 3, 28, 28), two)
