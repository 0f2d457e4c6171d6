"""Checks of exercises: the book's own solutions pass; blanks and listed mistakes do not."""

import ast
import dis
import math
import re
import subprocess
import sys
import textwrap
from types import CodeType

import nbformat
import numpy as np
import pytest
import torch

from gan_tutorial import check
from gan_tutorial.checks import CHAPTERS, EXERCISES
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


# --- What may happen to a right answer ----------------------------------------------------------


class Handed:
    """The official answer, handed in another way; functions do something to what they return.

    `answer` is what to hand in, and `touched` tells afterwards whether anything could be done.
    """

    def __init__(self, answer, change=lambda result: result, ruin=False):
        self.change, self.ruin, self.touched = change, ruin, False
        self.answer = self.wrapped(answer)

    def wrapped(self, answer):
        if isinstance(answer, tuple | list) and any(map(callable, answer)):
            return type(answer)(map(self.wrapped, answer))
        if not callable(answer) or isinstance(answer, type):
            return self.note(answer)

        def function(*inputs):
            result = answer(*inputs)
            if isinstance(result, torch.Tensor):
                result = result + 0  # the inputs may be about to go
            for each in inputs if self.ruin else ():
                self.touched |= ruined(each)
            return self.note(result)

        return function

    def note(self, value):
        changed = self.change(value)
        self.touched |= changed is not value
        return changed


def ruined(x) -> bool:
    """Destroy what a function was handed, as careless code in place does."""
    with torch.no_grad():
        if isinstance(x, torch.Tensor) and not x.requires_grad:  # else autograd may need it
            x.zero_()
        elif isinstance(x, torch.nn.Module):
            for p in x.parameters():
                p.zero_()
        elif isinstance(x, np.ndarray):
            x[...] = 0
        elif isinstance(x, list):
            for part in x:
                ruined(part)
        else:
            return False
    return True


def spoiled(value, bad):
    """Put `bad` in the place of the first number; return the value itself if there is none."""
    if isinstance(value, torch.Tensor | np.ndarray):
        copy = value.clone().double() if isinstance(value, torch.Tensor) else value.astype(float)
        copy.reshape(-1)[0] = bad
        return copy
    if isinstance(value, list | tuple | dict):
        parts = value if isinstance(value, dict) else dict(enumerate(value))
        for key, part in parts.items():
            if (other := spoiled(part, bad)) is not part:
                parts = {**parts, key: other}
                return parts if isinstance(value, dict) else type(value)(parts.values())
        return value
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return bad if number else value


def in_tensors(value):
    """Give each number as a tensor of one element."""
    if isinstance(value, list | tuple) and all(isinstance(x, int | float) for x in value):
        return [torch.tensor([float(x)], dtype=torch.float64) for x in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return torch.tensor([value], dtype=torch.float64) if number else value


@EACH
def test_solution_of_the_book_passes_and_only_as_it_is(root, number, monkeypatch):
    """Right in any form, whatever it does to its inputs; never right with a NaN in it."""
    monkeypatch.chdir(root / "book")  # where a notebook runs
    official = _official(root, number)
    verdict = check(number, official)
    assert verdict, verdict
    assert repr(verdict).startswith("Right. ")
    for change in (lambda value: spoiled(value, math.nan), lambda value: spoiled(value, math.inf)):
        handed = Handed(official, change)
        verdict = check(number, handed.answer)
        assert not (verdict and handed.touched), verdict
    handed = Handed(official, ruin=True)
    verdict = check(number, handed.answer)
    assert verdict, verdict
    if handed.touched:
        verdict = check(number, official)
        assert verdict, f"after code in place: {verdict}"
    handed = Handed(official, in_tensors)
    verdict = check(number, handed.answer)
    assert verdict or not handed.touched, verdict


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


def test_label_serves_as_well_as_number():
    assert check("ex-best-r1", 1.0)


def test_unknown_exercise_lists_what_there_is():
    with pytest.raises(ValueError, match=r"2\.99.*2\.1, 2\.2"):
        check("2.99", 1)
    with pytest.raises(ValueError, match=r"99\.1.*1\.1, 1\.2"):
        check("99.1", 1)


def test_a_chapter_is_loaded_when_one_of_its_exercises_is_asked_for():
    """In a process of its own: which modules are there depends on what ran before."""
    program = """
        import sys

        def loaded():
            names = [name.split(".") for name in sys.modules]
            return {n[2] for n in names if n[:2] == ["gan_tutorial", "checks"] and n[2:]}

        import gan_tutorial
        assert loaded() == set(), loaded()
        always = {"answers", "core", "words"}
        gan_tutorial.check("4.1", 27.0)
        measuring = {"measuring", "measuring_spread"}
        assert loaded() == always | measuring, loaded()
        gan_tutorial.check("12.1", [256.0, 1.0])
        assert loaded() == always | measuring | {"scaling", "scaling_out"}, loaded()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_exercises_stand_in_the_file_of_their_chapter():
    for chapter, files in CHAPTERS.items():
        assert files
        assert all(number.startswith(f"{chapter}.") for number in EXERCISES.chapter(chapter))
    assert len(EXERCISES) == len(list(EXERCISES))
    assert "2.99" not in EXERCISES
