"""What the signs look at: training samples, fresh fakes, and the logits of both."""

from typing import Any

import torch
from torch import Tensor

from ...data import Dataset
from ...models.sampling import latent_codes
from ..case import Outcome

__all__ = ["COUNT", "codes", "drawn", "fakes", "logits", "reals"]

COUNT = 512  # samples of each kind that are looked at


def drawn(data: Dataset, count: int = COUNT) -> Tensor:
    """Return so many samples, or all if there are fewer: the same ones each time, in any order.

    They are drawn at random, since the first ones of a file may be all of one kind.
    """
    return data.random_subset(min(count, len(data)))[:]


def reals(outcome: Outcome) -> Tensor:
    """Return training samples."""
    return drawn(outcome.case.data)


def fakes(outcome: Outcome) -> Tensor:
    """Return fresh fakes, of the latest weights."""
    return outcome.sample(COUNT, seed=1, averaged=False)


def codes(generator: Any, count: int) -> Tensor:
    """Return latent codes, the same for every generator with codes of that length."""
    return latent_codes(count, generator.latent_dim, seed=2)


@torch.no_grad()
def logits(outcome: Outcome) -> tuple[Tensor, Tensor]:
    """Return the discriminator's logits of training samples and of fresh fakes."""
    discriminator = outcome.task.discriminator
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # a discriminator may draw noise
        return discriminator(reals(outcome)), discriminator(fakes(outcome))
