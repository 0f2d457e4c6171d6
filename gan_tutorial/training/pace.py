"""How long a training takes on this machine: a trial before it, and the pace while it runs."""

import copy
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from ..data import Samples
from . import distributed
from .loop import fit, pick_device
from .run import Run
from .task import Task

__all__ = ["Pace", "seconds_per_step", "steps_within"]

TRIAL_STEPS = 10
UNCOUNTED = 2  # first steps, in which memory is set aside and libraries are loaded
TRIAL_SECONDS = 6.0  # after which a trial of slow steps ends early
OVERHEAD = 0.05  # share of a training that checkpoints and pictures take


def seconds_per_step(
    task: Task,
    data: Samples,
    *,
    steps: int = TRIAL_STEPS,
    device: str | torch.device = "auto",
    clock: Callable[[], float] = time.perf_counter,
    **options: Any,
) -> float:
    """Measure how long a step takes here, by training a copy of the task for a few.

    Neither the task nor any random number is changed: a training after it is the one without it,
    bit for bit.

    Parameters
    ----------
    task, data
        As for `fit`.
    steps : int
        How many at most, 2 or more. The first two are not counted where there are more. Steps
        that take long end the trial after some seconds.
    device : str
        As for `fit`.
    clock : callable
        Returns seconds.
    **options
        Further arguments of `fit`: batch size, precision, compilation.

    Returns
    -------
    float
        Seconds a step. Of a task that warms up, those of the steps after it.

    Raises
    ------
    ValueError
        If `steps` is below 2, or `fit` refuses an argument.
    NonFiniteError
        If the first steps already end in numbers that are not finite.

    Examples
    --------
    >>> from gan_tutorial import GAN, data
    >>> points = data.load("ring")
    >>> seconds_per_step(GAN.for_data(points), points, device="cpu") > 0
    True
    """
    if not steps >= 2:
        raise ValueError(f"A trial takes 2 steps or more, got {steps}.")
    device = pick_device(device)
    trial: Any = copy.deepcopy(task)
    if hasattr(trial, "warm_up"):  # most of a training comes after it, and takes longer
        trial.warm_up = 0
    marks: list[float] = []
    began = clock()

    def mark(run: Run) -> None:
        if run.interrupted:
            raise KeyboardInterrupt
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        marks.append(clock())
        slow = marks[-1] - began > TRIAL_SECONDS
        if slow and len(marks) >= 2 and distributed.world_size() == 1:
            run.stop()

    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        fit(trial, data, steps, device=device, callbacks=mark, progress=False, **options)
    first = UNCOUNTED - 1 if len(marks) > UNCOUNTED else 0
    taken = (marks[-1] - marks[first]) / (len(marks) - 1 - first)
    return distributed.average_numbers({"seconds": taken}, device)["seconds"]


def steps_within(budget: float, per_step: float) -> int:
    """Return how many steps fit into so many seconds, checkpoints and pictures included.

    Parameters
    ----------
    budget : float
        Seconds.
    per_step : float
        What `seconds_per_step` measured.

    Raises
    ------
    ValueError
        If not even one step fits.

    Examples
    --------
    >>> steps_within(600, 0.25)
    2280
    """
    steps = int(budget * (1 - OVERHEAD) / max(per_step, 1e-9))
    if steps < 1:
        raise ValueError(
            f"A step takes {per_step:.2g} seconds here, and {budget:g} seconds hold none: allow "
            "more time, or take smaller pictures or a smaller batch."
        )
    return steps


class Pace:
    """How fast a training goes, from its later half so far, and how long the rest will take.

    Examples
    --------
    Ten steps of two seconds, after one that took ten:

    >>> pace = Pace()
    >>> for step in range(1, 12):
    ...     pace.note(step, 8.0 + 2.0 * step)
    >>> pace.left(100)
    178.0
    """

    def __init__(self) -> None:
        self.marks: deque[tuple[int, float]] = deque()
        self.begun: float | None = None

    def note(self, step: int, seconds: float) -> None:
        """Take down that this step was done after so many seconds of training."""
        self.begun = seconds if self.begun is None else self.begun
        self.marks.append((step, seconds))
        half = (self.begun + seconds) / 2
        while len(self.marks) > 2 and self.marks[1][1] <= half:
            self.marks.popleft()

    def left(self, steps: int) -> float | None:
        """Return the seconds until so many steps are done; None before anything is known."""
        if len(self.marks) < 2:
            return None
        (first, began), (last, ended) = self.marks[0], self.marks[-1]
        return (ended - began) / (last - first) * (steps - last)
