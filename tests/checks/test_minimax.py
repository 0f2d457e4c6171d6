"""The bound of exercise 2.5; problem set 1 accepts the same two forms, for other shares."""

import math

import numpy as np
import pytest
import torch

from gan_tutorial import check

LOG2 = math.log(2)


@pytest.mark.parametrize(
    "bound",
    [
        lambda loss: LOG2 - loss / 2,
        lambda loss: max(0, LOG2 - loss / 2),
        lambda loss: torch.clamp(LOG2 - loss / 2, min=0),
        lambda loss: np.maximum(np.log(4) - np.array([loss]), 0) / 2,
        lambda loss: 0 if loss > 2 * LOG2 else (2 * LOG2 - loss) / 2,
        lambda loss: torch.tensor([math.log(2)]) - 0.5 * loss,
    ],
)
def test_both_true_bounds_in_any_form(bound):
    verdict = check("2.5", bound)
    assert verdict, verdict


@pytest.mark.parametrize(
    "bound",
    [
        lambda loss: abs(LOG2 - loss / 2),
        lambda loss: max(0.01, LOG2 - loss / 2),
        lambda loss: max(0.0, LOG2 - loss),
        lambda loss: max(0.0, 2 * LOG2 - loss),
        lambda loss: max(0.0, (LOG2 - loss / 2) / LOG2),
        lambda loss: loss / 2 - LOG2,
        lambda loss: LOG2 - max(loss, 0.5) / 2,
        lambda loss: (LOG2 - loss / 2) if loss < 1 else 0.0,
        lambda loss: -1.0 if loss > 2 * LOG2 else LOG2 - loss / 2,
        lambda loss: math.nan if loss > 2 * LOG2 else LOG2 - loss / 2,
    ],
)
def test_what_is_no_bound_or_not_this_one(bound):
    assert not check("2.5", bound)


@pytest.mark.parametrize("cut", [lambda x: x, lambda x: max(0.0, x)])
def test_a_mistake_has_its_name_with_zero_and_without(cut):
    assert "halve" in check("2.5", lambda loss: cut(2 * LOG2 - loss)).sentence
    assert "both halves" in check("2.5", lambda loss: cut(LOG2 - loss)).sentence
    assert "rise again" in check("2.5", lambda loss: abs(LOG2 - loss / 2)).sentence


@pytest.mark.parametrize(
    "form", [list, np.array, torch.tensor, lambda x: [1.0 * n for pair in x for n in pair]]
)
def test_six_steps_in_any_form(form):
    steps = [[-1, 2], [-2, 1], [-1, -1], [1, -2], [2, -1], [1, 1]]
    assert check("2.1", form(steps))
    assert "start" in check("2.1", form([[1, 1], *steps])).sentence
    assert not check("2.1", form(steps[::-1]))
