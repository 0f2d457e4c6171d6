"""What is said to instructors is true of the problem sets, the chapters and the grader of today."""

import re

import exercise_index
import problem_sets
import pytest
from limits import Limits
from test_mutants import MUTANTS

SETS = problem_sets.sets()


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "book" / "instructors.md").read_text(encoding="utf-8")


def counts() -> tuple[int, int]:
    """Return how many wrong and how many right programs try the graded tests."""
    programs = [part for parts in MUTANTS.values() for part in parts.values()]
    return tuple(sum(len(part[kind]) for part in programs) for kind in ("wrong", "right"))


def test_numbers_of_programs_are_those_of_the_tests(root, page):
    wrong, right = counts()
    assert f"Of {wrong} wrong programs" in page
    assert f"of {right} differently written right ones" in page
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    said = re.search(r"by\s+(\d+)\s+wrong\s+and\s+(\d+)\s+right\s+programs", changes)
    assert said
    assert tuple(map(int, said.groups())) == (wrong, right)


def test_exercises_are_named_by_label_and_can_be_checked(root, page):
    """A number would be wrong as soon as a chapter gets an exercise more; a link follows."""
    book = exercise_index.read(root)
    roles = re.findall(r"\{assigned\}`([^`]+)`", page)
    assigned = [pair for names in roles for pair in exercise_index.meant(names.split(), book)]
    assert {label for _, label in assigned} <= exercise_index.checked()
    chapters = {chapter for chapter, _ in assigned}
    assert chapters >= {chapter for chapter in book if chapter != "13_sources"}
    prose = re.sub(r"`[^`]*`", "", page)
    assert not re.findall(r"\b[Ee]xercises? \d+\.\d+|\b\d{1,2}\.\d{1,2} (?:to|and) \d", prose)


def test_every_set_stands_in_the_table_and_in_a_week(page):
    weeks = page[page.index("## Eight weeks") : page.index("## Two lectures")]
    given = re.findall(r"^\| \d .*\| ([\d, ]*)\|$", weeks, re.M)
    assert sorted(n for row in given for n in re.findall(r"\d", row)) == [name[2] for name in SETS]
    for name, path in SETS.items():
        cells = problem_sets.cells(problem_sets.read(path))
        minutes = re.search(r"About (\d+) minutes", cells[0].source)[1]
        points = sum(cell.points for cell in cells if cell.role in {"test", "written"})
        assert f"| `{name}` | {minutes} | {points:g} |" in page, name
        words = sum(cell.points for cell in cells if cell.role == "written")
        assert (points, words) == (30, 5), "of each set 25 points are given by tests"


def test_limits_are_those_of_the_grader(page):
    limits = Limits()
    said = f"{limits.part:g} seconds for a part, {limits.cell:g} for a cell, {limits.whole:g} for a"
    assert said in page


def test_words_for_the_number_of_sets(root):
    words = dict(enumerate("five six seven eight nine ten".split(), 5))
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{words[len(SETS)]} problem sets" in changes
