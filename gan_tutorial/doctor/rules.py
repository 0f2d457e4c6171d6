"""From signs to findings.

A rule is a list of conditions on signs (see `signs_of`). Each condition is soft: 1/2 at its
threshold, near 0 or 1 a few widths away from it, and the confidence of a rule is that of its
weakest condition.

The thresholds were fixed on the runs that ``benchmarks/doctor.py`` calls "tuned".
"""

import math
from dataclasses import dataclass

from .findings import UNKNOWN, Finding
from .signs import LABELED, SIGNS

__all__ = ["RULES", "Condition", "Rule", "apply_rules"]

LOGISTIC = ("minimax", "non-saturating", "relativistic")
NEVER_ZERO = (*LOGISTIC, "least-squares")


@dataclass(frozen=True)
class Condition:
    """A sign above or below a threshold.

    Attributes
    ----------
    sign : str
        One of `SIGNS`.
    threshold, width : float
        Half convinced at the threshold; at one width beyond it, to 73%, at three to 95%.
    above : bool
        Whether the condition holds above the threshold, or below it.
    """

    sign: str
    threshold: float
    width: float
    above: bool = True

    def confidence(self, value: float) -> float:
        """Return how well a value meets the condition, from 0 to 1."""
        x = (value - self.threshold) / self.width
        return 1 / (1 + math.exp(min(50.0, max(-50.0, -x if self.above else x))))


def above(sign: str, threshold: float, width: float) -> Condition:
    """Return the condition that a sign lies above a threshold."""
    return Condition(sign, threshold, width)


def below(sign: str, threshold: float, width: float) -> Condition:
    """Return the condition that a sign lies below a threshold."""
    return Condition(sign, threshold, width, above=False)


@dataclass(frozen=True)
class Rule:
    """What must come together for a name to be given.

    Attributes
    ----------
    fault : str
    conditions : tuple of Condition
        All of them must hold.
    meaning : str
        What that says, for the report.
    losses : tuple of str
        The losses for which the rule is made; empty for all.
    max_confidence : float
        An upper limit of the confidence, for a rule that can only suspect.
    """

    fault: str
    conditions: tuple[Condition, ...]
    meaning: str
    losses: tuple[str, ...] = ()
    max_confidence: float = 1.0

    def finding(self, signs: dict[str, float], loss: str | None, cure: str) -> Finding | None:
        """Return the finding, however faint; None if a sign is missing or the loss is another."""
        if self.losses and loss not in self.losses:
            return None
        if any(condition.sign not in signs for condition in self.conditions):
            return None
        confidence = min(c.confidence(signs[c.sign]) for c in self.conditions)
        numbers = ", ".join(f"{c.sign} {signs[c.sign]:.3g}" for c in self.conditions)
        columns = dict.fromkeys(name for c in self.conditions for name in SIGNS[c.sign].columns)
        return Finding(
            self.fault,
            min(confidence, self.max_confidence),
            f"{self.meaning} ({numbers}).",
            cure,
            tuple(columns),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "softmax-of-one",
        (below("idle_loss", 1e-8, 1e-9),),
        "D's loss is exactly 0 in every row",
        losses=NEVER_ZERO,
    ),
    Rule(
        "fakes-labeled-real",
        (above("below_floor", 0.05, 0.015), below("off_labeled_real", 0.1, 0.03)),
        "D's loss is smaller than its logits allow, and is that of fakes labeled real",
        losses=LABELED,
    ),
    Rule(
        "one-output-for-both",
        (above("below_floor", 0.05, 0.015), below("off_one_output", 0.1, 0.03)),
        "D's loss is smaller than its logits allow, and is that of one batch taken twice",
    ),
    Rule(
        UNKNOWN,
        (above("below_floor", 0.05, 0.015),),
        "D's loss is smaller than its logits allow, so it is another loss than it is said to be",
        max_confidence=0.7,
    ),
    Rule(
        "double-sigmoid",
        (below("outside", 1e-4, 1e-5),),
        "No logit ever leaves [0, 1]",
        losses=(*LOGISTIC, "hinge", "wasserstein"),
    ),
    Rule(
        "tiny-data",
        (above("memory", 0.75, 0.03),),
        "D ranks its training samples above others of the same kind: it knows them by heart",
    ),
    Rule(
        "mode-collapse",
        (below("diversity", 0.5, 0.05), below("pace", 0.93, 0.01)),
        "Fakes are much closer to each other than reals are",
    ),
    Rule(
        "penalty-over-one-axis",
        (above("slope_between", 2.0, 0.2),),
        "The critic's slope between reals and fakes, which the penalty draws to 1, is another",
    ),
    Rule(
        "instance-noise",
        (above("jitter", 0.5, 0.05),),
        "A sample's logit changes at each look",
    ),
    Rule(
        "lr-too-high",
        (above("d_move", 0.15, 0.02),),
        "One step moves the discriminator by a large part of its weights",
    ),
    Rule(
        "saturating-strong-d",
        (above("idle_g", 0.25, 0.05),),
        "The discriminator moved alone in many steps, and the loss is flat where D is sure",
        losses=("minimax",),
    ),
    Rule(
        "strong-d",
        (
            below("pace", 0.19, 0.02),
            above("ranked", 0.75, 0.02),
            above("diversity", 0.3, 0.05),
        ),
        "The generator hardly moves, and D ranks most reals above most fakes",
    ),
    Rule(
        "weak-d",
        (above("pace", 0.925, 0.01), above("distance", 0.1, 0.02)),
        "The discriminator hardly moves, and the samples are far from the data",
    ),
    Rule(
        UNKNOWN,
        (above("distance", 0.2, 0.03),),
        "The samples are far from the data, and nothing else explains it",
        max_confidence=0.6,
    ),
)


def apply_rules(signs: dict[str, float], loss: str | None = None) -> list[Finding]:
    """Return the findings of all rules whose confidence is above one in five.

    Parameters
    ----------
    signs : dict of str to float
        As `signs_of` returns them.
    loss : str, optional
        Name of the loss.
    """
    from ..faults import FAULTS

    found = []
    for rule in RULES:
        cure = FAULTS[rule.fault].cure if rule.fault in FAULTS else UNKNOWN_CURE
        finding = rule.finding(signs, loss, cure)
        if finding and finding.confidence > 0.2:
            found.append(finding)
    return found


UNKNOWN_CURE = (
    "Go back to the last run that worked, and change one thing at a time; the cards of the "
    "chapter show what else to look at."
)
