"""The cards of chapter "Pitfalls" are those of the library, and their numbers are measured."""

import inspect
import json
import re

import nbformat
import pytest
from export_faults import atlas
from places import folded

from gan_tutorial.faults import FAULTS

each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "08_pitfalls.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def rows(root) -> list[dict]:
    path = root / "benchmarks" / "results" / "faults.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"]


@pytest.fixture(scope="module")
def cards(cells) -> dict[str, tuple[str, str]]:
    """Return the title and the text of each card, by the fault's name."""
    text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    card = (
        r"^````\{admonition\} ([^\n]+)\n:class: note, dropdown\n:name: fault-([\w-]+)\n(.*?)^````$"
    )
    return {name: (title, body) for title, name, body in re.findall(card, text, re.M | re.S)}


def test_there_is_a_card_for_every_fault_in_the_catalog_s_order(cards):
    assert list(cards) == list(FAULTS)


@each_fault
def test_every_fault_has_its_card(cards, fault):
    """A fold with the fault's title and sentences, and the picture below them."""
    title, body = cards[fault.name]
    assert title == fault.title
    rows = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.*) \|$", body, re.M))
    assert list(rows) == ["Done", "You see", "Why", "To be sure", "Cure"]
    assert (rows["Done"], rows["You see"]) == (fault.what, fault.sign)
    assert (rows["Why"], rows["Cure"]) == (fault.why, fault.cure)
    sure = inspect.getdoc(fault.measure).splitlines()[0].removeprefix("Return ").rstrip(".")
    side = "above" if fault.above else "below"
    assert rows["To be sure"] == f"Measure {sure}; the sign shows {side} {fault.threshold:g}."
    picture = re.search(r"```\{described-glue\} card_(.+)\n:doc: (.+)\n:alt: (.+)\n```", body)
    assert picture[1] == fault.name
    assert picture[2] == "08_pitfalls.ipynb"
    assert len(picture[3]) > 40


def test_the_picture_of_every_card_is_drawn(cells):
    (drawing,) = (c.source for c in cells if 'glue(f"card_{name}"' in c.source)
    assert "for name in FAULTS:" in drawing


def test_links_between_cards_lead_somewhere(cells):
    text = "\n".join(cell.source for cell in cells)
    linked = set(re.findall(r"\]\(#fault-([\w-]+)\)", text))
    assert linked
    assert linked <= set(FAULTS)
    lookup = text.split("### Look it up by what you see")[1].split("\n### ")[0]
    harmful = {fault.name for fault in FAULTS.values() if fault.harm}
    assert harmful <= set(re.findall(r"\(#fault-([\w-]+)\)", lookup))


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


def test_the_atlas_has_the_numbers_of_the_benchmark(root, rows):
    found = {entry["name"]: entry for entry in atlas(root)}
    assert list(found) == list(FAULTS)
    for name, entry in found.items():
        own = sorted((r for r in rows if r["fault"] == name and alone(r)), key=lambda r: r["seed"])
        assert entry["broken"] == pytest.approx([row["value"] for row in own], rel=1e-3)
        assert entry["healthy"] == pytest.approx([row["healthy"] for row in own], rel=1e-3)
        assert entry["strip"] == own[0].get("strip")
        for where, values in (("shows", "broken"), ("false_alarm", "healthy")):
            assert [FAULTS[name].shows(v) for v in entry[values]] == [row[where] for row in own]


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


def test_the_chapter_settles_its_rows(root):
    assert set(folded(root / "book" / "08_pitfalls.ipynb")) >= {"S2-33", "T-20", "T-43"}


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(r"^fig(, .*)? = plt\.(subplots|figure)", cell.source, re.M)
        if cell.cell_type == "code" and draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]
