"""The table that the doctor reads: a history of this library, a CSV file, a dict of columns."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..training import History

__all__ = ["COLUMNS", "read_table"]

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


def read_table(source: str | Path | History | Mapping) -> dict[str, np.ndarray]:
    """Return the columns of a history as arrays of float64; missing values are NaN.

    Parameters
    ----------
    source : History, mapping, str or Path
        A history; columns by name, of equal length; or a CSV file whose first line names them.
        Names that are not in `COLUMNS` are kept and not looked at.

    Returns
    -------
    dict of str to numpy.ndarray
        In the order of the steps; a step that occurs twice, as after a restart, counts once, as
        it was the last time.

    Raises
    ------
    ValueError
        If there is no ``step`` column or no row, columns differ in length, or a value is not a
        number; the message says where.

    Examples
    --------
    >>> table = read_table({"step": [10, 20], "d_loss": [1.3, ""]})
    >>> table["d_loss"]
    array([1.3, nan])
    """
    columns: dict[str, Any]
    if isinstance(source, History):
        columns = {name: source[name] for name in source.columns}
        where = "The history"
    elif isinstance(source, Mapping):
        columns, where = dict(source), "The table"
    else:
        columns, where = _from_csv(Path(source)), str(source)
    if "step" not in columns:
        names = ", ".join(map(str, columns)) or "none"
        raise ValueError(f"{where} has no column 'step'; its columns are: {names}.")
    table = {
        str(name): np.array([_number(value, name, where) for value in values], dtype=np.float64)
        for name, values in columns.items()
    }
    rows = len(table["step"])
    for name, values in table.items():
        if len(values) != rows:
            raise ValueError(f"{where} has {rows} steps and {len(values)} values of {name!r}.")
    if rows == 0:
        raise ValueError(f"{where} has no row: the run has not logged anything yet.")
    if not np.isfinite(table["step"]).all():
        raise ValueError(f"{where} has a row without a step, or with one that is no number.")
    first = np.unique(table["step"][::-1], return_index=True)[1]
    return {name: values[rows - 1 - first] for name, values in table.items()}


def _from_csv(path: Path) -> dict[str, list]:
    """Read a comma-separated file with a line of names."""
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    with open(path, newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        names = [name.strip() for name in next(lines, [])]
        columns: dict[str, list] = {name: [] for name in names}
        for line in lines:
            if not line:
                continue
            if len(line) != len(names):
                raise ValueError(
                    f"{path}, line {lines.line_num}: {len(line)} fields under {len(names)} names."
                )
            for name, value in zip(names, line, strict=True):
                columns[name].append(value)
    return columns


def _number(value: Any, name: str, where: str) -> float:
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{where}: {value!r} in the column {name!r} is not a number.") from None
