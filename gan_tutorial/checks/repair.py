"""Checks for the exercises of chapter 5, repair."""

import math
from typing import Any

import torch

from ..repair.masks import MASKS
from .core import Mistake, Mistakes, Wrong, call, chosen, close, compare_values, exercise, numbers

LOG2 = math.log(2)

# --- 5.4 A list of two pictures --------------------------------------------------------------


def _pair(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return torch.cat([first, second], 1)


def _pictures() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return damaged, clean and repaired pictures, all different."""
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(3, 1, 4, 4, generator=generator) * 2 - 1
    damaged, repaired = clean.clone(), clean.clone()
    damaged[..., 1:3, 1:3] = -1
    repaired[..., 1:3, 1:3] = 0.25
    return damaged, clean, repaired


def _pairs(answer: Any, mistakes: Mistakes) -> None:
    pictures = damaged, clean, repaired = _pictures()
    found = call(answer, *pictures)
    if len(found) != 2:
        raise Wrong("Return two things: the pair that D is to call real, and the one it is not to.")
    real, fake = map(numbers, found)
    for name, pair in (("real", real), ("fake", fake)):
        if tuple(pair.shape) != (3, 2, 4, 4):
            raise Wrong(
                f"The {name} pair of 3 gray pictures of 4 by 4 pixels should have shape "
                f"(3, 2, 4, 4), not {tuple(pair.shape)}: join along the channels."
            )
    for damaged_first in (True, False):
        order = slice(None, None, 1 if damaged_first else -1)
        rights = [_pair(*(damaged, x)[order]) for x in (clean, repaired)]
        if close(real, rights[0], 1e-6) and close(fake, rights[1], 1e-6):
            return
    for mistake in mistakes.values():
        usual = mistake.answer(*pictures)
        if close(real, usual[0], 1e-6) and close(fake, usual[1], 1e-6):
            raise Wrong(mistake.why)
    raise Wrong("Both pairs hold the damaged picture; what differs is what stands beside it.")


# --- 5.5 and 5.6: names ----------------------------------------------------------------------

_OTHERS = ("mean", "biharmonic", "patch copy", "nearest", "PCA")
_CAN_LEAVE = {"nearest", "PCA"}


def _leaving(answer: Any, mistakes: Mistakes) -> None:
    names = chosen(answer, ("harmonic", *_OTHERS))
    if names == _CAN_LEAVE:
        return
    for mistake in mistakes.values():
        if names == mistake.answer:
            raise Wrong(mistake.why)
    if "harmonic" in names:
        raise Wrong("The harmonic fill cannot: that is part (a).")
    missing = sorted(_CAN_LEAVE - names)
    if missing:
        raise Wrong(f"{missing[0]} is missing: does anything tie it to the pixels around the hole?")
    raise Wrong("Some of these cannot: what does each of them do with the known pixels?")


def _ahead(answer: Any, mistakes: Mistakes) -> None:
    names = chosen(answer, MASKS)
    if names == _AHEAD:
        return
    for mistake in mistakes.values():
        if names == set(mistake.answer):
            raise Wrong(mistake.why)
    if wrong := sorted(names - _AHEAD):
        raise Wrong(
            f"On {wrong[0]} the harmonic fill has the higher PSNR: measure over missing pixels, "
            "on 64 test pictures or so."
        )
    missing = sorted(_AHEAD - names)
    raise Wrong(f"On {missing[0]} too the network is ahead: measure all {len(MASKS)} kinds.")


_AHEAD = {"center", "boxes", "strokes", "half", "outpainting"}

EXERCISES = (
    exercise(
        "5.1",
        "ex-repair-median",
        "two numbers, the answer of L2 and the answer of L1",
        compare_values([-0.2, -1.0], ["the answer of L2", "the answer of L1"], tolerance=0.02),
        "One never occurs, and the other always: neither knows that there are two possibilities.",
        swapped=Mistake(
            "These are the two answers in the wrong order: squares lead to the mean, absolute "
            "values to the median.",
            [-1.0, -0.2],
        ),
        both_mean=Mistake(
            "The mean is L2's answer. The sum of *absolute* errors falls as long as more than half "
            "of the pixels lie on one side.",
            [-0.2, -0.2],
        ),
        shares=Mistake("The share of white is 0.4; in [-1, 1] the mean is 0.4 - 0.6.", [0.4, -1.0]),
        middle=Mistake(
            "Zero is half-way between black and white; but black is more frequent.", [0.0, -1.0]
        ),
    ),
    exercise(
        "5.2",
        "ex-repair-tradeoff",
        "the two numbers of (b): the decibels lost, and the share of the missing variance regained",
        compare_values(
            [10 * math.log10(1.25), 0.25], ["the loss in dB", "the share"], tolerance=5e-3
        ),
        "A decibel for a quarter; and a stretched mean has all of the spread for half a decibel.",
        amplitude=Mistake(
            "Variance goes with the *square* of rho: one half brings back a quarter.",
            [10 * math.log10(1.25), 0.5],
        ),
        twenty=Mistake(
            "The squared error is a power already: 10 log10, not 20 log10.",
            [20 * math.log10(1.25), 0.25],
        ),
        natural=Mistake("Decibels take the logarithm to base 10.", [10 * math.log(1.25), 0.25]),
        full_draw=Mistake(
            "3 dB is the price of rho = 1, a full draw. Here the error grows by 1 + rho^2 = 1.25.",
            [10 * math.log10(2), 0.25],
        ),
    ),
    exercise(
        "5.3",
        "ex-repair-nothing",
        "the value of (a), a number",
        compare_values([-2 * LOG2], ["the value"]),
        "The least that any generator can reach, and it is reached by doing nothing.",
        loss=Mistake(
            "That is the loss of D. The value of the formula, which D maximizes, is its negative.",
            2 * LOG2,
        ),
        one_term=Mistake("There are two expectations, and D is one half in both.", -LOG2),
        zero=Mistake(
            "Zero is the value where D tells the two apart without error. Here both "
            "distributions are the same.",
            0.0,
        ),
        bits=Mistake("Right in bits; use the natural logarithm.", -2.0),
    ),
    exercise(
        "5.4",
        "ex-repair-pair",
        "a function of (damaged, clean, repaired) that returns the real pair and the fake one, "
        "joined along the channels",
        _pairs,
        "Beside the damaged picture nothing can be missing in secret: to do nothing is found out.",
        articles=Mistake(
            "That is the article's real pair, a picture twice: D need only ask whether the halves "
            "are equal.",
            lambda damaged, clean, repaired: (_pair(clean, clean), _pair(clean, repaired)),
        ),
        clean_beside_fake=Mistake(
            "The fake pair has the *clean* picture where the real one has the damaged one: that "
            "alone gives it away, whatever G does. And in use there is no clean picture.",
            lambda damaged, clean, repaired: (_pair(damaged, clean), _pair(clean, repaired)),
        ),
        no_repair=Mistake(
            "The fake pair does not contain the repaired picture: nothing about G is judged.",
            lambda damaged, clean, repaired: (_pair(damaged, clean), _pair(damaged, damaged)),
        ),
        reversed_roles=Mistake(
            "The other way round: the pair with the clean picture is the real one.",
            lambda damaged, clean, repaired: (_pair(damaged, repaired), _pair(damaged, clean)),
        ),
    ),
    exercise(
        "5.5",
        "ex-repair-film",
        f"the names of the repairs that can leave the range, out of {', '.join(_OTHERS)}",
        _leaving,
        "What only averages or copies known pixels cannot draw what is darker than all of them.",
        all_five=Mistake(
            "Not all five. A mean and a copy of known pixels stay among the known pixels.",
            set(_OTHERS),
        ),
        plate=Mistake(
            "A free biharmonic plate can leave the range, as you say; scikit-image's is cut off "
            "there. Measure it.",
            {"nearest", "PCA", "biharmonic"},
        ),
        patches=Mistake(
            "A patch copy consists of *this* picture's known pixels: it cannot leave their range.",
            {"nearest", "PCA", "patch copy"},
        ),
        regression_only=Mistake(
            "There is one more: the nearest training picture is another picture, with colors of "
            "its own.",
            {"PCA"},
        ),
        nearest_only=Mistake(
            "There is one more: a regression is a weighted sum, and weights may be negative.",
            {"nearest"},
        ),
    ),
    exercise(
        "5.6",
        "ex-repair-kinds",
        "the names of the kinds of damage on which the network has the higher PSNR",
        _ahead,
        "Thin and scattered damage has known neighbors everywhere: there interpolation wins.",
        everywhere=Mistake(
            "Not on all seven. Where every missing pixel has known neighbors, what is there to "
            "know about footballs?",
            set(MASKS),
        ),
        trained_only=Mistake(
            "These are the kinds it was trained on. It is ahead on two others as well: measure "
            "those with large holes.",
            {"center", "boxes", "strokes"},
        ),
        reversed_sign=Mistake(
            "The other way round: on these the harmonic fill is ahead.", {"scratches", "dropout"}
        ),
    ),
)
