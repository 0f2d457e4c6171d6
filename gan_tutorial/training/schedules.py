"""What becomes of the learning rates over a run."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .recipe import Recipe
from .task import Task

__all__ = ["SCHEDULES", "scheduled"]

# What the learning rates are multiplied by, given the fraction of the run that is done.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
    # held for the first half, then a cosine to zero
    "hold-cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * max(0.0, 2.0 * done - 1.0))),
}


@contextmanager
def scheduled(task: Task, recipe: Recipe) -> Iterator[Callable[[int], None]]:
    """For the time of a run, let the learning rates follow its schedule; then put them back.

    A group's own rate stands under ``initial_lr`` meanwhile, where torch's schedulers keep it.
    (`LambdaLR` is not used: it replaces the optimizer's ``step`` by one that is tied to this very
    optimizer, so that a copy of the task would train the original.)
    """
    factor = SCHEDULES[recipe.schedule]
    groups = [group for opt in task.optimizers.values() for group in opt.param_groups]
    for group in groups:  # one that comes from a checkpoint knows its own
        group.setdefault("initial_lr", group["lr"])

    def set_rates(step: int) -> None:
        for group in groups:
            group["lr"] = group["initial_lr"] * factor(step / recipe.steps)

    try:
        yield set_rates
    finally:
        for group in groups:
            group["lr"] = group.pop("initial_lr")
