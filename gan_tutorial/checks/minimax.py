"""Checks for the exercises of chapter 2, the minimax game: value, losses and divergences."""

import math
from typing import Any

import torch

from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    compare_functions,
    compare_values,
    exercise,
    number,
    numbers,
)

LOG2 = math.log(2)


def _tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


# --- 2.1 Six steps by hand -------------------------------------------------------------------

_SIX_STEPS = [[-1, 2], [-2, 1], [-1, -1], [1, -2], [2, -1], [1, 1]]
_six_values = compare_values(
    [float(x) for step in _SIX_STEPS for x in step],
    [f"{who} after step {i + 1}" for i in range(6) for who in ("theta", "phi")],
)


def _six_steps(answer: Any, mistakes: Mistakes) -> None:
    given = numbers(answer).flatten()
    if len(given) == 14 and given[:2].tolist() == [1, 1]:
        raise Wrong("The start (1, 1) is not a step: hand in the six positions after it.")
    _six_values(given, mistakes)


# --- 2.5 What a loss value proves ------------------------------------------------------------

_LOSSES = [(0.9,), (0.2,), (1.0,), (1.38,), (2.0,)]
_as_it_stands = compare_functions(lambda loss: LOG2 - loss / 2, _LOSSES, "loss")
_never_negative = compare_functions(lambda loss: max(0.0, LOG2 - loss / 2), _LOSSES, "loss")


def _bound(answer: Any, mistakes: Mistakes) -> None:
    """Accept both true bounds: above log 4 the formula is negative, and 0 is known anyway."""
    if number(call(answer, 2.0)) < 0:
        _as_it_stands(answer, mistakes)
    else:
        _never_negative(answer, {name: _cut_off(mistake) for name, mistake in mistakes.items()})


def _cut_off(mistake: Mistake) -> Mistake:
    return Mistake(mistake.why, lambda loss: max(0.0, mistake.answer(loss)))


EXERCISES = (
    exercise(
        "2.1",
        "ex-six-steps",
        "the six positions (theta, phi) of alternating play, after each step",
        _six_steps,
        "After six steps you are back where you began, and always will be.",
        simultaneous=Mistake(
            "This is simultaneous play: theta moves by the *old* phi. In alternating play it "
            "answers the phi that has just moved.",
            [[0, 2], [-2, 2], [-4, 0], [-4, -4], [0, -8], [8, -8]],
        ),
        theta_first=Mistake(
            "Here theta moves first; the exercise lets phi begin.",
            [[0, 1], [-1, 0], [-1, -1], [0, -1], [1, 0], [1, 1]],
        ),
        both_descend=Mistake(
            "Here phi goes *down* the product; it is the player who wants it large, so it adds "
            "theta.",
            [[1, 0], [2, -1], [5, -3], [13, -8], [34, -21], [89, -55]],
        ),
    ),
    exercise(
        "2.2",
        "ex-zero-sum",
        "the two numbers (b, c): the sum at the equilibrium, and the value it can come near to",
        compare_values([3 * LOG2, 2 * LOG2], ["(b)", "(c)"]),
        "The sum is larger at the equilibrium than elsewhere: its fall proves nothing.",
        minimax=Mistake(
            "Zero is the sum of the *minimax* costs. The non-saturating generator has a cost of "
            "its own, and the two no longer cancel.",
            [0.0, 0.0],
        ),
        bits=Mistake(
            "Right in bits; the losses are in nats, so use the natural logarithm.", [3, 2]
        ),
        swapped=Mistake(
            "These are the two numbers, in the wrong order: the equilibrium is not where the sum "
            "is smallest.",
            [2 * LOG2, 3 * LOG2],
        ),
        equilibrium_is_best=Mistake(
            "You take the equilibrium for the minimum. Let D be sure on the data and at one half "
            "on the fakes: what is the sum there?",
            [3 * LOG2, 3 * LOG2],
        ),
    ),
    exercise(
        "2.3",
        "ex-inverted",
        "a function of (p, q), the two densities at a point, that returns the D of part (a)",
        compare_functions(
            lambda p, q: q / (p + q), [(0.3, 0.1), (0.1, 0.4), (0.2, 0.2), (1.0, 3.0)], "p, q"
        ),
        "High on fakes, as the generator wants it: whoever maximizes is no adversary.",
        usual=Mistake(
            "That is the best D of the *usual* formula. In the inverted one log D stands with "
            "the fakes.",
            lambda p, q: p / (p + q),
        ),
        ratio=Mistake(
            "That is a ratio of densities, and no probability: set the derivative of "
            "p log(1 - y) + q log y to zero and solve for y.",
            lambda p, q: q / p,
        ),
        half=Mistake("One half is right only where the densities are equal.", lambda p, q: 0.5),
    ),
    exercise(
        "2.4",
        "ex-ratio",
        "a function of (d, share) that returns p(x) / q(x)",
        compare_functions(
            lambda d, share: d / (1 - d) * (1 - share) / share,
            [(0.25, 0.1), (0.5, 0.5), (0.7, 0.5), (0.9, 0.8)],
            "d, share",
        ),
        'The threshold for "more likely under the data" is the share, not one half.',
        no_share=Mistake(
            "That is the ratio for equal shares: the share of real data does not enter. Where "
            "does it stand in D*?",
            lambda d, share: d / (1 - d),
        ),
        inverse=Mistake(
            "That is q/p, the other way round: a large D should mean a large ratio.",
            lambda d, share: (1 - d) / d * share / (1 - share),
        ),
        wrong_side=Mistake(
            "The correction for the shares is upside down. If data are rare, a D of 0.25 is "
            "strong evidence *for* the data.",
            lambda d, share: d / (1 - d) * share / (1 - share),
        ),
    ),
    exercise(
        "2.5",
        "ex-bound",
        "a function of the discriminator's loss that returns the lower bound on the JSD in nats",
        _bound,
        "A loss below log 4 proves a distance; log 4 proves nothing at all.",
        not_halved=Mistake(
            "The loss is log 4 - 2 JSD at its best: solve for the JSD, and halve.",
            lambda loss: 2 * LOG2 - loss,
        ),
        bits=Mistake(
            "That is in bits: divide by log 2 only if you are asked to.",
            lambda loss: (LOG2 - loss / 2) / LOG2,
        ),
        whole_loss=Mistake(
            "The loss is the *sum* of both halves: only half of it is to be taken from log 2.",
            lambda loss: LOG2 - loss,
        ),
        distance_again=Mistake(
            "Above log 4 a discriminator is worse than one without an opinion, and that proves "
            "nothing: the bound does not rise again.",
            lambda loss: abs(LOG2 - loss / 2),
        ),
    ),
    exercise(
        "2.6",
        "ex-double-sigmoid",
        "two numbers, the smallest and the largest loss",
        compare_values(
            [LOG2 + math.log(1 + math.exp(-1)), LOG2 + math.log(1 + math.e)],
            ["the smallest loss", "the largest loss"],
        ),
        "A log that never leaves this range has a sigmoid too many.",
        healthy=Mistake(
            'That is the range of a *right* loss. Here the "logit" is itself between 0 and 1.',
            [0.0, math.inf],
        ),
        both_terms=Mistake(
            "You let both terms profit from the same end. The best discriminator says 1 on data, "
            "which costs log(1 + 1/e), and 0 on fakes, which costs log 2.",
            [2 * math.log(1 + math.exp(-1)), 2 * math.log(1 + math.e)],
        ),
        swapped=Mistake(
            "Right, in the wrong order: the smallest loss first.",
            [LOG2 + math.log(1 + math.e), LOG2 + math.log(1 + math.exp(-1))],
        ),
        equilibrium=Mistake(
            "2 log 2 is what a discriminator without an opinion pays, and this one can do better: "
            "it can say 1 on data.",
            [2 * LOG2, LOG2 + math.log(1 + math.e)],
        ),
    ),
    exercise(
        "2.7",
        "ex-hinge",
        "a function of (p, q), two different densities at a point, that returns the best output",
        compare_functions(
            lambda p, q: torch.sign(torch.as_tensor(p - q, dtype=torch.float64)),
            [(0.3, 0.1), (0.1, 0.4), (0.5, 0.45), (0.0, 0.2)],
            "p, q",
        ),
        "Only the side matters, not by how much: that is the total variation.",
        probability=Mistake(
            "That is the best D of cross-entropy, a probability. The hinge loss is piecewise "
            "linear: its minimum is at a kink.",
            lambda p, q: p / (p + q),
        ),
        log_ratio=Mistake(
            "That is the best logit of cross-entropy. The hinge loss does not reward being surer "
            "than 1.",
            lambda p, q: (
                torch.log(torch.as_tensor(p, dtype=torch.float64))
                - torch.log(torch.as_tensor(q, dtype=torch.float64))
            ),
        ),
        proportional=Mistake(
            "Between -1 and 1 the loss is a straight line in a: go to its end.",
            lambda p, q: (p - q) / (p + q),
        ),
        reversed_sign=Mistake(
            "The sign is reversed: the output is to be high where the *data* are denser.",
            lambda p, q: torch.sign(torch.as_tensor(q - p, dtype=torch.float64)),
        ),
    ),
    exercise(
        "2.8",
        "ex-least-squares",
        "a function of (p, q), tensors of densities, that returns the best output",
        compare_functions(
            lambda p, q: (p - q) / (p + q),
            [(_tensor(0.3, 0.1, 0.2), _tensor(0.1, 0.4, 0.2)), (_tensor(0.9), _tensor(0.3))],
            "p, q",
        ),
        "The old answer, stretched from [0, 1] to [-1, 1]: the same divergence.",
        old_targets=Mistake(
            "That is the best output for the targets 0 and 1; here they are -1 and 1.",
            lambda p, q: p / (p + q),
        ),
        reversed_sign=Mistake(
            "The sign is reversed: where there are only data, the best output is +1.",
            lambda p, q: (q - p) / (p + q),
        ),
        hard=Mistake(
            "That is the hinge loss's answer. Least squares averages the targets, with the "
            "densities as weights.",
            lambda p, q: torch.sign(p - q),
        ),
    ),
)
