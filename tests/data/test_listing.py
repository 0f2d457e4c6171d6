"""How a folder is understood before its pictures are used."""

import numpy as np
import pytest
import torch
from PIL import Image

from gan_tutorial import data
from gan_tutorial.data import EmptySplitError
from gan_tutorial.data.listing import list_pictures


def fill(folder, count, first=0):
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(first, first + count):
        Image.new("L", (4, 4), k % 256).save(folder / f"{k}.png")
    return folder


def test_one_line_says_how_a_folder_is_understood(tmp_path):
    fill(tmp_path / "cats", 40)
    fill(tmp_path / "dogs", 20)
    for name in ("a.txt", "b.txt", "c.xml"):
        (tmp_path / name).write_text("x")
    line = data.folder(tmp_path, 4).summary
    assert line.startswith(f"60 pictures in {tmp_path}; 2 classes (cats 40, dogs 20); ")
    assert line.endswith("passed over: 2 .txt, 1 .xml.")
    sizes = [len(data.folder(tmp_path, 4, s)) for s in ("train", "validation", "test")]
    assert f"{sizes[0]} to train on, {sizes[1]} held out for validation and {sizes[2]}" in line


def test_what_systems_and_programs_leave_is_passed_over(tmp_path):
    fill(tmp_path, 60)
    for name in (".DS_Store", "Thumbs.db", "Icon\r", "Picasa.ini", "desktop.ini", "._1.png"):
        (tmp_path / name).write_bytes(b"junk")
    for name in ("@eaDir", "__MACOSX", "#recycle", ".thumbnails"):
        fill(tmp_path / name, 3)
    listing = list_pictures(tmp_path)
    assert len(listing.names) == 60
    assert not listing.classes


@pytest.mark.parametrize("place", ["run", "deep/er/run"])
def test_a_run_within_the_data_never_becomes_data(tmp_path, place):
    fill(tmp_path, 55)
    run = fill(tmp_path / place / "samples", 3).parent
    (run / "config.json").write_text("{}")
    (run / "checkpoint.safetensors").write_bytes(b"x")
    listing = list_pictures(tmp_path)
    assert len(listing.names) == 55
    assert listing.passed_over["of a run"] == 2
    with pytest.raises(ValueError, match="is the folder of a run, not of pictures"):
        data.folder(run)


# --- Classes ---------------------------------------------------------------------------------


def test_files_that_are_skipped_have_no_say_in_the_classes(tmp_path):
    fill(tmp_path / "cats", 30)
    fill(tmp_path / "dogs", 30)
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds" / "notes.txt").write_text("none yet")
    (tmp_path / "readme.md").write_text("my pictures")
    assert data.folder(tmp_path, 4).classes == ("cats", "dogs")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "fish").mkdir()
    (tmp_path / "fish" / "empty.png").write_bytes(b"")
    for split in ("train", "validation", "test"):
        with pytest.warns(UserWarning, match="2 files"):
            part = data.folder(tmp_path, 4, split, on_error="skip")
        assert part.classes == ("cats", "dogs")
        assert len(part.labels) == len(part)


def test_one_folder_around_all_is_no_class(tmp_path):
    fill(tmp_path / "archive" / "cats", 30)
    assert list_pictures(tmp_path).classes == ()
    fill(tmp_path / "archive" / "dogs", 30)
    assert list_pictures(tmp_path).classes == ("cats", "dogs")


@pytest.mark.parametrize(
    ("folders", "held_out"),
    [
        (("train", "test"), {"test": 5}),
        (("Training", "Validation"), {"validation": 5}),
        (("train", "val", "test"), {"validation": 5, "test": 5}),
    ],
)
def test_folders_of_splits_are_taken_at_their_word(tmp_path, folders, held_out):
    for folder in folders:
        for kind, first in (("cats", 0), ("dogs", 100)):
            fill(tmp_path / folder / kind, 30 if folder.lower().startswith("train") else 2, first)
        if not folder.lower().startswith("train"):
            fill(tmp_path / folder / "cats", 1, 50)
    listing = list_pictures(tmp_path)
    assert listing.classes == ("cats", "dogs")
    assert "split by its folders" in listing.describe()
    for split, count in held_out.items():
        assert len(listing.of_split(split)) == count
    parts = [listing.of_split(split) for split in ("train", "validation", "test")]
    assert sum(map(len, parts)) == len(listing.names)
    assert all(parts)


@pytest.mark.parametrize(
    ("images", "others"),
    [
        ("JPEGImages", ["Annotations", "SegmentationClass", "ImageSets"]),
        ("images", ["masks"]),
        ("imgs", ["labels"]),
    ],
)
def test_masks_and_notes_beside_the_pictures_are_none(tmp_path, images, others):
    fill(tmp_path / images, 60)
    for other in others:
        fill(tmp_path / other, 20)
        (tmp_path / other / "1.xml").write_text("<x/>")
    listing = list_pictures(tmp_path)
    assert len(listing.names) == 60
    assert all(name.startswith(images) for name in listing.names)
    assert listing.classes == ()
    assert f"those in {images}" in listing.describe()


# --- Links -----------------------------------------------------------------------------------


def test_links_are_followed_and_loops_end(tmp_path):
    fill(tmp_path / "elsewhere", 30)
    album = fill(tmp_path / "album" / "mine", 30, 30).parent
    (album / "theirs").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (album / "mine" / "round").symlink_to(album, target_is_directory=True)
    (tmp_path / "shortcut").symlink_to(album, target_is_directory=True)
    for path in (album, tmp_path / "shortcut"):
        listing = list_pictures(path)
        assert len(listing.names) == 60
        assert listing.classes == ("mine", "theirs")


# --- Few pictures ----------------------------------------------------------------------------


def test_of_few_pictures_all_are_trained_on_with_a_warning(tmp_path):
    fill(tmp_path, 49)
    with pytest.warns(UserWarning, match="49 pictures, fewer than 50: all are trained on"):
        few = data.folder(tmp_path, 4)
    assert len(few) == 49
    assert "nothing is held out" in few.summary
    with pytest.raises(EmptySplitError, match=r"all are trained on. Hold some out by validation"):
        data.folder(tmp_path, 4, "test")
    fill(tmp_path, 1, 49)
    assert len(data.folder(tmp_path, 4)) < 50


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_the_user_chooses_what_is_held_out(tmp_path, share):
    fill(tmp_path, 40)
    listing = list_pictures(tmp_path, validation=share)
    counts = [len(listing.of_split(split)) for split in ("train", "validation", "test")]
    assert sum(counts) == 40
    assert counts[0] == pytest.approx(40 * (1 - 2 * share), abs=8)
    if share == 0:
        assert counts == [40, 0, 0]
    for wrong in (0.5, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"from 0 to 0\.4"):
            list_pictures(tmp_path, validation=wrong)


def test_holding_out_more_moves_pictures_one_way_only(tmp_path):
    fill(tmp_path, 200)
    less, more = (set(list_pictures(tmp_path, v).of_split("train")) for v in (0.1, 0.2))
    assert more < less


# --- Numbers of unknown range ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "kind", "white"),
    [
        (np.array([[0, 4095]], np.uint16), "12 bits in 16", 4095),
        (np.array([[0, 1000]], np.int32), "32 bits", 1000),
        (np.array([[0, 0.5]], np.float32), "fractions", 0.5),
    ],
)
def test_integers_of_unknown_range_are_refused_or_scaled_by_an_option(
    tmp_path, levels, kind, white
):
    Image.fromarray(levels.repeat(2, 0)).save(tmp_path / "x.tif")
    with pytest.raises(ValueError, match="unknown range"):
        data.folder(tmp_path, 2)
    with pytest.warns(UserWarning, match="fewer than 50"):
        scaled = data.folder(tmp_path, 2, levels=white)
    assert torch.equal(scaled[:][0, 0], torch.tensor([[-1.0, 1.0], [-1.0, 1.0]]))


def test_negative_numbers_and_nan_are_refused(tmp_path):
    for values in ([[-5, 30000]], [[np.nan, 1.0]]):
        kind = np.int32 if values[0][0] == -5 else np.float32
        Image.fromarray(np.array(values, kind).repeat(2, 0)).save(tmp_path / "x.tif")
        with pytest.raises(ValueError, match=r"unknown range|NaN"):
            data.folder(tmp_path, 2)
        with pytest.raises(ValueError, match=r"leave the range|NaN"):
            data.folder(tmp_path, 2, levels=40000)


def test_16_bits_that_are_used_need_no_option(tmp_path):
    Image.fromarray(np.array([[0, 65535]] * 2, np.uint16)).save(tmp_path / "x.png")
    with pytest.warns(UserWarning, match="fewer than 50"):
        assert data.folder(tmp_path, 2)[:].unique().tolist() == [-1, 1]


def test_heic_is_named_as_such(tmp_path):
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
    with pytest.raises(ValueError, match=r"IMG_1.HEIC \(a HEIC photograph, .* export it as JPEG"):
        data.folder(tmp_path, 4)


# --- Identity --------------------------------------------------------------------------------


def test_the_identity_is_that_of_the_content(tmp_path):
    first, other, replaced = (fill(tmp_path / name, 60) for name in "abc")
    for k in range(60):
        Image.new("L", (4, 4), 255 - k).save(replaced / f"{k}.png")
    whole = [data.folder(path, 4).identity for path in (first, other, replaced)]
    assert whole[0] == whole[1] != whole[2]
    fill(other, 40, 60)
    assert data.folder(other, 4).identity != whole[0]
    assert data.folder(first, 4).to("cpu").identity == whole[0]
