"""A batch goes on where it ended, whatever ended it; each submission is one process's work."""

import json
import os
import signal
import subprocess
import sys
import time

import making
import pytest
from grade import main
from making import answered, blank, cell_of, save, tiny
from results import keep, kept, load, place, safe

# However busy the machine is: what runs here has limits of its own.
pytestmark = pytest.mark.timeout(3600)

GRADER = """
import json, sys
from pathlib import Path
from grade import grade_all
from limits import GiB, Limits

if __name__ == "__main__":
    folder, out, sets = map(Path, sys.argv[1:])
    limits = Limits(cell=2, part=2, asleep=2, memory=GiB)
    grade_all(folder, out, 2, sets={sets.stem: sets}, limits=limits, isolated=False)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of four submissions that get 0 to 7 points."""
    folder = tmp_path_factory.mktemp("four")
    for number, student in enumerate("abcd"):
        notebook = answered() if number % 2 else blank(tiny())
        if number > 1:
            cell_of(notebook, "minus").source = "def minus(column):\n    while True:\n        pass"
        save(notebook, folder / f"{student}_{making.TINY}.ipynb")
    return folder


def marks(out) -> dict:
    return {r.student: [(m.id, m.score, m.why) for m in r.marks] for r in kept(out)}


def start(folder, out, tiny_set, root):
    """Start a grader as a process of its own."""
    script = out.parent / "grader.py"
    script.write_text(GRADER)
    environment = {**os.environ, "PYTHONPATH": f"{root / 'tools' / 'grading'}:{root}"}
    command = [sys.executable, str(script), str(folder), str(out), str(tiny_set[making.TINY])]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def test_a_grader_killed_three_times_loses_nothing(folder, tiny_set, grade_folder, root, tmp_path):
    """It is killed as soon as a next result is there, wherever that finds it."""
    out = tmp_path / "out"
    seen = 0
    for _ in range(3):
        grader = start(folder, out, tiny_set, root)
        while grader.poll() is None and len(list(out.glob("results/*/*.json"))) <= seen:
            time.sleep(0.02)
        grader.send_signal(signal.SIGKILL)
        assert grader.wait() in {0, -signal.SIGKILL}
        now = {path: path.read_bytes() for path in out.glob("results/*/*.json")}
        assert all(json.loads(content)["finished"] for content in now.values())
        seen = len(now)
    assert start(folder, out, tiny_set, root).wait() == 0
    whole = tmp_path / "whole"
    grade_folder(folder, whole, isolated=False)
    assert marks(out) == marks(whole)
    assert len(marks(out)) == 4
    scores = {student: sum(score or 0 for _, score, _ in m) for student, m in marks(out).items()}
    assert scores == {"a": 0, "b": 7, "c": 0, "d": 4}
    assert (out / "gradebook.csv").read_bytes() == (whole / "gradebook.csv").read_bytes()


def test_half_a_result_is_graded_again(grade_one, tmp_path):
    keep(grade_one(answered()), tmp_path)
    path = place(tmp_path, "ada", making.TINY)
    path.write_text(path.read_text()[:200])
    assert load(path) is None
    assert kept(tmp_path) == []


def test_a_changed_mark_is_said(grade_folder, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    path = folder / f"ada_{making.TINY}.ipynb"
    save(blank(tiny()), path)
    results, said, _ = grade_folder(folder, out, isolated=False)
    assert results["ada"].score == 0
    save(answered(), path)
    results, said, _ = grade_folder(folder, out, isolated=False)
    assert results["ada"].score == 7
    assert any("0 points before, 7 now" in line for line in said)


def test_one_part_is_graded_again_and_the_others_stay(grade_folder, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    save(answered(), folder / f"ada_{making.TINY}.ipynb")
    results, _, _ = grade_folder(folder, out, isolated=False)
    result = results["ada"]
    for mark in result.marks[:2]:
        mark.score, mark.why = 0.5, "by hand"
    keep(result, out)
    results, _, _ = grade_folder(folder, out, isolated=False, again="test-minus")
    assert [mark.score for mark in results["ada"].marks] == [0.5, 3, 2, None]


def test_late_joins(grade_folder, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    save(answered(), folder / f"ada_{making.TINY}.ipynb")
    grade_folder(folder, out, isolated=False)
    (folder / f"ada_{making.TINY}.ipynb").rename(tmp_path / "gone.ipynb")
    save(blank(tiny()), folder / f"bob_{making.TINY}.ipynb")
    results, _, _ = grade_folder(folder, out, isolated=False)
    assert {student: r.score for student, r in results.items()} == {"ada": 7, "bob": 0}


def test_no_two_students_share_a_file():
    names = [
        "ada",
        "Ada",
        "ADA",
        "a/da",
        "a_da",
        "..",
        ".",
        "a.",
        "é",
        "e\u0301",
        "ｅ",
        " ",
        "x" * 300,
    ]
    files = [safe(name) for name in names]
    assert len({file.casefold() for file in files}) == len(names)
    assert all("/" not in file and 0 < len(file.encode()) < 200 for file in files)
    assert safe("ada") == "ada"


def test_grading_refuses_to_start_without_isolation(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr("sys.argv", ["grade.py", str(tmp_path)])
    assert main() == 2
    assert "apt-get install bubblewrap" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--jobs=0", "--memory=nan", "--late-percent=-1", "--best=0"])
def test_options_say_their_range(option, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("sys.argv", ["grade.py", str(tmp_path), option])
    with pytest.raises(SystemExit):
        main()
    assert "at least" in capsys.readouterr().err


def test_a_judging_process_that_dies_costs_the_part_at_fault(isolation, grade_folder, tmp_path):
    """Here a test kills its own process, as too much memory would: with one answer only."""
    notebook = tiny()
    dying = "import os\nif minus(column)[1] == 1:\n    os.kill(os.getpid(), 9)"
    cell = cell_of(notebook, "test-minus")
    cell.source = cell.source.replace("assert abs(minus", f"{dying}\nassert abs(minus")
    sets = {making.TINY: save(notebook, tmp_path / "sets" / f"{making.TINY}.ipynb")}
    save(answered(), tmp_path / "in" / f"ada_{making.TINY}.ipynb")
    wrong = answered(minus="def minus(column):\n    return +column")
    save(wrong, tmp_path / "in" / f"eve_{making.TINY}.ipynb")
    results, _, _ = grade_folder(tmp_path / "in", tmp_path / "out", sets=sets, isolated=False)
    assert [mark.score for mark in results["ada"].marks] == [2, 3, 2, None]
    assert [mark.score for mark in results["eve"].marks] == [2, 0, 2, None]
    assert "too much memory or time" in results["eve"].marks[1].why
    assert results["eve"].finished
