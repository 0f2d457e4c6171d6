"""Walks, truncation, nearest pictures, projection and export, from the command line."""

import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image
from said import failed

from gan_tutorial.cli import main
from gan_tutorial.models import truncated
from gan_tutorial.training import SavedRun

TINY = ["--width", "4", "--batch-size", "8", "--device", "cpu", "--steps", "3"]


def done(capsys, *arguments):
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of digits, of digits by class, and of points."""
    place = tmp_path_factory.mktemp("runs")
    begin = {
        "plain": ["digits", "--samples-every", "1"],
        "classes": ["digits", "--conditional"],
        "points": ["ring"],
    }
    for name, (data, *options) in begin.items():
        assert main(["train", data, "--out", str(place / name), *options, *TINY]) == 0
    return place


# --- Walks and truncation ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "classes"])
@pytest.mark.parametrize("suffix", ["gif", "webp", "apng"])
def test_a_walk_is_written(runs, tmp_path, capsys, name, suffix):
    out = tmp_path / f"walk.{suffix}"
    size = ["--count", "4", "--stops", "3", "--between", "5", "--columns", "2"]
    assert "15 pictures in" in done(capsys, "animate", runs / name, "--out", out, *size)
    with Image.open(out) as walk:
        assert walk.n_frames == 15
        assert walk.size == (130, 130)


def test_the_walk_is_closed_and_the_seeds_differ(runs, tmp_path, capsys):
    def frames(seed):
        out = tmp_path / f"{seed}.png"
        size = ["--count", "1", "--stops", "2", "--between", "2", "--seed", seed]
        done(capsys, "animate", runs / "plain", "--out", out, *size)
        with Image.open(out) as walk:
            return [(walk.seek(k), np.asarray(walk.convert("RGB")))[1] for k in range(4)]

    first, second = frames(0), frames(1)
    assert not np.array_equal(first[0], first[2])
    assert not np.array_equal(first[0], second[0])


def test_the_progress_of_a_training_moves(runs, tmp_path, capsys):
    out = tmp_path / "progress.png"
    assert "3 pictures" in done(capsys, "animate", runs / "plain", "--progress", "--out", out)
    grid = Image.open(runs / "plain" / "samples" / "step_000001.png")
    with Image.open(out) as moving:
        assert moving.n_frames == 3
        assert moving.size == (grid.width, grid.height + 16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plain", "--out", "a.mp4"], "let it end in one of .gif"),
        (["points", "--out", "a.gif"], "makes points, and a walk shows pictures"),
        (["plain", "--out", "a.gif", "--count", "99", "--between", "99"], "ask for 2,000 at most"),
        (["plain", "--out", "a.gif", "--class", "3"], "knows no classes"),
        (["points", "--progress", "--out", "a.gif"], "holds 1 grids of its training"),
    ],
)
def test_what_cannot_move_is_refused(runs, tmp_path, capsys, arguments, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in failed(capsys, "animate", runs / arguments[0], *arguments[1:])


@pytest.mark.parametrize("psi", ["0", "0.5", "1"])
def test_truncation_draws_samples_to_the_mean(runs, tmp_path, capsys, psi):
    out = tmp_path / psi
    done(capsys, "sample", runs / "plain", "--count", "4", "--truncation", psi, "--files", out)
    drawn = [np.asarray(Image.open(out / f"{k:05}.png")) for k in range(4)]
    assert all(np.array_equal(drawn[0], each) for each in drawn) == (psi == "0")


def test_truncation_is_towards_the_mean_that_a_generator_has():
    g, z = torch.nn.Identity(), torch.randn(5, 3)
    assert torch.equal(truncated(g, z, 0.5), 0.5 * z)
    g.latent_mean = torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(truncated(g, z, 0.25), 0.75 * g.latent_mean + 0.25 * z)
    for psi in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="from 0"):
            truncated(g, z, psi)


@pytest.mark.parametrize("name", ["plain", "classes"])
def test_a_grid_of_interpolations_has_a_way_a_row(runs, tmp_path, capsys, name):
    out = tmp_path / "a.png"
    way = ["--count", "15", "--interpolation", "5", "--out", out]
    assert "3 ways of 5 steps" in done(capsys, "sample", runs / name, *way)
    assert Image.open(out).size == (5 * 66 - 2, 3 * 66 - 2)
    message = failed(capsys, "sample", runs / name, "--interpolation", "5", "--out", out)
    assert "such as 65" in message


# --- Beside other pictures ---------------------------------------------------------------------


@pytest.mark.parametrize("data", [[], ["digits"]])
def test_the_nearest_pictures_stand_beside_the_samples(runs, tmp_path, capsys, data):
    out = tmp_path / "a.png"
    said = done(capsys, "sample", runs / "plain", "--count", "2", "--nearest", *data, "--out", out)
    assert "each before the 3 nearest of 1,197 pictures of digits" in said
    assert Image.open(out).size == (4 * 66 - 2, 2 * 66 - 2)


def test_nearest_says_where_it_means_nothing(runs, tmp_path, capsys):
    out = ["--out", tmp_path / "a.png"]
    assert "shows pictures" in failed(capsys, "sample", runs / "points", "--nearest", *out)
    for other in (["--columns", "3", *out], ["--files", tmp_path / "f"]):
        message = failed(capsys, "sample", runs / "plain", "--nearest", "digits", *other)
        assert "fills one picture row by row" in message


@pytest.mark.parametrize("name", ["plain", "classes"])
def test_a_picture_is_projected(runs, tmp_path, capsys, name):
    for k, side in enumerate((8, 30)):
        Image.new("RGB", (side, 8), (k * 90, 20, 200)).save(tmp_path / f"{k}.png")
    given = [tmp_path / "0.png", tmp_path / "1.png"]
    how = ["--starts", "2", "--steps", "5", "--out", tmp_path / "found.png"]
    how += ["--class", "3"] if name == "classes" else []
    said = done(capsys, "project", runs / name, *given, *how)
    assert said.count("where the nearest of 256 random samples has") == 2
    assert Image.open(tmp_path / "found.png").size == (3 * 66 - 2, 2 * 66 - 2)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("points", [], "makes points"),
        ("plain", ["--class", "3"], "leave --class out"),
        ("classes", [], "give --class, one of 0, 1"),
        ("plain", ["--out", "photo.png"], "is one of the pictures"),
        ("plain", ["--out", "photo"], "which kind of picture"),
    ],
)
def test_what_cannot_be_projected_is_said(
    runs, tmp_path, capsys, monkeypatch, name, options, message
):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (8, 8)).save("photo.png")
    out = [] if "--out" in options else ["--out", "a.png"]
    assert message in failed(capsys, "project", runs / name, "photo.png", *options, *out)
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    if not options and name == "plain":
        assert "cannot be read" in failed(capsys, "project", runs / name, "torn.png", *out)


# --- For other programs ------------------------------------------------------------------------

HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))


@pytest.mark.skipif(not HAS_ONNX, reason="onnx, onnxscript and onnxruntime are not installed")
@pytest.mark.parametrize("name", ["plain", "classes", "points"])
def test_an_exported_generator_makes_the_same_samples(runs, tmp_path, capsys, name):
    import onnxruntime

    said = done(capsys, "export", runs / name, "--onnx", tmp_path / "g.onnx")
    assert "like torch up to" in said
    generator = SavedRun(runs / name).generator
    z = torch.randn(7, generator.latent_dim)
    given = {"z": z} | ({"labels": torch.arange(7)} if name == "classes" else {})
    session = onnxruntime.InferenceSession(tmp_path / "g.onnx")
    (found,) = session.run(["samples"], {key: value.numpy() for key, value in given.items()})
    torch.testing.assert_close(torch.from_numpy(found), generator(*given.values()).detach())


def test_what_is_missing_for_an_export_is_said(runs, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    message = failed(capsys, "export", runs / "plain", "--onnx", tmp_path / "g.onnx")
    assert "pip install 'gan_tutorial[onnx]'" in message
    assert not list(tmp_path.iterdir())
    message = failed(capsys, "export", runs / "plain", "--onnx", tmp_path / "g.bin")
    assert "is to end in .onnx" in message
