"""How a verdict is reached, on exercises made for the purpose."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import torch

from gan_tutorial.checks.core import Mistake, compare_functions, compare_values, exercise, judge

RATIO = exercise(
    "0.1",
    "ex-ratio",
    "a function of (p, q)",
    compare_functions(lambda p, q: math.log(p / q), [(0.5, 0.25), (0.1, 0.4)], "p, q"),
    "Yes.",
    upside_down=Mistake("The other way round.", lambda p, q: math.log(q / p)),
)
TWO = exercise(
    "0.2", "ex-two", "two numbers", compare_values([0.5, 3.0], ["a", "b"]), "Yes.",
    endless=Mistake("It does end.", [0.5, math.inf]),
)  # fmt: skip
DOUBLE = exercise(
    "0.3",
    "ex-double",
    "a function of x",
    compare_functions(lambda x: 2 * x, [(torch.arange(4.0),), (torch.ones(2, 3),)], "x"),
    "Yes.",
)


@pytest.mark.parametrize(
    "function",
    [
        lambda p, q: torch.log(p / q),
        lambda p, q: torch.log(p) - q.log(),
        lambda p, q: np.log(p) - np.log(q),
        lambda p, q: [math.log(p / q)],
        lambda p, q: torch.tensor([[math.log(p / q)]], requires_grad=True),
        lambda p, q: np.array([math.log(p / q)], dtype=np.float32),
    ],
)
def test_a_function_may_be_written_with_torch_numpy_or_math(function):
    assert judge(RATIO, function), judge(RATIO, function)


def test_a_function_that_fails_says_how_it_fails_with_numbers():
    assert "TypeError" in judge(RATIO, lambda p: p).sentence
    assert "unexpected word" in judge(RATIO, lambda p, q: int("unexpected word")).sentence


@pytest.mark.parametrize(
    "answer",
    [
        (0.5, 3),
        ["1/2", " 3 "],
        [Fraction(1, 2), Fraction(3)],
        np.array([0.5, 3.0]),
        np.array([Fraction(1, 2), 3], dtype=object),
        torch.tensor([[0.5], [3.0]], requires_grad=True),
        [torch.tensor([0.5]), 3.0],
        np.array([3.0, 0.5])[::-1],
        [np.float32(0.5), torch.tensor(3)],
    ],
)
def test_numbers_may_have_any_form(answer):
    assert judge(TWO, answer), judge(TWO, answer)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None, "half", 1j, object()])
def test_what_is_no_number_is_never_right(bad):
    for answer in ([0.5, bad], (bad, 3.0), [torch.tensor([0.5]), bad]):
        verdict = judge(TWO, answer)
        assert not verdict
        assert verdict.sentence
    assert not judge(RATIO, lambda p, q: bad)
    assert not judge(RATIO, lambda p, q: [math.log(p / q), bad])


def test_a_mistake_with_an_infinity_in_it_still_has_its_name():
    assert judge(TWO, [0.5, math.inf]).sentence == "It does end."


def test_a_judge_that_only_compares_lets_no_nan_through():
    """`if x < 0: raise` says nothing of NaN; and what a function says on the way counts, too."""

    def lax(answer, mistakes):
        if callable(answer):
            answer(1.0), answer(2.0)

    anything = exercise("0.4", "ex-lax", "anything", lax, "Yes.")
    assert judge(anything, [1.0, {"a": torch.ones(2)}])
    for bad in (math.nan, [1.0, (2.0, np.array([math.nan]))], {"a": torch.tensor(math.inf)}):
        assert "never right" in judge(anything, bad).sentence
    assert "It returns NaN" in judge(anything, lambda x: {"a": [math.nan]}).sentence
    assert "It returns None" in judge(anything, lambda x: (1.0, None)).sentence
    assert judge(anything, lambda x: x)


def test_nan_is_called_by_its_name_and_by_no_other():
    assert judge(TWO, [0.5, math.nan]).sentence == "It holds NaN, and that is never right."
    verdict = judge(RATIO, lambda p, q: math.nan if p < q else math.log(q / p))
    assert verdict.sentence == "It returns NaN, and that is never right."


def doubled_in_place(x):
    return x.mul_(2)


def forgets_the_factor(x):
    x.mul_(2)
    return x / 2


def one_buffer(x, kept={}):  # noqa: B006 (that it is kept is the point)
    out = kept.setdefault(x.shape, torch.empty_like(x))
    return torch.mul(x, 2, out=out)


def test_code_in_place_is_judged_by_what_it_returns():
    for function in (doubled_in_place, one_buffer):
        for _ in range(2):
            assert judge(DOUBLE, function), judge(DOUBLE, function)
    for _ in range(2):
        assert not judge(DOUBLE, forgets_the_factor)
    assert judge(DOUBLE, lambda x: x + x)


def test_what_is_handed_in_stays_as_it_is():
    def greedy(answer, mistakes):
        answer.fill_(0)

    answer = torch.arange(4.0)
    judge(exercise("0.5", "ex-greedy", "a tensor", greedy, "Yes."), answer)
    assert answer.tolist() == [0, 1, 2, 3]


def test_random_numbers_and_settings_of_the_learner_go_on_undisturbed():
    def draws(x):
        torch.manual_seed(1), random.seed(1), np.random.seed(1)  # noqa: NPY002
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return 2 * x

    def now():
        return torch.rand(3).tolist(), random.random(), np.random.rand()  # noqa: NPY002

    torch.manual_seed(3), random.seed(3), np.random.seed(3)  # noqa: NPY002
    expected = now()
    torch.manual_seed(3), random.seed(3), np.random.seed(3)  # noqa: NPY002
    assert judge(DOUBLE, draws)
    assert now() == expected
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()


def test_the_shape_of_a_table_counts():
    assert "shape" in judge(DOUBLE, lambda x: 2 * x.flatten()).sentence
    assert not judge(RATIO, lambda p, q: [math.log(p / q)] * 2)
