"""What 150 students need: totals, who is missing, questions, look-alikes, Canvas and Moodle."""

import csv
import io

import exchange
import gradebook
import pytest
import similar
from gradebook import Policy
from making import answered, blank, tiny
from results import Mark, Result


def result(student: str, name: str = "ps1_games", scores=(3, 2), **more) -> Result:
    marks = [Mark(f"test-{i}", 5, score, title=f"Part {i}") for i, score in enumerate(scores)]
    return Result(student, name, marks=marks, **more)


def rows_of(path) -> list[dict]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_late_policy_and_best_of():
    policy = Policy(late_percent=10, most_percent=50, best=2)
    assert policy.counted(result("ada"), 0) == 5
    assert policy.counted(result("ada"), 0.1) == 4.5  # a day that has begun
    assert policy.counted(result("ada"), 30) == 2.5
    assert policy.total({"ps1": 0.5, "ps2": 1.0, "ps3": 0.0}) == 75
    assert Policy().total({}) == 0


def test_tables(tmp_path):
    results = [result("ada"), result("ada", "ps2_implement", (5, 5)), result("bob", late_days=1)]
    known = {"ada": "ada", "bob": "bob", "eve": "eve"}
    days = gradebook.late_days(None, results)
    said = gradebook.write_tables(results, tmp_path, Policy(late_percent=20), days, known)
    assert "3 submissions of the roster are missing" in said[0]
    assert rows_of(tmp_path / "missing.csv") == [
        {"student": "eve", "set": "ps1_games"},
        {"student": "bob", "set": "ps2_implement"},
        {"student": "eve", "set": "ps2_implement"},
    ]
    totals = {row["student"]: row for row in rows_of(tmp_path / "totals.csv")}
    assert totals["ada"]["total_percent"] == "75.0"
    assert (totals["bob"]["ps1_games"], totals["bob"]["total_percent"]) == ("4", "20.0")
    assert totals["eve"]["total_percent"] == "0.0"


def test_strangers_are_said(tmp_path):
    said = gradebook.write_tables([result("eve")], tmp_path, Policy(), {}, {"ada": "ada"})
    assert "eve is not on the roster" in said


def test_questions():
    results = [result(f"s{i}", scores=(i, 5 - i)) for i in range(6)]
    head, first, _ = gradebook.questions(results)
    row = dict(zip(head, first, strict=True))
    assert (row["mean_share"], row["answers"], row["full"], row["none"]) == ("0.50", 6, 1, 1)
    assert row["discrimination"] == "-1.00"
    assert gradebook.questions(results[:3])[1][-1] == ""  # too few to say


def test_rosters(tmp_path):
    text, table = tmp_path / "class.txt", tmp_path / "class.csv"
    text.write_text("ada\n\n bob \n", encoding="utf-8")
    assert list(gradebook.roster(text)) == ["ada", "bob"]
    table.write_bytes("Student;Canvas;Name\nada;4711;Ada Lovelace\nbob;;Zoë".encode("utf-8-sig"))
    known = gradebook.roster(table)
    assert known == {"ada": "ada", "4711": "ada", "Ada Lovelace": "ada", "bob": "bob", "Zoë": "bob"}
    table.write_text("name\nada\n")
    with pytest.raises(ValueError, match="no column `student`"):
        gradebook.roster(table)
    table.write_text("student,name\na,Ada\nb,Ada\n")
    with pytest.raises(ValueError, match="stands for"):
        gradebook.roster(table)


# --- Look-alikes --------------------------------------------------------------------------------

PROGRAM = """def twice(x):
    # {comment}
    {a} = [x, x]
    {b} = 0
    for {c} in {a}:
        {b} += {c}
    return {b} if isinstance(x, (int, float)) else {b} + 0
"""


def test_copies_are_listed_and_others_are_not(grade_one, tiny_set, tmp_path):
    one = PROGRAM.format(comment="mine", a="parts", b="total", c="part")
    copied = PROGRAM.format(comment="mine, too", a="xs", b="s", c="x_")
    answers = {
        "ada": answered(twice=one), "bob": answered(twice=one),
        "eve": answered(twice=copied), "dan": answered(twice="def twice(x):\n    return x * 2"),
        "tom": answered(why="The loss bounds the distance from below and says nothing at log 4."),
        "tim": answered(why="the LOSS bounds the distance, from below and says nothing at log 4!"),
        "off": tiny(), "no1": blank(tiny()), "no2": blank(tiny()),
    }  # fmt: skip
    results = [grade_one(notebook, student) for student, notebook in answers.items()]
    similar.report(results, tmp_path, tiny_set)
    found = {(row["what"], row["students"]) for row in rows_of(tmp_path / "similar.csv")}
    assert ("equal programs, word by word", "ada, bob") in found
    assert any(what == "nearly equal programs" and "eve" in who for what, who in found)
    assert ("answers in words to why", "tom, tim") in found
    assert any("official" in what and who == "off" for what, who in found)
    assert not any("no1" in who for _, who in found)
    assert not any("dan" in who and "equal" in what for what, who in found)


# --- Canvas and Moodle --------------------------------------------------------------------------


def test_canvas(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "Student,ID,SIS Login ID,Section,Problem set 1 (99),Essay (5)\n"
        "    Points Possible,,,,10,20\n"
        '"Lovelace, Ada",4711,al,A,,7\n"Smith, John",1,js,A,,\n"Smith, John",2,js2,B,,\n',
        encoding="utf-8",
    )
    results = [
        result("lovelaceada_4711"),
        result("smithjohn_2"),
        result("nobody"),
        result("x", "ps2"),
    ]
    said = exchange.canvas(path, tmp_path, results)
    rows = rows_of(tmp_path / "canvas.csv")
    assert [row["Problem set 1 (99)"] for row in rows] == ["10", "5", "", "5"]
    assert rows[1]["Essay (5)"] == "7"
    assert said == ["nobody, ps1_games: no row there, so no mark was put in"]
    path.write_text("a,b\n1,2\n")
    assert "no gradebook of Canvas" in exchange.canvas(path, tmp_path, results)[0]


def test_moodle(tmp_path):
    path = tmp_path / "ps1.csv"
    path.write_text(
        "Identifier,Full name,Email address,Status,Grade,Maximum grade,Feedback comments\n"
        "Participant 12,Ada Lovelace,a@x,Submitted,,10,\n"
        "Participant 13,Zoë,z@x,Submitted,,10,\n"
        "Participant 14,John Smith,j@x,Submitted,,10,\nParticipant 15,John Smith,k@x,,,10,\n",
        encoding="utf-8",
    )
    results = [result("Ada Lovelace"), result("Zoë", scores=(5, None)), result("John Smith_15")]
    said = exchange.moodle(path, tmp_path, [*results, result("John Smith")])
    rows = rows_of(tmp_path / "moodle-ps1.csv")
    assert [row["Grade"] for row in rows] == ["5", "5", "", "5"]
    assert rows[1]["Feedback comments"].startswith("So far 5 of 10 points; 5 still to be read.")
    assert said == ["John Smith, ps1_games: 2 rows there, so no mark was put in"]
