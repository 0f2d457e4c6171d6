import gzip
import struct

import numpy as np
import pytest
import torch

from gan_tutorial import data
from gan_tutorial.data import mnist as mnist_function
from gan_tutorial.data.mnist import FASHION_MNIST, MNIST, halves_of_test


def idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(scope="module")
def drawn():
    """Ten thousand made-up images and labels of the form of the test files."""
    rng = np.random.default_rng(0)
    images = np.zeros((10_000, 28, 28), dtype=np.uint8)
    images[:, 5, 5:15] = rng.integers(0, 256, (10_000, 10))
    return images, np.arange(10_000, dtype=np.uint8) % 10


@pytest.fixture
def fashion(tmp_path, drawn):
    """A folder with such files, one gzipped and one not."""
    images, labels = drawn
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images), 1))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(labels))
    return tmp_path


def test_files_are_parsed_and_halved(fashion, drawn):
    images, labels = (torch.from_numpy(array) for array in drawn)
    for split in ("validation", "test"):
        half = data.fashion_mnist(split, fashion)
        rows = halves_of_test(split)
        assert half.shape == (1, 28, 28)
        torch.testing.assert_close(half.tensor()[:, 0], images[rows] / 127.5 - 1)
        assert torch.equal(half.labels, labels[rows].long())
        assert len(half.classes) == 10


def test_the_halves_are_disjoint_complete_mixed_and_fixed():
    first, second = halves_of_test("validation"), halves_of_test("test")
    assert torch.equal(torch.cat([first, second]).sort().values, torch.arange(10_000))
    assert len(first) == len(second) == 5_000
    assert 2_300 < (first < 5_000).sum() < 2_700
    assert first[:6].tolist() == [1, 4, 6, 8, 9, 12]


WRONG = {
    "empty": b"",
    "text": b"hello",
    "truncated": None,
    "too long": None,
    "broken gzip": None,
    "another shape": struct.pack(">4B3I", 0, 0, 8, 3, 10_000, 14, 56) + bytes(7_840_000),
    "floats": struct.pack(">4B3I", 0, 0, 13, 3, 10_000, 28, 28) + bytes(7_840_000),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("packed", [True, False])
def test_files_of_another_form_are_refused(fashion, drawn, kind, packed):
    whole = idx(drawn[0])
    content = {"truncated": whole[:-1], "too long": whole + b"\0"}.get(kind, WRONG[kind])
    path = fashion / "t10k-images-idx3-ubyte.gz"
    if kind == "broken gzip":
        content = gzip.compress(whole, 1)[:-100]
    elif packed:
        content = gzip.compress(content, 1)
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"t10k-images.* is not t10k-images.*10000 x 28 x 28 bytes"
    ):
        data.fashion_mnist("test", fashion)


def test_labels_beyond_the_classes_are_refused(fashion):
    (fashion / "t10k-labels-idx1-ubyte").write_bytes(idx(np.full(10_000, 10, dtype=np.uint8)))
    with pytest.raises(ValueError, match="labels of Fashion-MNIST name classes"):
        data.fashion_mnist("test", fashion)


def test_other_pictures_under_the_name_of_mnist_are_refused(fashion):
    with pytest.raises(ValueError, match=r"has the form of t10k-im.* but another content"):
        data.mnist("test", fashion)


def test_mnist_under_the_name_of_fashion_mnist_is_refused(real_data):
    with pytest.raises(ValueError, match=r"belongs to MNIST, not to Fashion-MNIST.*fashion_mnist/"):
        data.fashion_mnist("test", real_data / "mnist")


def test_the_real_mnist(real_data):
    train, test = data.mnist("train", real_data), data.mnist("test", real_data)
    assert (len(train), len(test)) == (60_000, 5_000)
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    # The mean and standard deviation that are quoted everywhere, in units of [0, 1].
    pixels = (train.tensor() + 1) / 2
    assert pixels.mean().item() == pytest.approx(0.1307, abs=1e-4)
    assert pixels.std().item() == pytest.approx(0.3081, abs=1e-4)


@pytest.mark.parametrize("place", [".", "mnist", "MNIST/raw"])
def test_mnist_is_found_where_people_keep_it_and_however_it_is_packed(real_data, tmp_path, place):
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        content = gzip.decompress((real_data / "mnist" / f"{name}.gz").read_bytes())
        if place == "MNIST/raw":
            (folder / name).write_bytes(content)
        else:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
    assert len(data.mnist("validation", tmp_path)) == 5_000


def test_one_changed_pixel_is_noticed(real_data, tmp_path):
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        content = bytearray(gzip.decompress((real_data / "mnist" / f"{name}.gz").read_bytes()))
        content[5000] ^= 1
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="another content"):
        data.mnist("test", tmp_path)


@pytest.mark.parametrize("source", [MNIST, FASHION_MNIST], ids=["mnist", "fashion"])
def test_without_files_and_mirrors_one_sentence_names_the_way_out(monkeypatch, source):
    monkeypatch.setitem(source, "mirrors", ("http://127.0.0.1:1/",))
    load = mnist_function if source is MNIST else data.fashion_mnist
    with pytest.raises(FileNotFoundError) as caught:
        load("train")
    for part in (source["title"], "http://127.0.0.1:1/", "GAN_TUTORIAL_DATA_DIR"):
        assert part in str(caught.value)
