"""The table that the doctor reads: a history of this library, a file, a dict of columns."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..training import History
from .foreign import read_file, renamed

__all__ = ["COLUMNS", "Table", "read_table"]

# Everything the doctor can use. Only `step` is needed; whatever else is missing is not looked at.
COLUMNS: dict[str, str] = {
    "step": "number of the training step, rising",
    "d_loss": "the discriminator's loss, without penalties",
    "g_loss": "the generator's loss",
    "real_logit": "mean logit of the batch of reals, before the update",
    "fake_logit": "mean logit of the batch of fakes, before the update",
    "gp": "the penalty (|gradient| - 1)^2 of a Wasserstein critic, without its weight",
    "r1": "half the mean squared length of the logit's gradient at the reals",
    "ranked": "share of real-fake pairs in which the real one has the larger logit",
    "logit_gap": "mean logit of reals minus that of fakes, after the update",
    "logit_std": "standard deviation of the logits within reals and within fakes",
    "logit_low": "smallest logit of both",
    "logit_high": "largest logit of both",
    "slope": "root mean square length of the logit's gradient at the reals",
    "slope_between": "the same between reals and fakes; only measured with the penalty gp",
    "jitter": "change of a sample's logit from one look to the next, in standard deviations",
    "memory": "share of pairs in which a training sample has a larger logit than a held-out one",
    "held_out_gap": "mean logit of training samples minus that of held-out ones",
    "distance": "energy distance of fakes and reals, in mean distances between two reals",
    "diversity": "mean distance between two fakes, in mean distances between two reals",
    "coverage": "share of reals with a fake no farther than their fifth neighbor",
    "precision": "share of fakes no farther from a real than that one's fifth neighbor",
    "rank": "effective rank of the fakes' covariance, divided by that of the reals",
    "g_grad": "length of the generator's gradient, divided by that of its weights",
    "d_grad": "length of the discriminator's gradient, divided by that of its weights",
    "g_move": "length of the generator's last step, divided by that of its weights",
    "d_move": "length of the discriminator's last step, divided by that of its weights",
}


# Of these every row has a value; those of the probe are measured now and then.
ALWAYS = ("d_loss", "g_loss", "real_logit", "fake_logit")


class Table(dict[str, np.ndarray]):
    """Columns by name, and which of their values were spoiled.

    Attributes
    ----------
    spoiled : dict of str to ndarray
        For each column that holds any: the steps at which it was infinite or "not a number",
        rather than not measured.
    """

    def __init__(
        self, columns: Mapping[str, np.ndarray], spoiled: Mapping[str, np.ndarray] | None = None
    ):
        super().__init__(columns)
        self.spoiled = dict(spoiled or {})


def read_table(source: str | Path | History | Mapping) -> Table:
    """Return the columns of a history as arrays of float64; missing values are NaN.

    Parameters
    ----------
    source : History, mapping, str or Path
        A history; columns by name, of equal length; or a file: CSV with commas, semicolons or
        tabs, JSON, or the export of TensorBoard, Weights & Biases or Lightning. Losses may have
        the names that other programs give them ("Loss/D", "errG", "critic_loss"), and steps may
        be called iterations or epochs. Names that mean nothing to the doctor are kept and not
        looked at; columns of words among them are left out.

    Returns
    -------
    Table
        A dict of arrays, in the order of the steps. Of a step that occurs twice, as after a
        restart or where each loss has a row of its own, the last value of each column counts.

    Raises
    ------
    ValueError
        If there is no column of steps or no row, columns differ in length, or a value is not a
        number; the message says where.

    Examples
    --------
    >>> table = read_table({"Step": [10, 20], "Loss/D": [1.3, ""]})
    >>> table["d_loss"]
    array([1.3, nan])
    """
    if isinstance(source, History):
        columns: Mapping[str, Any] = {name: source[name] for name in source.columns}
        where = "The history"
    elif isinstance(source, Mapping):
        columns, where = source, "The table"
    else:
        columns, where = read_file(Path(source).expanduser()), str(source)
    columns = renamed(columns, where, COLUMNS)
    numbers, words = {}, {}
    for name, values in columns.items():
        try:
            numbers[name] = np.array([_number(v, name, where) for v in values], dtype=np.float64)
        except (ValueError, TypeError):
            if name in COLUMNS:
                raise
            continue  # words, which nobody looks at
        words[name] = np.array([isinstance(v, str) and bool(v.strip()) for v in values], dtype=bool)
    rows = len(numbers["step"])
    for name, values in numbers.items():
        if len(values) != rows:
            raise ValueError(f"{where} has {rows} steps and {len(values)} values of {name!r}.")
    if rows == 0:
        raise ValueError(f"{where} has no row: the run has not logged anything yet.")
    if not np.isfinite(numbers["step"]).all():
        raise ValueError(f"{where} has a row without a step, or with one that is no number.")
    return _in_order(numbers, words)


def _in_order(numbers: dict[str, np.ndarray], words: dict[str, np.ndarray]) -> Table:
    """Sort the rows by step, make one of those of equal step, and note what is spoiled."""
    order = np.argsort(numbers["step"], kind="stable")
    steps, row_of = np.unique(numbers["step"][order], return_inverse=True)
    table, spoiled = {"step": steps}, {}
    for name in (name for name in numbers if name != "step"):
        values = numbers[name][order]
        told = ~np.isnan(values) | words[name][order]  # "nan" is told, an empty field is not
        column, bad = np.full(len(steps), math.nan), np.zeros(len(steps), bool)
        column[row_of[told]] = values[told]  # of several, the last one stays
        bad[row_of[told]] = ~np.isfinite(values[told])
        if name in ALWAYS:
            bad |= _lost(column)
        table[name] = column
        if bad.any():
            spoiled[name] = steps[bad]
    if not (~np.isnan([table[n] for n in ALWAYS if n in table])).all(axis=0).any():
        _join_rows(table)
    return Table(table, spoiled)


def _lost(column: np.ndarray) -> np.ndarray:
    """Mark the end of a column that had a value in each row, and then never again."""
    seen = np.flatnonzero(~np.isnan(column))
    lost = np.zeros(len(column), bool)
    if len(seen) and len(seen) == seen[-1] + 1:  # no gap before
        lost[len(seen) :] = True
    return lost


def _join_rows(table: dict[str, np.ndarray]) -> None:
    """Where each loss has rows of its own, carry each on to the rows of the others, in place."""
    for name in (name for name in ALWAYS if name in table):
        column = table[name]
        seen = ~np.isnan(column)
        if seen.any():
            latest = np.maximum.accumulate(np.where(seen, np.arange(len(column)), -1))
            table[name] = np.where(latest >= 0, column[latest], math.nan)


def _number(value: Any, name: str, where: str) -> float:
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        said = repr(value) if len(repr(value)) < 60 else repr(value)[:57] + "..."
        raise ValueError(f"{where}: {said} in the column {name!r} is not a number.") from None
