"""What ``train`` chooses where it was told nothing, from the data and the machine."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from ..data import Dataset
from ..gan.recipes import augmentation_for, recipe_for
from ..training import NonFiniteError, Task, seconds_per_step, speed, steps_within
from ..training.pace import TRIAL_STEPS
from .numbers import in_words
from .options import GENERATE, NO_AUGMENTATION, TrainOptions

__all__ = ["by_data", "by_time", "trial"]

LEAST_ROUNDED = 32  # side of the pictures from which GANs were seen to train as well in bf16


def by_data(
    options: TrainOptions, samples: Dataset, device: torch.device, *, begun: bool
) -> tuple[TrainOptions, str]:
    """Choose augmentation and precision; return the options with them, and one line about it.

    Parameters
    ----------
    options : TrainOptions
        What was told.
    samples : Dataset
        What is trained on.
    device : torch.device
    begun : bool
        Whether the networks are those of another run, or of an earlier part of this one: then
        nothing is chosen anew.

    Returns
    -------
    options : TrainOptions
        To be kept with the run, so that it goes on in the same way.
    line : str
        Empty, if all is as it would be anywhere.
    """
    augment, precision, said = options.augment, options.precision, []
    game = options.task == GENERATE and options.model == "gan"
    if game and augment is None:
        policy: Sequence[str] = () if begun else augmentation_for(samples, options.network)
        augment = list(policy) or [NO_AUGMENTATION]
        if policy:
            said.append(
                f"the discriminator sees everything through {' and '.join(policy)}, since "
                f"{len(samples):,} pictures are few (--augment {NO_AUGMENTATION} is without; add "
                "flip where a mirrored picture is as good)"
            )
    if precision is None:
        rounded = game and not begun and _gains_from_rounding(options, samples, device)
        precision = "bf16" if rounded else "fp32"
        if rounded:
            said.append(
                "precision bf16, for which this processor has instructions (--precision fp32 "
                "rounds less)"
            )
    line = f"Chosen: {'; '.join(said)}." if said else ""
    return replace(options, augment=augment, precision=precision), line


def _gains_from_rounding(options: TrainOptions, samples: Dataset, device: torch.device) -> bool:
    if len(samples.shape) != 3 or samples.shape[-1] < LEAST_ROUNDED or not speed.has_bf16(device):
        return False
    return recipe_for(samples.shape, options.network).networks["network"] == "dcgan"


def trial(
    task: Task, data: Dataset, options: TrainOptions, device: torch.device, left: int
) -> float | None:
    """Measure how long a step takes; None where that would tell nothing.

    `left` is how many steps there are to do. Of a run hardly longer than the trial nobody needs a
    forecast, and what compiles or captures first takes its time for that twice.
    """
    needed = options.budget is not None and options.steps is None
    waits = options.compile or options.capture
    if not needed and (left <= 2 * TRIAL_STEPS or waits):
        return None
    try:
        return seconds_per_step(task, data, device=device, **options.of_a_step())
    except NonFiniteError:
        if needed:
            raise
        return None  # the training will say so, and keep what was before


def by_time(
    options: TrainOptions, per_step: float, done: int = 0, spent: float = 0.0
) -> tuple[TrainOptions, str]:
    """Choose the number of steps that fit the budget; return the options with it, and a line.

    Parameters
    ----------
    options : TrainOptions
        With a budget.
    per_step : float
        Seconds a step takes.
    done, spent
        Steps and seconds of the run so far.

    Raises
    ------
    ValueError
        If the budget is spent, or too short for a step.
    """
    assert options.budget is not None
    if spent >= options.budget:
        raise ValueError(
            f"The run has trained for {in_words(spent)} already, and --budget counts from its "
            f"beginning: give more than {in_words(options.budget)}."
        )
    steps = done + steps_within(options.budget - spent, per_step)
    return replace(options, steps=steps), (
        f"--budget {in_words(options.budget)}: {steps:,} steps in all, at {per_step:.2g} s each by "
        "a trial; the learning rate follows them."
    )
