"""Callbacks that hand the rows of a history to other programs, where these are installed.

`fit` itself writes ``history.csv``; the programs here show the same numbers while they come.
"""

import importlib.util
from pathlib import Path
from typing import Any

from . import distributed
from .history import History
from .run import Run

__all__ = ["LOGS", "Log", "TensorBoard", "WandB", "logger"]


class Log:
    """A callback of `fit` that hands on every new row, once; of several processes, the first.

    A subclass says where to: see `open`, `write` and `finish`.
    """

    def __init__(self) -> None:
        self._history: History | None = None
        self._done = 0  # rows handed on, or there before

    def __call__(self, run: Run) -> None:
        """Hand on what is new; `fit` calls this after every step."""
        if not distributed.is_first():
            return
        if self._history is None:
            self.open(run)
            self._history = run.history
            # of a run that goes on, the rows of before were handed on then
            self._done = sum(step < run.step for step in run.history["step"])
        self._hand_on()

    def close(self) -> None:
        """Hand on the last row, which `fit` adds at its end, and let go of what is open."""
        if self._history is not None:
            self._hand_on()
            self._history = None
            self.finish()

    def _hand_on(self) -> None:
        history = self._history
        assert history is not None
        if len(history) == self._done:
            return
        rows = {name: history[name] for name in history.columns}
        for k in range(self._done, len(history)):
            row = {name: float(column[k]) for name, column in rows.items()}
            step = int(row.pop("step"))
            self.write(step, {name: value for name, value in row.items() if value == value})
        self._done = len(history)

    def open(self, run: Run) -> None:
        """Begin; called before the first row."""

    def write(self, step: int, values: dict[str, float]) -> None:
        """Take a row; what was not measured in it is left out."""
        raise NotImplementedError

    def finish(self) -> None:
        """End."""


class TensorBoard(Log):
    """Rows for TensorBoard: ``tensorboard --logdir FOLDER`` shows them.

    Parameters
    ----------
    folder : str or Path
        Where to write; runs in one folder are shown together.

    Raises
    ------
    ImportError
        If TensorBoard is not installed; the message says the line to write.
    """

    def __init__(self, folder: str | Path):
        super().__init__()
        _need("tensorboard", "gan_tutorial[tensorboard]")
        self.folder = Path(folder).expanduser()

    def open(self, run: Run) -> None:
        """Make the file."""
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(self.folder))

    def write(self, step: int, values: dict[str, float]) -> None:
        """Write a row."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def finish(self) -> None:
        """Close the file."""
        self._writer.close()


class WandB(Log):
    """Rows for Weights & Biases, in the reader's own account or, as it is set up, offline.

    Parameters
    ----------
    **options
        Arguments of ``wandb.init``, such as ``project="footballs"``.

    Raises
    ------
    ImportError
        If wandb is not installed; the message says the line to write.
    """

    def __init__(self, **options: Any):
        super().__init__()
        _need("wandb", "wandb")
        self.options = options

    def open(self, run: Run) -> None:
        """Begin a run there, with the settings of this one."""
        import wandb

        self._run: Any = wandb.init(config=run.config, **self.options)

    def write(self, step: int, values: dict[str, float]) -> None:
        """Send a row."""
        self._run.log(values, step=step)

    def finish(self) -> None:
        """End the run there."""
        self._run.finish()


LOGS = ("tensorboard", "wandb")


def logger(name: str, folder: Path) -> Log:
    """Return the callback of a program of `LOGS`, for the run in a folder."""
    if name == "tensorboard":
        return TensorBoard(folder / "tensorboard")
    return WandB(project="gan_tutorial", name=folder.name)


def _need(module: str, package: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ImportError(f"{module} is not installed: pip install '{package}'.")
