"""Twelve submissions: the honest ones get what they deserve, the others nothing, nobody is hurt."""

import csv
import os
import time
from pathlib import Path

import nbformat
import problem_sets
import psutil
import pytest
from grade import grade_all, keep, kept, main, submissions, write_all
from sandbox import GiB, Limits, what_is_missing
from test_problem_sets import blank

NAME = "ps1_games"
SOURCE = problem_sets.sets()[NAME]
LIMITS = Limits(seconds=12, memory=int(1.5 * GiB), processes=32)

UNTRUSTED = {
    "loop": "while True:\n    pass",
    "fork-bomb": "import os\nfrom contextlib import suppress\n"
    "while True:\n    with suppress(OSError):\n        os.fork()",
    "memory": "blocks = []\nwhile len(blocks) < 30:\n    blocks.append(bytearray(b'x' * 2**30))",
    "writer": "open({outside!r}, 'w').write('I was here')",
    "socket": "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)",
    "reader": "stolen = open({source!r}).read()\nraise SystemError(stolen)",
}


def solved(notebook):
    for cell in notebook.cells:
        for mark in ("### BEGIN SOLUTION", "### END SOLUTION"):
            cell.source = cell.source.replace(mark, "")
    return notebook


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade the twelve once; return the rows of the gradebook by student, and what was watched."""
    if why := what_is_missing():
        pytest.skip(f"submissions cannot be isolated here: {why}")
    import socket

    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    folder = tmp_path_factory.mktemp("submissions")
    out = tmp_path_factory.mktemp("out")
    outside = folder / "outside.txt"
    facts = {
        "outside": str(outside),
        "port": listener.getsockname()[1],
        "source": str(SOURCE),
    }

    def submit(student: str, notebook) -> None:
        nbformat.write(notebook, folder / f"{student}_{NAME}.ipynb")

    def begun():
        return blank(problem_sets.read(SOURCE))

    submit("perfect", solved(problem_sets.read(SOURCE)))
    partly = begun()
    for cell, right in zip(partly.cells, solved(problem_sets.read(SOURCE)).cells, strict=True):
        if cell.id in {"best-d", "rates"}:
            cell.source = right.source
    submit("partly", partly)
    submit("blank", begun())
    broken = begun()
    broken.cells.insert(3, nbformat.v4.new_code_cell("def best_d(p, q, share:\n    return 1"))
    submit("syntax-error", broken)
    for student, program in UNTRUSTED.items():
        notebook = begun()
        text = program
        for key, value in facts.items():
            text = text.replace("{" + key + "!r}", repr(value)).replace("{" + key + "}", str(value))
        notebook.cells.insert(3, nbformat.v4.new_code_cell(text))
        submit(student, notebook)
    without = begun()
    without.cells = [cell for cell in without.cells if not cell.id.startswith("test-")]
    submit("no-tests", without)
    (folder / f"no-notebook_{NAME}.ipynb").write_bytes(b"\x89PNG not JSON at all")

    before = {path: path.read_bytes() for path in folder.iterdir()}
    results, complaints = grade_all(folder, out, jobs=2, limits=LIMITS)
    with (out / "gradebook.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    connected = True
    try:
        listener.accept()
    except TimeoutError:
        connected = False
    listener.close()
    after = {path: path.read_bytes() for path in folder.iterdir()}
    return {
        "rows": rows, "out": out, "unchanged": before == after, "connected": connected,
        "complaints": complaints, "results": {result.student: result for result in results},
    }  # fmt: skip


def test_twelve_are_graded(graded):
    assert len(graded["rows"]) == 12
    assert not graded["complaints"]


def test_honest_ones_get_their_marks(graded):
    rows = graded["rows"]
    assert (rows["perfect"]["score"], rows["perfect"]["to_be_read"]) == ("25", "5")
    assert (rows["partly"]["score"], rows["partly"]["to_be_read"]) == ("10", "0")
    assert all(row["out_of"] == "30" for row in rows.values())


def test_everybody_else_gets_nothing(graded):
    for student, row in graded["rows"].items():
        if student not in {"perfect", "partly"}:
            assert (row["score"], row["to_be_read"]) == ("0", "0"), student


def test_reasons_are_given(graded):
    rows = graded["rows"]
    assert "longer than 12 s" in rows["loop"]["status"]
    assert rows["no-notebook"]["status"] == "not a notebook"
    for student in ("memory", "fork-bomb"):
        said = rows[student]["status"] + str(graded["results"][student].cells)
        assert any(word in said for word in ("memory", "Memory", "longer", "ended")), student


def test_nothing_outside_is_touched_or_seen(graded):
    assert graded["unchanged"]
    assert not graded["connected"]
    for student, error in (("writer", "Error"), ("socket", "Error"), ("reader", "FileNotFound")):
        errors = " ".join(error for _, _, error in graded["results"][student].cells)
        assert error in errors, student
        assert "BEGIN HIDDEN" not in errors


def test_no_process_is_left(graded):
    time.sleep(0.3)
    left = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if "/library/sandbox_worker.py" in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            left.append(line)
    assert not left


def test_feedback_and_summary_are_written(graded):
    out: Path = graded["out"]
    assert len(list(out.glob(f"feedback/*/{NAME}.html"))) == 12
    assert (out / "summary.png").stat().st_size > 1000
    page = (out / "feedback" / "partly" / f"{NAME}.html").read_text()
    assert "10 of 30 points" in page
    assert "not answered" in page
    assert "HIDDEN" not in page
    assert "2 - 1e-9" not in page  # a line of a hidden test


# --- Without a sandbox: what the grader does around it ------------------------------------------


def result_of(student: str, tmp_path, notebook, **options):
    from grade import grade

    path = tmp_path / f"{student}_{NAME}.ipynb"
    nbformat.write(notebook, path)
    given = {"isolated": False, "secret": None, "limits": LIMITS, "slot": int, "source": SOURCE}
    return grade(path, student, NAME, {**given, **options})


def test_copied_cells_count_once_and_the_last_one_counts(tmp_path):
    notebook = blank(problem_sets.read(SOURCE))
    right = {cell.id: cell for cell in solved(problem_sets.read(SOURCE)).cells}
    place = [cell.id for cell in notebook.cells].index("proved")
    copy = nbformat.from_dict({**right["proved"], "id": "copied"})
    notebook.cells.insert(place + 1, copy)
    result = result_of("ada", tmp_path, notebook)
    assert result.score == 4
    assert len([mark for mark in result.marks if mark.id == "test-proved"]) == 1


def test_late_joins_and_regrades_keep_the_others(tmp_path):
    right = solved(problem_sets.read(SOURCE))
    out = tmp_path / "out"
    keep(result_of("ada", tmp_path, blank(problem_sets.read(SOURCE))), out)
    assert {r.student: r.score for r in write_all(out)} == {"ada": 0}
    keep(result_of("bob", tmp_path, right), out)
    assert {r.student: r.score for r in write_all(out)} == {"ada": 0, "bob": 25}

    written = out / "written.csv"  # the instructor reads bob's answer
    rows = list(csv.reader(written.open(newline="")))
    rows[1][rows[0].index("mark")] = "4"
    csv.writer(written.open("w", newline="")).writerows(rows)
    assert {r.student: r.score for r in write_all(out)}["bob"] == 29
    assert {r.student: r.score for r in write_all(out)}["bob"] == 29  # and it stays

    right.cells[-1].source += " One more sentence."
    keep(result_of("bob", tmp_path, right), out)  # a changed answer is to be read again
    assert {r.student: r.score for r in write_all(out)}["bob"] == 25
    assert len(kept(out)) == 2


def test_changed_given_cells_are_put_back(tmp_path):
    notebook = solved(problem_sets.read(SOURCE))
    for cell in notebook.cells:
        if cell.id == "given":
            cell.source = "raise SystemExit"
    assert result_of("ada", tmp_path, notebook).score == 25


def test_answers_that_only_pretend_to_be_equal_get_nothing(tmp_path):
    notebook = blank(problem_sets.read(SOURCE))
    notebook.cells.append(nbformat.v4.new_code_cell(
        "class Yes(float):\n"
        "    __abs__ = __sub__ = __rsub__ = __eq__ = __lt__ = lambda *_: Yes(0)\n"
        "best_d = ratio = proved_distance = doubling = best_step = lambda *_: Yes(0)"
    ))  # fmt: skip
    assert result_of("eve", tmp_path, notebook).score == 0


def test_files_are_matched_to_students(tmp_path):
    (tmp_path / "ada").mkdir()
    for name in ("ada/ps1_games.ipynb", "bob_ps2_implement (1).ipynb", "holiday.ipynb"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "eve_ps1_games.ipynb").symlink_to(SOURCE)
    found, complaints = submissions(tmp_path, problem_sets.sets())
    assert set(found) == {("ada", "ps1_games"), ("bob", "ps2_implement")}
    assert len(complaints) == 2


def test_grading_refuses_to_start_without_isolation(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr("sys.argv", ["grade.py", str(tmp_path)])
    assert main() == 2
    assert "apt-get install bubblewrap" in capsys.readouterr().out
