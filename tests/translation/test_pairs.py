import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial import data
from gan_tutorial.data import Dataset
from gan_tutorial.translation import Pairs, load_paired_folders, shrunk


def pictures(count, shape=(3, 8, 8), name="some"):
    return Dataset(name, torch.rand(count, *shape))


def write(path, names, shift=0):
    for i, name in enumerate(names):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 12), (i + shift, 0, 0)).save(path / name)
    return path


def test_pairs_are_the_origin_with_a_target_beside_it():
    a, b = pictures(5), pictures(7)
    pairs = Pairs(a, b)
    rows = torch.tensor([4, 0])
    assert (len(pairs), pairs.shape, pairs.name) == (5, (3, 8, 8), "some to some")
    assert torch.equal(pairs[rows], a[rows])
    moved = pairs.to("meta")
    assert moved[:1].device.type == moved.target[:1].device.type == "meta"
    part = Pairs(a, a).subset(rows)
    assert torch.equal(part[:], part.target[:])


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (pictures(3), pictures(3, (1, 8, 8)), "are 3x8x8 and those of some 1x8x8"),
        (pictures(3), pictures(3, (3, 16, 16)), "one image size"),
        (data.load("ring", count=3), pictures(3), "ring holds"),
        (pictures(0, name="none"), pictures(3), "none is empty"),
    ],
)
def test_sets_that_do_not_fit_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        Pairs(a, b)


def test_files_of_one_name_are_partners(tmp_path):
    names = [f"{k % 3}/{k}.png" for k in range(40)]
    a, b = write(tmp_path / "a", names), write(tmp_path / "b", names[::-1], shift=100)
    red = {name: i for i, name in enumerate(names)}
    pairs = load_paired_folders(a, b, image_size=4, split="all")
    assert len(pairs) == len(pairs.target) == 40
    levels = [((each[:][:, 0, 0, 0] + 1) * 127.5).round().int() for each in (pairs, pairs.target)]
    # names were written to b in the reverse order: partners' levels add up
    assert set((levels[0] + levels[1]).tolist()) == {39 + 100}
    assert sorted(levels[0].tolist()) == sorted(red.values())
    parts = [len(load_paired_folders(a, b, split, image_size=4)) for split in data_splits(a)]
    assert sum(parts) == 40


def data_splits(folder):
    """Splits that are not empty."""
    found = []
    for split in ("train", "validation", "test"):
        try:
            data.load(folder, split, image_size=4)
        except ValueError:
            continue
        found.append(split)
    return found


def test_a_picture_without_a_partner_is_named(tmp_path):
    a = write(tmp_path / "a", ["1.png", "2.png", "3.png"])
    b = write(tmp_path / "b", ["1.png", "3.png", "4.png"])
    with pytest.raises(ValueError, match=r"2 of the names are in one of them only: 2.png, 4.png"):
        load_paired_folders(a, b)
    with pytest.raises(FileNotFoundError, match="no folder"):
        load_paired_folders(a, tmp_path / "c")


def test_a_broken_picture_is_never_left_out_alone(tmp_path):
    names = [f"{k}.png" for k in range(10)]
    a, b = write(tmp_path / "a", names), write(tmp_path / "b", names)
    (b / "3.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"3.png"):
        load_paired_folders(a, b, "all")


@pytest.mark.parametrize("factor", [2, 4])
def test_shrinking_undoes_repeating(factor):
    x = torch.rand(2, 3, 4, 4)
    large = x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    torch.testing.assert_close(shrunk(large, factor), x)
    assert shrunk(np_free(large), factor).mean().item() == pytest.approx(x.mean().item())


def np_free(x):
    """The same numbers in another memory layout."""
    return torch.from_numpy(np.ascontiguousarray(x.numpy())).to(memory_format=torch.channels_last)
