"""What newcomers hand over: taken, or refused with the line to write; each line works."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from gan_tutorial import GAN, VAE, data
from gan_tutorial.data import as_samples, check_range

IMAGES = torch.rand(12, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_what_can_be_meant_in_one_way_only_is_taken():
    samples = as_samples(IMAGES)
    assert torch.equal(samples, IMAGES)
    assert as_samples(IMAGES.double()).dtype == torch.float32
    assert as_samples(IMAGES.numpy()).shape == IMAGES.shape
    bytes_ = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    for each in (bytes_, bytes_.numpy()):
        assert as_samples(each)[:].flatten().tolist() == [-1, 1]
    labeled = as_samples(TensorDataset(IMAGES, torch.arange(12) % 3))
    assert torch.equal(labeled[:], IMAGES)
    assert labeled.labels.tolist() == [0, 1, 2] * 4
    digits = data.load("digits", count=10)
    assert as_samples(digits) is digits


class OneByOne(torch.utils.data.IterableDataset):
    def __iter__(self):
        return ((image, 0) for image in IMAGES)


LOADER = DataLoader(TensorDataset(IMAGES, torch.zeros(12)), batch_size=5)


@pytest.mark.parametrize(
    ("given", "error", "line"),
    [
        (LOADER, TypeError, "torch.cat([batch[0] for batch in loader])"),
        (
            OneByOne(),
            TypeError,
            "torch.stack([item[0] for item in dataset])",
        ),
        (list(IMAGES), TypeError, "torch.stack(samples)"),
        (IMAGES.permute(0, 2, 3, 1), ValueError, "data.permute(0, 3, 1, 2)"),
        (IMAGES[:, 0], ValueError, "data.unsqueeze(1)"),
    ],
    ids=["loader", "one-by-one", "list", "channels-last", "no-channels"],
)
def test_what_is_refused_is_refused_with_a_line_that_works(given, error, line):
    with pytest.raises(error) as caught:
        as_samples(given)
    assert line in str(caught.value)
    names = {"torch": torch, "loader": given, "dataset": given, "samples": given, "data": given}
    assert len(as_samples(eval(line, names))) == 12


def test_nan_and_whole_numbers_are_refused():
    spoiled = IMAGES.clone()
    spoiled[3, 0, 0, 0] = float("nan")
    with pytest.raises(ValueError, match="Of 12 samples 1 hold NaN or infinity") as caught:
        as_samples(spoiled)
    line = str(caught.value).split(" by ")[1].rstrip(".")
    assert len(as_samples(eval(line, {"data": spoiled}))) == 11
    with pytest.raises(ValueError, match=r"not torch.int64: write data.float\(\)"):
        as_samples((IMAGES * 100).long())
    with pytest.raises(TypeError, match=r"write data.load\('photos'\)"):
        as_samples("photos")


@pytest.mark.parametrize(
    "scaled",
    [(IMAGES + 1) / 2, ((IMAGES + 1) * 127.5).round(), IMAGES * 3, (IMAGES + 1) * 2000],
    ids=["unit", "bytes", "normalized", "12-bits"],
)
def test_images_of_another_range_are_refused_with_a_line_that_works(scaled):
    with pytest.raises(ValueError, match=r"Images lie in \[-1, 1\], and these in") as caught:
        GAN.for_data(scaled)
    line = str(caught.value).split("write ")[1].rstrip(".")
    mended = eval(line, {"data": scaled})
    check_range(mended)
    assert mended.min() >= -1.001
    assert mended.max() <= 1.001
    with pytest.raises(ValueError, match="Images lie in"):
        VAE.for_data(scaled)


def test_images_and_points_of_the_right_range_pass():
    check_range(IMAGES)
    check_range(data.load("digits", count=20))
    check_range(100 * torch.rand(50, 2))  # points lie anywhere
    GAN.for_data(((IMAGES + 1) * 127.5).byte().numpy().astype(np.uint8))
