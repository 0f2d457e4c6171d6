"""Checks of exercises: the book's own solutions pass; blanks and listed mistakes do not."""

import ast
import dis
import re
from types import CodeType

import nbformat
import numpy as np
import pytest
import torch

from gan_tutorial import check
from gan_tutorial.checks import EXERCISES
from gan_tutorial.checks.core import Mistake

EACH = pytest.mark.parametrize("number", EXERCISES)


# --- The official solution: as much of the chapter as the call of `check` needs ---------------


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the notebook's names that a statement reads, and those that it binds."""
    read, bound = set(), set()
    waiting = [compile(ast.Module([statement], []), "cell", "exec")]
    while waiting:
        code = waiting.pop()
        waiting += [part for part in code.co_consts if isinstance(part, CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in {"LOAD_NAME", "LOAD_GLOBAL"}:
                read.add(step.argval)
            elif step.opname == "STORE_NAME" and code.co_name == "<module>":
                bound.add(step.argval)
    return read, bound


def _written_into(statement: ast.stmt) -> set[str]:
    """Return the names whose items are assigned, as in `name[0] = 1`, in a loop too."""
    targets = [
        target
        for part in ast.walk(statement)
        if isinstance(part, ast.Assign)
        for target in part.targets
    ]
    return {
        target.value.id
        for target in targets
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
    }


def _calls(statement: ast.stmt) -> str | None:
    """Return the number of the exercise if the statement is `assert check(number, ...)`."""
    if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Call):
        call = statement.test
        if isinstance(call.func, ast.Name) and call.func.id == "check":
            return call.args[0].value
    return None


def _official(root, number: str):
    """Return the answer that the chapter's solution hands to `check`, computed as it does."""
    chapter = int(number.split(".")[0])
    for path in sorted((root / "book").glob(f"{chapter:02d}_*.ipynb")):
        before: list[ast.stmt] = []
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M)
            for statement in ast.parse(source).body:
                if _calls(statement) == number:
                    return _value(before, statement.test.args[1])
                before.append(statement)
    raise AssertionError(f"no solution of the book asserts check({number!r}, ...)")


def _value(before: list[ast.stmt], wanted: ast.expr):
    needed, _ = _names(ast.copy_location(ast.Expr(wanted), wanted))
    program: list[ast.stmt] = []
    for statement in reversed(before):
        read, bound = _names(statement)
        if (bound | _written_into(statement)) & needed:
            program.append(statement)
            needed = (needed - bound) | read
    names: dict = {}
    exec(compile(ast.Module(program[::-1], []), "solution", "exec"), names)
    return eval(compile(ast.Expression(wanted), "solution", "eval"), names)


@EACH
def test_solution_of_the_book_passes(root, number, monkeypatch):
    monkeypatch.chdir(root / "book")  # where a notebook runs
    verdict = check(number, _official(root, number))
    assert verdict, verdict
    assert repr(verdict).startswith("Right. ")


# --- Wrong answers -----------------------------------------------------------------------------


def _answer(exercise, mistake: Mistake):
    """Some wrong answers are made when they are needed."""
    made_later = exercise.number.startswith("1.") or exercise.number in {"3.8", "3.9"}
    return mistake.answer() if made_later and callable(mistake.answer) else mistake.answer


@pytest.mark.parametrize(
    ("number", "name"),
    [(number, name) for number, entry in EXERCISES.items() for name in entry.mistakes],
)
def test_mistake_is_called_by_its_name(number, name):
    mistake = EXERCISES[number].mistakes[name]
    verdict = check(number, _answer(EXERCISES[number], mistake))
    assert not verdict
    assert verdict.sentence == mistake.why


@EACH
def test_every_exercise_knows_two_mistakes(number):
    assert len({mistake.why for mistake in EXERCISES[number].mistakes.values()}) >= 2


@EACH
@pytest.mark.parametrize("blank", [None, ..., "", " ", lambda *_: None, object(), 1e9, []])
def test_blank_and_nonsense_are_rejected(number, blank):
    verdict = check(number, blank)
    assert not verdict
    assert verdict.sentence
    if blank is None:
        assert verdict.sentence.startswith("Nothing here yet")


def _not_written(*inputs):
    raise NotImplementedError


def test_an_unwritten_function_is_a_blank():
    assert "Nothing here yet" in check("2.4", _not_written).sentence


def test_an_answer_that_breaks_says_how():
    verdict = check("2.4", lambda d: d)
    assert not verdict
    assert "TypeError" in verdict.sentence


def test_an_unnamed_mistake_is_located():
    verdict = check("2.4", lambda d, share: d / (1 - d) * (1 - share) / share + 0.5)
    assert "(d, share) = (0.25, 0.1)" in verdict.sentence
    verdict = check("2.2", [2.0, 1.0])
    assert "(b)" in verdict.sentence
    assert "too small" in verdict.sentence


def test_answers_may_be_tensors_arrays_or_lists():
    for kind in (torch.tensor, np.array, list, tuple):
        assert check("2.9", kind([140.0, 0.5**0.5, 17.0]))


def test_label_serves_as_well_as_number():
    assert check("ex-best-r1", 1.0)


def test_unknown_exercise_lists_what_there_is():
    with pytest.raises(ValueError, match=r"2\.99.*2\.1, 2\.2"):
        check("2.99", 1)


def test_random_numbers_of_the_learner_go_on_undisturbed():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    check("3.5", EXERCISES["3.5"].mistakes["no_centering"].answer)
    assert torch.equal(torch.rand(4), expected)
