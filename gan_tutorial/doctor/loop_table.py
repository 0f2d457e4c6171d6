"""What a watch has measured so far: losses of every call, and now and then a look."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .table import Table

__all__ = ["LoopTable", "as_loss", "check_batches"]

MOST_PARTS = 5  # rows of losses between two looks
LOSSES_OF = ("d_loss", "g_loss")


def as_loss(name: str, value: Any) -> float | Tensor | None:
    """Return a loss as a number, or as a tensor that nobody has waited for yet.

    Raises
    ------
    ValueError, TypeError
        If it is not one number; the message says what it is.
    """
    if value is None:
        return None
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ValueError(
                f"{name} has the shape {tuple(value.shape)}, and one number was expected: give "
                f"the mean, {name}.mean()."
            )
        return value.detach().reshape(()).float().clone()
    try:
        if isinstance(value, str):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} is a number or a tensor with one number, and a {type(value).__name__} was "
            "given: leave it out if there is none."
        ) from None


def check_batches(real: Any, fake: Any) -> None:
    """Refuse what cannot be two batches of samples.

    Raises
    ------
    TypeError, ValueError
        In one sentence.
    """
    for name, batch in (("real", real), ("fake", fake)):
        if not isinstance(batch, Tensor):
            raise TypeError(
                f"{name} is to be a batch of samples, a tensor of shape (N, ...), and a "
                f"{type(batch).__name__} was given."
            )
        if batch.dim() < 2 or len(batch) == 0:
            raise ValueError(
                f"{name} has the shape {tuple(batch.shape)}: give a batch of at least one sample, "
                "of shape (N, ...); logits are not needed."
            )
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"A real sample has the shape {tuple(real.shape[1:])} and a fake "
            f"{tuple(fake.shape[1:])}: give the two batches that the discriminator was shown."
        )


class LoopTable:
    """Rows by call. Losses on a device are fetched at looks only, all at once."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self._pending: list[tuple[int, dict[str, float | Tensor]]] = []

    def add_losses(self, call: int, **losses: float | Tensor | None) -> None:
        """Take down the losses of a call."""
        told = {name: value for name, value in losses.items() if value is not None}
        if told:
            self._pending.append((call, told))

    def add_look(self, call: int, **measured: float) -> None:
        """Take down what a look has measured."""
        self.flush()
        if self.rows and self.rows[-1]["step"] == call:
            self.rows[-1].update(measured)
        else:
            self.rows.append({"step": call, **measured})

    def flush(self) -> None:
        """Fetch the losses of the calls since the last look, as means of a few parts of them."""
        if not self._pending:
            return
        waiting = [v for _, told in self._pending for v in told.values() if isinstance(v, Tensor)]
        fetched = iter(torch.stack([v.cpu() for v in waiting]).tolist() if waiting else [])
        numbers = [
            (call, {n: next(fetched) if isinstance(v, Tensor) else v for n, v in told.items()})
            for call, told in self._pending
        ]
        self._pending = []
        for part in np.array_split(np.arange(len(numbers)), min(MOST_PARTS, len(numbers))):
            row: dict[str, float] = {"step": numbers[part[-1]][0]}
            for name in LOSSES_OF:
                values = [numbers[i][1][name] for i in part if name in numbers[i][1]]
                if values:
                    row[name] = math.fsum(values) / len(values) if _finite(values) else math.inf
            self.rows.append(row)

    def table(self) -> Table:
        """Return the columns, as `read_table` would."""
        self.flush()
        names = dict.fromkeys(name for row in self.rows for name in row)
        columns = {
            name: np.array([row.get(name, math.nan) for row in self.rows], dtype=np.float64)
            for name in names
        }
        spoiled = {
            name: columns["step"][np.isinf(columns[name])]
            for name in LOSSES_OF
            if name in columns and np.isinf(columns[name]).any()
        }
        return Table(columns, spoiled)


def _finite(values: list[float]) -> bool:
    return all(math.isfinite(value) for value in values)
