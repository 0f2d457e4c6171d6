"""Zip files of pictures."""

import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial import data


def album(folder, count=60, seed=0):
    random = np.random.default_rng(seed)
    for k in range(count):
        place = folder / ("cats" if k % 2 else "dogs")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (9, 7, 3), np.uint8)).save(place / f"{k}.png")
    return folder


def pack(folder, path, *, within=""):
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.rglob("*.png")):
            archive.write(each, within + str(each.relative_to(folder)))
    return path


@pytest.mark.parametrize("within", ["", "album/", "a/b/"])
@pytest.mark.parametrize("split", ["train", "all"])
def test_a_zip_file_is_the_folder_in_it(tmp_path, within, split):
    folder = album(tmp_path / "album")
    packed = pack(folder, tmp_path / "my pictures.zip", within=within)
    found = data.load(packed, split, image_size=8, cache_dir=tmp_path / "cache")
    if not within or split == "all":  # names decide of splits
        there = data.load(folder, split, image_size=8)
        assert torch.equal(found[:], there[:])
        assert found.identity == there.identity
        assert torch.equal(found.labels, there.labels)
    assert found.classes == ("cats", "dogs")
    assert found.name == "my pictures"
    assert f"60 pictures in {packed}" in found.summary
    assert not list((tmp_path / "cache" / "archives").glob("tmp*"))


def test_it_is_unpacked_once_and_anew_when_it_changes(tmp_path):
    cache = tmp_path / "cache"
    packed = pack(album(tmp_path / "a"), tmp_path / "x.zip")
    before = data.zipped(packed, image_size=8, split="all", cache_dir=cache)
    data.zipped(packed, image_size=8, split="all", cache_dir=cache)
    assert len(list((cache / "archives").iterdir())) == 1
    pack(album(tmp_path / "b", 55, seed=1), packed)
    after = data.zipped(packed, image_size=8, split="all", cache_dir=cache)
    assert (len(before), len(after)) == (60, 55)


def test_errors_and_warnings_name_the_file_and_not_the_cache(tmp_path):
    packed = pack(album(tmp_path / "a", 10), tmp_path / "x.zip")
    with pytest.warns(UserWarning, match=r"x\.zip holds 10 pictures") as said:
        data.zipped(packed, image_size=8, cache_dir=tmp_path / "cache")
    assert "cache" not in str(said[0].message)
    with pytest.raises(data.EmptySplitError, match=r"of \S+x\.zip is empty") as caught:
        data.zipped(packed, image_size=8, split="test", cache_dir=tmp_path / "cache")
    assert "cache" not in str(caught.value)


def no_zip(path):
    path.write_bytes(b"hello")


def torn(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def spoiled(path):
    content = bytearray(path.read_bytes())
    content[200:400] = bytes(200)
    path.write_bytes(content)


def without_pictures(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "nothing")


@pytest.mark.parametrize("spoil", [no_zip, torn, spoiled, without_pictures])
def test_what_cannot_be_unpacked_is_said_and_leaves_nothing(tmp_path, spoil):
    packed = pack(album(tmp_path / "a"), tmp_path / "x.zip")
    spoil(packed)
    with pytest.raises((ValueError, FileNotFoundError), match=r"x\.zip"):
        data.load(packed, image_size=8, cache_dir=tmp_path / "cache")
    left = list((tmp_path / "cache" / "archives").iterdir())
    assert len(left) == (spoil is without_pictures)


def test_nothing_is_written_outside_the_cache(tmp_path):
    packed = pack(album(tmp_path / "a"), tmp_path / "x.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../../../evil.png", (tmp_path / "a/cats/1.png").read_bytes())
        archive.writestr("/evil.png", (tmp_path / "a/cats/1.png").read_bytes())
    data.zipped(packed, image_size=8, split="all", cache_dir=tmp_path / "c" / "c")
    names = [
        path for path in tmp_path.rglob("evil.png") if tmp_path / "c" / "c" not in path.parents
    ]
    assert names == []
