"""Chapter 6 settles what it promises to settle."""

import json
import re

import nbformat
import pytest

DEFECTS = {47, 48, 49, 59, 60, 61, 62, 63, 65, 77}
TECHNIQUES = {34, 36, 37, 39, 42, 47}
CLAIMS = {
    *(f"S2-{n}" for n in (34, *range(36, 46))),
    *(f"S4-{n:02d}" for n in (3, 4, 5, *range(11, 21), 23, 25, 26)),
    *("S0-11", "S1-23", "S3-14"),
}


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "06_vae.ipynb", as_version=4).cells


def test_every_row_of_the_ledger_is_named(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert {f"D-{n}" for n in DEFECTS} <= set(re.findall(r"D-\d\d", text))
    assert {f"T-{n}" for n in TECHNIQUES} <= set(re.findall(r"T-\d\d", text))
    assert set(re.findall(r"S\d-\d\d", text)) >= CLAIMS


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(r"plt\.subplots|(?<!def )(?<!\w)show_rows\(", cell.source)
        if cell.cell_type == "code" and draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


@pytest.fixture(scope="module")
def rows(root) -> list[dict]:
    return json.loads((root / "benchmarks" / "results" / "compare.json").read_text())["rows"]


@pytest.mark.parametrize("data", ["digits", "soccer"])
def test_the_comparison_has_three_seeds_of_every_model(rows, data):
    seeds: dict[str, set] = {}
    for row in rows:
        if row["data"] == data and row["model"] != "real":
            seeds.setdefault(row["model"], set()).add(row["seed"])
    assert len(seeds) >= 14
    assert all(len(found) >= 3 for found in seeds.values())


def test_trained_models_had_equal_time(rows):
    for data, seconds in (("digits", 13), ("soccer", 40)):
        for row in rows:
            if row["data"] == data and row["model"] in ("VAE", "VAE-GAN", "GAN, regularized"):
                assert 0.65 * seconds < row["train_s"] < 1.35 * seconds, row
