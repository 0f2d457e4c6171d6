"""The record of a training run: one table, one row every few steps."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .files import write_atomically

__all__ = ["History"]


class History:
    """A table of what was measured during training.

    ``history["d_loss"]`` is a column, as a NumPy array of float64; a value that was not measured
    in a row is NaN. The first column is always ``step``, counted from 1.

    Examples
    --------
    >>> history = History()
    >>> history.append(step=10, d_loss=1.25)
    >>> history.append(step=20, d_loss=1.0, g_loss=0.5)
    >>> history["g_loss"]
    array([nan, 0.5])
    >>> history.last()
    {'step': 20.0, 'd_loss': 1.0, 'g_loss': 0.5}
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[float]] = {"step": []}
        self._last: dict[str, float] = {}  # the latest number of each column

    def append(self, **row: float) -> None:
        """Add a row; a name not seen before becomes a new column."""
        length = len(self)
        for name in row:
            self._columns.setdefault(name, [math.nan] * length)
        for name, column in self._columns.items():
            column.append(float(row.get(name, math.nan)))
        self._remember(row)

    def fill(self, **values: float) -> None:
        """Put further values into the last row; a name not seen before becomes a new column.

        Raises
        ------
        ValueError
            If there is no row yet.
        """
        if len(self) == 0:
            raise ValueError("There is no row to put values into: append one first.")
        for name, value in values.items():
            column = self._columns.setdefault(name, [math.nan] * len(self))
            column[-1] = float(value)
        self._remember(values)

    def _remember(self, values: dict[str, float]) -> None:
        self._last |= {name: float(v) for name, v in values.items() if not math.isnan(v)}

    def __len__(self) -> int:
        return len(self._columns["step"])

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in the order in which they appeared."""
        return tuple(self._columns)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._columns:
            raise KeyError(f"No column {name!r} in this history; it has {', '.join(self.columns)}.")
        return np.array(self._columns[name])

    def last(self) -> dict[str, float]:
        """Return the latest measured value of each column (empty before the first row)."""
        return {name: self._last[name] for name in self._columns if name in self._last}

    def state_dict(self) -> dict[str, Tensor]:
        """Return the columns as float64 tensors of shape (rows,)."""
        return {
            name: torch.tensor(column, dtype=torch.float64)
            for name, column in self._columns.items()
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Replace the table by one that `state_dict` returned."""
        self._columns = {name: column.tolist() for name, column in state.items()}
        self._last = {}
        for name, column in self._columns.items():
            measured = (value for value in reversed(column) if not math.isnan(value))
            if (latest := next(measured, None)) is not None:
                self._last[name] = latest

    def to_csv(self, path: str | Path) -> None:
        """Write the table to a CSV file, atomically; NaN is written as an empty field."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for row in zip(*self._columns.values(), strict=True):
            writer.writerow("" if math.isnan(value) else f"{value:.8g}" for value in row)
        write_atomically(path, text.getvalue().encode())

    @classmethod
    def read_csv(cls, path: str | Path) -> "History":
        """Read a table that `to_csv` wrote, or one of your own with a ``step`` column.

        Raises
        ------
        ValueError
            If the file has no ``step`` column, or a field that is not a number.
        """
        history = cls()
        with open(Path(path).expanduser(), newline="") as file:
            rows = csv.DictReader(file)
            if "step" not in (rows.fieldnames or ()):
                raise ValueError(f"{path} is not a training history: it has no column 'step'.")
            for row in rows:
                try:
                    history.append(**{name: float(value) for name, value in row.items() if value})
                except (TypeError, ValueError):
                    raise ValueError(
                        f"{path}, line {rows.line_num}: a field is not a number."
                    ) from None
        return history

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={value:.4g}" for name, value in self.last().items())
        return f"History of {len(self)} rows; last: {last}" if last else "History of 0 rows"
