"""Every claim, defect and technique of the articles is settled, and the book bears it out."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import claims
import nbformat
import pytest
from places import fold

from gan_tutorial import cli


@pytest.fixture(scope="module")
def rows(root) -> list[claims.Row]:
    return claims.read(root)


@pytest.fixture(scope="module")
def systems(root) -> str:
    cells = nbformat.read(root / "book" / "appendix_systems.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells)


def test_no_row_is_missing_or_twice(rows):
    counts = {"S0": 24, "S1": 30, "S2": 51, "S3": 16, "S4": 26, "D": 82, "T": 52}
    wanted = [f"{p}-{n:02d}" for p, count in counts.items() for n in range(1, count + 1)]
    assert [row.id for row in rows] == wanted
    kinds = {"S": "claim", "D": "defect", "T": "technique"}
    assert all(row.kind == kinds[row.id[0]] for row in rows)


def test_every_row_is_settled_where_it_says(root):
    """It has a verdict, its place is there, and what stands at that place names it."""
    assert claims.complaints(root) == []


def test_folds_lead_somewhere(root):
    """What a fold lists is settled on its page, and its links have places."""
    assert claims.strays(root) == []


def test_rows_are_sentences_of_their_own(rows):
    for row in rows:
        assert re.search(r"[.?]$", row.says), row.id
        assert re.search(r"[.?]$", row.holds), row.id
        assert len(row.says) + len(row.holds) <= 330, row.id
    shared = [text for text, n in Counter(row.says for row in rows).items() if n > 1]
    assert shared == []


def test_many_verdicts_rest_on_numbers(rows):
    assert sum(bool(row.value) for row in rows) >= 45
    assert all(claims.conditions(row.value) for row in rows if row.value)


@pytest.fixture(scope="module")
def executed(root) -> Path:
    folder = root / "_build" / "jupyter_execute"
    if not any(folder.glob("book/*.glue.json")):
        pytest.skip("no executed pages: say `make book` first")
    return folder


def test_no_number_contradicts_its_verdict(rows, root, executed):
    """Pages that were changed since they were built are left to the next build, which checks."""
    compared = 0
    for row in rows:
        source = next((root / "book").glob(f"{row.page}.*"))
        result = executed / "book" / f"{row.page}.glue.json"
        if row.value and result.is_file() and result.stat().st_mtime > source.stat().st_mtime:
            assert claims.contradictions(row, claims.values_of(executed, row.page)) == []
            compared += 1
    if not compared:
        pytest.skip("every page was changed after it was built: say `make book` first")


# --- The checks can fail ------------------------------------------------------------------------

PAGE = """(top)=
# A page

Something *(D-01)*.

## Measured

It is so *(S0-01, T-02 to T-04)*.

```{exercise-start} Try
:label: ex-try
```
*(D-02)*
"""
ROW = claims.Row("S0-01", "claim", ("S0",), "A.", "B.", "true", "page#measured")


@pytest.fixture
def small(tmp_path) -> Path:
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("root: book/page\nchapters: [{file: book/other}]\n")
    (tmp_path / "book" / "page.md").write_text(PAGE)
    cells = [
        nbformat.v4.new_markdown_cell("## Here\n\n*(S0-01)*"),
        nbformat.v4.new_code_cell('glue("low", 1)\nglue(f"fid_{name}", 2)\n# ## Not a heading'),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book" / "other.ipynb")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, None),
        ({"id": "T-03"}, None),
        ({"id": "D-02", "settled": "page#ex-try"}, None),
        ({"id": "D-01", "settled": "page#top"}, None),
        ({"settled": "page#top"}, "does not name it"),
        ({"id": "S0-02"}, "does not name it"),
        ({"settled": "page#nowhere"}, "nothing is called 'nowhere'"),
        ({"settled": "missing#measured"}, "no page 'missing'"),
        ({"verdict": "maybe"}, "no verdict of a claim"),
        ({"verdict": "silent"}, "no verdict of a claim"),
        ({"article": ("S5",)}, "not articles"),
        ({"settled": "other#not-a-heading"}, "nothing is called"),
        ({"settled": "other#here", "value": "low < 3"}, None),
        ({"settled": "other#here", "measured": "{low}, then {fid_gan}"}, None),
        ({"settled": "other#here", "value": "high < 3"}, "glues nothing called 'high'"),
        ({"measured": "{other.low}"}, None),
        ({"measured": "{low}"}, "glues nothing called 'low'"),
    ],
)
def test_a_row_that_is_not_settled_is_named(small, change, sentence):
    found = claims.complaints(small, [replace(ROW, **change)])
    if sentence is None:
        assert found == []
    else:
        assert len(found) == 1
        assert sentence in found[0]


FOLDED = """# A page

(page-two)=
## Two players

They play.

(page-turn)=
They move in turn.

(page-loss)=
```{figure} loss.png
```

## The end

(page-listed)=
```{admonition} What the articles say
:class: note, dropdown
:name: page-articles
- They are two *(S0-01, T-02 to T-04)*; {ref}`here <page-two>`.
- In turn *(D-01)*: [there](#page-turn),
  and the loss *(D-02)* in {numref}`page-loss`.
- Some article *(S0-03)* is older.
- Nobody has heard of it *(S0-04)*; {ref}`elsewhere <page-nowhere>`.
```

After it.
"""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"settled": "page#page-two"}, None),
        ({"settled": "page#two-players"}, None),  # the same place by its other name
        ({"id": "T-03", "settled": "page#two-players"}, None),
        ({"id": "D-01", "settled": "page#page-turn"}, None),
        ({"id": "D-02", "settled": "page#page-loss"}, None),
        ({"id": "S0-03", "settled": "page#page-articles"}, None),
        ({"id": "D-01", "settled": "page#page-two"}, "does not name it"),
        ({"settled": "page#the-end"}, "does not name it"),  # the fold is not its section's text
        ({"settled": "page#page-articles"}, "does not name it"),  # it links away
        ({"id": "S0-02", "settled": "page#page-two"}, "does not name it"),
        ({"settled": "page#page-three"}, "nothing is called"),
    ],
)
def test_the_fold_names_rows_in_place_of_the_text(small, change, sentence):
    (small / "book" / "page.md").write_text(FOLDED)
    found = claims.complaints(small, [replace(ROW, **change)])
    assert found == [] if sentence is None else len(found) == 1 and sentence in found[0]


def test_links_and_ids_of_a_fold_that_lead_nowhere_are_named(small, rows):
    (small / "book" / "page.md").write_text(FOLDED)
    listed = [replace(ROW, id=name) for name in ("S0-01", "T-02", "T-03", "D-01", "S0-04")]
    listed.append(replace(ROW, id="T-04", settled="other#here"))
    entries = [vars(row) | {"article": list(row.article)} for row in listed]
    (small / "book" / "sources.yml").write_text(json.dumps(entries))
    found = "\n".join(claims.strays(small))
    assert found.count("\n") == 3
    assert "lists D-02, which is settled in nowhere" in found
    assert "lists S0-03, which is settled in nowhere" in found
    assert "lists T-04, which is settled in other" in found
    assert "links D-02 to 'page-turn'" not in found
    assert "links S0-04 to 'page-nowhere', which is not there" in found


@pytest.mark.parametrize(
    ("value", "values", "holds"),
    [
        ("a < b", {"a": "1.2 to 1.4", "b": "1.5"}, True),
        ("a < b", {"a": "1.2 to 1.6", "b": "1.5"}, False),
        ("a < b", {"a": "0.91 ± 0.70", "b": "1"}, True),
        ("a < b", {"b": "1.5"}, False),
        ("a < 0.5 and a > 0.1", {"a": "30%"}, False),
        ("a < -1000", {"a": "\N{MINUS SIGN}26,800"}, True),
        ("a > 1.5*b", {"a": "31", "b": "20"}, True),
        ("a > 1.5*b", {"a": "29", "b": "20"}, False),
        ("a == holds", {"a": "holds"}, True),
        ("a == holds", {"a": "fails"}, False),
        ("a == 119824", {"a": "119,824"}, True),
        ("a >= 3", {"a": "4 of 5"}, True),
    ],
)
def test_a_verdict_that_a_number_contradicts_is_named(value, values, holds):
    found = claims.contradictions(replace(ROW, value=value), values)
    assert (found == []) == holds
    assert holds or "S0-01" in found[0]


def test_nonsense_in_place_of_a_comparison_is_refused():
    with pytest.raises(ValueError, match="no list of comparisons"):
        claims.conditions("a is small")


def test_glued_values_are_read_as_a_reader_sees_them(tmp_path):
    (tmp_path / "book").mkdir()
    glued = {
        key: {"data": {"text/plain": text}}
        for key, text in {"a": "'5 to 7'", "b": "1.4506805", "c": "96.2"}.items()
    }
    (tmp_path / "book" / "page.glue.json").write_text(json.dumps(glued))
    values = claims.values_of(tmp_path, "page")
    assert values == {"a": "5 to 7", "b": "1.45", "c": "96.2"}
    assert claims.values_of(tmp_path, "other") is None
    row = replace(ROW, measured="{page.a} and {b}, {nothing}")
    assert claims.filled(row, {"page": values}) == "5 to 7 and 1.45, ?"


# --- The chapter --------------------------------------------------------------------------------


def test_commands_of_the_systems_are_understood(rows, systems, root):
    commands = [row.run for row in rows if row.run]
    commands += re.findall(r"`(python (?:-m gan_tutorial|benchmarks/)[^`]*)`", systems)
    assert len(commands) >= 25
    for command in commands:
        if "sample DIR" in command:
            continue
        if found := re.fullmatch(r"python (benchmarks/\w+\.py)", command):
            assert (root / found[1]).is_file(), command
        else:
            cli.parser().parse_args(command.removeprefix("python -m gan_tutorial ").split())


def test_every_technique_runs_or_says_why_not(rows):
    for row in rows:
        if row.kind == "technique" and row.verdict in ("full", "demo"):
            assert row.page[:2].isdigit() or row.page.startswith("appendix"), row.id
        if row.verdict == "pointer":
            assert not row.run, row.id


def test_pointers_of_the_chapter_cite(root):
    items = re.split(r"^- ", "\n".join(fold(root / "book" / "13_sources.ipynb")), flags=re.M)
    pointers = {"T-24", "T-45", "T-46", "T-48", "T-49"}
    naming = [item for item in items if claims.named(item) & pointers]
    assert set().union(*map(claims.named, naming)) >= pointers
    assert all("{cite" in item for item in naming)


def test_outlook_cites_what_it_says_has_come_true(root):
    text = claims.places(root / "book" / "13_sources.ipynb")["reading-forecasts"]
    forecasts = [line for line in text.splitlines() if line.strip().startswith("|")][2:]
    assert len(forecasts) >= 6
    assert all("{cite" in line for line in forecasts)
