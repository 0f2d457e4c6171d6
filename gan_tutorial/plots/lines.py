"""Curves of a training, from its history."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .style import DISCRIMINATOR, GENERATOR

__all__ = ["curves"]


def curves(history: Any, columns: Sequence[str] | None = None, ax: Any = None) -> Any:
    """Draw columns of a training history against the step.

    Parameters
    ----------
    history : History or mapping
        What `gan_tutorial.fit` returns, or a mapping from names to equally long sequences. A
        column called ``step`` is the horizontal axis.
    columns : sequence of str, optional
        Which to draw; by default the two players' losses if they are there, else everything.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    KeyError
        If a column is not there.
    """
    import matplotlib.pyplot as plt

    known = list(getattr(history, "columns", None) or history.keys())
    if columns is None:
        columns = [c for c in ("d_loss", "g_loss") if c in known]
        columns = columns or [c for c in known if c not in ("step", "seconds")]
    for column in columns:
        if column not in known:
            raise KeyError(f"no column {column!r} in the history; it has {', '.join(known)}")
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 2.6))
    fixed = {"d_loss": DISCRIMINATOR, "g_loss": GENERATOR}
    names = {"d_loss": "discriminator's loss", "g_loss": "generator's loss"}
    for column in columns:
        values = np.asarray(history[column], dtype=float)
        steps = np.asarray(history["step"]) if "step" in known else np.arange(1, len(values) + 1)
        ax.plot(steps, values, color=fixed.get(column), label=names.get(column, column), lw=1)
    ax.set_xlabel("step")
    if len(columns) == 1:
        ax.set_ylabel(names.get(columns[0], columns[0]))
    else:
        ax.legend()
    return ax
