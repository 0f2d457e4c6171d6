"""Checks for the exercises of chapter 9, the doctor."""

import math
from typing import Any

from .core import Mistake, Mistakes, Wrong, compare_functions, exercise, word

# --- 9.1 Half of the pairs -------------------------------------------------------------------


def _ranked(ratio: float) -> float:
    """Return P(real logit > fake logit) of two normal distributions `ratio` deviations apart."""
    return 0.5 * (1 + math.erf(ratio / 2))


def _phi(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


# --- 9.2 The floor of each loss --------------------------------------------------------------


# Both within their margins, both beyond, and one of each.
_LOGITS = [(0.2, 0.4), (2.0, -2.0), (0.0, 0.0), (-1.0, 3.0), (2.0, 0.5), (0.5, -3.0)]


def _hinge(real: float, fake: float) -> float:
    return max(0.0, 1 - real) + max(0.0, 1 + fake)


# --- 9.3 Two alarms are better than one -----------------------------------------------------


def _posterior(prevalence: float, sick: float, well: float) -> float:
    """Return P(sick | what was seen), with its probabilities in sick and in healthy runs."""
    return prevalence * sick / (prevalence * sick + (1 - prevalence) * well)


# --- 9.5 A real log -------------------------------------------------------------------------


def _log(answer: Any, mistakes: Mistakes) -> None:
    name = word(answer)
    if name == "tiny-data":
        return
    for mistake in mistakes.values():
        if name == mistake.answer:
            raise Wrong(mistake.why)
    raise Wrong(
        f"{name!r} is not it: take a name of gan_tutorial.faults.FAULTS, and a column that speaks "
        "for it and against its doubles."
    )


EXERCISES = (
    exercise(
        "9.1",
        "ex-doctor-auc",
        "a function of mu / sigma that returns P(a_r > a_f)",
        compare_functions(_ranked, [(0.0,), (0.5,), (1.5,), (3.0,)], "ratio"),
        "Neither an offset nor a factor of all logits is in it: only their ratio.",
        one_spread=Mistake(
            "Both logits vary: the difference of two has a standard deviation of sqrt(2) sigma.",
            _phi,
        ),
        wrong_side=Mistake(
            "The spread of the difference is larger than sigma: divide by sqrt(2).",
            lambda ratio: _phi(math.sqrt(2) * ratio),
        ),
    ),
    exercise(
        "9.2",
        "ex-doctor-floor",
        "a function of the two mean logits, of reals and of fakes, that returns the floor",
        compare_functions(_hinge, _LOGITS, "real, fake"),
        "Whatever the single logits are, their mean loss is no smaller.",
        labeled_real=Mistake(
            "That is the floor if the fakes are labeled real: a fake pays for 1 + its logit.",
            lambda real, fake: max(0.0, 1 - real) + max(0.0, 1 - fake),
        ),
        unclipped=Mistake(
            "A logit beyond its margin costs nothing, and never less than nothing.",
            lambda real, fake: (1 - real) + (1 + fake),
        ),
    ),
    exercise(
        "9.3",
        "ex-doctor-bayes",
        "a function of prevalence, sensitivity and share of false alarms that returns the "
        "probability that a run is sick after two alarms",
        compare_functions(
            lambda prevalence, sensitivity, false_alarm: _posterior(
                prevalence, sensitivity**2, false_alarm**2
            ),
            [(0.05, 0.9, 0.05), (0.3, 0.8, 0.1), (0.5, 0.6, 0.4)],
            "prevalence, sensitivity, false_alarm",
        ),
        "The posterior of the first alarm is the prior of the second.",
        once=Mistake(
            "That is after one alarm. Use it as the prevalence for the second.",
            _posterior,
        ),
        only_the_sick=Mistake(
            "Two false alarms in a row are rarer, too: the square belongs to both probabilities.",
            lambda prevalence, sensitivity, false_alarm: _posterior(
                prevalence, sensitivity**2, false_alarm
            ),
        ),
        no_prevalence=Mistake(
            "Sick and healthy runs are not equally frequent: where is the prevalence?",
            lambda prevalence, sensitivity, false_alarm: _posterior(
                0.5, sensitivity**2, false_alarm**2
            ),
        ),
    ),
    exercise(
        "9.5",
        "ex-doctor-log",
        "the name of a fault, one of gan_tutorial.faults.FAULTS",
        _log,
        "Only the held-out pictures could tell: losses alone fit several faults.",
        winner=Mistake(
            "D wins, that is seen; but against which pictures? Compare training ones with "
            "held-out ones.",
            "strong-d",
        ),
        sigmoids=Mistake(
            "Two sigmoids keep the loss near 2 log 2, and logits within [0, 1]: look at both.",
            "double-sigmoid",
        ),
        collapsed=Mistake(
            "Collapsed samples are close to each other: what does `diversity` say?",
            "mode-collapse",
        ),
    ),
)
