"""Problem sets: their solutions get full marks, blanks get none, and nothing leaks."""

import copy
import json
import re
import subprocess

import nbformat
import problem_sets
import pytest
from grade import Result, grade
from sandbox import Limits

SETS = problem_sets.sets()
each_set = pytest.mark.parametrize("name", SETS)
OPTIONS = {"isolated": False, "secret": None, "limits": Limits(seconds=120), "slot": int}


def points(name: str) -> float:
    cells = problem_sets.cells(problem_sets.read(SETS[name]))
    return sum(cell.points for cell in cells if cell.role in {"test", "written"})


def cut(source: str, begin: str, end: str, put: str) -> str:
    while begin in source:
        before, rest = source.split(begin, 1)
        source = before + put + rest.split(end, 1)[1]
    return source


def blank(notebook):
    """Return the notebook with its answers taken out, as a student begins."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        stub = "raise NotImplementedError" if cell.cell_type == "code" else "*Your answer here.*"
        cell.source = cut(cell.source, "### BEGIN SOLUTION", "### END SOLUTION", stub)
        cell.source = cut(cell.source, "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS", "")
    return notebook


def test_there_are_six_sets():
    assert [name[:3] for name in SETS] == [f"ps{i}" for i in range(1, 7)]


@each_set
def test_points_add_up_and_are_announced(name):
    assert points(name) == 30
    notebook = problem_sets.read(SETS[name])
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "30 points" in text

    announced = re.findall(r"^## Part \d.*\((\d+) points\)", text, re.M)
    assert 4 <= len(announced) <= 6
    assert sum(map(int, announced)) == 30


@each_set
def test_every_test_has_a_public_and_a_hidden_half(name):
    for cell in problem_sets.cells(problem_sets.read(SETS[name])):
        if cell.role == "test":
            public, hidden = cell.source.split("### BEGIN HIDDEN TESTS")
            assert "assert" in public, cell.id
            assert "assert" in hidden, cell.id


@each_set
def test_written_parts_have_goal_and_rubric(name):
    notebook = problem_sets.read(SETS[name])
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "*Learning goal:" in text
    assert "*Rubric.*" in text


@each_set
@pytest.mark.parametrize("secret", [None, "a secret"])
def test_solutions_get_full_marks(name, secret, tmp_path):
    notebook = problem_sets.read(SETS[name])
    values = problem_sets.variant(notebook, name, "ada", secret)
    nbformat.write(problem_sets.with_parameters(notebook, values), tmp_path / "ada.ipynb")
    # The official text is marked as such, so that nobody hands it in by mistake: unmark it.
    path = tmp_path / "ada.ipynb"
    path.write_text(
        path.read_text().replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")
    )
    result = grade(path, "ada", name, {**OPTIONS, "source": SETS[name], "secret": secret})
    lost = [(mark.id, mark.why) for mark in result.marks if mark.score not in (None, mark.points)]
    assert result.status == "graded"
    assert not lost
    assert len(result.written) == sum(mark.score is None for mark in result.marks) > 0


@each_set
def test_blank_gets_nothing(name, tmp_path):
    path = tmp_path / "bob.ipynb"
    nbformat.write(blank(problem_sets.read(SETS[name])), path)
    result = grade(path, "bob", name, {**OPTIONS, "source": SETS[name]})
    assert isinstance(result, Result)
    assert result.score == 0
    assert all(mark.score == 0 for mark in result.marks)


@each_set
def test_variants_differ_between_students_and_never_change(name):
    notebook = problem_sets.read(SETS[name])
    students = [f"student{i}" for i in range(20)]
    drawn = [problem_sets.variant(notebook, name, s, "secret") for s in students]
    assert drawn == [problem_sets.variant(notebook, name, s, "secret") for s in students]
    assert len({json.dumps(values) for values in drawn}) >= 3
    assert [problem_sets.variant(notebook, name, s, "other") for s in students] != drawn


@pytest.fixture(scope="module")
def handed_out(root, tmp_path_factory):
    python = root / ".venv-grading" / "bin" / "python"
    if not python.exists():
        pytest.skip("nbgrader's environment is not set up: make assignments, or make test, does it")
    out = tmp_path_factory.mktemp("assignments")
    command = [str(python), str(root / "tools" / "assignments.py")]
    subprocess.run([*command, str(out)], check=True)
    roster = out / "students.txt"
    roster.write_text("ada\nbob\n")
    options = ["--students", str(roster), "--secret", "s"]
    subprocess.run([*command, str(out / "each"), *options], check=True)
    return out


@each_set
def test_students_see_no_solution_and_no_hidden_test(name, handed_out):
    source = problem_sets.read(SETS[name])
    secrets = set()
    for cell in source.cells:
        for what in ("SOLUTION", "HIDDEN TESTS"):
            for part in cell.source.split(f"### BEGIN {what}")[1:]:
                lines = part.split(f"### END {what}")[0].splitlines()
                secrets |= {line.strip() for line in lines if len(line.strip()) > 12}
    public = "\n".join(
        cut(cut(cell.source, "### BEGIN SOLUTION", "### END SOLUTION", ""),
            "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS", "")
        for cell in source.cells
    )  # fmt: skip
    secrets -= {line for line in secrets if line in public}
    assert len(secrets) > 20
    files = [handed_out / f"{name}.ipynb", *handed_out.glob(f"each/*/{name}.ipynb")]
    assert len(files) == 3
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        text = file.read_text() + "\n".join(cell.source for cell in notebook.cells)
        assert "BEGIN" not in text
        assert not [line for line in secrets if line in text]
        assert not any(cell.get("outputs") for cell in notebook.cells)
        assert "parameters" not in [key for cell in notebook.cells for key in cell.metadata]


@each_set
def test_student_version_is_ready_for_colab(name, handed_out, repository):
    notebook = nbformat.read(handed_out / f"{name}.ipynb", as_version=4)
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert f"git+{repository}" in first
