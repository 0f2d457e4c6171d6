"""Chapter 3 settles what it promises to settle."""

import json
import re

import nbformat
import pytest


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "03_code.ipynb", as_version=4).cells


def test_every_defect_of_the_articles_programs_is_named(cells):
    """Defects 1 to 50 are those of the printed programs; the bug clinic has a place for each."""
    named = {int(n) for cell in cells for n in re.findall(r"\bD-(\d\d)\b", cell.source)}
    assert set(range(1, 51)) <= named


def test_every_figure_is_described(cells):
    """A cell that draws has an alternative text, unless it gives one to the animation."""
    for cell in cells:
        draws = re.search(
            r"plt\.subplots|plots\.image_grid|(?<!def )(?<!\w)show_rows\(", cell.source
        )
        if cell.cell_type == "code" and draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


def test_no_cell_shows_a_progress_bar(cells):
    """Bars would fill the page: every call of `fit` turns its own off."""
    calls = [
        call
        for cell in cells
        if cell.cell_type == "code"
        for call in re.findall(r"(?<!\w)fit\((?:[^()]|\([^()]*\))*\)", cell.source)
    ]
    assert len(calls) >= 4
    assert all("progress=False" in call for call in calls)


def test_fine_tuning_is_compared_with_training_from_scratch(cells, root):
    text = "\n".join(cell.source for cell in cells)
    assert {"T-19", "S2-50"} <= set(re.findall(r"\b[ST]\d?-\d\d\b", text))
    rows = json.loads((root / "benchmarks" / "results" / "finetune.json").read_text())["rows"]
    for method in ("fine-tuned", "from scratch"):
        assert len({row["seed"] for row in rows if row["method"] == method}) >= 3
