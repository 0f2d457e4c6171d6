"""Chapter 5 settles what it promises to settle."""

import json
import re
import statistics
from itertools import pairwise

import export_repairs
import nbformat
import numpy as np
import pytest

from gan_tutorial import data, masks


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "05_repair.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def result(root) -> dict:
    path = root / "benchmarks" / "results" / "repair.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows(result) -> list[dict]:
    return result["rows"]


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(
            r"plt\.subplots|plots\.image_grid|(?<!def )(?<!\w)show_rows\(", cell.source
        )
        if cell.cell_type == "code" and draws and "def show_rows" not in cell.source:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


def test_no_cell_shows_a_progress_bar(cells):
    source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    calls = re.findall(r"(?<![\w.])fit\((?:[^()]|\([^()]*\))*\)", source)
    assert len(calls) >= 4
    quiet = re.search(r"options = \{[^}]*\"progress\": False", source)
    assert quiet
    assert all("progress=False" in call or "**options" in call for call in calls)


# --- What the page says of the plane -----------------------------------------------------------


@pytest.fixture
def mean(rows):
    """Return a function: the mean of a number over the seeds of a method."""

    def of(method: str, key: str) -> float:
        own = [r[key] for r in rows if (r["data"], r["method"]) == ("soccer", method)]
        assert len(own) >= 3
        return statistics.fmean(own)

    return of


BEST = "L1 + 1 adversarial"
LONG = "L1 + 1 adversarial, long, patches of 12"
USUAL = ["L1 alone", *(f"L1 + {w} adversarial" for w in ("0.1", "0.3", "1"))]


def test_at_equal_time_the_game_trades_error_for_texture(mean):
    for worse, better in pairwise(USUAL):
        assert mean(worse, "psnr") > mean(better, "psnr")
        assert mean(worse, "fid") > mean(better, "fid")
        assert mean(better, "seconds") < 1.05 * mean("L1 alone", "seconds")
    assert mean(USUAL[0], "psnr") - mean(USUAL[-1], "psnr") < 3


def test_more_time_helps_the_error_and_leaves_the_texture(mean, rows):
    """The long game is ahead of the usual budget on both axes, but for one equal in texture."""
    for method in USUAL[:-1]:
        assert mean(LONG, "psnr") > mean(method, "psnr")
        assert mean(LONG, "fid") < mean(method, "fid")
    assert mean(LONG, "psnr") > mean(BEST, "psnr") + 0.9
    short, long = ([r["fid"] for r in rows if r["method"] == m] for m in (BEST, LONG))
    assert max(short) > min(long)  # their seeds are not apart
    assert max(long) > min(short)
    assert mean("L1 alone, long", "psnr") > mean(LONG, "psnr")
    assert mean("L1 alone, long", "fid") > mean(LONG, "fid")


def test_known_pixels_are_never_changed(rows):
    for row in rows:
        if row["data"] == "soccer" and row["known_l1"] is not None:
            assert row["known_l1"] == 0


def test_every_method_that_draws_numbers_has_three_seeds(rows):
    seeds: dict[tuple, set] = {}
    for row in rows:
        seeds.setdefault((row["data"], row["method"]), set()).add(row["seed"])
    for (_, method), found in seeds.items():
        if re.match(r"L1|\+|the formulas|with noise|latent", method):
            assert found >= {0, 1, 2}, method


def test_the_search_says_what_was_tried(result, rows):
    """Each network of the plane is named, with what was tried for it, and nothing on test data."""
    search = next(each for each in result["search"] if each["where"] == {"data": "soccer"})
    assert search["split"] == "validation"
    networks = {r["method"] for r in rows if r["data"] == "soccer" and r["method"][:2] == "L1"}
    simple = {r["method"] for r in rows if r["data"] == "soccer"} - networks
    closed = {"patch copy", "PCA regression"}
    assert set(search["methods"]) == networks | closed
    assert set(search["fixed"]) >= simple - closed
    for method in search["methods"].values():
        assert len(method["tried"]) == search["trials"] == 4


def test_pictures_of_the_plane_are_repairs_of_the_test_split(root):
    """Six pictures of every method, whose known pixels are those of the originals."""
    found = export_repairs.methods(root)
    names = [row["name"] for row in found]
    assert [row["name"] for row in found if not row["pictured"]] == []
    real = data.load("soccer", "test", count=6)[:]
    known = (masks.center(1, 32)[0, 0] == 1).numpy()
    for name in names:
        strip = export_repairs.strip(root, name)
        assert strip.shape == (32, 6 * 32, 3), name
        for k, image in enumerate(real):
            ours = strip[:, 32 * k : 32 * k + 32][known].astype(float)
            theirs = (image.permute(1, 2, 0).numpy()[known] + 1) * 127.5
            assert np.abs(ours - theirs).max() < 1, name


def test_exported_plane_holds_means_and_seeds(root, mean):
    text = export_repairs.script(root)
    assert len(text) < 6e5
    fields = json.loads(text.removeprefix("window.ganRepairs = ").removesuffix(";\n"))
    assert fields["pictures"] == 6
    for row in fields["rows"]:
        if row["network"]:
            assert row["texture"] == pytest.approx(mean(row["name"], "fid"), abs=1e-5)
            assert len(row["seeds"]) == 3
    assert [row["name"] for row in fields["rows"] if row["best"]] == [BEST]
