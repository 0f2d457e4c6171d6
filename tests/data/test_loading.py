import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from gan_tutorial import data

SPLITS = ("train", "validation", "test")
POINTS = ("ring", "grid", "swiss_roll")


@pytest.fixture
def pictures(tmp_path):
    for k in range(30):
        Image.new("RGB", (20, 10), (8 * k, 0, 0)).save(tmp_path / f"{k}.png")
    return tmp_path


def rows(dataset):
    return {bytes(row.numpy()) for row in dataset.tensor()}


@pytest.mark.parametrize("name", POINTS)
def test_points_come_with_their_density(name):
    d = data.load(name, count=2_000)
    assert d.shape == (2,)
    assert d.density.name == d.name == name
    # Points from the density have its entropy: compare with fresh ones.
    fresh = d.density.sample(20_000, seed=123)
    expected = d.density.log_prob(fresh)
    error = 4 * expected.std() / 2_000**0.5
    assert abs(d.density.log_prob(d[:]).mean() - expected.mean()) < error


def test_points_of_a_ring_are_labeled_with_their_mode():
    d = data.load("ring", count=500, modes=5)
    assert d.classes == tuple("01234")
    assert torch.equal(d.labels, d.density.component(d[:]))
    assert data.load("swiss_roll", count=10).labels is None


@pytest.mark.parametrize("name", POINTS)
def test_default_counts_of_points(name):
    assert [len(data.load(name, split)) for split in SPLITS] == [100_000, 10_000, 10_000]


@pytest.mark.parametrize(
    ("name", "options"),
    [("ring", {"count": 500}), ("soccer", {"count": 40, "image_size": 16}), ("digits", {})],
)
def test_splits_are_disjoint_and_fixed(name, options):
    parts = [rows(data.load(name, split, **options)) for split in SPLITS]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert rows(data.load(name, "test", **options)) == parts[2]


def test_the_seed_draws_other_samples_and_never_those_of_another_split():
    streams = [
        rows(data.load("ring", split, count=100, seed=seed)) for split in SPLITS for seed in (0, 1)
    ]
    assert len(set.union(*streams)) == 600


def test_soccer_comes_as_bytes_with_factors():
    d = data.load("soccer", count=5, image_size=24, ground="plain")
    images, factors = data.soccer(5, 24, "plain")
    torch.testing.assert_close(d[:], images, atol=1 / 255 + 1e-6, rtol=0)
    assert torch.equal(d.factors["light"], factors["light"])
    assert data.load("soccer", count=1).shape == (3, 32, 32)
    assert data.load("soccer", count=1, channels=1).shape == (1, 32, 32)


def test_kinds_of_balls_are_classes():
    d = data.load("soccer", count=40, image_size=16, kinds=["band", "football"])
    assert d.classes == ("band", "football")
    assert set(d.labels.tolist()) == {0, 1}
    assert torch.equal(d.labels == 1, d.factors["kind"] == 0)  # football comes first among KINDS
    assert len(data.load("soccer", count=5, kinds="all").classes) == 5
    assert data.load("soccer", count=5).labels is None


def test_more_footballs_begin_with_the_same_ones():
    few, many = (data.load("soccer", count=n, image_size=16)[:3] for n in (3, 9))
    torch.testing.assert_close(few, many, atol=1.1 / 127.5, rtol=0)


def test_digits_are_scaled_bilinearly():
    native, large = data.load("digits"), data.load("digits", image_size=32)
    expected = functional.interpolate(native[:], scale_factor=4, mode="bilinear")
    torch.testing.assert_close(large[:], expected)
    assert torch.equal(large.labels, native.labels)


def test_images_are_shrunk_with_antialiasing():
    native, small = data.load("digits"), data.load("digits", image_size=3)
    expected = functional.interpolate(native[:], size=3, mode="bilinear", antialias=True)
    torch.testing.assert_close(small[:], expected)


@pytest.mark.parametrize(("size", "near", "far"), [(29, 0, 1), (30, 1, 1), (32, 2, 2)])
def test_mnist_gets_a_black_margin_and_keeps_its_pixels(real_data, size, near, far):
    native = data.load("mnist", "test", data_dir=real_data, count=20)
    padded = data.load("mnist", "test", data_dir=real_data, count=20, image_size=size)
    assert padded.shape == (1, size, size)
    assert torch.equal(padded[:], functional.pad(native[:], (near, far, near, far), value=-1))


@pytest.mark.parametrize("size", [14, 64])
def test_mnist_is_interpolated_beyond_that(real_data, size):
    native = data.load("mnist", "test", data_dir=real_data, count=20)
    scaled = data.load("mnist", "test", data_dir=real_data, count=20, image_size=size)
    assert scaled.shape == (1, size, size)
    assert scaled.tensor().mean().item() == pytest.approx(native.tensor().mean().item(), abs=0.01)


def test_channels_are_converted_both_ways(pictures):
    gray = data.load("digits", "test")
    color = data.load("digits", "test", channels=3)
    assert torch.equal(color[:], gray[:].expand(-1, 3, -1, -1))
    ball, faded = (data.load("soccer", count=4, channels=c) for c in (3, 1))
    expected = (ball[:] * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1, keepdim=True)
    torch.testing.assert_close(faded[:], expected, atol=1 / 255 + 1e-6, rtol=0)
    assert data.load(pictures, channels=1).shape == (1, 64, 64)


def test_count_takes_a_random_part_that_the_seed_decides():
    few, more = data.load("digits", count=50), data.load("digits", count=100)
    assert rows(few) < rows(more) < rows(data.load("digits"))
    assert rows(few) != rows(data.load("digits", count=50, seed=1))
    assert len(set(few.labels.tolist())) > 5  # and not the first in some order


def test_folders_are_loaded_by_path(pictures, monkeypatch):
    by_path = data.load(pictures, "all", image_size=8)
    assert len(by_path) == 30
    assert rows(data.load(str(pictures), "all", image_size=8)) == rows(by_path)
    monkeypatch.chdir(pictures.parent)
    assert len(data.load(pictures.name, "all")) == 30
    monkeypatch.setenv("HOME", str(pictures.parent))
    assert len(data.load(f"~/{pictures.name}", "all")) == 30
    assert len(data.load(pictures, count=3)) == 3


def test_a_name_wins_over_a_folder_of_that_name(pictures, monkeypatch):
    (pictures / "digits").mkdir()
    Image.new("L", (9, 9)).save(pictures / "digits" / "a.png")
    monkeypatch.chdir(pictures)
    assert len(data.load("digits", "test")) == 300
    assert len(data.load("./digits", "all")) == 1


def test_folder_options_reach_the_folder(pictures):
    (pictures / "bad.png").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"bad\.png \(empty\)"):
        assert len(data.load(pictures, "all", on_error="skip")) == 30


def test_data_dir_reaches_the_published_sets(tmp_path):
    for name in ("mnist", "fashion_mnist", "cifar10", "stacked_mnist"):
        with pytest.raises(FileNotFoundError, match=r"data_dir names no folder: .*missing"):
            data.load(name, data_dir=tmp_path / "missing")


def test_names():
    published = {"mnist", "fashion_mnist", "cifar10", "stacked_mnist"}
    assert set(data.NAMES) == {*POINTS, "soccer", "digits", *published}
    assert all(name in data.__all__ for name in data.NAMES)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("mnits", "mnist"), ("Fashion-MNIST", "fashion_mnist"), ("CIFAR-10", "cifar10")],
)
def test_unknown_names_are_answered_with_a_suggestion_and_all_names(name, suggestion):
    with pytest.raises(ValueError, match=rf"did you mean '{suggestion}'\?") as caught:
        data.load(name)
    assert all(known in str(caught.value) for known in data.NAMES)


def test_a_name_like_no_other_gets_no_suggestion():
    with pytest.raises(ValueError, match=r"no data set and no folder 'zebra': give one of ring"):
        data.load("zebra")


@pytest.mark.parametrize("path", ["photos/mine", "./digit", "~/nothing"])
def test_paths_that_do_not_exist_are_called_folders(path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        data.load(path)


@pytest.mark.parametrize(
    ("name", "option", "takes"),
    [
        ("ring", {"image_size": 32}, "count, seed, modes, radius, std"),
        ("ring", {"channels": 3}, "count, seed, modes, radius, std"),
        ("grid", {"modes": 3}, "count, seed, side, spacing, std"),
        ("ring", {"data_dir": "."}, "count, seed, modes"),
        ("digits", {"ground": "grass"}, "count, seed, image_size, channels."),
        ("digits", {"data_dir": "."}, "count, seed, image_size, channels."),
        ("soccer", {"size": 32}, "count, seed, image_size, channels, ground"),
        ("soccer", {"stream": 1}, "count, seed, image_size, channels, ground"),
        ("mnist", {"on_error": "skip"}, "count, seed, image_size, channels, data_dir"),
        ("folder", {"data_dir": "."}, "on_error, background, levels"),
        ("folder", {"ground": "grass"}, "on_error, background, levels"),
    ],
)
def test_options_that_do_not_apply_are_refused(pictures, name, option, takes):
    with pytest.raises(TypeError, match=rf"has no option '{next(iter(option))}'; it .*{takes}"):
        data.load(pictures if name == "folder" else name, **option)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("digits", {"split": "val"}, "no split 'val'"),
        ("ring", {"split": "all"}, "no split 'all'"),
        ("digits", {"count": 0}, "count must be a whole number of at least 1, got 0"),
        ("ring", {"count": 0}, "count must be a whole number of at least 1, got 0"),
        ("soccer", {"count": 0}, "count must be a whole number of at least 1, got 0"),
        ("digits", {"count": 1198}, "count=1198 is more than the 1197 samples of the train split"),
        ("digits", {"image_size": 0}, "image_size must be a whole number of at least 1"),
        ("digits", {"channels": 2}, r"channels must be 3 \(RGB\) or 1 \(gray\), not 2"),
        ("soccer", {"ground": "sand"}, "no ground 'sand'"),
        ("soccer", {"image_size": 4}, "at least 8 pixels"),
        ("ring", {"modes": -1}, "modes must be a whole number of at least 1"),
    ],
)
def test_impossible_values_are_refused(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load(name, **arguments)


@pytest.mark.parametrize("wrong", [None, 3, ["ring"], np.zeros(2)])
def test_what_is_neither_name_nor_path_is_refused(wrong):
    with pytest.raises(TypeError, match="Give a name or a path"):
        data.load(wrong)
