"""The one loop that trains anything.

A *task* (`Task`) says what is trained: which networks, which optimizers, and what one step does.
`fit` does everything else, once for all tasks: device, seeds, batches, learning-rate schedule,
averaging, history, progress, callbacks, checkpoints, interruption and non-finite values.
"""

import copy
import math
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import distributed, speed
from .checkpoints import (
    CHECKPOINT,
    CheckpointError,
    differences,
    export_generator,
    load_checkpoint,
    save_checkpoint,
)
from .history import History
from .models import config_of

__all__ = ["SCHEDULES", "Batches", "NonFiniteError", "Run", "Task", "fit", "pick_device"]

# What the learning rates are multiplied by, given the fraction of the run that is done.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
    # held for the first half, then a cosine to zero
    "hold-cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * max(0.0, 2.0 * done - 1.0))),
}


class NonFiniteError(RuntimeError):
    """A NaN or an infinity appeared; the message names the first bad tensor."""


def pick_device(name: str | torch.device = "auto") -> torch.device:
    """Return the device called `name`; "auto" takes a GPU if there is one.

    Raises
    ------
    ValueError
        If torch does not know the device, or the machine does not have it.
    """
    if str(name) != "auto":
        try:
            device = torch.device(name)
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(
                f"Device {str(name)!r} cannot be used here ({str(error).splitlines()[0]}); "
                "try 'auto' or 'cpu'."
            ) from None
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


class Task:
    """What is trained: networks, their optimizers, and one step.

    A subclass sets up its networks and optimizers and writes `step`.

    Parameters
    ----------
    networks : dict of str to nn.Module
        The networks by name. The one called ``"generator"``, if any, is what runs export.
    optimizers : dict of str to Optimizer
        The optimizers, each under the name of the network whose weights it changes.
    averaged : sequence of str
        Names of the networks of which an exponential moving average is kept, in `average`.
    ema : float
        Decay of that average, in [0, 1): after `t` steps it weighs about the last ``1/(1 - ema)``
        of them (fewer at the start, where it follows the weights faster).

    Attributes
    ----------
    batches_per_step : int
        How many batches `fit` draws for one step; `step` gets them in one tensor.
    device : torch.device
        Where the networks are; the CPU until `to` moves them.
    rng : torch.Generator
        The task's own source of random numbers, on that device.
    fast : dict of str to callable
        What `forward` calls: the networks, until `fit` makes them run in the precision asked
        for, or compiled. What is differentiated twice calls the networks themselves.
    """

    batches_per_step = 1

    def __init__(
        self,
        networks: dict[str, nn.Module],
        optimizers: dict[str, torch.optim.Optimizer],
        averaged: Iterable[str] = (),
        ema: float = 0.999,
    ):
        if not 0.0 <= ema < 1.0:
            raise ValueError(f"The decay of the average, ema, lies in [0, 1), got {ema}.")
        self.networks = networks
        self.optimizers = optimizers
        self.fast: dict[str, Callable[..., Tensor]] = dict(networks)
        self.ema = ema
        self.average = {
            name: copy.deepcopy(networks[name]).requires_grad_(False).eval() for name in averaged
        }
        self.device = torch.device("cpu")
        self.seed(0)

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the networks once; return scalars worth recording, still on the device."""
        raise NotImplementedError

    def forward(self, name: str, batches: Sequence[Tensor]) -> list[Tensor]:
        """Pass batches through the network called `name`, as fast as `fit` was told to.

        They go as one where each sample's output depends on that sample alone.
        """
        if len(batches) > 1 and speed.one_by_one(self.networks[name]):
            together = self.fast[name](torch.cat(list(batches)))
            return list(together.split([len(batch) for batch in batches]))
        return [self.fast[name](batch) for batch in batches]

    def update(self, name: str, loss: Tensor) -> None:
        """Take one step of the optimizer called `name` down the slope of `loss`."""
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        distributed.average_gradients(self.networks[name].parameters())
        optimizer.step()

    def random(self, draw: Callable, count: int, *shape: int) -> Tensor:
        """Draw random numbers of shape (count, *shape) with the task's own generator.

        `draw` is ``torch.rand`` or ``torch.randn``. Of several processes each draws the numbers
        of all, and takes its own.
        """
        whole = (count * distributed.world_size(), *shape)
        return distributed.share(draw(whole, generator=self.rng, device=self.device))

    def config(self) -> dict:
        """Return every setting that shapes the training, as JSON-able data."""
        networks = {name: config_of(network) for name, network in self.networks.items()}
        return {"task": type(self).__name__, "ema": self.ema, "networks": networks}

    def to(self, device: torch.device) -> "Task":
        """Move networks, averages, optimizer states and random numbers to `device`."""
        if device != self.device:
            self.device = device
            for network in (*self.networks.values(), *self.average.values()):
                network.to(device)
            for optimizer in self.optimizers.values():
                optimizer.load_state_dict(optimizer.state_dict())  # casts to the parameters' device
            self.seed(self.rng.initial_seed())
        return self

    def seed(self, seed: int) -> None:
        """Start the task's random numbers afresh."""
        self.rng = torch.Generator(self.device).manual_seed(seed)

    @torch.no_grad()
    def update_average(self, step: int) -> None:
        """Move the averages a little towards the networks, after step number `step`."""
        weight = 1.0 - min(self.ema, step / (step + 9))
        for name, average in self.average.items():
            network = self.networks[name]
            for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(value, weight)
            for mean, value in zip(average.buffers(), network.buffers(), strict=True):
                mean.copy_(value)

    def state_dict(self) -> dict:
        """Return everything that training changes."""
        return {
            "networks": {name: net.state_dict() for name, net in self.networks.items()},
            "average": {name: net.state_dict() for name, net in self.average.items()},
            "optimizers": {name: opt.state_dict() for name, opt in self.optimizers.items()},
            "rng": {"device": self.device.type, "state": self.rng.get_state()},
        }

    def load_state_dict(self, state: dict) -> None:
        """Put back what `state_dict` returned."""
        for group, targets in (
            ("networks", self.networks),
            ("average", self.average),
            ("optimizers", self.optimizers),
        ):
            for name, target in targets.items():
                target.load_state_dict(state[group][name])
        for optimizer in self.optimizers.values():
            speed.match_layouts(optimizer)
        if state["rng"]["device"] == self.device.type:
            self.rng.set_state(state["rng"]["state"])


class Batches:
    """Row numbers of one batch after the other; each epoch is a fresh permutation of all rows.

    A batch may end one epoch and begin the next, so every batch is full, and `count` may be
    smaller than `batch_size`. The order depends on `seed` alone, and `state_dict` is three
    numbers.
    """

    def __init__(self, count: int, batch_size: int, seed: int):
        self.count, self.batch_size, self.seed = count, batch_size, seed
        self._start(epoch=0, position=0)

    def _start(self, epoch: int, position: int) -> None:
        self.epoch, self.position = epoch, position
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        self.order = torch.randperm(self.count, generator=generator)

    def next(self) -> Tensor:
        """Return the next row numbers, shape (batch_size,), int64."""
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
    """

    def __init__(self, task, data, steps, config, batches, log_every, out):
        self.task, self.data, self.steps = task, data, steps
        self.config, self.batches, self.log_every = config, batches, log_every
        self.out = Path(out) if out is not None else None
        self.step, self.seconds, self.interrupted = 0, 0.0, False
        self.history = History()
        self._pending: list[dict[str, Tensor]] = []  # scalars of steps not yet in the history

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes to `out`."""
        return self.out is not None and distributed.is_first()

    def record(self, scalars: dict[str, Tensor]) -> None:
        """Keep the scalars of the step just done; every `log_every` steps make a row of them."""
        self._pending.append({name: torch.as_tensor(value) for name, value in scalars.items()})
        if self.step % self.log_every == 0:
            means = distributed.average_numbers(self._pending_means(), self.task.device)
            self.history.append(step=self.step, seconds=self.seconds, **means)
            self._pending = []

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
        self.check_finite()
        save_checkpoint(
            self.out,
            {
                "config": self.config,
                "step": self.step,
                "steps": self.steps,
                "seconds": self.seconds,
                "task": self.task.state_dict(),
                "batches": self.batches.state_dict(),
                "history": self.history.state_dict(),
                "pending": self._pending,
                "rng": _global_rng_state(),
            },
        )
        self.history.to_csv(self.out / "history.csv")
        generator = self.task.average.get("generator", self.task.networks.get("generator"))
        if generator is not None:
            generator = speed.contiguous_copy(generator)
            export_generator(self.out, generator, step=self.step, **self.config)

    def restore(self) -> None:
        """Go back to the checkpoint in `out`.

        Raises
        ------
        CheckpointError
            If it was made with other settings; the message names each with both values.
        """
        state = load_checkpoint(self.out)
        changed = differences(state["config"], self.config)
        if changed:
            raise CheckpointError(
                f"The run in {self.out} was made with other settings: {', '.join(changed)}. "
                "Resume with the old ones, or train into another folder."
            )
        self.task.load_state_dict(state["task"])
        self.batches.load_state_dict(state["batches"])
        self.history.load_state_dict(state["history"])
        self.step, self.seconds = state["step"], state["seconds"]
        self._pending = state["pending"]
        _set_global_rng_state(state["rng"])


def _global_rng_state() -> dict:
    name, keys, *rest = np.random.get_state()  # noqa: NPY002 (a callback may draw from it)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [name, keys.tolist(), *rest],
        "python": random.getstate(),
    }


def _set_global_rng_state(state: dict) -> None:
    torch.set_rng_state(state["torch"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))  # noqa: NPY002
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))


@contextmanager
def _interruptible(run: Run):
    """Let the first Ctrl-C end the run after the step under way; a second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask_to_stop(signum, frame):
        run.interrupted = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _bar(run: Run, progress: bool):
    """Make a progress bar, for terminal or notebook."""
    from tqdm.auto import tqdm

    options = {} if progress and distributed.is_first() else {"disable": True}
    return tqdm(total=run.steps, initial=run.step, unit="step", **options)


def fit(
    task: Task,
    data,
    steps: int,
    *,
    batch_size: int = 64,
    schedule: str = "constant",
    seed: int = 0,
    precision: str = "fp32",
    compile: bool = False,
    device: str | torch.device = "auto",
    callbacks: Iterable[Callable[[Run], None]] = (),
    out: str | Path | None = None,
    resume: bool = False,
    save_every: int | None = None,
    log_every: int = 10,
    progress: bool = True,
) -> History:
    """Train `task` on `data` for `steps` steps.

    Parameters
    ----------
    task : Task
        What is trained. It is changed in place.
    data : Dataset or Tensor
        What it is trained on: ``data[rows]`` gives the batch of those row numbers.
    steps : int
        Number of steps in all, those of a resumed run included.
    batch_size : int
        Samples in a batch.
    schedule : {"constant", "linear", "cosine", "hold-cosine"}
        What becomes of the learning rates over the `steps`.
    seed : int
        Decides the order of the data and all noise. The networks' first weights are drawn when
        they are built, so call ``torch.manual_seed`` before that. On a CPU the same seed and
        number of threads give the same result bit for bit.
    precision : {"fp32", "bf16"}
        Number format of convolutions and matrix products. "bf16" is faster where the processor
        has instructions for it, and rounds them to 8 significant bits; weights, losses, gradient
        penalties and optimizers stay float32 (see `speed.accelerated`).
    compile : bool
        Whether to compile the networks. It takes from seconds to a minute, and changes results
        by rounding only.
    device : str
        "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps".
    callbacks : sequence of callable
        Each is called as ``callback(run)`` after every step, with the `Run`.
    out : path, optional
        Folder for the checkpoint, the exported generator and the history. Without it nothing is
        written.
    resume : bool
        Continue from the checkpoint in `out`; if there is none yet, start.
    save_every : int, optional
        Steps between checkpoints; by default one is written every 30 seconds. One is always
        written before the first step, at the end, and after Ctrl-C.
    log_every : int
        Steps that make one row of the history.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    History
        One row for each `log_every` steps: ``step``, ``seconds`` and the task's scalars.

    Raises
    ------
    NonFiniteError
        If a recorded scalar is NaN or infinite; checkpoints are never overwritten with such a
        state.
    CheckpointError
        If `out` holds a run that `resume` does not fit, or, without `resume`, any run.
    ValueError
        If an argument is out of range.
    """
    for name, value in (("steps", steps), ("batch_size", batch_size), ("log_every", log_every)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    if schedule not in SCHEDULES:
        raise ValueError(f"Unknown schedule {schedule!r}; choose one of {', '.join(SCHEDULES)}.")
    speed.check_precision(precision)
    if len(data) == 0:
        raise ValueError("There are no samples to train on: the data set is empty.")
    if resume and out is None:
        raise ValueError("To resume, say where the run is: give its folder as `out`.")

    device = pick_device(device)
    task.to(device)
    task.seed(seed)
    torch.manual_seed(seed)  # dropout and the like draw from torch's own random numbers
    data = data.to(device)
    config = {
        "training": {
            **task.config(),
            "batch_size": batch_size,
            "schedule": schedule,
            "seed": seed,
            "precision": precision,
            "log_every": log_every,
        },
        "data": {
            "name": getattr(data, "name", "tensor"),
            "count": len(data),
            "shape": list(data[:1].shape[1:]),
        },
    }
    for network in (*task.networks.values(), *task.average.values()):
        distributed.synchronize_batch_norm(network)
    distributed.copy_from_first((*task.networks.values(), *task.average.values()))
    batches = Batches(len(data), batch_size * task.batches_per_step, seed)
    run = Run(task, data, steps, config, batches, log_every, out)
    _begin(run, resume)
    if run.step > steps:
        raise ValueError(
            f"The run in {out} has already done {run.step} steps; to go on, ask for more than that "
            f"(steps was {steps})."
        )

    layout = speed.arrange(
        (*task.networks.values(), *task.average.values()), task.optimizers.values()
    )
    task.fast = {
        name: speed.accelerated(network, device, precision, compile)
        for name, network in task.networks.items()
    }
    for optimizer in task.optimizers.values():
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
    factor = SCHEDULES[schedule]
    last_save = started = time.monotonic() - run.seconds
    last_save += run.seconds
    with _interruptible(run), _bar(run, progress) as bar:
        stop = False
        while run.step < steps and not stop:
            for optimizer in task.optimizers.values():
                for group in optimizer.param_groups:
                    group["lr"] = group["initial_lr"] * factor(run.step / steps)
            rows = distributed.share(batches.next(), groups=task.batches_per_step)
            scalars = task.step(speed.arranged(data[rows], layout))
            run.step += 1
            task.update_average(run.step)
            run.seconds = time.monotonic() - started
            run.record(scalars)
            _call(callbacks, run)
            if distributed.world_size() == 1:
                stop = run.interrupted
            elif run.step % log_every == 0:  # all processes stop after the same step
                stop = run.interrupted = distributed.any_process(run.interrupted, device)
            bar.update()
            if run.step % log_every == 0 and not bar.disable:
                shown = run.history.last()
                bar.set_postfix({k: f"{shown[k]:.3g}" for k in shown if k.endswith("loss")}, False)
            if run.writes and run.step < steps:
                now = time.monotonic()
                due = run.step % save_every == 0 if save_every else now - last_save > 30
                if due:
                    run.save()
                    last_save = now
    run.check_finite()
    if run.writes:
        run.save()
    if run.interrupted and distributed.is_first():
        where = f"; continue with resume from {run.out}" if run.out else ""
        print(f"Interrupted after step {run.step} of {steps}{where}.", file=sys.stderr)
    return run.history


def _call(callbacks: Iterable[Callable[[Run], None]], run: Run) -> None:
    """Call the callbacks; if one fails because a number went bad, say that instead."""
    try:
        for callback in callbacks:
            callback(run)
    except Exception:
        run.check_finite()
        raise


def _begin(run: Run, resume: bool) -> None:
    """Start a run in its folder, or take up the one that is there."""
    if run.out is None:
        return
    exists = (run.out / CHECKPOINT).exists()
    distributed.wait()  # all have looked before the first one writes
    if exists and not resume:
        raise CheckpointError(
            f"{run.out} already holds a run: resume it, or choose another folder."
        )
    if exists:
        run.restore()
    elif run.writes:
        run.save()  # so that a run killed early can be resumed, too
