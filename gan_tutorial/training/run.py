"""A training run in progress: where it stands, what it recorded, and how it is put on disk."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data import Dataset
from . import distributed
from .checkpoints import (
    CheckpointError,
    differences,
    export_generator,
    load_checkpoint,
    save_checkpoint,
)
from .files import WriteError
from .history import History
from .identity import data_differences
from .random_state import random_state, set_random_state
from .task import Task

__all__ = ["Batches", "NonFiniteError", "Run"]


class NonFiniteError(RuntimeError):
    """A NaN or an infinity appeared; the message names the first bad tensor."""


class Batches:
    """Row numbers of one batch after the other; each epoch is a fresh permutation of all rows.

    A batch may end one epoch and begin the next, so every batch is full, and `count` may be
    smaller than `batch_size`. The order depends on `seed` alone, and `state_dict` is three
    numbers.

    The order of an epoch is moved to `device` as a whole: to send every batch's row numbers to a
    GPU by themselves would wait there, each time, until all work before is done.
    """

    def __init__(self, count: int, batch_size: int, seed: int, device: torch.device | str = "cpu"):
        self.count, self.batch_size, self.seed = count, batch_size, seed
        self.device = device
        self._start(epoch=0, position=0)

    def _start(self, epoch: int, position: int) -> None:
        self.epoch, self.position = epoch, position
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        self.order = torch.randperm(self.count, generator=generator).to(self.device)

    def next(self) -> Tensor:
        """Return the next row numbers, shape (batch_size,), int64, on the device."""
        parts, missing = [], self.batch_size
        while missing:
            part = self.order[self.position : self.position + missing]
            parts.append(part)
            missing -= len(part)
            self.position += len(part)
            if self.position == self.count:
                self._start(self.epoch + 1, 0)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def state_dict(self) -> dict:
        """Return the position in the data."""
        return {"seed": self.seed, "epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict) -> None:
        """Go to a position that `state_dict` returned."""
        self.seed = state["seed"]
        self._start(state["epoch"], state["position"])


class Run:
    """A training run in progress: what callbacks are given.

    Attributes
    ----------
    task, data
        What is trained, on what.
    step, steps : int
        Steps done, and steps wanted.
    seconds : float
        Time spent training so far, over all resumed parts.
    history : History
        The table so far; a row is the mean over `log_every` steps.
    out : Path or None
        The folder of the run.
    interrupted : bool
        Whether Ctrl-C was pressed; the run then ends after the step under way.
    about : dict
        What else is kept with the checkpoints.
    """

    def __init__(
        self,
        task: Task,
        data: Dataset | Tensor,
        steps: int,
        config: dict[str, Any],
        batches: Batches,
        log_every: int,
        out: str | Path | None,
        about: dict[str, Any] | None = None,
    ):
        self.task, self.data, self.steps = task, data, steps
        self.config, self.batches, self.log_every = config, batches, log_every
        self.out = Path(out).expanduser() if out is not None else None
        self.about = about or {}
        self.step, self.seconds = 0, 0.0
        self.interrupted = self.stopped = False
        self.saved_step: int | None = None  # that of the checkpoint on disk
        self.history = History()
        self._pending: list[dict[str, Tensor]] = []  # scalars of steps not yet in the history
        self._last: dict[str, Tensor] = {}  # those of the last step

    def stop(self) -> None:
        """End the run after the step under way, with everything saved; for callbacks."""
        self.stopped = True

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes to `out`."""
        return self.out is not None and distributed.is_first()

    def stopping(self, device: torch.device) -> bool:
        """Whether to end after the step just done; all processes end after the same one."""
        if distributed.world_size() > 1:
            if self.step == 0 or self.step % self.log_every:
                return False
            self.interrupted = distributed.any_process(self.interrupted, device)
            self.stopped = distributed.any_process(self.stopped, device)
        return self.interrupted or self.stopped

    def record(self, scalars: dict[str, Tensor]) -> None:
        """Keep the scalars of the step just done; every `log_every` steps make a row of them."""
        self._last = {name: torch.as_tensor(value) for name, value in scalars.items()}
        self._pending.append(self._last)
        if self.step % self.log_every == 0:
            means = distributed.average_numbers(self._pending_means(), self.task.device)
            self.history.append(step=self.step, seconds=self.seconds, **means)
            self._pending = []

    def latest(self, name: str) -> float | None:
        """Return what the last step reported under this name; None if it reported nothing."""
        value = self._last.get(name)
        return None if value is None else value.item()

    def _pending_means(self) -> dict[str, float]:
        """Mean of each pending scalar; the only place where the device is waited for."""
        names = dict.fromkeys(name for scalars in self._pending for name in scalars)
        means = {}
        for name in names:
            steps = [i for i, scalars in enumerate(self._pending) if name in scalars]
            values = torch.stack([self._pending[i][name].detach().float() for i in steps]).cpu()
            if not values.isfinite().all():
                bad = int((~values.isfinite()).nonzero()[0])
                step = self.step - len(self._pending) + 1 + steps[bad]
                raise NonFiniteError(self._explain(name, float(values[bad]), step))
            means[name] = float(values.mean())
        return means

    def _explain(self, name: str, value: float, step: int) -> str:
        """One sentence on where a bad number came from, as far as it can be seen now."""
        parameters = [
            f"{network}.{parameter}"
            for network, module in self.task.networks.items()
            for parameter, tensor in module.named_parameters()
            if not tensor.isfinite().all()
        ]
        where = (
            f"the first parameter that is not finite now is {parameters[0]} "
            f"({len(parameters)} are not)"
            if parameters
            else "all parameters are still finite"
        )
        kept = f" The checkpoint before it is kept in {self.out}." if self.out else ""
        return (
            f"Training stopped: {name} became {value} at step {step}; {where}. Try a smaller "
            f"learning rate, check the range of the data, or add a gradient penalty.{kept}"
        )

    def check_finite(self) -> None:
        """Raise `NonFiniteError` if a scalar that is not in the history yet is not finite."""
        self._pending_means()

    def save(self) -> None:
        """Write the checkpoint, the history and the exported generator to `out`."""
        assert self.out is not None
        self.check_finite()
        try:
            self._write(self.out)
        except WriteError as error:
            if self.saved_step is None:
                raise
            raise WriteError(
                f"{error} The run stopped at step {self.step}; its checkpoint of step "
                f"{self.saved_step} is kept, and can be resumed."
            ) from error

    def _write(self, out: Path) -> None:
        save_checkpoint(
            out,
            {
                "config": self.config,
                "step": self.step,
                "steps": self.steps,
                "about": self.about,
                "seconds": self.seconds,
                "task": self.task.state_dict(),
                "batches": self.batches.state_dict(),
                "history": self.history.state_dict(),
                "pending": self._pending,
                "rng": random_state(),
            },
        )
        self.saved_step = self.step
        self.history.to_csv(out / "history.csv")
        generator = self.task.average.get("generator", self.task.networks.get("generator"))
        if generator is not None:
            export_generator(out, generator, step=self.step, **self.config)

    def close(self) -> None:
        """Put the last steps into the history, which are too few for a whole row.

        The checkpoint keeps them as they are: a run that goes on averages them with those to come.
        """
        if self._pending:
            means = distributed.average_numbers(self._pending_means(), self.task.device)
            self.history.append(step=self.step, seconds=self.seconds, **means)
            self._pending = []
            self.keep_history()

    def keep_history(self) -> None:
        """Write the history as it stands, with the rows since the last checkpoint."""
        if self.writes and self.out is not None and len(self.history):
            self.history.to_csv(self.out / "history.csv")

    def restore(self, data_changed: bool = False) -> None:
        """Go back to the checkpoint in `out`.

        Parameters
        ----------
        data_changed : bool
            Whether the data may be others, of the same shape; they are then taken up from their
            beginning.

        Raises
        ------
        CheckpointError
            If it was made with other settings; the message names each with both values.
        """
        assert self.out is not None
        state = load_checkpoint(self.out)
        if "batches" not in state:
            raise CheckpointError(
                f"{self.out} was written by save, and is no run that can be resumed: load the task "
                "from it, and train into another folder."
            )
        self.saved_step = state["step"]
        other_data = data_differences(state["config"].get("data", {}), self.config["data"])
        shapes = state["config"].get("data", {}).get("shape") == self.config["data"]["shape"]
        if other_data and shapes and not data_changed:
            raise CheckpointError(
                f"The run in {self.out} was begun with other data: {', '.join(other_data)}. Give "
                "the same, go on with the new ones by data_changed=True, or train into another "
                "folder."
            )
        changed = differences(state["config"]["training"], self.config["training"], "training.")
        changed += [] if shapes else other_data
        if changed:
            raise CheckpointError(
                f"The run in {self.out} was made with other settings: {', '.join(changed)}. "
                "Resume with the old ones, or train into another folder."
            )
        self.task.load_state_dict(state["task"])
        if not other_data:  # else the rows of an epoch are others
            self.batches.load_state_dict(state["batches"])
        self.history.load_state_dict(state["history"])
        self.step, self.seconds = state["step"], state["seconds"]
        device = self.task.device
        self._pending = [
            {name: value.to(device) for name, value in scalars.items()}
            for scalars in state["pending"]
        ]
        set_random_state(state["rng"])
