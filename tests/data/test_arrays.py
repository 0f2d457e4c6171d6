"""Pictures in one file, as numbers."""

import gzip
import struct

import numpy as np
import pytest
import torch

from gan_tutorial import data

RNG = np.random.default_rng(0)
GRAY = RNG.integers(0, 256, (120, 8, 12), np.uint8)
COLOR = RNG.integers(0, 256, (120, 8, 12, 3), np.uint8)
LABELS = np.arange(120) % 3


def idx(array):
    kind = {"uint8": 8, "int16": 11, "float32": 13}[str(array.dtype)]
    head = struct.pack(f">4B{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(path, array, **others):
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".npz":
        np.savez(path, images=array, **others)
    else:
        path.write_bytes(gzip.compress(idx(array)) if path.suffix == ".gz" else idx(array))
    return path


def as_images(array):
    return torch.from_numpy(array).float().mul(1 / 127.5).sub(1)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a-images-idx3-ubyte", "a.gz"])
def test_every_picture_comes_once_in_some_split(tmp_path, name):
    path = write(tmp_path / name, GRAY)
    assert torch.equal(data.load(path, "all")[:], as_images(GRAY)[:, None])
    parts = [data.load(path, split) for split in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 120
    assert len(parts[0]) > 80
    assert all(map(len, parts))
    assert len(torch.cat([part[:] for part in parts]).flatten(1).unique(dim=0)) == 120
    assert "120 pictures of 8x12" in parts[0].summary
    assert parts[0].identity != parts[1].identity


@pytest.mark.parametrize("array", [COLOR, COLOR.transpose(0, 3, 1, 2)], ids=["last", "first"])
def test_channels_may_come_first_or_last(tmp_path, array):
    found = data.load(write(tmp_path / "a.npy", array), "all")
    assert torch.equal(found[:], as_images(COLOR.transpose(0, 3, 1, 2)))


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS.astype(np.uint8)])
def test_labels_are_found(tmp_path, labels):
    path = write(tmp_path / "a.npz", GRAY, labels=labels, other=np.zeros(7))
    found = data.load(path, "all")
    assert found.labels.tolist() == LABELS.tolist()
    assert found.classes == ("0", "1", "2")


@pytest.mark.parametrize("names", [("x_train", "x_test"), ("train_images", "test_images")])
def test_splits_are_taken_at_their_word(tmp_path, names):
    train, test = names
    of = {"y_train" if train[0] == "x" else "train_labels": LABELS[:100]}
    np.savez(tmp_path / "a.npz", **{train: GRAY[:100], test: GRAY[100:]}, **of)
    path = tmp_path / "a.npz"
    assert torch.equal(data.load(path, "test")[:], as_images(GRAY[100:])[:, None])
    parts = [data.load(path, split) for split in ("train", "validation")]
    assert sum(map(len, parts)) == 100
    assert parts[0].labels is not None
    assert len(data.load(path, "all")) == 120


def test_idx_files_find_their_labels_and_test_pictures(tmp_path):
    write(tmp_path / "train-images-idx3-ubyte", GRAY[:100])
    write(tmp_path / "train-labels-idx1-ubyte.gz", LABELS[:100].astype(np.uint8))
    write(tmp_path / "t10k-images-idx3-ubyte", GRAY[100:])
    write(tmp_path / "t10k-labels-idx1-ubyte", LABELS[100:].astype(np.uint8))
    path = tmp_path / "train-images-idx3-ubyte"
    test = data.load(path, "test")
    assert torch.equal(test[:], as_images(GRAY[100:])[:, None])
    assert test.labels.tolist() == LABELS[100:].tolist()
    assert len(data.load(path, "all")) == 120


@pytest.mark.parametrize(
    ("array", "levels"),
    [
        (COLOR.astype(np.int64), None),
        (COLOR / 127.5 - 1, None),
        (COLOR / 255, 1.0),
        (COLOR.astype(np.uint16) * 257, None),
        (COLOR.astype(np.int16) * 16, 4080),
    ],
    ids=["whole", "minus-one-to-one", "unit", "16-bits", "12-bits"],
)
def test_a_range_that_is_known_is_scaled(tmp_path, array, levels):
    np.save(tmp_path / "a.npy", array)
    found = data.load(tmp_path / "a.npy", "all", **({} if levels is None else {"levels": levels}))
    expected = as_images(COLOR.transpose(0, 3, 1, 2).copy())
    torch.testing.assert_close(found[:], expected, atol=0.004, rtol=0)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (COLOR / 255, "fractions of an unknown range: say which is white by levels=1"),
        (COLOR.astype(np.int32) * 16, "numbers of an unknown range"),
        (np.where(COLOR < 9, np.nan, COLOR / 255), "NaN or infinity"),
        (COLOR[0], "of a single picture"),
        (COLOR[:, :3, :, :], "and pictures are"),
        (GRAY[:, 0], "holds no pictures"),
        (GRAY.astype(complex), "pictures are numbers"),
        (np.array([{}] * 3), "cannot be read as NumPy's numbers"),
    ],
)
def test_what_has_several_meanings_or_none_is_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ValueError, match=message):
        data.load(tmp_path / "a.npy")


def test_several_arrays_are_refused_with_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", here=GRAY, there=GRAY)
    with pytest.raises(ValueError, match=r"several arrays of pictures \(here, there\)"):
        data.load(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a-idx3", "a.gz"])
def test_a_file_that_was_cut_off_is_refused(tmp_path, name):
    path = write(tmp_path / name, GRAY)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ValueError, match=r"a\.npy|a\.npz|a-idx3|a\.gz"):
        data.load(path)


@pytest.mark.parametrize(("size", "shape"), [(4, (4, 4)), ((8, 8), (8, 8)), ((6, 12), (6, 12))])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_size_and_channels_are_as_asked_for(tmp_path, size, shape, channels):
    path = write(tmp_path / "a.npy", COLOR)
    found = data.load(path, "all", image_size=size, channels=channels)
    assert found.shape == (channels, *shape)
    if channels == 4:
        assert (found[:][:, 3] == 1).all()
    if size == (8, 8) and channels == 3:  # cut in the middle, and not scaled
        assert torch.equal(found[:], as_images(COLOR[:, :, 2:10].transpose(0, 3, 1, 2).copy()))


def test_fewer_than_fifty_are_all_trained_on(tmp_path):
    path = write(tmp_path / "a.npy", GRAY[:30])
    assert len(data.load(path)) == 30
    with pytest.raises(data.EmptySplitError, match=r"validation=0\.2"):
        data.load(path, "test")
    assert len(data.load(path, validation=0.2)) < 30


def test_options_of_folders_are_refused(tmp_path):
    path = write(tmp_path / "a.npy", GRAY)
    with pytest.raises(TypeError, match="has no option 'background'"):
        data.load(path, background="red")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(FileNotFoundError, match=r"\.zip, \.npy, \.npz or in the idx format"):
        data.load(tmp_path / "a.txt")
