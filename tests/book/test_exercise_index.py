"""The index of exercises says what can be checked, and chapters lead to it; on a book of a page."""

import re

import pytest

CHAPTER = """
# The game

## Exercises

```{exercise} A ratio
:label: ex-ratio
```

```{solution} ex-ratio
:class: dropdown
Yes.
```

```{exercise} One of yours
:label: ex-own-idea
```

```{solution} ex-own-idea
:class: dropdown
One of many.
```
"""
INDEX = """
# Exercises

```{exercise-index}
```

In week 1: {assigned}`ex-own-idea ex-ratio`. All: {assigned}`02_minimax`.
"""
DATA = """
02_minimax:
  ex-ratio:    {topic: ratios, difficulty: 1, minutes: 10}
  ex-own-idea: {topic: ideas, difficulty: 3, minutes: 45, open: true}
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return name -> HTML of a book with one chapter and the index."""
    from sphinx.application import Sphinx

    source = tmp_path_factory.mktemp("source")
    (source / "book").mkdir()
    (source / "index.md").write_text(
        "# Book\n\n```{toctree}\n:numbered:\nbook/02_minimax\nbook/exercises\n```\n"
    )
    (source / "book" / "02_minimax.md").write_text(CHAPTER)
    (source / "book" / "exercises.md").write_text(INDEX)
    (source / "book" / "exercises.yml").write_text(DATA)
    out = source / "_out"
    settings = {
        "extensions": ["myst_parser", "sphinx_exercise", "exercise_index"],
        "numfig": True,
        "html_theme": "basic",
        "exclude_patterns": ["_out"],
    }
    app = Sphinx(source, None, out, out / ".doctrees", "html", settings, status=None, warning=None)
    app.build()
    return {name: (out / "book" / f"{name}.html").read_text()
            for name in ("02_minimax", "exercises")}  # fmt: skip


def rows(page: str) -> list[list[str]]:
    """Return the texts of a page's tables, row by row."""
    found = re.findall(r"<tr.*?</tr>", page, re.S)
    return [
        [re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.S)]
        for row in found
    ]


def test_the_index_says_which_can_be_checked(pages):
    head, *body = rows(pages["exercises"])
    checks = {row[head.index("Topic")]: row[head.index("Check")] for row in body}
    assert checks == {"ratios": "yes", "ideas": "no"}
    assert "1.1" in body[0][0]
    assert "A ratio" in body[0][0]


def test_a_chapter_leads_to_its_place_in_the_index(pages):
    section = pages["02_minimax"].split("<h2>", 1)[1]
    assert "1 of these 2 can be checked" in section
    (target,) = re.findall(r'href="exercises\.html#([\w-]+)"', section)
    assert f'id="{target}"' in pages["exercises"]


def test_assigned_exercises_are_links_by_number(pages):
    line = pages["exercises"].split("In week 1: ")[1].split("</p>")[0]
    links = re.findall(r'href="02_minimax\.html#([\w-]+)">([\d.]+)</a>', line)
    assert links == [("ex-own-idea", "1.2"), ("ex-ratio", "1.1"), ("ex-ratio", "1.1")]


def test_every_chapter_has_the_heading_under_which_the_line_stands(root):
    import exercise_index
    import nbformat

    for chapter in exercise_index.read(root):
        notebook = nbformat.read(root / "book" / f"{chapter}.ipynb", as_version=4)
        text = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        assert re.search(rf"^## {exercise_index.HEADING}$", text, re.M), chapter
