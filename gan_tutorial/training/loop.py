"""The one loop that trains anything.

A *task* (`Task`) says what is trained: which networks, which optimizers, and what one step does.
`fit` does everything else, once for all tasks: device, seeds, batches, learning-rate schedule,
averaging, history, progress, callbacks, checkpoints, interruption and non-finite values.
"""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data import Dataset, Samples, as_samples
from . import captured, distributed, session, speed
from .checkpoints import CHECKPOINT, CheckpointError
from .files import alone_in
from .history import History
from .identity import identity_of
from .recipe import Recipe
from .run import Batches, Run
from .schedules import SCHEDULES, scheduled
from .task import Task

__all__ = ["SCHEDULES", "fit", "pick_device"]


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


def fit(
    task: Task,
    data: Samples,
    steps: int | None = None,
    *,
    batch_size: int | None = None,
    schedule: str | None = None,
    seed: int = 0,
    precision: str = "fp32",
    compile: bool = False,
    capture: bool = False,
    device: str | torch.device = "auto",
    callbacks: Callable[[Run], None] | Iterable[Callable[[Run], None]] = (),
    out: str | Path | None = None,
    resume: bool = False,
    data_changed: bool = False,
    save_every: int | None = None,
    log_every: int = 10,
    progress: bool = True,
    about: dict[str, Any] | None = None,
) -> History:
    """Train `task` on `data`.

    Parameters
    ----------
    task : Task
        What is trained. It is changed in place.
    data : Dataset, Tensor or ndarray
        What it is trained on: ``data[rows]`` gives the batch of those row numbers, and
        `Task.take` may add to it.
    steps : int, optional
        Number of steps in all, those of a resumed run included. Like the next two, it is that of
        the task's recipe where none is given (``task.recipe``, which ``for_data`` chose); a task
        without a recipe has to be told.
    batch_size : int, optional
        Samples in a batch; without a recipe, 64.
    schedule : {"constant", "linear", "cosine", "hold-cosine"}, optional
        What becomes of the learning rates over the `steps`; without a recipe, "constant".
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
    capture : bool
        Whether to record whole steps as CUDA graphs and play them again, which spares the time
        to start each operation from Python: on a GPU, in one process, for a `GAN`. Results
        change by rounding only; for what callbacks may change meanwhile, see
        `captured.CapturedStep`.
    device : str
        "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps".
    callbacks : callable or sequence of callable
        Each is called as ``callback(run)`` after every step, with the `Run`; ``run.stop()`` ends
        the training early.
    out : path, optional
        Folder for the checkpoint, the exported generator and the history. Without it nothing is
        written.
    resume : bool
        Continue from the checkpoint in `out`; if there is none yet, start. The data must be the
        same by content; their name may be another.
    data_changed : bool
        Whether, on resuming, the data may be others of the same shape.
    save_every : int, optional
        Steps between checkpoints; by default one is written every 30 seconds. One is always
        written before the first step, at the end, and after Ctrl-C.
    log_every : int
        Steps that make one row of the history.
    progress : bool
        Whether to show a progress bar.
    about : dict, optional
        Further JSON-able facts to keep with the checkpoints, such as the options of a program.

    Returns
    -------
    History
        One row for each `log_every` steps, and one for what is left at the end: ``step``,
        ``seconds`` and the task's scalars.

    Raises
    ------
    NonFiniteError
        If a recorded scalar is NaN or infinite; checkpoints are never overwritten with such a
        state.
    CheckpointError
        If `out` holds a run that `resume` does not fit, or, without `resume`, any run, or files
        of another program that would be overwritten.
    WriteError
        If `out` cannot be written to, or another process trains into it; the message says what is
        kept.
    ValueError
        If an argument is out of range.

    Notes
    -----
    When it returns, or fails, the optimizers have the learning rates that they had before; a
    second call goes on with the weights, the optimizers' moments and the averages as they are,
    and with a schedule of its own.
    """
    data = as_samples(data)
    callbacks = [callbacks] if callable(callbacks) else list(callbacks)
    recipe = _recipe(task, steps, batch_size, schedule)
    whole = {"steps": recipe.steps, "batch_size": recipe.batch_size, "log_every": log_every}
    _check(data, recipe.schedule, {**whole, "save_every": save_every}, seed, precision)
    if resume and out is None:
        raise ValueError("To resume, say where the run is: give its folder as `out`.")
    device = pick_device(device)
    task.check_data(data)
    if capture:
        captured.check_capture(task, device, compile)
    with ExitStack() as leaving:
        run, layout = _prepare(task, data, recipe, seed, precision, device, log_every, out, about)
        if run.writes and run.out is not None:
            leaving.enter_context(alone_in(run.out))
        _begin(run, resume, data_changed)
        leaving.enter_context(session.fast(task, device, precision, compile))
        set_rates = leaving.enter_context(scheduled(task, recipe))
        step = captured.CapturedStep(task) if capture else lambda batch: task.step(batch)
        saving = session.Saving(save_every)
        leaving.enter_context(session.interruptible(run))
        bar = leaving.enter_context(session.progress_bar(run, progress))
        started = time.monotonic() - run.seconds
        while run.step < run.steps and not run.stopping(device):
            set_rates(run.step)
            rows = distributed.share(run.batches.next(), groups=task.batches_per_step)
            scalars = step(speed.arranged(task.take(run.data, rows), layout))
            task.finish_step()
            run.step += 1
            run.seconds = time.monotonic() - started
            session.recorded(run, scalars)
            session.call(callbacks, run)
            session.show(bar, run)
            if run.writes and run.step < run.steps and saving.is_due(run.step):
                run.save()
        run.check_finite()
        if run.writes:
            run.save()
        run.close()
    if run.interrupted and distributed.is_first():
        where = f"; continue with resume from {run.out}" if run.out else ""
        print(f"Interrupted after step {run.step} of {run.steps}{where}.", file=sys.stderr)
    return run.history


# --- Before the first step -------------------------------------------------------------------


def _recipe(task: Task, steps: int | None, batch_size: int | None, schedule: str | None) -> Recipe:
    """Return the task's recipe, with what the caller said instead."""
    recipe = task.recipe
    if recipe is None:
        if steps is None:
            raise ValueError(
                f"This {type(task).__name__} was not made by for_data, so it has no recipe that "
                "says how long to train: give the number of steps."
            )
        recipe = Recipe(batch_size=64, schedule="constant")
    return recipe.changed(steps=steps, batch_size=batch_size, schedule=schedule)


def _check(
    data: Dataset | Tensor,
    schedule: str,
    counts: dict[str, int | None],
    seed: int,
    precision: str,
) -> None:
    """Refuse arguments that cannot be meant."""
    for name, value in counts.items():
        if value is not None and not value >= 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    if schedule not in SCHEDULES:
        raise ValueError(f"Unknown schedule {schedule!r}; choose one of {', '.join(SCHEDULES)}.")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must be from 0 to {2**32 - 1:,}, got {seed}.")
    speed.check_precision(precision)
    if len(data) == 0:
        raise ValueError("There are no samples to train on: the data set is empty.")


def _prepare(
    task: Task,
    data: Dataset | Tensor,
    recipe: Recipe,
    seed: int,
    precision: str,
    device: torch.device,
    log_every: int,
    out: str | Path | None,
    about: dict[str, Any] | None,
) -> tuple[Run, torch.memory_format]:
    """Bring task and data to the device; return the run, and the layout of its batches."""
    task.to(device)
    task.seed(seed)
    torch.manual_seed(seed)  # dropout and the like draw from torch's own random numbers
    facts = identity_of(data)
    data = data.to(device)
    config = {
        "training": {
            **task.config(),
            "batch_size": recipe.batch_size,
            "schedule": recipe.schedule,
            "seed": seed,
            "precision": precision,
            "log_every": log_every,
        },
        "data": facts,
    }
    networks = (*task.networks.values(), *task.average.values())
    for network in networks:
        distributed.synchronize_batch_norm(network)
    distributed.copy_from_first(networks)
    layout = speed.arrange(networks, task.optimizers.values())
    beside = data.rows_device if isinstance(data, Dataset) else data.device
    batches = Batches(len(data), recipe.batch_size * task.batches_per_step, seed, beside)
    return Run(task, data, recipe.steps, config, batches, log_every, out, about), layout


def _begin(run: Run, resume: bool, data_changed: bool) -> None:
    """Start a run in its folder, or take up the one that is there."""
    if run.out is not None:
        exists = (run.out / CHECKPOINT).exists()
        distributed.wait()  # all have looked before the first one writes
        if exists and not resume:
            raise CheckpointError(
                f"{run.out} already holds a run: resume it, or choose another folder."
            )
        if exists:
            run.restore(data_changed)
        elif run.writes:
            session.refuse_foreign(run.out)
            run.save()  # so that a run killed early can be resumed, too
    if run.step > run.steps:
        raise ValueError(
            f"The run in {run.out} has already done {run.step} steps; to go on, ask for more than "
            f"that (steps was {run.steps})."
        )
