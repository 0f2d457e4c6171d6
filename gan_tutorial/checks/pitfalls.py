"""Checks for the exercises of chapter 8, pitfalls."""

import math
from typing import Any

import torch

from ..losses import LOSSES
from .core import Mistake, Mistakes, Wrong, chosen, compare_functions, exercise, numbers

LOG2 = math.log(2)

# --- 8.1 Which zero? -------------------------------------------------------------------------

_ZEROS = {
    "minimax": None,
    "non-saturating": None,
    "least-squares": (1.0, 0.0),
    "hinge": (1.0, -1.0),
    "wasserstein": (0.0, 0.0),
    "relativistic": None,
}


def _pairs(answer: dict) -> dict[str, tuple[float, ...] | None]:
    """Return the logits of each loss as floats."""
    return {
        name: None if pair is None else tuple(numbers(pair).flatten().tolist())
        for key, pair in answer.items()
        for name in chosen([key], _ZEROS)
    }


def _zeros(answer: Any, mistakes: Mistakes) -> None:
    if not isinstance(answer, dict) or chosen(answer, _ZEROS) != set(_ZEROS):
        raise Wrong(f"Hand in a dict with the keys {', '.join(_ZEROS)}: a pair of logits or None.")
    pairs = _pairs(answer)
    for mistake in mistakes.values():
        if pairs == _pairs(mistake.answer):
            raise Wrong(mistake.why)
    for name, pair in pairs.items():
        if pair is None:
            if _ZEROS[name] is not None:
                raise Wrong(f"There is a pair for {name}: its loss is not a sum of softplus.")
            continue
        if len(pair) != 2 or not all(map(math.isfinite, pair)):
            raise Wrong(f"Of {name} two finite logits are expected, of a real and of a fake.")
        if _ZEROS[name] is None:
            raise Wrong(mistakes["rounded"].why)
        real, fake = (torch.tensor([logit], dtype=torch.float64) for logit in pair)
        loss = LOSSES[name].discriminator(real, fake).item()
        if not abs(loss) <= 1e-12:
            raise Wrong(f"At ({real.item():g}, {fake.item():g}) the loss of {name} is {loss:.3g}.")


# --- 8.2 The floor under noisy labels --------------------------------------------------------


def _noisy(u: float) -> tuple[float, float]:
    return math.log((1 - u) / u), -2 * (u * math.log(u) + (1 - u) * math.log(1 - u))


# --- 8.5 The price of a class ----------------------------------------------------------------


def _loss_without(share: float) -> float:
    """Return the loss of the best D if the generator never makes a class of this share."""
    rest = 1 - share
    return -rest * math.log(rest / (rest + 1)) - math.log(1 / (rest + 1))


EXERCISES = (
    exercise(
        "8.1",
        "ex-which-zero",
        "a dict from the name of each loss to a pair of logits (real, fake), or None",
        _zeros,
        "So a loss of 0 means nothing before one knows which loss.",
        none_at_all=Mistake(
            "Squares, hinges and differences do reach 0, each at logits that you can write down.",
            dict.fromkeys(_ZEROS),
        ),
        rounded=Mistake(
            "Softplus is positive at every finite logit. If it printed 0, the number was rounded.",
            _ZEROS
            | {"minimax": (200, -200), "non-saturating": (200, -200), "relativistic": (200, -200)},
        ),
        wasserstein_never=Mistake(
            "The Wasserstein loss is a difference of two logits: what if they are equal?",
            _ZEROS | {"wasserstein": None},
        ),
    ),
    exercise(
        "8.2",
        "ex-noise-floor",
        "a function of u that returns the best logit for a real, and the smallest loss",
        compare_functions(_noisy, [(0.05,), (0.2,), (0.4,), (0.5,)], "u"),
        "The floor is twice the entropy of a label: below it something else is being learned.",
        one_half=Mistake(
            "That is the floor of the reals alone; the fakes cost as much again.",
            lambda u: (_noisy(u)[0], _noisy(u)[1] / 2),
        ),
        sign=Mistake(
            "A sample that is surely real should get a *positive* logit while u is below one half.",
            lambda u: (-_noisy(u)[0], _noisy(u)[1]),
        ),
        probability=Mistake(
            "1 - u is the best *probability*; its logit is asked for.",
            lambda u: (1 - u, _noisy(u)[1]),
        ),
        bits=Mistake(
            "That floor is in bits; the losses are in nats.",
            lambda u: (_noisy(u)[0], _noisy(u)[1] / LOG2),
        ),
    ),
    exercise(
        "8.5",
        "ex-price",
        "a function of the share of a class that returns L_D of the best D, if the generator "
        "makes only the rest",
        compare_functions(_loss_without, [(0.02,), (0.1,), (0.3,), (0.6,)], "share"),
        "A class of a hundredth moves the loss by less than it trembles.",
        the_price=Mistake(
            "That is how far the loss falls; check expects the loss itself, 2 log 2 minus that.",
            lambda share: 2 * LOG2 - _loss_without(share),
        ),
        first_order=Mistake(
            "Right for a very small share only: 2 log 2 minus the share times log 2. The fakes are "
            "denser on the rest, too.",
            lambda share: 2 * LOG2 - share * LOG2,
        ),
        not_renormalized=Mistake(
            "The generator's density on the rest is 1, not 1 - share: what it does not make of "
            "one class it makes of the other.",
            lambda share: (1 - share) * 2 * LOG2,
        ),
        nothing=Mistake(
            "2 log 2 is the loss where both distributions are equal; here one lacks a class.",
            lambda share: 2 * LOG2,
        ),
    ),
)
