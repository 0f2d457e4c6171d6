"""Checks for the exercises of chapter 5, repair."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ..repair.masks import MASKS
from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    chosen,
    close,
    compare_functions,
    compare_values,
    exercise,
    numbers,
)

# --- 5.3 A discriminator of patches ----------------------------------------------------------

_SIDE, _REACH, _LOGITS = 32, 26, 8
_WATCHED = 4  # the logit whose reach is measured: in the middle, away from the padding


def _judged(network: Any, images: Tensor) -> Tensor:
    """Return logits (N, 8, 8); an axis for one channel may be there."""
    with torch.no_grad():
        logits = numbers(call(network, images))
    if logits.ndim == 4 and logits.shape[1] == 1:
        logits = logits[:, 0]
    if tuple(logits.shape) != (len(images), _LOGITS, _LOGITS):
        raise Wrong(
            f"{len(images)} pictures of 3 x {_SIDE} x {_SIDE} should give logits of shape "
            f"({len(images)}, {_LOGITS}, {_LOGITS}), not {tuple(logits.shape)}."
        )
    return logits


def _reach(network: Any) -> tuple[int, int]:
    """Return how many rows and how many columns of a picture one logit looks at."""
    picture = torch.rand(1, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    changed = picture.repeat(2 * _SIDE + 1, 1, 1, 1)
    for k in range(_SIDE):
        changed[1 + k, :, k, :] *= -1
        changed[1 + _SIDE + k, :, :, k] *= -1
    logits = _judged(network, changed)[:, _WATCHED, _WATCHED]
    moved = (logits[1:] - logits[0]).abs() > 1e-9
    rows, columns = (
        int(seen.max() - seen.min()) + 1 if len(seen) else 0
        for seen in (side.nonzero().flatten() for side in moved.split(_SIDE))
    )
    return rows, columns


def _patches(answer: Any, mistakes: Mistakes) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(6, 3, _SIDE, _SIDE, generator=generator) * 2 - 1
    shape = tuple(numbers(call(answer, images)).shape)
    if shape in ((6,), (6, 1), (6, 1, 1), (6, 1, 1, 1)):
        raise Wrong(mistakes["one_logit"].why)
    logits = _judged(answer, images)
    alone = torch.cat([_judged(answer, image[None]) for image in images])
    if not close(logits, alone, 1e-4):
        raise Wrong(mistakes["batch_norm"].why)
    loud = _judged(answer, 30 * images)
    if loud.min() >= 0 and loud.max() <= 1:
        raise Wrong(mistakes["sigmoid"].why)
    rows, columns = _reach(answer)
    if (rows, columns) == (_REACH, _REACH):
        return
    if min(rows, columns) >= _SIDE:
        raise Wrong(mistakes["whole_picture"].why)
    if (rows, columns) == (10, 10):
        raise Wrong(mistakes["no_last_layers"].why)
    raise Wrong(
        f"One of its logits looks at {rows} by {columns} pixels, and {_REACH} by {_REACH} are "
        "asked for: kernel 4 with stride 2 and padding 1 twice, then kernel 3 with padding 1 twice."
    )


def _network(*layers: nn.Module) -> nn.Sequential:
    """Return a network whose verdicts differ, whatever was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(*layers)
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.2)
    return network


def _stem(*between: nn.Module) -> list[nn.Module]:
    leaky = nn.LeakyReLU(0.2)
    return [nn.Conv2d(3, 8, 4, 2, 1), leaky, nn.Conv2d(8, 16, 4, 2, 1), *between, leaky]


def _tail() -> list[nn.Module]:
    return [nn.Conv2d(16, 16, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 1, 3, 1, 1)]


# --- 5.4 How much an average of draws costs --------------------------------------------------


def _price(k: float) -> float:
    """Return by how many decibels the mean of k draws is worse than the mean of all."""
    return 10 * math.log10(1 + 1 / k)


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
        "ex-repair-patches",
        "a network that maps pictures (N, 3, 32, 32) to logits (N, 8, 8)",
        _patches,
        "Sixty-four verdicts on one picture, each on a square of its own.",
        one_logit=Mistake(
            "It gives one logit a picture. Stop before the map becomes a number: each of its "
            "8 x 8 places is a verdict.",
            _network(*_stem(), *_tail(), nn.AdaptiveAvgPool2d(1), nn.Flatten(0)),
        ),
        sigmoid=Mistake(
            "Its verdicts lie between 0 and 1: the losses want logits, so leave the sigmoid out.",
            _network(*_stem(), *_tail(), nn.Sigmoid()),
        ),
        batch_norm=Mistake(
            "A verdict depends on the other pictures of the batch: leave batch norm out.",
            _network(*_stem(nn.BatchNorm2d(16)), *_tail()),
        ),
        whole_picture=Mistake(
            "Each of its logits sees the whole picture: no layer but convolutions, please.",
            _network(nn.Flatten(), nn.Linear(3 * 32 * 32, 64), nn.Unflatten(1, (8, 8))),
        ),
        no_last_layers=Mistake(
            "Each of its logits sees 10 by 10 pixels: two convolutions of kernel 3 are missing "
            "after the halvings.",
            _network(*_stem(), nn.Conv2d(16, 1, 1)),
        ),
    ),
    exercise(
        "5.4",
        "ex-repair-average",
        "a function of k that returns decibels",
        compare_functions(_price, [(1,), (2,), (4,), (10,), (100,)], "k"),
        "3 dB for a single draw, a tenth of that for fourteen: the average forgets the details.",
        one_draw=Mistake(
            "That is the price of one draw whatever k. The mean of k independent draws varies "
            "about its own mean k times less.",
            lambda k: 10 * math.log10(2),
        ),
        only_the_draws=Mistake(
            "The truth varies, too: its variance adds to that of the mean of k draws.",
            lambda k: 10 * math.log10(1 / k),
        ),
        root=Mistake(
            "The *variance* falls like 1/k; it is the standard deviation that falls like its root.",
            lambda k: 10 * math.log10(1 + k**-0.5),
        ),
        twenty=Mistake(
            "The squared error is a power already: 10 log10, not 20 log10.",
            lambda k: 20 * math.log10(1 + 1 / k),
        ),
        natural=Mistake(
            "Decibels take the logarithm to base 10.", lambda k: 10 * math.log(1 + 1 / k)
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
