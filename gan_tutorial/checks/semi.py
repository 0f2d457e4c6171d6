"""Checks for the exercises of chapter 7, semi-supervised learning."""

import torch
from torch.nn import functional

from .core import Mistake, Wrong, call, close, compare_functions, exercise, numbers

# --- 7.1 One logit ---------------------------------------------------------------------------


def _logits(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


_A, _REAL = _logits(-3, -0.5, 0, 1, 4, 2), _logits(0, 1, 0, 1, 1, 0)


def _one(a, is_real):
    return functional.binary_cross_entropy_with_logits(a, is_real)


def _two(a, is_real, fake=0.0, swapped=False):
    columns = [torch.zeros_like(a) if fake == 0 else fake * a, a]
    return functional.cross_entropy(
        torch.stack(columns[:: -1 if swapped else 1], 1), is_real.long()
    )


def _alternatives(answer, mistakes) -> None:
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("Hand in two functions, for one logit and for two: check(..., (one, two)).")
    found = [numbers(call(f, _A, _REAL)) for f in answer]
    found = [values.mean() for values in found]
    right = _one(_A, _REAL)
    if all(close(value, right, 1e-4) for value in found):
        return
    for mistake in mistakes.values():
        usual = [numbers(f(_A, _REAL)).mean() for f in mistake.answer]
        if any(
            close(value, wrong, 1e-4) and not close(wrong, right, 1e-4)
            for value, wrong in zip(found, usual, strict=True)
        ):
            raise Wrong(mistake.why)
    which = "first" if not close(found[0], right, 1e-4) else "second"
    raise Wrong(
        f"The {which} returns {found[0 if which == 'first' else 1]:.4g} in the mean for six "
        f"samples, three of them real, and {right:.4g} is expected."
    )


# --- 7.2 What an unlabeled picture says ------------------------------------------------------


def _share_real(logits):
    return logits.logsumexp(1, keepdim=True).sigmoid()


# --- 7.3 Find the leak -----------------------------------------------------------------------


def _nearest(x, y, rows):
    """Give each sample the class of the nearest of the labeled ones: honest."""
    return y[rows][torch.cdist(x, x[rows]).argmin(1)]


def _standardized(x, y, rows):
    """Use all samples, but no label outside the rows: honest."""
    return _nearest((x - x.mean(0)) / (x.std(0) + 1e-6), y, rows)


def _corrected(x, y, rows):
    """Repeat the labels of five samples outside the rows: a leak in few places."""
    outside = torch.ones(len(x), dtype=torch.bool)
    outside[rows] = False
    guess, five = _nearest(x, y, rows).clone(), outside.nonzero()[:5, 0]
    guess[five] = y[five]
    return guess


def _by_counts(x, y, rows):
    """Guess the commonest class for every second sample: leaks the *counts* of hidden labels."""
    guess = _nearest(x, y, rows).clone()
    guess[::2] = y[y >= 0].bincount().argmax()
    return guess


def _all_labels(x, y, rows):
    """Vote of the classes' means, over all labels: an ordinary leak."""
    means = torch.stack([x[y == k].mean(0) for k in y.unique()])
    return y.unique()[torch.cdist(x, means).argmin(1)]


_PROGRAMS = {
    "one that uses the nearest labeled picture": (_nearest, False),
    "one that standardizes by all pictures": (_standardized, False),
    "one that takes the mean picture of each class from all labels": (_all_labels, True),
    "one that looks at five hidden labels": (_corrected, True),
    "one that knows only how *often* each class occurs among all labels": (_by_counts, True),
}


def _found(answer) -> dict[str, bool]:
    return {name: bool(call(answer, program)) for name, (program, _) in _PROGRAMS.items()}


def _leak(answer, mistakes) -> None:
    found = _found(answer)
    right = {name: leaks for name, (_, leaks) in _PROGRAMS.items()}
    if found == right:
        return
    for mistake in mistakes.values():
        if found == _found(mistake.answer):
            raise Wrong(mistake.why)
    name = next(name for name in right if found[name] != right[name])
    said = "accuses" if found[name] else "acquits"
    raise Wrong(f"Your test {said} {name}, and should not.")


def _tester(spare_the_labeled: bool, one_class_too: bool):
    """Make a test for leaks, with or without two of the usual faults."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(120, 3, generator=generator)
    y = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    y[:60] = 0  # the commonest class
    rows = torch.arange(40, 80)
    changed = torch.ones(120, dtype=torch.bool)
    changed[rows] = not spare_the_labeled

    def leaks(program):
        before = program(x, y, rows)
        versions = [y.clone() for _ in range(4)]
        for labels in versions:
            labels[changed] = labels[changed][torch.randperm(int(changed.sum()))]
        if one_class_too:
            versions[0][changed] = 3
        return any(not torch.equal(program(x, labels, rows), before) for labels in versions)

    return leaks


# --- 7.4 One hundred percent -----------------------------------------------------------------


def _offset(answer, mistakes) -> None:
    sets = [_logits(-3, -0.5, 1, 2.5), _logits(-40, -7, -1), _logits(0.5, 2, 9)]
    found = [float(call(answer, each)) for each in sets]
    shares = [
        (each + offset > 0).double().mean().item() for each, offset in zip(sets, found, strict=True)
    ]
    if min(shares) == 1:
        return
    for mistake in mistakes.values():
        if close(found, [float(mistake.answer(each)) for each in sets], 1e-6):
            raise Wrong(mistake.why)
    worst = shares.index(min(shares))
    raise Wrong(
        f"For logits {sets[worst].tolist()} you add {found[worst]:.3g}, and then {min(shares):.0%} "
        "of the fakes pass for real, not all."
    )


# --- 7.5 Break label spreading ---------------------------------------------------------------


def _broken(answer, mistakes) -> None:
    if not isinstance(answer, dict) or not {0.0, 3.0, 10.0} <= {float(s) for s in answer}:
        raise Wrong("Hand in a dict {s: (spreading, linear)} with s = 0, 3 and 10.")
    pairs = {float(s): tuple(map(float, pair)) for s, pair in answer.items()}
    for mistake in mistakes.values():
        if all(close(pairs.get(s), pair, 1e-6) for s, pair in mistake.answer.items()):
            raise Wrong(mistake.why)
    values = [value for pair in pairs.values() for value in pair]
    if min(values) < 0 or max(values) > 1:
        raise Wrong("Accuracies are shares between 0 and 1: this is not.")
    (spread_0, linear_0), (spread_10, linear_10) = pairs[0.0], pairs[10.0]
    if spread_10 > spread_0 - 0.2:
        raise Wrong(mistakes["one_noise"].why)
    if linear_10 < linear_0 - 0.2:
        raise Wrong(mistakes["not_standardized"].why)
    if spread_0 < linear_0:
        raise Wrong(mistakes["swapped"].why)


EXERCISES = (
    exercise(
        "7.1",
        "ex-softmax-of-one",
        "two functions of (a, is_real), for one logit and for two, that return the loss",
        _alternatives,
        "One function in two notations: K + 1 classes for K = 1.",
        softmax_of_one=Mistake(
            "Your loss is 0 whatever the logits say: that is the softmax of one number, the fault "
            "of part (a).",
            (
                lambda a, is_real: functional.cross_entropy(a[:, None], 0 * is_real.long()),
                lambda a, is_real: functional.cross_entropy(a[:, None], 0 * is_real.long()),
            ),
        ),
        minus_a=Mistake(
            "With the logits a and -a the softmax is the sigmoid of *2a*: give the fakes 0.",
            (_one, lambda a, is_real: _two(a, is_real, fake=-1.0)),
        ),
        swapped=Mistake(
            "Two logits, in the wrong order: is class 1 the real one in both places?",
            (_one, lambda a, is_real: _two(a, is_real, swapped=True)),
        ),
        labels_ignored=Mistake(
            "The first calls every sample real: the fakes cost -log(1 - sigma(a)).",
            (lambda a, is_real: functional.softplus(-a).mean(), _two),
        ),
    ),
    exercise(
        "7.2",
        "ex-gradient",
        "a function of logits (N, K) that returns the slopes of -log D in each of them",
        compare_functions(
            lambda logits: -(1 - _share_real(logits)) * logits.softmax(1),
            [(torch.stack([_logits(-2, 0, 1), _logits(-1, -1, -1)]),), (_logits(3, -4)[None],)],
            "logits",
        ),
        "In proportion to what it believes already, and less the more real the picture looks.",
        of_log_z=Mistake(
            "That is the slope of log Z. Of -log D, by the chain rule, it is that times -(1 - D).",
            lambda logits: logits.softmax(1),
        ),
        of_the_fakes=Mistake(
            "That is what a *fake* does: the slope of -log(1 - D), which pushes the logits down.",
            lambda logits: _share_real(logits) * logits.softmax(1),
        ),
        sign=Mistake(
            "The sign is reversed: to lower -log D the logits must rise.",
            lambda logits: (1 - _share_real(logits)) * logits.softmax(1),
        ),
        d_for_one_minus_d=Mistake(
            "The slope is largest where D is *small*: the derivative of -log sigma(u) is "
            "sigma(u) - 1.",
            lambda logits: -_share_real(logits) * logits.softmax(1),
        ),
    ),
    exercise(
        "7.3",
        "ex-leak",
        "a function of a program(x, y, rows) that returns whether it leaks",
        _leak,
        "Without reading a line of code: what changes when hidden labels change has seen them.",
        shuffles_all=Mistake(
            "Your test accuses every program, the honest ones too. Do you change the labels of the "
            "50 as well? Who learns from them has to react.",
            _tester(spare_the_labeled=False, one_class_too=True),
        ),
        only_shuffles=Mistake(
            "A shuffle keeps the number of labels of each class, and a program that knows only "
            "those goes free. Change more than the order.",
            _tester(spare_the_labeled=True, one_class_too=False),
        ),
        never=Mistake("Your test accuses nobody.", lambda program: False),
    ),
    exercise(
        "7.4",
        "ex-hundred",
        "a function of logits (N,) that returns the constant to add",
        _offset,
        "One hundred percent, and FID has not moved: a number must compare with right answers.",
        mean=Mistake(
            "That brings the *mean* to zero: about half of the fakes pass.",
            lambda logits: -logits.mean(),
        ),
        largest=Mistake(
            "Only the most convincing fake passes at best: lift the *least* convincing one.",
            lambda logits: -logits.max(),
        ),
        exactly_zero=Mistake(
            "Nearly: the worst fake now has the logit 0, which is one half, and not above it.",
            lambda logits: -logits.min(),
        ),
        nothing=Mistake(
            "That changes nothing: how far must the worst fake rise?", lambda logits: 0
        ),
    ),
    exercise(
        "7.5",
        "ex-break",
        "a dict from s = 0, 3, 10 to the two accuracies (spreading, linear)",
        _broken,
        "Distances count noise like ink; a linear classifier can learn to ignore it.",
        one_noise=Mistake(
            "Label spreading hardly suffers: does every picture get noise of its *own*? Equal "
            "numbers for all change no distance.",
            {0.0: (0.95, 0.89), 3.0: (0.95, 0.89), 10.0: (0.95, 0.89)},
        ),
        swapped=Mistake(
            "Without noise the first number is below the second: spreading comes first.",
            {0.0: (0.88, 0.95), 3.0: (0.85, 0.8), 10.0: (0.82, 0.3)},
        ),
        not_standardized=Mistake(
            "The linear classifier falls as far: standardize each number before it, so that the "
            "penalty weighs all alike.",
            {0.0: (0.95, 0.89), 3.0: (0.8, 0.7), 10.0: (0.3, 0.35)},
        ),
    ),
)
