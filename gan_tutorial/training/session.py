"""What goes on around the steps of a run: speed, saving, Ctrl-C, callbacks and the progress bar."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from . import distributed, speed
from .checkpoints import CONFIG, GENERATOR, HISTORY, CheckpointError
from .run import NonFiniteError, Run
from .task import Task

__all__ = [
    "Saving",
    "call",
    "fast",
    "interruptible",
    "progress_bar",
    "recorded",
    "refuse_foreign",
    "show",
]

SAVE_SECONDS = 30.0  # between checkpoints, unless a number of steps is asked for


@contextmanager
def fast(task: Task, device: torch.device, precision: str, compile: bool) -> Iterator[None]:
    """For the time of a run, let the task's networks run in this precision, or compiled."""
    task.fast = {
        name: speed.accelerated(network, device, precision, compile)
        for name, network in task.networks.items()
    }
    try:
        yield
    finally:
        task.fast = dict(task.networks)


class Saving:
    """Says when a checkpoint is due: after so many steps, or so many seconds."""

    def __init__(self, every: int | None):
        self.every, self.last = every, time.monotonic()

    def is_due(self, step: int) -> bool:
        """Whether to save after this step; to ask is to have saved."""
        if self.every is not None:
            return step % self.every == 0
        now = time.monotonic()
        due = now - self.last > SAVE_SECONDS
        self.last = now if due else self.last
        return due


@contextmanager
def interruptible(run: Run) -> Iterator[None]:
    """Let the first Ctrl-C end the run after the step under way; a second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(signum: int, frame: Any) -> None:
        run.interrupted = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def recorded(run: Run, scalars: dict[str, Tensor]) -> None:
    """Record the scalars of a step; if one has gone bad, keep the rows before it and say so."""
    try:
        run.record(scalars)
    except NonFiniteError:
        run.keep_history()
        raise


def call(callbacks: Iterable[Callable[[Run], None]], run: Run) -> None:
    """Call the callbacks; if one fails because a number went bad, say that instead."""
    try:
        for callback in callbacks:
            callback(run)
    except Exception:
        run.check_finite()
        raise


def progress_bar(run: Run, progress: bool) -> Any:
    """Make a progress bar, for terminal or notebook."""
    from tqdm.auto import tqdm

    # where it is to be seen, TQDM_DISABLE in the environment decides
    hidden: dict[str, Any] = {} if progress and distributed.is_first() else {"disable": True}
    return tqdm(total=run.steps, initial=run.step, unit="step", **hidden)


def show(bar: Any, run: Run) -> None:
    """Move the bar on, and write the losses of a new row beside it."""
    bar.update()
    if run.step % run.log_every == 0 and not bar.disable:
        losses = {k: f"{v:.3g}" for k, v in run.history.last().items() if k.endswith("loss")}
        bar.set_postfix(losses, False)


def refuse_foreign(out: Path) -> None:
    """Refuse a folder in which files would be overwritten that no run has written."""
    there = [name for name in (CONFIG, GENERATOR, HISTORY) if (out / name).exists()]
    if there:
        raise CheckpointError(
            f"{out} holds no run, but files of the same names ({', '.join(there)}): choose another "
            "folder, so that they are kept."
        )
