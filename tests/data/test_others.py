"""Data sets of other libraries: each is imitated by what it can do."""

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial import GAN, fit
from gan_tutorial.data import as_samples

BYTES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8)
IMAGES = torch.from_numpy(BYTES).permute(0, 3, 1, 2).float() / 127.5 - 1


class Rows:
    """Samples by number, and whatever else a data set has."""

    def __init__(self, rows, **others):
        self.rows = list(rows)
        vars(self).update(others)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, number):
        return self.rows[number]


class OfTorch(Rows, torch.utils.data.Dataset):
    pass


class Names:
    names = ("cat", "dog")


PILLOW = [Image.fromarray(each) for each in BYTES]
LABELED = {
    "image folder": OfTorch(
        [(picture, k % 2) for k, picture in enumerate(PILLOW)], classes=["cat", "dog"], root="x"
    ),
    "tensors": OfTorch(
        [(image, torch.tensor(k % 2)) for k, image in enumerate(IMAGES)], classes=("cat", "dog")
    ),
    "hugging face": Rows(
        [{"image": picture, "label": k % 2} for k, picture in enumerate(PILLOW)],
        features={"image": object(), "label": Names()},
    ),
    "arrays": Rows(
        [(each, np.int64(k % 2)) for k, each in enumerate(BYTES)], classes=["cat", "dog"]
    ),
}
PLAIN = {
    "tensors": OfTorch(IMAGES),
    "arrays": Rows(BYTES.transpose(0, 3, 1, 2)),
    "lists": Rows([{"pixels": each.tolist(), "name": "x"} for each in BYTES]),
    "fractions as labels": OfTorch([(image, 0.5) for image in IMAGES]),
}


@pytest.mark.parametrize("kind", LABELED)
def test_pictures_and_labels_are_read(kind):
    found = as_samples(LABELED[kind])
    torch.testing.assert_close(torch.as_tensor(found[:]), IMAGES)
    assert found.labels.tolist() == [0, 1] * 6
    assert found.classes == ("cat", "dog")


@pytest.mark.parametrize("kind", PLAIN)
def test_pictures_alone_are_read(kind):
    found = as_samples(PLAIN[kind])
    torch.testing.assert_close(torch.as_tensor(found[:]), IMAGES)
    assert getattr(found, "labels", None) is None


def test_gray_and_transparent_pictures_keep_their_channels():
    for mode, channels in (("L", 1), ("1", 1), ("RGBA", 4), ("P", 3), ("CMYK", 3)):
        rows = Rows([picture.convert(mode) for picture in PILLOW])
        assert as_samples(rows).shape == (channels, 8, 8), mode


def test_one_can_be_trained_on():
    samples = as_samples(LABELED["hugging face"])
    gan = GAN.for_data(samples, width=4)
    assert fit(gan, samples, 2, batch_size=4, progress=False, device="cpu").last()["step"] == 2
    assert fit(gan, LABELED["tensors"], 1, batch_size=4, progress=False, device="cpu")


UNEQUAL = [Image.new("RGB", (8 + k % 2, 8)) for k in range(4)]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (OfTorch(UNEQUAL, root="photos"), ValueError, r"data.load\('photos', image_size=64\)"),
        (OfTorch(UNEQUAL), ValueError, r"differ in size \(3x8x8, 3x8x9\): give the data set"),
        (OfTorch((IMAGES + 1) / 2), ValueError, r"add transforms.Normalize\(0.5, 0.5\)"),
        (Rows([{"text": "a"}]), TypeError, r"\(text\) hold no picture"),
        (Rows(["a.png", "b.png"]), TypeError, "Sample 0 is a str"),
        (Rows([]), ValueError, "is empty"),
        (Rows([IMAGES[0], PILLOW[0]]), ValueError, "let the data set's transform make all"),
        (OfTorch([IMAGES[0] * float("nan")]), ValueError, "NaN or infinity"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_with_what_to_do(rows, error, message):
    with pytest.raises(error, match=message):
        as_samples(rows)
