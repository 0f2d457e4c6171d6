import json
import math
import re

import numpy as np
import pytest
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial import data
from gan_tutorial.cli import main

TINY = ["--width", "8", "--batch-size", "8", "--device", "cpu", "--steps", "4"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of short runs, by the names of their data."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("ring", "digits"):
        assert main(["train", name, "--out", str(folder / name), *TINY]) == 0
    return folder


def measured(capsys, *arguments):
    capsys.readouterr()
    assert main(["evaluate", *map(str, arguments), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    return facts, {row["metric"]: row for row in facts["rows"]}


def test_digits_of_an_untrained_generator_are_far_above_the_floor(runs, capsys):
    facts, rows = measured(capsys, runs / "digits", "--data", "digits")
    assert facts["count"] == 300
    assert facts["split"] == "test"
    assert facts["features"].startswith("digits-32@")
    for name in ("FID", "FID infinity", "KID", "class distance"):
        row = rows[name]
        assert row["value"] - 5 * row["spread"] > row["floor_value"] + 5 * row["floor_spread"]
    for name in ("recall", "coverage"):
        assert rows[name]["value"] < rows[name]["floor_value"]
    assert rows["classes found"]["floor_value"] == 10
    assert abs(rows["closer to train"]["floor_value"] - 0.5) < 0.15


def test_the_table_shows_the_same_numbers_with_the_floor(runs, capsys):
    arguments = [runs / "digits", "--data", "digits", "--count", "100", "--split", "validation"]
    _, rows = measured(capsys, *arguments)
    assert main(["evaluate", *map(str, arguments)]) == 0
    table = capsys.readouterr().out
    (line,) = [line for line in table.splitlines() if line.startswith("FID  ")]
    assert f"{rows['FID']['value']:.4g} ± " in line
    assert f"{rows['FID']['floor_value']:.4g} ± " in line
    assert "100 generated samples" in table
    assert "(validation)" in table


def test_points_get_the_mode_report(runs, capsys):
    facts, rows = measured(capsys, runs / "ring", "--data", "ring", "--count", "400")
    assert facts["features"] == "coordinates"
    assert rows["modes found"]["floor_value"] == 8
    assert rows["high quality"]["floor_value"] > 0.95 > rows["high quality"]["value"]


def test_each_split_is_loaded_once(runs, capsys, monkeypatch):
    load, loaded = data.load, []
    monkeypatch.setattr(data, "load", lambda *a, **k: loaded.append(a) or load(*a, **k))
    measured(capsys, runs / "ring", "--data", "ring", "--count", "20")
    assert loaded == [("ring", "train"), ("ring", "test")]


def test_a_folder_that_is_called_soccer_is_not_measured_as_footballs(tmp_path, capsys):
    pictures, out = tmp_path / "soccer", tmp_path / "run"
    pictures.mkdir()
    for i in range(300):
        Image.new("RGB", (32, 32), (i % 256, 0, 0)).save(pictures / f"{i}.png")
    assert main(["train", str(pictures), "--out", str(out), "--image-size", "32", *TINY]) == 0
    facts, _ = measured(capsys, out, "--data", pictures)
    assert facts["features"].startswith("natural-64@")


def test_the_seed_decides_the_numbers(runs, capsys):
    arguments = [runs / "digits", "--data", "digits", "--count", "60", "--seed"]
    first, again, other = (measured(capsys, *arguments, seed)[0] for seed in (3, 3, 4))
    assert first == again != other


def test_folders_are_measured_by_the_general_network_or_as_is_asked(tmp_path, capsys):
    pictures, out = tmp_path / "pictures", tmp_path / "run"
    pictures.mkdir()
    rng = np.random.default_rng(0)
    for i in range(300):
        picture = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        picture.save(pictures / f"{i}.png")
    begin = ["train", str(pictures), "--out", str(out), "--image-size", "16", *TINY]
    assert main(begin) == 0
    facts, rows = measured(capsys, out, "--data", pictures)
    assert re.fullmatch(r"natural-64@\w{8} of 16x16 enlarged to 32", facts["features"])
    assert math.isfinite(rows["KID"]["value"])
    assert "classes found" not in rows
    assert "looks at gray pictures" in failed(
        capsys, "evaluate", out, "--data", pictures, "--features", "mnist"
    )
    facts, rows = measured(capsys, out, "--data", pictures, "--features", "pixels")
    assert facts["features"] == "pixels"
    assert "FID" not in rows  # fewer pictures than pixels
    assert rows["KID"]["value"] > rows["KID"]["floor_value"]


@pytest.mark.slow
def test_larger_footballs_are_reduced_to_the_size_of_the_network(tmp_path, capsys, monkeypatch):
    load = data.load
    monkeypatch.setattr(data, "load", lambda *a, **k: load(*a, **{"count": 150, **k}))
    out = tmp_path / "run"
    begin = ["train", "soccer", "--out", str(out), "--image-size", "64", *TINY]
    assert main(begin) == 0
    facts, rows = measured(capsys, out, "--data", "soccer")
    assert "of 64x64 reduced to 32" in facts["features"]
    assert rows["distance of radius"]["value"] > rows["distance of radius"]["floor_value"]


def test_what_cannot_be_measured_is_refused_in_one_sentence(runs, tmp_path, capsys):
    digits = runs / "digits"
    assert "--count must be from 20 to 300" in failed(
        capsys, "evaluate", digits, "--data", "digits", "--count", "301"
    )
    for option, value in [
        ("--count", "19"),
        ("--count", "0"),
        ("--count", "-300"),
        ("--count", "nan"),
        ("--seed", "-1"),
        ("--seed", "100000000000000000"),
        ("--seed", "1.5"),
    ]:
        told = failed(capsys, "evaluate", digits, "--data", "digits", option, value)
        assert f"argument {option}: takes a whole number from" in told
        assert value in told
    assert "makes samples of 2" in failed(capsys, "evaluate", runs / "ring", "--data", "digits")
    assert "looks at pictures" in failed(
        capsys, "evaluate", runs / "ring", "--data", "ring", "--features", "mnist"
    )
    assert "not the folder of a run" in failed(capsys, "evaluate", tmp_path, "--data", "digits")
    repair = ["--task", "repair", "--image-size", "16", "--warm-up", "2"]
    assert main(["train", "soccer", "--out", str(tmp_path / "r"), *repair, *TINY]) == 0
    assert "noise alone" in failed(capsys, "evaluate", tmp_path / "r", "--data", "soccer")
