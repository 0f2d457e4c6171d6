"""The weight of the chapters, and that the articles stay out of their text."""

import nbformat
import pytest
import weight
from places import FOLD, ID, fold

# The chapters that are held to DESIGN.md's weight; the others join as they are rewritten.
WRITTEN = [
    "01_principles",
    "02_minimax",
    "03_code",
    "04_measuring",
    "05_repair",
    "06_vae",
    "07_semi_supervised",
    "08_pitfalls",
    "09_doctor",
    "10_improving",
    "11_discriminator",
    "12_scaling",
    "13_sources",
    "appendix_systems",
]
V4 = nbformat.v4


@pytest.fixture(scope="module", params=WRITTEN)
def path(request, root):
    return root / "book" / f"{request.param}.ipynb"


@pytest.fixture(scope="module")
def chapter(path):
    return nbformat.read(path, as_version=4)


def test_a_chapter_is_not_too_heavy(chapter):
    assert weight.weigh(chapter).complaints() == []


def test_nothing_is_shown_raw(chapter):
    assert weight.raw_outputs(chapter) == []


@pytest.mark.parametrize("name", WRITTEN)
def test_no_row_of_the_articles_interrupts_a_reader(name, root):
    """Their ids stand in the fold at the end, and nowhere else: not in text, captions or code."""
    path = root / "book" / f"{name}.ipynb"
    chapter = nbformat.read(path, as_version=4)
    folded = "\n".join(fold(path))
    text = "\n".join(cell.source for cell in chapter.cells)
    assert folded
    assert folded in text
    about = "\n".join(str(dict(cell.metadata)) for cell in chapter.cells)
    assert ID.findall(text.replace(folded, "") + about) == []


@pytest.mark.parametrize("name", WRITTEN)
def test_the_fold_stands_at_the_end(name, root):
    """After it comes no text, and no cell that a reader sees."""
    chapter = nbformat.read(root / "book" / f"{name}.ipynb", as_version=4)
    (at,) = (k for k, cell in enumerate(chapter.cells) if f"}} {FOLD}" in cell.source)
    after = chapter.cells[at + 1 :]
    assert all(cell.cell_type == "code" for cell in after)
    assert all("remove-cell" in cell.metadata.get("tags", []) for cell in after)
    text = chapter.cells[at].source
    assert ":class: note, dropdown" in text
    assert text.rstrip().endswith(("```", ":::"))


# --- The measures can fail ----------------------------------------------------------------------


def measured(*cells):
    return weight.weigh(V4.new_notebook(cells=list(cells)))


def code(source, *tags, **mystnb):
    return V4.new_code_cell(source, metadata={"tags": list(tags), "mystnb": mystnb})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One, two *three* **four**.", 4),
        ("## A heading\n\nand a text", 5),
        ("(a-label)=\n# Two words", 2),
        ("A formula $x = \\sigma(a(x))$ is one.", 5),
        ("$$\n\\min_G \\max_D V(D, G)\n$$ (eq-value)", weight.DISPLAYED),
        ("\\begin{align}\na &= b\\\\\n\\end{align}", weight.DISPLAYED),
        ("See {ref}`this chapter <chapter-code>` and {cite:p}`a2014`.", 5),
        ("[A link](03_code) and ![a picture](x.png)", 5),
        ("| a | b |\n|:--|--:|\n| c | d e |", 5),
        ("```{admonition} Predict now\n:class: tip\nWhat comes?\n```", 4),
        ("```{admonition} A fold\n:class: note, dropdown\nOne two.\n```\nAfter.", 1),
        ("One.\n\n:::{question}\n:name: q\n\nTwo?\n\n- [x] three\n  - Four.\n:::\n\nFive.", 2),
        ("````{grid} 1 2\n:gutter: 3\n```{card} One\nTwo\n```\n````", 4),
        ("```bash\nmake book\n```\nThen.", 1),
        ("```{exercise-start} Try\n:label: x\n```\nOne two\n```{exercise-end}\n```\nThree.", 1),
    ],
)
def test_words_are_those_that_one_reads(text, words):
    assert measured(V4.new_markdown_cell(text)).words == words


def test_visible_lines_of_code_are_counted():
    shown = measured(
        code("a = 1\n\n# why\nb = 2"),
        code("c = 3\n" * 40, "hide-input"),
        code("c = 3\n" * 40, "remove-cell", figure={"caption": "Three words here."}),
        V4.new_markdown_cell("```bash\nmake book  # now\n```"),
    )
    assert (shown.lines, shown.longest, shown.widest, shown.words) == (4, 3, 16, 3)
    assert shown.minutes == pytest.approx(3 / 200 + 4 * 4 / 60)


def test_exercises_and_solutions_are_no_burden():
    aside = measured(
        V4.new_markdown_cell("Before.\n\n```{exercise-start} T\n:label: x\n```\nDo."),
        code("a = 1"),
        V4.new_markdown_cell("More.\n\n```{exercise-end}\n```"),
        V4.new_markdown_cell("```{solution-start} x\n:class: dropdown\n```\nSo."),
        code("b = 2"),
        V4.new_markdown_cell("```{solution-end}\n```\n\nAnd after."),
        code("c = 3"),
    )
    assert (aside.words, aside.lines) == (3, 1)


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ([V4.new_markdown_cell("word " * 9_001)], "45 minutes"),
        ([code("a = 1\n" * 29) for _ in range(9)], "261 visible lines"),
        ([code("a = 1\n" * 31)], "31 lines in its longest"),
        ([code("a = '" + "x" * weight.COLUMN + "'")], "widest"),
    ],
)
def test_a_chapter_that_is_too_heavy_is_named(cells, what):
    (complaint,) = measured(*cells).complaints()
    assert what in complaint


@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("print({'a': 1})", True),
        ("print(x.shape)", True),
        ("print('shape', x.shape)", True),
        ("print(path)", True),
        ("x", True),
        ("a, b", True),
        ("x.mean() < 3", True),
        ("print('done')", False),
        ("print(f'{x:.2f} points')", False),
        ("print(' '.join(words), f'{x}')", False),
        ("draw(x);", False),
        ("x;", False),
        ("check('1.1', names)", False),
    ],
)
def test_raw_prints_are_found(source, raw):
    found = weight.raw_outputs(V4.new_notebook(cells=[code(source)]))
    assert bool(found) == raw
    assert not weight.raw_outputs(V4.new_notebook(cells=[code(source, "remove-cell")]))
