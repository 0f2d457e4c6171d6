import math

import numpy as np
import pytest
import torch

from gan_tutorial import check

RIGHT = {
    "minimax": None,
    "non-saturating": None,
    "least-squares": (1.0, 0.0),
    "hinge": (2, -5),
    "wasserstein": torch.tensor([0.3, 0.3]),
    "relativistic": None,
}


def test_zeros_of_each_loss_in_any_form():
    assert check("8.1", RIGHT)
    assert check("8.1", RIGHT | {"hinge": np.array([1.0, -1.0])})
    assert check("8.1", {name.upper().replace("-", " "): pair for name, pair in RIGHT.items()})


@pytest.mark.parametrize(
    "wrong",
    [
        {"hinge": (math.nan, math.nan)},
        {"hinge": (math.inf, -math.inf)},
        {"wasserstein": (math.nan, 0.0)},
        {"wasserstein": (0.0, None)},
        {"least-squares": (1.0,)},
        {"least-squares": (1.0, 0.1)},
        {"hinge": (0.9, -1.0)},
        {"minimax": (math.nan, math.nan)},
        {"non-saturating": (math.inf, -math.inf)},
    ],
)
def test_no_other_pair_is_right(wrong):
    assert not check("8.1", RIGHT | wrong)
