"""Where the faults of the catalog can be planted, and by what change of a case."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import nn

from ...data import Dataset
from ...gan import GAN
from ...losses import LOSSES
from ..case import Case

__all__ = [
    "CROSS_ENTROPY",
    "DIGITS",
    "DIGITS_BATCH_NORM",
    "RING",
    "changed_data",
    "changed_networks",
    "changed_task",
    "convolutional",
    "of_images",
    "scaled_rates",
    "with_batch_norm",
    "with_classes",
    "with_cross_entropy",
    "with_labels",
    "with_sigmoid",
]

Change = Callable[[Case], Case]
Networks = tuple[nn.Module, nn.Module]

# --- Homes: arguments of `healthy` ------------------------------------------------------------

DIGITS: dict[str, Any] = {"data": "digits", "loss": "non-saturating", "r1": 0.0}
DIGITS_BATCH_NORM: dict[str, Any] = {
    "data": "digits", "loss": "non-saturating", "network": "dcgan-batch", "steps": 300
}  # fmt: skip
RING: dict[str, Any] = {"data": "ring", "loss": "non-saturating"}
CROSS_ENTROPY = "the minimax or the non-saturating loss"

# --- Where ------------------------------------------------------------------------------------


def with_labels(case: Case) -> bool:
    """Return whether its loss gives samples labels."""
    return LOSSES[case.loss].labeled


def with_cross_entropy(case: Case) -> bool:
    """Return whether the discriminator's loss is cross-entropy."""
    return case.loss in ("minimax", "non-saturating")


def with_sigmoid(case: Case) -> bool:
    """Return whether its loss applies a sigmoid to logits."""
    return case.loss in ("minimax", "non-saturating", "relativistic")


def of_images(case: Case) -> bool:
    """Return whether its samples are images."""
    return case.images


def with_batch_norm(case: Case) -> bool:
    """Return whether both players have batch norm."""
    return case.network == "dcgan-batch"


def convolutional(case: Case) -> bool:
    """Return whether the networks are convolutional; the generator then has batch norm."""
    return case.network.startswith("dcgan")


def with_classes(case: Case) -> bool:
    """Return whether its data have labels."""
    return case.data.labels is not None


# --- How --------------------------------------------------------------------------------------


def changed_task(task: type[GAN]) -> Change:
    """Return the change that puts another task in the place of `GAN`."""
    return lambda case: replace(case, task=task)


def changed_networks(change: Callable[[nn.Module, nn.Module], Networks]) -> Change:
    """Return the change that passes fresh networks through `change`."""
    return lambda case: replace(case, networks=lambda: change(*case.networks()))


def changed_data(change: Callable[[Dataset], Dataset]) -> Change:
    """Return the change that passes training data and held-out data through `change`."""
    return lambda case: replace(case, data=change(case.data), held_out=change(case.held_out))


def scaled_rates(g: float = 1.0, d: float = 1.0) -> Change:
    """Return the change that multiplies the learning rates of the two players."""
    return lambda case: case.with_options(lr=(g * case.options["lr"][0], d * case.options["lr"][1]))
