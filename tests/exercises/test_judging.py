"""What a test gives, and what a student is told of it."""

import feedback
import making
import pytest
from crossing import clean, described, has_nan
from making import answered, blank, cell_of, solved, tiny, with_cell

SECRETS = ("0.8125", "-7.25", "1.625")


def mark(result, id: str):
    return next(mark for mark in result.marks if mark.id == id)


def test_what_the_solution_and_a_blank_get(grade_one):
    assert (grade_one(answered()).score, grade_one(blank(tiny())).score) == (7, 0)
    assert mark(grade_one(blank(tiny())), "test-twice").why == "not answered"


def test_partial_credit_says_what_was_reached(grade_one):
    result = grade_one(answered(path="def path(steps):\n    return [0.0] * min(steps + 1, 5)"))
    assert mark(result, "test-path").score == 1
    assert mark(result, "test-path").why == "5 of 10"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("return x * x", "broken numbers"),
        ("return 'four'", "twice two (returned: a text)"),
        ("return x / 0", "ZeroDivisionError in the line `return x / 0`"),
        ("return [x, x]", "twice two (returned: a list of 2)"),
    ],
)
def test_what_failed_is_said(program, said, grade_one):
    result = grade_one(answered(twice=f"def twice(x):\n    {program}"))
    assert said in mark(result, "test-twice").why


@pytest.mark.parametrize(
    "program",
    [
        "if x != 2:\n        raise ValueError(f'input {x!r} {2 * x}')\n    return 4",
        "if x != 2:\n        raise type(f'E{str(x)[3:]}', (Exception,), {})\n    return 4",
        "if x != 2:\n        return str(x)\n    return 4",
        "if x != 2:\n        return [0] * 3, x\n    return 4",
        "print(x)\n    return x if x != 2 else 4",
        "globals()['seen'] = x\n    return x if x != 2 else 4",
    ],
)
def test_hidden_inputs_do_not_leak(program, grade_one):
    result = grade_one(answered(twice=f"def twice(x):\n    {program}"))
    assert mark(result, "test-twice").score == 0
    told = feedback.page(result, {})
    assert not [secret for secret in SECRETS if secret in told]


def test_an_exception_on_public_inputs_is_told_in_full(grade_one):
    result = grade_one(answered(twice="def twice(x):\n    raise ValueError(f'I got {x}')"))
    assert "I got 2" in mark(result, "test-twice").why


def test_changed_given_cells_are_put_back(grade_one):
    notebook = answered()
    cell_of(notebook, "given").source = "raise SystemExit"
    assert grade_one(notebook).score == 7


def test_no_tests_and_no_metadata_are_no_harm(grade_one):
    notebook = answered()
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("test-")]
    assert grade_one(notebook).score == 7
    notebook = answered()
    for cell in notebook.cells:
        cell.metadata.clear()
    assert grade_one(notebook).score == 7


def test_the_last_of_two_copies_counts(grade_one):
    notebook = blank(tiny())
    right = cell_of(solved(tiny()), "twice").source
    with_cell(notebook, right, len(notebook.cells))
    assert grade_one(notebook).score == 2


def test_answers_that_only_pretend_to_be_equal_get_nothing(grade_one):
    notebook = blank(tiny())
    with_cell(notebook, "class Yes(float):\n"
              "    __abs__ = __sub__ = __rsub__ = __eq__ = __lt__ = lambda *_: Yes(0)\n"
              "twice = minus = path = lambda *_: Yes(0)", len(notebook.cells))  # fmt: skip
    assert grade_one(notebook).score == 0


def test_official_solutions_are_noted(grade_one):
    assert "official solution" in grade_one(tiny()).notes[0]
    assert not grade_one(answered()).notes


def test_luck_is_the_same_whenever_it_is_graded(grade_one):
    """A program that draws without a seed gets the same mark each time."""
    program = "import random\ndef twice(x):\n    return 2 * x if random.random() < 0.7 else 0"
    marks = {tuple(m.score for m in grade_one(answered(twice=program)).marks) for _ in range(4)}
    assert len(marks) == 1


# --- Feedback -----------------------------------------------------------------------------------


def test_feedback_can_be_used(grade_one):
    result = grade_one(with_cell(answered(minus="def minus(column):\n    return 0"), "1 / 0"))
    page = feedback.page(result, {})
    assert "So far 4 of 10 points; 3 still to be read." in page
    assert "Part 2: a column" in page
    assert "each number with a minus" in page
    assert "Because I say so." in page
    assert "\x1b" not in page
    assert "ZeroDivisionError" in page
    assert "rubric" not in page
    assert "2 points for a good one" not in page


def test_feedback_after_reading(grade_one, tiny_set):
    import problem_sets

    result = grade_one(answered())
    mark(result, "why").score, mark(result, "why").why = 2.0, "Give a <reason>."
    cells = {c.id: c for c in problem_sets.cells(problem_sets.read(tiny_set[making.TINY]))}
    page = feedback.page(result, cells)
    assert "9 of 10 points." in page
    assert "still to be read" not in page
    assert "Give a &lt;reason&gt;." in page
    assert "2 points for a good one" in page


def test_what_students_write_is_escaped(grade_one):
    bad = "<script>alert(1)</script>"
    result = grade_one(with_cell(answered(why=bad), f"print({bad!r})\nraise ValueError({bad!r})"))
    assert "<script" not in feedback.page(result, {})


# --- What crosses the boundary ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("\x1b[31mred\x1b[0m", "red"), ("a\r\nb\rc", "a\nb\nc"), ("\ud800", "?"), ("a\0b", "a\ufffdb"),
     ("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"), ("x" * 20, "x" * 10 + " ... (cut)"),
     (None, "(NoneType)"), ("a\u202eb", "a\ufffdb")],
)  # fmt: skip
def test_texts_are_cleaned(text, cleaned):
    assert clean(text, 10) == cleaned


def test_nan_is_found_wherever_it_is():
    import numpy as np
    import torch

    nan = float("nan")
    for value in (nan, [1, nan], ({"a": nan},), np.array([1, nan]), torch.tensor([[nan]])):
        assert has_nan(value)
    for value in (1, "nan", float("inf"), [None], np.array([1]), torch.ones(2), {}):
        assert not has_nan(value)


def test_answers_are_described_without_their_numbers():
    import torch

    assert described(torch.full((7, 1), 0.8125)) == "a tensor of shape (7, 1), float32"
    assert described(0.8125) == "a number"
