"""What the numbers of a history give away by themselves, whatever the rules make of them."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from ..losses import LOSSES
from .findings import Finding, fact
from .table import Table

__all__ = ["findings_in_numbers"]

FEWEST = 6  # rows below which a course is not judged
NEVER_NEGATIVE = {
    "d_loss": ("minimax", "non-saturating", "relativistic", "least-squares", "hinge"),
    "g_loss": ("non-saturating", "relativistic", "least-squares"),
}
SURE = 0.05  # of the loss of an undecided discriminator: below it for good, D has won
LOSES = 3.0  # the generator's loss beside which a vanishing d_loss means the same, of any name
GROWTH, LARGE = 10.0, 100.0  # from the first half of a run to its end, and in size
STRONG_D_CURE = (
    "Lower its learning rate, add a gradient penalty (r1), or give it less to go by; see that "
    "reals and fakes have one range."
)


def findings_in_numbers(table: Table, loss: str | None = None) -> list[Finding]:
    """Return what is wrong with the numbers themselves: lost, impossible, won, or boundless.

    Parameters
    ----------
    table : Table
        As `read_table` returns it.
    loss : str, optional
        Name of the loss, one of `gan_tutorial.losses.LOSSES`.

    Returns
    -------
    list of Finding
    """
    return [*_not_finite(table), *_impossible(table, loss), *_won(table, loss), *_boundless(table)]


def _not_finite(table: Table) -> Iterator[Finding]:
    """Find numbers that were lost, which is not to say that nobody measured them."""
    if table.spoiled:
        name = min(table.spoiled, key=lambda each: table.spoiled[each][0])
        first, others = table.spoiled[name][0], len(table.spoiled) - 1
        also = f", and {others} more column{'s' * (others > 1)} with it" if others else ""
        yield fact(
            "not-finite",
            f"{name} is NaN or infinite from step {first:g} on{also}."
            if table.spoiled[name][-1] == table["step"][-1]
            else f"{name} is NaN or infinite at step {first:g}{also}.",
            "Go back to a state before it, with a lower learning rate or a gradient penalty; take "
            "losses from logits, not from logarithms of probabilities.",
        )


def _impossible(table: Table, loss: str | None) -> Iterator[Finding]:
    """Find negative values of what cannot be: a cross-entropy, a squared error, a hinge."""
    for name, losses in NEVER_NEGATIVE.items():
        values = table.get(name, np.array([]))
        values = values[np.isfinite(values)]
        if loss in losses and len(values) and values.min() < -1e-6:
            yield fact(
                "negative-loss",
                f"{name} falls to {values.min():.4g}, and the {loss} loss cannot be below 0.",
                "Look at its sign, and at what it is computed from: targets must lie in [0, 1], "
                "and logits go in before any sigmoid.",
                name,
            )


def _won(table: Table, loss: str | None) -> Iterator[Finding]:
    """Find a discriminator that is sure of everything to the end: nothing is left to learn from."""
    d_loss = _late(table, "d_loss")
    if len(d_loss) < FEWEST // 2 or d_loss.min() < 0:
        return
    seen = f"d_loss stays below {d_loss.max():.2g} over the second half of the run"
    if loss in LOSSES:
        undecided = LOSSES[loss].equilibrium
        # for a hinge, 0 says that all samples are beyond the margin; a generator still learns
        if loss not in ("hinge", "wasserstein") and d_loss.max() < SURE * undecided:
            yield Finding(
                "strong-d",
                0.8,
                f"{seen}, where an undecided discriminator has {undecided:.3g}: it wins for good.",
                STRONG_D_CURE,
                ("idle_loss",),
            )
        return
    g_loss = _late(table, "g_loss")
    if len(g_loss) >= FEWEST // 2 and d_loss.max() < SURE and np.median(g_loss) > LOSES:
        yield Finding(
            "strong-d",
            0.7,
            f"{seen} and g_loss is {np.median(g_loss):.3g}: if these are cross-entropies, the "
            "discriminator wins for good.",
            STRONG_D_CURE,
            ("idle_loss",),
        )


def _boundless(table: Table) -> Iterator[Finding]:
    """Find a loss that only ever grows in size."""
    for name in ("d_loss", "g_loss"):
        values = np.abs(table.get(name, np.array([])))
        values = values[np.isfinite(values)]
        if len(values) < FEWEST:
            continue
        quarters = [np.median(part) for part in np.array_split(values, 4)]
        growing = all(a < b for a, b in pairwise(quarters))
        if growing and quarters[3] > LARGE and quarters[3] > GROWTH * quarters[1]:
            yield Finding(
                "diverging-loss",
                0.8,
                f"{name} grows without bound: its size was {quarters[1]:.3g} in the second quarter "
                f"of the run and is {quarters[3]:.3g} in the last.",
                "Bound the discriminator's slope by a gradient penalty (r1, or gp for a critic), "
                "or lower the learning rate.",
            )


def _late(table: Table, name: str) -> np.ndarray:
    """Return the finite values of the second half of a run."""
    values = table.get(name, np.array([]))
    values = values[np.isfinite(values)]
    return values[len(values) // 2 :]
