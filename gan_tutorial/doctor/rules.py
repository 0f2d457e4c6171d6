"""From a table to signs, and from signs to findings.

A sign is one number, most often the median of a column over the second half of the run, so that a
single bad step and the noise of the beginning do not count. A rule is a list of conditions on
signs. Each condition is soft: 1/2 at its threshold, near 0 or 1 a few widths away from it, and the
confidence of a rule is that of its weakest condition.

The thresholds were fixed on the runs that ``benchmarks/doctor.py`` calls "tuned".
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from ..losses import LOSSES
from .findings import UNKNOWN, Finding
from .watch import labeled_real

__all__ = ["RULES", "Condition", "Rule", "apply_rules", "signs_of"]

LOGISTIC = ("minimax", "non-saturating", "relativistic")
LABELED = ("minimax", "non-saturating", "least-squares", "hinge")
NEVER_ZERO = (*LOGISTIC, "least-squares")
FEWEST = 3  # measured values in the second half of a run, below which a column says nothing

# Sign -> the columns it is made of. Those with the name of a column are medians of its second half.
SIGNS: dict[str, tuple[str, ...]] = {
    "ranked": ("ranked",),
    "memory": ("memory",),
    "distance": ("distance",),
    "diversity": ("diversity",),
    "coverage": ("coverage",),
    "precision": ("precision",),
    "rank": ("rank",),
    "slope": ("slope",),
    "slope_between": ("slope_between",),
    "jitter": ("jitter",),
    "g_grad": ("g_grad",),
    "d_grad": ("d_grad",),
    "g_move": ("g_move",),
    "d_move": ("d_move",),
    "pace": ("g_move", "d_move"),  # the generator's share of the largest moves of both
    "gap": ("real_logit", "fake_logit"),  # median difference of the means
    "idle_g": ("g_move", "d_move"),  # share of looks at which only the discriminator had moved
    "below_floor": ("d_loss", "real_logit", "fake_logit"),  # see `below_floor`
    "off_labeled_real": ("d_loss", "real_logit", "fake_logit"),  # distance from that loss
    "off_one_output": ("d_loss", "real_logit", "fake_logit"),
    "idle_loss": ("d_loss",),  # largest absolute value
    "outside": ("logit_low", "logit_high"),  # how far logits ever leave [0, 1]
}


def signs_of(table: dict[str, np.ndarray], loss: str | None = None) -> dict[str, float]:
    """Reduce a table to signs.

    Parameters
    ----------
    table : dict of str to numpy.ndarray
        As `read_table` returns it.
    loss : str, optional
        Name of the loss, one of `gan_tutorial.losses.LOSSES`; some signs need it.

    Returns
    -------
    dict of str to float
        The signs whose columns are there, with enough values.
    """
    signs = {}
    for name, columns in SIGNS.items():
        if not all(column in table for column in columns):
            continue
        seen = ~np.isnan([table[column] for column in columns]).any(axis=0)
        values = [table[column][seen] for column in columns]
        rows = len(values[0])
        if rows - rows // 2 < FEWEST:
            continue
        late = [column[rows // 2 :] for column in values]
        if len(columns) == 1 and name == columns[0]:
            signs[name] = float(np.median(late[0]))
        elif name == "pace":
            g, d = (column.max() for column in values)
            signs[name] = float(g / (g + d)) if g + d > 0 else 0.5
        elif name == "gap":
            signs[name] = float(np.median(late[0] - late[1]))
        elif name == "idle_loss":
            signs[name] = float(np.abs(values[0]).max())
        elif name == "outside":
            signs[name] = float(max(0.0, -values[0].min(), values[1].max() - 1))
        elif name == "idle_g":
            signs[name] = float(((values[0] == 0) & (values[1] > 0)).mean())
        elif name == "below_floor" and loss in LOSSES:
            signs[name] = below_floor(loss, *values)
        elif name == "off_labeled_real" and loss in LABELED:
            signs[name] = off(late[0], loss, late[1], labeled_real(loss, late[2]))
        elif name == "off_one_output" and loss in LOSSES:
            signs[name] = min(off(late[0], loss, x, x) for x in late[1:])
    return signs


def below_floor(loss: str, d_loss, real_logit, fake_logit) -> float:
    r"""How far a reported loss falls below what its mean logits allow, relative to one plus that.

    Every loss of D in this library is convex in the logits, so by Jensen's inequality
    :math:`E\,L(a_r, a_f) \ge L(E\,a_r, E\,a_f)`: the loss of the mean logits is a floor. A loss
    below it is not the one it is said to be, whatever the networks do.

    Examples
    --------
    Fakes labeled real: both logits rise, and the loss falls where it should explode.

    >>> row = (np.array([value]) for value in (0.1, 3.0, 3.0))
    >>> round(below_floor("non-saturating", *row), 2)
    0.73
    """
    floor = loss_of_means(loss, real_logit, fake_logit)
    return float(max(0.0, ((floor - d_loss) / (1 + np.abs(floor))).max()))


def loss_of_means(loss: str, real_logit, fake_logit) -> np.ndarray:
    """Return the loss of D for each pair of logits, shape (rows,)."""
    real, fake = (
        torch.from_numpy(np.asarray(x, np.float64))[:, None] for x in (real_logit, fake_logit)
    )
    return torch.vmap(LOSSES[loss].discriminator)(real, fake).numpy()


def off(d_loss: np.ndarray, loss: str, real_logit, fake_logit) -> float:
    """Median distance of a reported loss from that of these mean logits, relative to its size."""
    means = loss_of_means(loss, real_logit, fake_logit)
    return float(np.median(np.abs(d_loss - means) / (1 + np.abs(means))))


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
    """

    fault: str
    conditions: tuple[Condition, ...]
    meaning: str
    losses: tuple[str, ...] = ()
    most: float = 1.0  # an upper limit of the confidence

    def finding(self, signs: dict[str, float], loss: str | None, cure: str) -> Finding | None:
        """Return the finding, however faint; None if a sign is missing or the loss is another."""
        if self.losses and loss not in self.losses:
            return None
        if any(condition.sign not in signs for condition in self.conditions):
            return None
        confidence = min(c.confidence(signs[c.sign]) for c in self.conditions)
        numbers = ", ".join(f"{c.sign} {signs[c.sign]:.3g}" for c in self.conditions)
        columns = dict.fromkeys(name for c in self.conditions for name in SIGNS[c.sign])
        return Finding(
            self.fault,
            min(confidence, self.most),
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
        most=0.7,
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
        most=0.6,
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
