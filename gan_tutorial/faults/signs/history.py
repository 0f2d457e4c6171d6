"""Signs that are read off the history of a run, and off the error that ended it."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...losses import get_loss
from ..case import Outcome

__all__ = ["floor_of_d_loss", "largest_d_loss", "stopped_with", "stuck_d_loss"]


def _later(outcome: Outcome, column: str, share: float = 0.5) -> Tensor:
    """Return the last part of a column of the history."""
    values = torch.from_numpy(outcome.history[column])
    return values[int(len(values) * (1 - share)) :]


def largest_d_loss(outcome: Outcome) -> float:
    """Return the largest absolute value of the discriminator's loss."""
    return float(torch.from_numpy(outcome.history["d_loss"]).abs().max())


def stuck_d_loss(outcome: Outcome) -> float:
    """Return how far D's loss was, at most, from its textbook value in the second half."""
    return float((_later(outcome, "d_loss") - get_loss(outcome.case.loss).equilibrium).abs().max())


def floor_of_d_loss(outcome: Outcome) -> float:
    """Return the smallest loss of the discriminator in the second half of the run."""
    return float(_later(outcome, "d_loss").min())


def stopped_with(words: str) -> Callable[[Outcome], float]:
    """Return a sign that is 1 if the run stopped with an error that contains these words."""

    def stopped(outcome: Outcome) -> float:
        return float(words in (outcome.stopped or ""))

    stopped.__doc__ = f"Return whether (1 or 0) the run stopped with an error that says {words!r}."
    return stopped
