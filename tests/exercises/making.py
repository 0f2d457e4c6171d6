"""Problem sets and submissions, made for tests."""

import copy
from pathlib import Path

import nbformat
import problem_sets

WRITTEN_STUB = "*Your answer here.*"
STUBS = {"code": problem_sets.STUB, "markdown": WRITTEN_STUB}

# A problem set that needs neither torch nor long: what surrounds the answers is what is tested.
TINY = "ps9_tiny"
TINY_CELLS = [
    ("markdown", "", "text", 0, "# Problem set 9: tiny"),
    ("code", "given", "given", 0, "import math"),
    ("markdown", "", "text", 0, "## Part 1: twice (2 points)\n\nWrite `twice(x)`."),
    (
        "code", "twice", "answer", 0,
        "def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
    ),
    (
        "code", "test-twice", "test", 2,
        "assert twice(2) == 4, 'twice two'\n### BEGIN HIDDEN TESTS\n"
        "for number in (0.8125, -7.25):\n"
        "    assert abs(twice(number) - 2 * number) < 1e-9, 'broken numbers'\n"
        "### END HIDDEN TESTS",
    ),
    ("markdown", "", "text", 0, "## Part 2: a column (3 points)\n\nWrite `minus(column)`."),
    (
        "code", "minus", "answer", 0,
        "def minus(column):\n    ### BEGIN SOLUTION\n    return -column\n    ### END SOLUTION",
    ),
    (
        "code", "test-minus", "test", 3,
        "import numpy as np\n\ncolumn = np.arange(20_000.0)[:, None]\n"
        "assert abs(minus(column) + column).max() < 1e-9, 'each number with a minus'\n"
        "### BEGIN HIDDEN TESTS\nassert abs(minus(column + 1) + column).max() > 0.5\n"
        "### END HIDDEN TESTS",
    ),
    ("markdown", "", "text", 0, "## Part 3: a path (2 points)\n\nWrite `path(steps)`."),
    (
        "code", "path", "answer", 0,
        "def path(steps):\n    ### BEGIN SOLUTION\n    return [0.0] * (steps + 1)\n"
        "    ### END SOLUTION",
    ),
    (
        "code", "test-path", "test", 2,
        "assert len(path(3)) == 4\n### BEGIN HIDDEN TESTS\nvalues = path(9)\n"
        "assert max(values) - min(values) < 1e-6\n"
        "credit = 1.0 if len(values) == 10 else 0.5\nreached = f'{len(values)} of 10'\n"
        "### END HIDDEN TESTS",
    ),
    ("markdown", "", "text", 0, "## Part 4: in words (3 points)\n\nWhy?"),
    ("markdown", "why", "written", 3, "### BEGIN SOLUTION\nOfficially so.\n### END SOLUTION"),
    ("markdown", "", "text", 0, "Thank you."),
]  # fmt: skip
MARKS = {
    "given": {"grade": False, "locked": True, "solution": False},
    "answer": {"grade": False, "locked": False, "solution": True},
    "test": {"grade": True, "locked": True, "solution": False},
    "written": {"grade": True, "locked": False, "solution": True},
}


def tiny() -> nbformat.NotebookNode:
    """Return the tiny set with its solutions."""
    cells = []
    for kind, id, role, points, source in TINY_CELLS:
        make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        cell = make(source)
        if id:
            cell.id = id
        if role in MARKS:
            cell.metadata["nbgrader"] = {**MARKS[role], "grade_id": id, "points": points}
        if role == "written":
            cell.metadata["rubric"] = ["1 point for a reason", "2 points for a good one"]
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


def blank(notebook):
    """Return the notebook with its answers taken out, as a student begins."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.source = problem_sets.handed_out(cell.source, STUBS[cell.cell_type])
    return notebook


def solved(notebook):
    """Return the notebook with its solutions, as if a student had written them."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        lines = cell.source.splitlines()
        cell.source = "\n".join(line for line in lines if "### BEGIN SOL" not in line and
                                "### END SOL" not in line)  # fmt: skip
    return notebook


def cell_of(notebook, id: str):
    """Return a cell by its id."""
    return next(cell for cell in notebook.cells if cell.id == id)


def answered(**answers: str):
    """Return the tiny set, solved, but for these answers."""
    notebook = solved(tiny())
    cell_of(notebook, "why").source = "Because I say so."
    for id, source in answers.items():
        cell_of(notebook, id).source = source
    return notebook


def with_cell(notebook, source: str, place: int = 2, kind: str = "code"):
    """Return the notebook with a cell of the student's put in."""
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    notebook.cells.insert(place, make(source))
    return notebook


def save(notebook, path: Path) -> Path:
    """Write a notebook, whatever it holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(nbformat.writes(notebook).encode("utf-8", "surrogatepass"))
    return path
