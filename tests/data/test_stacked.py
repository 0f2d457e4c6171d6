import hashlib
import struct

import numpy as np
import pytest
import torch

from gan_tutorial import checkpoints, cli, data
from gan_tutorial.data.mnist import MNIST, halves_of_test

SIDE = 28


def idx(array):
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A folder with made-up files of the form of MNIST's test files, accepted as MNIST.

    The digit of row i is i modulo 10; the picture says i in its first two pixels, and its digit
    in the third.
    """
    numbers = np.arange(10_000)
    images = np.zeros((10_000, SIDE, SIDE), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = numbers // 256, numbers % 256
    labels = (numbers % 10).astype(np.uint8)
    images[:, 0, 2] = labels
    contents = {"t10k-images-idx3-ubyte": idx(images), "t10k-labels-idx1-ubyte": idx(labels)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(MNIST["files"], name, (MNIST["files"][name][0], digest))
    return tmp_path


def stacked(folder, split="test", **options):
    return data.load("stacked_mnist", split, data_dir=folder, **options)


def levels(dataset):
    return ((dataset.tensor() + 1) * 127.5).round().long()


def test_each_channel_is_a_digit_and_the_label_names_all_three(drawn):
    d = stacked(drawn, count=3000)
    assert d.shape == (3, SIDE, SIDE)
    digits = levels(d)[:, :, 0, 2]  # (N, 3)
    assert torch.equal(d.labels, digits @ torch.tensor([100, 10, 1]))
    assert d.classes[42] == "042"
    assert len(d.classes) == 1000
    rows = levels(d)[:, :, 0, :2] @ torch.tensor([256, 1])
    assert torch.equal(rows % 10, digits)  # the picture belongs to its label


def test_digits_come_from_their_own_split_and_are_all_used(drawn):
    seen = {}
    for split in ("validation", "test"):
        rows = levels(stacked(drawn, split))[:, :, 0, :2] @ torch.tensor([256, 1])
        seen[split] = set(rows.flatten().tolist())
        assert seen[split] <= set(halves_of_test(split).tolist())
        assert len(seen[split]) > 4950  # of 5,000, in 30,000 draws: e^-6 are missed
    assert not seen["validation"] & seen["test"]


def test_channels_are_independent_and_all_modes_appear(drawn):
    d = stacked(drawn, count=20_000)
    counts = torch.bincount(d.labels, minlength=1000).double()
    digits = torch.stack([d.labels // 100, d.labels // 10 % 10, d.labels % 10])
    shares = [torch.bincount(row, minlength=10).double() / len(d) for row in digits]
    expected = len(d) * torch.einsum("a,b,c->abc", *shares).flatten()
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert counts.min() > 0
    assert abs(chi2 - 972) < 4 * (2 * 972) ** 0.5  # 1000 - 1 - 3 * 9 degrees of freedom


def test_the_seed_decides_and_fewer_are_the_first_of_more(drawn):
    few, many, other = (stacked(drawn, count=n, seed=s) for n, s in ((50, 1), (90, 1), (50, 2)))
    assert torch.equal(few[:], many[:50])
    assert torch.equal(few.labels, many.labels[:50])
    assert not torch.equal(few.labels, other.labels)
    # fixed for good: a change of the drawing would change every published number
    assert stacked(drawn, count=6).labels.tolist() == [394, 637, 531, 282, 634, 44]


def test_a_margin_of_black_makes_32(drawn):
    native, padded = stacked(drawn, count=20), stacked(drawn, count=20, image_size=32)
    assert padded.shape == (3, 32, 32)
    assert torch.equal(padded[:, :, 2:30, 2:30], native[:])
    assert (padded[:, :, :2] == -1).all()
    assert torch.equal(padded.labels, native.labels)


def test_the_command_line_trains_on_it_by_name(real_data, tmp_path):
    out = tmp_path / "run"
    options = ["--steps", "1", "--width", "8", "--batch-size", "4", "--data-dir", str(real_data)]
    assert cli.main(["train", "stacked_mnist", "--out", str(out), *options]) == 0
    assert checkpoints.load_generator(out).shape == (3, 28, 28)


def test_wrong_counts_and_options_are_refused(drawn):
    with pytest.raises(ValueError, match="count must be a whole number of at least 1"):
        stacked(drawn, count=0)
    with pytest.raises(ValueError, match="no split 'all'"):
        stacked(drawn, "all")
    with pytest.raises(TypeError, match="has no option 'ground'"):
        stacked(drawn, ground="grass")
    with pytest.raises(FileNotFoundError, match="data_dir names no folder"):
        stacked(drawn / "missing")


def test_stacked_from_the_real_mnist(real_data):
    d = stacked(real_data, "train", count=2000)
    assert len(data.stacked_mnist("validation", real_data)) == 10_000
    single = data.mnist("train", real_data)
    means = torch.stack([single[single.labels == k].mean() for k in range(10)])
    # The gray of a channel goes with the digit its label names.
    for channel, part in enumerate((d.labels // 100, d.labels // 10 % 10, d.labels % 10)):
        found = d[:][:, channel].mean((1, 2))
        assert torch.corrcoef(torch.stack([found, means[part]]))[0, 1] > 0.5
