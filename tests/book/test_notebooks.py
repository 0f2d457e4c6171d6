"""The sources of the book: which files, and what a notebook may contain."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest
import toc

NOTEBOOKS = toc.notebooks()
CHAPTERS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
# What a reader has in Colab once the library is installed.
IN_COLAB = {
    *sys.stdlib_module_names,
    *(
        "gan_tutorial",
        "torch",
        "numpy",
        "scipy",
        "matplotlib",
        "sklearn",
        "skimage",
        "PIL",
        "pooch",
        "yaml",
        "tqdm",
    ),
    *("safetensors", "ipywidgets", "IPython", "mpl_toolkits"),
}


def name(path: Path) -> str:
    return path.name


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=name)


def code_cells(path: Path) -> list:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def opened(directive: str, text: str) -> list[tuple[str, str]]:
    """Return (argument, label) of each use of a directive, in its plain or its -start form."""
    blocks = re.findall(
        rf"^(?:`{{3,}}|:{{3,}}){{{directive}(?:-start)?}} *(.*)\n((?::[\w-]+:.*\n)*)", text, re.M
    )
    return [(argument.strip(), _label(options)) for argument, options in blocks]


def _label(options: str) -> str:
    found = re.search(r"^:label: *(\S+)", options, re.M)
    return found.group(1) if found else ""


def test_toc_lists_every_page(root):
    listed = {path.relative_to(root).as_posix() for path in toc.pages()}
    there = {
        path.relative_to(root).as_posix()
        for pattern in ("*.md", "*.ipynb")
        for path in (root / "book").rglob(pattern)
        if ".ipynb_checkpoints" not in path.parts
    }
    assert listed == there


def test_toc_names_a_missing_page(tmp_path):
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: nowhere\n")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        toc.pages(tmp_path)


@each_notebook
def test_notebook_is_valid(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"


@each_notebook
def test_notebook_holds_no_outputs(path):
    for cell in code_cells(path):
        if "keep_output" not in cell.metadata.get("tags", []):
            assert not cell.outputs, f"outputs below: {cell.source[:80]}"
            assert cell.execution_count is None, f"executed: {cell.source[:80]}"


@each_notebook
def test_tables_of_code_hold_no_formulas_between_dollars(path):
    """A table of GitHub's form knows no mathematics: a reader would see the dollars."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.get("metadata", {}).get("mystnb", {}).get("markdown_format") == "gfm":
            assert not re.search(r"\$[^$\n{]+\$", cell.source), cell.id


@each_notebook
def test_notebook_imports_what_colab_has(path):
    """Imports of anything else belong in `try: ... except ImportError:`."""
    for cell in code_cells(path):
        source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M)
        tree = ast.parse(source)
        guarded = {
            node
            for attempt in ast.walk(tree)
            if isinstance(attempt, ast.Try)
            for statement in attempt.body
            for node in ast.walk(statement)
        }
        for node in ast.walk(tree):
            if node in guarded:
                continue
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module]
            else:
                continue
            assert {module.split(".")[0] for module in modules} <= IN_COLAB, cell.source[:80]


@each_chapter
def test_chapter_installs_the_library_where_it_lacks(path, repository):
    first = code_cells(path)[0].source
    assert repository in first, "the first code cell is that of tools/book/setup_cell.py"


@each_chapter
def test_chapter_has_exercises_with_solutions(path):
    text = prose(path)
    exercises = [label for _, label in opened("exercise", text)]
    solutions = [argument for argument, _ in opened("solution", text)]
    assert len(exercises) >= 4
    assert all(exercises), "every exercise has a label"
    assert sorted(exercises) == sorted(solutions)


def test_exercises_are_found_in_both_forms():
    text = (
        "```{exercise} Title\n:label: a\n```\n\n````{exercise-start}\n:class: x\n:label: b\n````\n"
    )
    assert opened("exercise", text) == [("Title", "a"), ("", "b")]
    assert opened("solution", ":::{solution-start} b\n:class: dropdown\n:::\n") == [("b", "")]
