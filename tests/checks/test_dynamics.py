import math
import re

import numpy as np
import pytest
import torch

from gan_tutorial import check


@pytest.mark.parametrize(
    "schedule",
    [
        lambda t: 2.0 - 2.0 * t,
        lambda t: torch.tensor([2.0 * (1 - t)]),
        lambda t: [2.0 * math.cos(math.pi * t / 2)],
        lambda t: np.float32(3.0 * (1 - t)),
        lambda t: 2 * torch.exp(-3 * t),
    ],
)
def test_schedules_in_any_form(schedule):
    verdict = check("2.11", schedule)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (lambda t: 0.01, "does not move"),
        (lambda t: 2.5, "Constant noise"),
        (lambda t: 1.5 + 2.0 * t, "not half as far"),
        (lambda t: 2.0 if t < 0.05 else 0.0, "before the generator has arrived"),
        (lambda t: -1.0, "between 0 and"),
        (lambda t: 1e3, "between 0 and"),
        (lambda t: [2.0, 0.0], "One number"),
        (lambda t: "wide", "Numbers are expected"),
        (lambda t: None, "returns nothing"),
        (lambda t: math.nan if t > 0.5 else 2.0 - 2.0 * t, "NaN"),
    ],
)
def test_other_schedules_are_told_what_is_wrong(schedule, said):
    verdict = check("2.11", schedule)
    assert not verdict
    assert re.search(said, verdict.sentence), verdict
