"""How long a training will take: said before it, and again as it goes."""

from collections.abc import Callable

import torch

from ..training import Pace, Run, distributed, speed
from .numbers import in_words
from .options import GENERATE, TrainOptions

__all__ = ["Forecast", "forecast"]

LONG = 20 * 60.0  # seconds from which on it is said what would be shorter
FIRST = 60.0  # seconds of training after which the forecast is renewed; then twice as many


def forecast(
    left: int,
    per_step: float,
    shape: tuple[int, ...],
    device: torch.device,
    options: TrainOptions,
) -> str:
    """Say how long the steps that are left will take, and what would be shorter.

    Parameters
    ----------
    left : int
        Steps to do.
    per_step : float
        Seconds for one, from a trial.
    shape : tuple of int
        Of a sample.
    device : torch.device
    options : TrainOptions
    """
    seconds = left * per_step
    line = f"Time: about {in_words(seconds)} for {left:,} steps at {per_step:.2g} s, by a trial."
    if seconds < LONG or options.budget is not None:
        return line
    shorter = []
    side = shape[-1] if len(shape) == 3 else 0
    if side >= 32 and side % 2 == 0 and device.type == "cpu":
        shorter.append(f"--image-size {side // 2} takes about a quarter of it")
    game = options.task == GENERATE and options.model == "gan"
    if options.precision == "fp32" and game and side >= 32 and speed.has_bf16(device):
        shorter.append("--precision bf16 about two thirds")
    shorter.append("--budget 10m fits the training into ten minutes")
    return f"{line}\nShorter: {'; '.join(shorter)}."


class Forecast:
    """A callback that says how much time is left: after a minute, then after two, four, ...

    Parameters
    ----------
    say : callable
        Takes the line.
    """

    def __init__(self, say: Callable[[str], None] | None = None):
        self.say = _beside_the_bar if say is None else say
        self.pace, self.due = Pace(), FIRST

    def __call__(self, run: Run) -> None:
        """Say how much is left, if it is time; `fit` calls this after every step."""
        self.pace.note(run.step, run.seconds)
        begun = self.pace.begun or 0.0
        if run.seconds - begun < self.due or run.step >= run.steps:
            return
        self.due *= 2
        left = self.pace.left(run.steps)
        if left is not None and distributed.is_first():
            self.say(f"Step {run.step:,} of {run.steps:,}: about {in_words(left)} left.")


def _beside_the_bar(line: str) -> None:
    from tqdm.auto import tqdm

    tqdm.write(line)
