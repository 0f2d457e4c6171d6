"""Pictures of other proportions, transparent ones, and files of many, from the command line."""

import zipfile

import numpy as np
import pytest
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial.cli import main
from gan_tutorial.training import SavedRun

TINY = ["--width", "4", "--batch-size", "8", "--device", "cpu", "--steps", "2"]
RNG = np.random.default_rng(0)


def done(capsys, *arguments):
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    return said.out + said.err


def fill(folder, count=60, channels=3):
    folder.mkdir()
    for k in range(count):
        levels = RNG.integers(0, 256, (40, 50, channels), np.uint8)
        if channels == 4:
            levels[:10, :, 3] = 0
        Image.fromarray(levels).save(folder / f"{k}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("p") / "pictures")


@pytest.mark.parametrize(
    ("size", "shape"), [("48", (3, 48, 48)), ("32x16", (3, 16, 32)), ("16X24", (3, 24, 16))]
)
def test_a_folder_is_trained_on_in_these_proportions(pictures, tmp_path, capsys, size, shape):
    out, other = tmp_path / "run", fill(tmp_path / "other", 45)
    done(capsys, "train", pictures, "--out", out, "--image-size", size, *TINY)
    assert SavedRun(out).shape == shape
    done(capsys, "sample", out, "--count", "2", "--files", tmp_path / "s")
    assert Image.open(tmp_path / "s" / "00000.png").size == (shape[2], shape[1])
    done(capsys, "evaluate", out, "--features", "pixels", "--data", other)
    done(capsys, "doctor", out, "--data", pictures)
    done(capsys, "train", pictures, "--out", out, "--resume", "--steps", "3")


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("50x70", "not '50x70', but 48x64 or 56x72"),
        ("9x64", "but 8x64 or 16x64"),
        ("2", "takes a side from 4 to 4096"),
        ("64x", "or WIDTHxHEIGHT such as 64x48"),
        ("big", "not 'big'"),
    ],
)
def test_other_sizes_are_refused(pictures, tmp_path, capsys, size, message):
    assert message in failed(
        capsys, "train", pictures, "--out", tmp_path / "run", "--image-size", size, *TINY
    )


@pytest.mark.parametrize(
    "how",
    [
        ["--task", "repair"],
        ["--task", "upscale"],
        ["--task", "translate", "--to", "soccer"],
        ["--model", "flow"],
    ],
    ids=lambda how: how[1],
)
def test_what_makes_squares_only_says_so(pictures, tmp_path, capsys, how):
    command = ["train", pictures, "--out", tmp_path / "run", "--image-size", "32x16"]
    message = failed(capsys, *command, *how, "--device", "cpu", "--steps", "2")
    assert "square" in message


def test_named_data_sets_are_square(tmp_path, capsys):
    message = failed(capsys, "train", "soccer", "--out", tmp_path / "r", "--image-size", "32x16")
    assert "one number for soccer" in message


# --- Transparency ----------------------------------------------------------------------------


def test_transparent_pictures_make_transparent_samples(tmp_path, capsys):
    pictures, out = fill(tmp_path / "p", channels=4), tmp_path / "run"
    size = ["--image-size", "16", "--channels", "4"]
    done(capsys, "train", pictures, "--out", out, *size, *TINY)
    assert SavedRun(out).shape == (4, 16, 16)
    real = np.array(Image.open(out / "samples" / "real.png"))
    assert real.shape[2] == 4
    assert (real[:12, :4, 3] <= 1).all()  # the top of the first picture, enlarged
    assert (real[32:56, :4, 3] > 1).all()
    done(capsys, "sample", out, "--count", "4", "--out", tmp_path / "a.webp")
    assert Image.open(tmp_path / "a.webp").mode == "RGBA"
    done(capsys, "sample", out, "--count", "4", "--files", tmp_path / "files")
    assert Image.open(tmp_path / "files" / "00001.png").mode == "RGBA"
    said = done(capsys, "sample", out, "--count", "4", "--out", tmp_path / "a.jpg")
    assert "laid on white, since .jpg keeps no transparency" in said
    done(capsys, "doctor", out, "--data", pictures)
    done(capsys, "animate", out, "--count", "2", "--out", tmp_path / "a.gif")


# --- Files that hold many ----------------------------------------------------------------------


def packed(kind, folder, pictures):
    path = folder / f"my.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for each in sorted(pictures.iterdir()):
                archive.write(each, each.name)
        return path, (3, 64, 64), []
    levels = RNG.integers(0, 256, (60, 16, 16), np.uint8)
    if kind == "npy":
        np.save(path, levels / 255)
        return path, (1, 16, 16), ["--levels", "1"]
    if kind == "npz":
        np.savez(path, x=levels, y=np.arange(60) % 2)
    else:
        head = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in levels.shape)
        path.write_bytes(head + levels.tobytes())
    return path, (1, 16, 16), []


@pytest.mark.parametrize("kind", ["zip", "npz", "npy", "idx3-ubyte"])
def test_a_file_is_trained_on_measured_and_gone_on_with(tmp_path, capsys, pictures, kind):
    path, shape, options = packed(kind, tmp_path, pictures)
    out = tmp_path / "run"
    said = done(capsys, "train", path, "--out", out, *options, *TINY)
    assert f"60 pictures{'' if kind == 'zip' else f' of {shape[1]}x{shape[2]}'} in {path}" in said
    assert SavedRun(out).shape == shape
    done(capsys, "train", path, "--out", out, "--resume", "--steps", "3")
    size = ["--image-size", shape[1], "--features", "pixels"]
    done(capsys, "evaluate", path, path, *size, *options)


def test_classes_of_a_file_are_learned(tmp_path, capsys, pictures):
    path, *_ = packed("npz", tmp_path, pictures)
    out = tmp_path / "run"
    done(capsys, "train", path, "--out", out, "--conditional", *TINY)
    done(capsys, "sample", out, "--class", "1", "--out", tmp_path / "a.png")


def test_pairs_are_not_found_in_files(tmp_path, capsys, pictures):
    path, *_ = packed("zip", tmp_path, pictures)
    how = ["--task", "translate", "--paired", "--to", pictures]
    assert f"unpack {path}" in failed(capsys, "train", path, "--out", tmp_path / "r", *how)
