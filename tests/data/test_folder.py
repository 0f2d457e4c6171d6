import itertools
import os
import warnings

import pytest
import torch
from PIL import Image

from gan_tutorial import data
from gan_tutorial.data import picture_store

SPLITS = ("train", "validation", "test")


def draw(path, level, size=(10, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, level).save(path)


@pytest.fixture
def album(tmp_path):
    """Sixty pictures of sixty shades, in two subfolders, one of them nested."""
    folder = tmp_path / "album"
    for k in range(60):
        place = folder / "cats" / "old" if k % 3 == 0 else folder / "dogs"
        draw(place / f"{k}.png", 4 * k, size=(10 + k, 12))
    return folder


def shades(dataset):
    """Return which of the album's pictures a data set holds."""
    pixels = ((dataset.tensor() + 1) * 127.5).round()
    assert (pixels == pixels[:, :1, :1, :1]).all()
    return [int(level) // 4 for level in pixels[:, 0, 0, 0]]


def test_all_pictures_become_squares_with_the_label_of_their_subfolder(album):
    everything = data.folder(album, 6, split="all")
    assert everything.shape == (3, 6, 6)
    assert everything.name == "album"
    assert everything.classes == ("cats", "dogs")
    numbers = shades(everything)
    assert sorted(numbers) == list(range(60))
    assert everything.labels.tolist() == [int(k % 3 != 0) for k in numbers]
    assert data.folder(album, 6, channels=1).shape == (1, 6, 6)


def test_splits_are_disjoint_complete_and_about_80_10_10(album):
    parts = {split: shades(data.folder(album, 4, split)) for split in SPLITS}
    assert sorted(itertools.chain(*parts.values())) == list(range(60))
    assert 40 <= len(parts["train"]) <= 56


def test_adding_and_removing_pictures_never_moves_another(album):
    before = {split: set(shades(data.folder(album, 4, split))) for split in SPLITS}
    for k in range(0, 60, 6):
        (album / "cats" / "old" / f"{k}.png").unlink()
    for k in range(20):
        draw(album / "new" / f"{k}.png", 255)
    for split in SPLITS:
        after = set(shades(data.folder(album, 4, split))) - {255 // 4}
        assert after == {k for k in before[split] if k % 6 != 0}


def test_the_split_of_a_name_is_fixed_and_the_same_in_every_unicode_form():
    from gan_tutorial.data.listing import split_by_name

    splits = [split_by_name(f"{k}.jpg", 0.1)[:2] for k in range(12)]
    assert " ".join(splits) == "tr tr va tr tr tr va tr tr tr va tr"
    for k in range(50):
        assert split_by_name(f"Zo\u00eb{k}.jpg", 0.1) == split_by_name(f"Zoe\u0308{k}.jpg", 0.1)


def test_all_splits_number_the_classes_alike(album):
    for k in range(5):
        draw(album / "bees" / f"{k}.png", 250)
    classes = {data.folder(album, 4, split).classes for split in SPLITS}
    assert classes == {("bees", "cats", "dogs")}


def test_there_are_no_labels_without_a_subfolder_for_every_picture(album):
    draw(album / "stray.png", 0)
    stray = data.folder(album, 4, split="all")
    assert stray.labels is None
    assert stray.classes == ()


def test_count_takes_so_many_of_the_split(album):
    few = data.folder(album, 4, count=5, seed=1)
    train = set(shades(data.folder(album, 4)))
    assert len(set(shades(few))) == 5
    assert set(shades(few)) < train
    assert shades(few) != shades(data.folder(album, 4, count=5, seed=2))
    with pytest.raises(ValueError, match=r"count=100 is more than the \d+ samples of the train"):
        data.folder(album, 4, count=100)


def test_with_count_only_the_chosen_pictures_are_read(album):
    for k in range(30):
        (album / "dogs" / f"bad{k}.png").write_bytes(b"")
    good = sum(one_is_read(album, seed) for seed in range(20))
    assert 5 < good < 20


def one_is_read(folder, seed):
    try:
        data.folder(folder, 4, count=1, seed=seed)
    except ValueError:
        return False
    return True


def test_hidden_files_are_ignored_and_others_are_not(album):
    for name in (".DS_Store", ".hidden/x.png", "Thumbs.db", "cats/desktop.ini", "__MACOSX/._a.png"):
        (album / name).parent.mkdir(exist_ok=True)
        (album / name).write_bytes(b"junk")
    assert len(data.folder(album, 4, split="all")) == 60
    (album / "notes.txt").write_text("my notes")
    (album / "notes").write_text("my notes")
    with pytest.raises(ValueError, match=r"1 file in .* \(not a picture\)"):
        data.folder(album, 4, split="all")


@pytest.fixture
def broken(album):
    """The album, with four bad files in it."""
    (album / "dogs" / "empty.png").write_bytes(b"")
    (album / "dogs" / "list.of").write_text("a,b")
    whole = (album / "dogs" / "1.png").read_bytes()
    (album / "dogs" / "half.png").write_bytes(whole[: len(whole) - 30])
    (album / "cats" / "gone.png").symlink_to(album / "nowhere.png")
    return album


@pytest.mark.parametrize("split", [*SPLITS, "all"])
def test_one_error_lists_every_bad_file_whatever_the_split(broken, split):
    with pytest.raises(ValueError, match=f"^4 files in {broken} cannot be read as") as caught:
        data.folder(broken, 4, split)
    message = str(caught.value)
    for part in (
        "dogs/empty.png (empty)",
        "dogs/list.of (not a picture)",
        "dogs/half.png (broken: ",
        "cats/gone.png (not a regular file)",
        "on_error='skip'",
    ):
        assert part in message
    assert "\n" not in message


def test_bad_files_are_left_out_with_a_warning_that_lists_them(broken):
    with pytest.warns(UserWarning, match=r"4 files in .*dogs/empty\.png \(empty\).*; left out"):
        rest = data.folder(broken, 4, "all", on_error="skip")
    assert sorted(shades(rest)) == list(range(60))
    assert rest.labels.tolist() == [int(k % 3 != 0) for k in shades(rest)]


def test_a_long_list_is_cut_short(album):
    for k in range(25):
        (album / "dogs" / f"bad{k:02}.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"25 files in .*bad09\.png \(empty\), and 15 more; "):
        data.folder(album, 4)


def test_when_no_picture_is_left_skipping_is_an_error_too(tmp_path):
    for k in range(40):
        (tmp_path / f"{k}.png").write_bytes(b"")
    with pytest.raises(ValueError, match="no picture is left"):
        data.folder(tmp_path, 4, on_error="skip")


def test_a_sound_folder_is_looked_through_once(album, monkeypatch):
    from gan_tutorial.data import pictures

    data.folder(album, 4)
    read = []
    original = pictures.read_picture
    monkeypatch.setattr(pictures, "read_picture", lambda p, *a: read.append(p) or original(p, *a))
    test = data.folder(album, 4, "test")
    assert len(read) == len(test)
    (album / "dogs" / "1.png").write_bytes(b"")  # until something changes
    with pytest.raises(ValueError, match=r"dogs/1\.png \(empty\)"):
        data.folder(album, 4, "test")


# --- more pictures than memory ---


def on_disk(album, tmp_path, **options):
    return data.folder(album, 4, memory_limit=100, cache_dir=tmp_path / "cache", **options)


def test_beyond_the_memory_limit_the_same_pictures_come_from_a_file(album, tmp_path):
    memory, disk = data.folder(album, 4), on_disk(album, tmp_path)
    [file] = (tmp_path / "cache" / "folders").glob("*.u8")
    assert file.stat().st_size == len(disk) * 3 * 4 * 4
    assert torch.equal(memory.tensor(), disk.tensor())
    assert torch.equal(memory.labels, disk.labels)
    rows = torch.tensor([3, 1])
    assert torch.equal(memory[rows], disk[rows])


def test_the_limit_counts_the_bytes_of_the_split(album, tmp_path):
    size = len(data.folder(album, 4)) * 3 * 4 * 4
    cache = tmp_path / "cache"
    data.folder(album, 4, memory_limit=size, cache_dir=cache)
    assert not cache.exists()
    data.folder(album, 4, memory_limit=size - 1, cache_dir=cache)
    assert cache.exists()


def test_the_file_is_made_once_and_again_when_anything_changes(album, tmp_path):
    cache = tmp_path / "cache" / "folders"
    on_disk(album, tmp_path)
    [file] = cache.glob("*.u8")
    stamp = file.stat().st_mtime_ns
    on_disk(album, tmp_path)
    assert [f.stat().st_mtime_ns for f in cache.glob("*.u8")] == [stamp]
    on_disk(album, tmp_path, channels=1)
    on_disk(album, tmp_path, background="red")
    on_disk(album, tmp_path, split="test")
    assert len(list(cache.glob("*.u8"))) == 4
    changed = next(
        f
        for f in sorted((album / "dogs").iterdir())
        if int(f.stem) in shades(data.folder(album, 4))
    )
    os.utime(changed, ns=(0, 0))
    on_disk(album, tmp_path)
    assert len(list(cache.glob("*.u8"))) == 5


def test_bad_files_are_named_each_time_when_skipped(broken, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        memory = data.folder(broken, 4, "all", on_error="skip")
    for _ in range(2):  # written, then found
        with pytest.warns(UserWarning, match=r"4 files in .*empty\.png"):
            disk = on_disk(broken, tmp_path, split="all", on_error="skip")
        assert torch.equal(memory.tensor(), disk.tensor())
        assert torch.equal(memory.labels, disk.labels)
    with pytest.raises(ValueError, match=r"4 files in .*empty\.png"):
        on_disk(broken, tmp_path, split="all")


def test_nothing_is_kept_of_an_attempt_that_failed(broken, tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "folders"
    with pytest.raises(ValueError, match="4 files"):
        on_disk(broken, tmp_path, split="all")
    assert list(cache.iterdir()) == []

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(picture_store.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        on_disk(broken, tmp_path, on_error="skip")
    assert not list(cache.glob("*.u8")) + list(cache.glob("*.tmp"))


def test_a_full_disk_is_foreseen(album, tmp_path, monkeypatch):
    class Usage:
        free = 10

    monkeypatch.setattr(picture_store.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(OSError, match=r"pictures of 3 x 4 x 4 need .* GB in .*cache_dir"):
        on_disk(album, tmp_path)


# --- refusals ---


def test_folders_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*missing"):
        data.folder(tmp_path / "missing", 4)
    draw(tmp_path / "a.png", 0)
    with pytest.raises(FileNotFoundError, match=r"a\.png is a file: give the folder"):
        data.folder(tmp_path / "a.png", 4)
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"no pictures in .*empty or its subfolders"):
        data.folder(tmp_path / "empty", 4)


def test_an_empty_split_is_named(tmp_path):
    draw(tmp_path / "0.png", 0)
    assert len(data.folder(tmp_path, 4, split="all")) == len(data.folder(tmp_path, 4)) == 1
    for split in ("validation", "test"):
        with pytest.raises(ValueError, match=rf"split '{split}' of .* is empty.*split='all'"):
            data.folder(tmp_path, 4, split)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "val"}, "no split 'val': choose one of 'train', 'validation', 'test', 'all'"),
        ({"image_size": 0}, "image_size must be a whole number of at least 1"),
        (
            {"channels": 2},
            r"channels must be 3 \(RGB\), 1 \(gray\) or 4 \(RGB and opacity\), not 2",
        ),
        ({"on_error": "ignore"}, "on_error must be 'raise' or 'skip', not 'ignore'"),
        ({"background": "whitish"}, "background must be the name or code of a color.*'whitish'"),
        ({"background": 3}, "background must be the name or code of a color.*3"),
    ],
)
def test_impossible_options_are_refused(album, options, message):
    with pytest.raises(ValueError, match=message):
        data.folder(album, **options)


def test_the_bytes_on_disk_may_be_indexed_without_a_warning(album, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        on_disk(album, tmp_path)[torch.tensor([0])]
