"""Graded tests are tested: wrong programs lose points, right ones do not, for all parameters.

The programs are written by hand (`mutants/`): a mutation tool changes an operator or a constant of
the one official solution, and finds neither another way to be right nor a misunderstanding.
"""

import importlib
from functools import cache
from itertools import cycle, islice

import problem_sets
import pytest
import torch
from local import Examined

# However busy the machine is: what runs here has limits of its own.
pytestmark = pytest.mark.timeout(3600)

SETS = problem_sets.sets()
MUTANTS = {name: importlib.import_module(f"mutants.{name}").PARTS for name in SETS}
each_part = pytest.mark.parametrize(
    ("name", "part"),
    [
        pytest.param(name, part, marks=[pytest.mark.slow] if programs.get("slow") else [])
        for name, parts in MUTANTS.items()
        for part, programs in parts.items()
    ],
)


def variants(name: str) -> list[dict]:
    """Return parameters in which every value of each occurs."""
    choices = problem_sets.choices(problem_sets.read(SETS[name]))
    count = max(map(len, choices.values()), default=1)
    columns = [list(islice(cycle(values), count)) for values in choices.values()]
    return [dict(zip(choices, row, strict=True)) for row in zip(*columns, strict=True)]


@cache
def examined(name: str, place: int) -> Examined:
    return Examined(problem_sets.read(SETS[name]), variants(name)[place])


def outcomes(name: str, part: str, kind: str, place: int) -> dict[str, list]:
    """Return program -> the tests in which it lost points, and how many."""
    programs = MUTANTS[name][part]
    exam, found = examined(name, place), {}
    for label, program in programs[kind].items():
        torch.manual_seed(1)
        marks = exam.marks(programs["tests"], program)
        found[label] = [
            (id, *mark) for id, mark in marks.items() if mark[0] < exam.tests[id].points
        ]
    return found


@pytest.mark.parametrize("name", SETS)
def test_every_test_is_tested(name):
    graded = set(examined(name, 0).tests)
    assert graded == {test for part in MUTANTS[name].values() for test in part["tests"]}
    for part, programs in MUTANTS[name].items():
        assert len(programs["wrong"]) >= 6, part
        assert len(programs["right"]) >= 3, part


@each_part
def test_wrong_programs_lose_points(name, part):
    places = range(1 if MUTANTS[name][part].get("slow") else len(variants(name)))
    for place in places:
        survived = [k for k, lost in outcomes(name, part, "wrong", place).items() if not lost]
        assert not survived, variants(name)[place]


@each_part
def test_right_programs_lose_none(name, part):
    """Whatever the parameters: so they make no set harder than another.

    Of those that train, the two extreme ones are tried.
    """
    places = range(len(variants(name)))
    for place in (places[0], places[-1]) if MUTANTS[name][part].get("slow") else places:
        wrongly = {k: lost for k, lost in outcomes(name, part, "right", place).items() if lost}
        assert not wrongly, variants(name)[place]


@pytest.mark.parametrize("name", SETS)
def test_parameters_mean_something(name):
    """The solution of one student gets less than full marks with the parameters of another."""
    notebook = problem_sets.read(SETS[name])
    for parameter, values in problem_sets.choices(notebook).items():
        exam = examined(name, 0)
        other = values[1]
        assert other != exam.given[parameter]
        solutions = [cell.source for cell in exam.cells if cell.role == "answer"]
        tests = [id for id in exam.tests if id != "test-train"]
        marks = exam.marks(tests, f"{parameter} = {other!r}", *solutions)
        assert [id for id, mark in marks.items() if mark[0] < exam.tests[id].points], parameter
