"""The cards of chapter "Pitfalls" are those of the library, and their numbers are measured."""

import inspect
import json
import re

import nbformat
import pytest

from gan_tutorial.faults import FAULTS

# Rows of the articles' table (book/sources.yml) that a fault's card names.
ROWS = {
    "fakes-labeled-real": ("D-01",),
    "double-sigmoid": ("D-02",),
    "softmax-of-one": ("D-09",),
    "one-output-for-both": ("D-04",),
    "loss-made-once": ("D-03",),
    "shared-update": ("D-06",),
    "unequal-batches": ("D-18",),
    "sampled-in-training-mode": ("T-10",),
    "bytes-against-tanh": ("D-14",),
    "unit-range-against-tanh": ("D-14",),
    "tiny-data": ("T-18",),
    "class-imbalance": ("T-43",),
    "no-flatten": ("D-05",),
    "bottleneck": ("D-20", "D-28"),
    "checkerboard": ("T-08",),
    "eps-for-momentum": ("S2-28",),
    "mode-collapse": ("S2-33", "T-20"),
}

each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "08_pitfalls.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def rows(root) -> list[dict]:
    path = root / "benchmarks" / "results" / "faults.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"]


@each_fault
def test_every_fault_has_its_card(cells, fault):
    """Anchor, title and sentences of the card, and the picture below it."""
    (place,) = (i for i, c in enumerate(cells) if f"(fault-{fault.name})=\n" in c.source)
    source = cells[place].source
    assert source.startswith(f"(fault-{fault.name})=\n### {fault.title}\n")
    rows = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.*) \|$", source, re.M))
    assert list(rows) == ["Done", "You see", "Why", "To be sure", "Cure"]
    assert rows["Done"].startswith(fault.what)
    assert (rows["You see"], rows["Why"], rows["Cure"]) == (fault.sign, fault.why, fault.cure)
    sure = inspect.getdoc(fault.measure).splitlines()[0].removeprefix("Return ").rstrip(".")
    side = "above" if fault.above else "below"
    assert rows["To be sure"] == f"Measure {sure}; it shows {side} {fault.threshold:g}."
    for row in ROWS.get(fault.name, ()):
        assert re.search(rf"\*\([^)]*\b{row}\b[^)]*\)\*", rows["Done"]), row
    picture = cells[place + 1]
    assert picture.cell_type == "code"
    assert f'"{fault.name}"' in picture.source


def test_links_between_cards_lead_somewhere(cells):
    text = "\n".join(cell.source for cell in cells)
    linked = set(re.findall(r"\]\(#fault-([\w-]+)\)", text))
    assert linked
    assert linked <= set(FAULTS)
    looked_up = next(c.source for c in cells if c.source.startswith("## Look it up"))
    harmful = {fault.name for fault in FAULTS.values() if fault.harm}
    assert harmful <= set(re.findall(r"\(#fault-([\w-]+)\)", looked_up))


@each_fault
def test_every_fault_was_measured_on_five_seeds_with_the_library_s_threshold(rows, fault):
    own = [row for row in rows if row["fault"] == fault.name and alone(row)]
    assert sorted(row["seed"] for row in own) == [0, 1, 2, 3, 4]
    for row in own:
        assert {"data", "loss", "signature", "value", "healthy", "shows"} <= set(row)
        assert row["threshold"] == fault.threshold
        assert row["signature"] == fault.sign
        assert row["shows"] == fault.shows(row["value"])
        assert row["false_alarm"] == fault.shows(row["healthy"])


def test_faults_that_are_said_to_do_harm_do(rows):
    """The median misfit of a harmful fault is at least twice that of its healthy twins."""
    for fault in FAULTS.values():
        ratios = sorted(
            row["misfit"] / row["healthy_misfit"]
            for row in rows
            if row["fault"] == fault.name and alone(row) and row["misfit"] is not None
        )
        if fault.harm and ratios:
            assert ratios[len(ratios) // 2] > 2, fault.name


def alone(row) -> bool:
    """Whether a row is about a fault and nothing else: no cure of it, no other suspect."""
    return "cure" not in row and "suspect" not in row


@pytest.mark.parametrize(("kind", "least"), [("cure", 8), ("suspect", 4)])
def test_cures_and_suspects_were_tried_on_three_seeds(rows, kind, least):
    tried = {(row["fault"], row[kind]) for row in rows if kind in row}
    assert len(tried) >= least
    for fault, name in tried:
        seeds = {r["seed"] for r in rows if (r["fault"], r.get(kind)) == (fault, name)}
        assert len(seeds) >= 3


def test_the_chapter_settles_its_rows(cells):
    text = "\n".join(cell.source for cell in cells)
    named = set(re.findall(r"\b[SDPT]\d?-\d\d\b", text))
    assert {"S2-33", "T-20", "T-43"} <= named
    assert set(ROWS) <= set(FAULTS)
    assert {row for rows in ROWS.values() for row in rows} <= named


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(r"^card\(|^fig, .*plt\.subplots", cell.source, re.M)
        if cell.cell_type == "code" and draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]
