"""From a table to signs.

A sign is one number, most often the median of a column over the second half of the run, so that a
single bad step and the noise of the beginning do not count.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..losses import LOSSES, AdversarialLoss

__all__ = ["FEWEST", "SIGNS", "Sign", "signs_of", "too_few"]

LABELED = tuple(name for name, game in LOSSES.items() if game.labeled)
FEWEST = 3  # measured values in the second half of a run, below which a column says nothing

Measure = Callable[[list[np.ndarray], Any], float]


@dataclass(frozen=True)
class Sign:
    """One number that is read off some columns of the table.

    Attributes
    ----------
    columns : tuple of str
        Their names.
    measure : callable
        ``measure(values, game)`` returns the number: `values` are the columns, at the rows that
        have all of them; `game` is the `AdversarialLoss`, if it is known.
    losses : tuple of str
        The losses without which it cannot be measured; empty if it needs none.
    """

    columns: tuple[str, ...]
    measure: Measure
    losses: tuple[str, ...] = ()


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
        The signs whose columns are there, with enough values. One that cannot be computed, such
        as the difference of two infinite numbers, is left out.
    """
    signs = {}
    for name, values in _measured(table, loss):
        sign = SIGNS[name]
        if len(_late(values[0])) < FEWEST:
            continue
        with np.errstate(invalid="ignore"):
            value = sign.measure(values, LOSSES[loss] if loss in LOSSES else None)
        if not np.isnan(value):
            signs[name] = float(value)
    return signs


def too_few(table: dict[str, np.ndarray], loss: str | None = None) -> dict[str, int]:
    """Return the signs that were looked at too rarely, with their looks in the second half.

    Takes what `signs_of` takes. Rules want three looks, since one may show anything.
    """
    looks = {name: len(_late(values[0])) for name, values in _measured(table, loss)}
    return {name: count for name, count in looks.items() if 0 < count < FEWEST}


def _measured(
    table: dict[str, np.ndarray], loss: str | None
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield each sign whose columns are there, and their values at the rows that have them all."""
    for name, sign in SIGNS.items():
        there = all(column in table for column in sign.columns)
        if there and (not sign.losses or loss in sign.losses):
            measured = ~np.isnan([table[column] for column in sign.columns]).any(axis=0)
            yield name, [table[column][measured] for column in sign.columns]


def _late(column: np.ndarray) -> np.ndarray:
    """Return the second half of a run."""
    return column[len(column) // 2 :]


# --- Signs of one or two columns -------------------------------------------------------------


def late_median(values: list[np.ndarray], _: AdversarialLoss | None = None) -> float:
    """Return the median of a column over the second half of the run."""
    return float(np.median(_late(values[0])))


def pace(values: list[np.ndarray], _: AdversarialLoss | None = None) -> float:
    """Return the generator's share of the largest moves of both."""
    g, d = (float(column.max()) for column in values)
    return g / (g + d) if g + d > 0 else 0.5


def gap(values: list[np.ndarray], _: AdversarialLoss | None = None) -> float:
    """Return the median difference of two columns over the second half of the run."""
    return late_median([values[0] - values[1]])


def idle_g(values: list[np.ndarray], _: AdversarialLoss | None = None) -> float:
    """Return the share of looks at which only the discriminator had moved."""
    return float(((values[0] == 0) & (values[1] > 0)).mean())


def largest(values: list[np.ndarray], _: AdversarialLoss | None = None) -> float:
    """Return the largest absolute value."""
    return float(np.abs(values[0]).max())


def outside(values: list[np.ndarray], _: AdversarialLoss | None = None) -> float:
    """Return how far the smallest and the largest logit ever leave [0, 1]."""
    return float(max(0.0, -values[0].min(), values[1].max() - 1))


# --- Signs of a loss and the mean logits -----------------------------------------------------


def below_floor(values: list[np.ndarray], game: AdversarialLoss) -> float:
    r"""How far a reported loss falls below what its mean logits allow, relative to one plus that.

    Every loss of D in this library is convex in the logits, so by Jensen's inequality
    :math:`E\,L(a_r, a_f) \ge L(E\,a_r, E\,a_f)`: the loss of the mean logits is a floor. A loss
    below it is not the one it is said to be, whatever the networks do.

    Examples
    --------
    Fakes labeled real: both logits rise, and the loss falls where it should explode.

    >>> row = [np.array([value]) for value in (0.1, 3.0, 3.0)]
    >>> round(below_floor(row, LOSSES["non-saturating"]), 2)
    0.73
    """
    d_loss, real, fake = values
    floor = loss_of_means(game, real, fake)
    return float(max(0.0, ((floor - d_loss) / (1 + np.abs(floor))).max()))


def off_labeled_real(values: list[np.ndarray], game: AdversarialLoss) -> float:
    """Return the distance of a reported loss from the one with all labels "real"."""
    d_loss, *logits = map(_late, values)
    terms = [game.real_term(torch.from_numpy(x)).numpy() for x in logits]
    return _distance(d_loss, terms[0] + terms[1])


def off_one_output(values: list[np.ndarray], game: AdversarialLoss) -> float:
    """Return the distance of a reported loss from the one of one batch, taken twice."""
    d_loss, *logits = map(_late, values)
    return min(_distance(d_loss, loss_of_means(game, x, x)) for x in logits)


def loss_of_means(game: AdversarialLoss, real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Return the loss of D for each pair of logits, shape (rows,)."""
    pairs = (torch.from_numpy(np.asarray(x, np.float64))[:, None] for x in (real, fake))
    return torch.vmap(game.discriminator)(*pairs).numpy()


def _distance(reported: np.ndarray, expected: np.ndarray) -> float:
    """Median distance of a reported loss from another, relative to its size."""
    return float(np.median(np.abs(reported - expected) / (1 + np.abs(expected))))


_MEDIANS = (
    "ranked", "memory", "distance", "diversity", "coverage", "precision", "rank", "slope",
    "slope_between", "jitter", "g_grad", "d_grad", "g_move", "d_move",
)  # fmt: skip
_MOVES = ("g_move", "d_move")
_LOSS_AND_LOGITS = ("d_loss", "real_logit", "fake_logit")

SIGNS: dict[str, Sign] = {
    **{name: Sign((name,), late_median) for name in _MEDIANS},
    "pace": Sign(_MOVES, pace),
    "gap": Sign(("real_logit", "fake_logit"), gap),
    "idle_g": Sign(_MOVES, idle_g),
    "below_floor": Sign(_LOSS_AND_LOGITS, below_floor, tuple(LOSSES)),
    "off_labeled_real": Sign(_LOSS_AND_LOGITS, off_labeled_real, LABELED),
    "off_one_output": Sign(_LOSS_AND_LOGITS, off_one_output, tuple(LOSSES)),
    "idle_loss": Sign(("d_loss",), largest),
    "outside": Sign(("logit_low", "logit_high"), outside),
}
