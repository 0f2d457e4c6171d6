"""Problem sets: their solutions get full marks, blanks get none, and nothing leaks."""

import json
import re
import subprocess

import nbformat
import problem_sets
import pytest
import setup_cell
from judging import grade
from limits import Limits
from local import Examined
from making import blank, save, solved

# However busy the machine is: what runs here has limits of its own.
pytestmark = pytest.mark.timeout(3600)

SETS = problem_sets.sets()
each_set = pytest.mark.parametrize("name", SETS)


def cells_of(name: str):
    return problem_sets.cells(problem_sets.read(SETS[name]))


def test_the_sets_are_numbered():
    assert [name[:3] for name in SETS] == [f"ps{i}" for i in range(1, len(SETS) + 1)]
    assert len(SETS) >= 6


@each_set
def test_points_add_up_and_are_announced(name):
    cells = cells_of(name)
    assert sum(cell.points for cell in cells if cell.role in {"test", "written"}) == 30
    text = "\n".join(cell.source for cell in cells if not cell.is_code)
    assert "30 points" in text
    announced = re.findall(r"^## Part \d.*\((\d+) points\)", text, re.M)
    assert 4 <= len(announced) <= 6
    assert sum(map(int, announced)) == 30


@each_set
def test_every_test_has_a_public_and_a_hidden_half(name):
    for cell in cells_of(name):
        if cell.role == "test":
            assert cell.title.startswith("Part"), cell.id
            public, hidden = cell.source.split(problem_sets.HIDDEN)
            assert "assert" in public, cell.id
            assert "assert" in hidden or "credit" in hidden, cell.id


@each_set
def test_rubrics_are_kept_from_the_notebook(name):
    """A rubric above the answer's cell would give the answer away."""
    cells = cells_of(name)
    text = "\n".join(cell.source for cell in cells)
    assert "*Learning goal:" in text
    assert "Rubric" not in text
    for cell in cells:
        if cell.role == "written":
            assert sum(int(line.split()[0]) for line in cell.rubric if line[0].isdigit()) >= 3
            assert len(cell.rubric) >= 3


@each_set
def test_solutions_get_full_marks(name, tmp_path):
    """With everything around: as a file, in a process of its own."""
    path = save(solved(problem_sets.read(SETS[name])), tmp_path / "ada.ipynb")
    options = {"isolated": False, "limits": Limits(), "source": SETS[name]}
    result = grade(path, "ada", name, options)
    assert result.status == "graded"
    assert not [(m.id, m.why) for m in result.marks if m.score not in (None, m.points)]
    assert len(result.written) == sum(mark.score is None for mark in result.marks) > 0
    assert not [error for _, _, error in result.cells if error]


@each_set
def test_blank_gets_nothing(name):
    exam = Examined(problem_sets.read(SETS[name]), {})
    handed_out = problem_sets.cells(blank(problem_sets.read(SETS[name])))
    answers = [cell.source for cell in handed_out if cell.role == "answer"]
    programs = [f"try:\n    exec({source!r}, globals())\nexcept NotImplementedError:\n    pass"
                for source in answers]  # fmt: skip
    for cell in exam.cells:  # nothing of the solution is left
        names = re.findall(r"^(?:def )?(\w+)(?:\(| =)", cell.source, re.M)
        if cell.role == "answer":
            programs.insert(0, "\n".join(f"globals().pop({n!r}, None)" for n in names))
    marks = exam.marks(exam.tests, *programs)
    assert all(score == 0 for score, _ in marks.values()), marks


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
    command = [str(python), str(root / "tools" / "grading" / "assignments.py")]
    subprocess.run([*command, str(out)], check=True)
    roster = out / "students.txt"
    roster.write_text("ada\nBob Müller\n", encoding="utf-8")
    options = ["--students", str(roster), "--secret", "s"]
    subprocess.run([*command, str(out / "each"), *options], check=True)
    return out


@each_set
def test_students_see_no_solution_no_hidden_test_and_no_rubric(name, handed_out):
    source = problem_sets.read(SETS[name])
    secrets = set()
    for cell in source.cells:
        for what in ("SOLUTION", "HIDDEN TESTS"):
            for part in cell.source.split(f"### BEGIN {what}")[1:]:
                lines = part.split(f"### END {what}")[0].splitlines()
                secrets |= {line.strip() for line in lines if len(line.strip()) > 12}
        secrets |= set(cell.metadata.get("rubric", ()))
    public = "\n".join(problem_sets.handed_out(cell.source) for cell in source.cells)
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
def test_our_stub_is_the_one_that_is_handed_out(name, handed_out):
    def sources(notebook):
        return [cell.source for cell in notebook.cells if cell.id != "parameters"]

    ours = blank(problem_sets.read(SETS[name]))
    assert sources(ours) == sources(nbformat.read(handed_out / f"{name}.ipynb", 4))


@each_set
def test_student_version_is_ready_for_colab(name, handed_out):
    notebook = nbformat.read(handed_out / f"{name}.ipynb", as_version=4)
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert first == setup_cell.cell()
