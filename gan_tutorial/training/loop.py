"""The one loop that trains anything.

A *task* (`Task`) says what is trained: which networks, which optimizers, and what one step does.
`fit` does everything else, once for all tasks: device, seeds, batches, learning-rate schedule,
averaging, history, progress, callbacks, checkpoints, interruption and non-finite values.
"""

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path

import torch

from . import distributed, speed
from .checkpoints import CHECKPOINT, CheckpointError
from .history import History
from .run import Batches, Run
from .task import Task

__all__ = ["SCHEDULES", "fit", "pick_device"]

# What the learning rates are multiplied by, given the fraction of the run that is done.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
    # held for the first half, then a cosine to zero
    "hold-cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * max(0.0, 2.0 * done - 1.0))),
}


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
