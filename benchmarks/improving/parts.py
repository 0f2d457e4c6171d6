"""Small parts of a training that the advice needs and the library does not have."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_tutorial import GAN, data
from gan_tutorial.training import Run


class SparseGAN(GAN):
    """A GAN whose generator also pays for the mean absolute activation of its hidden layers."""

    def __init__(self, *networks: nn.Module, weight: float, **options: object):
        super().__init__(*networks, **options)
        self.weight, self.active = weight, {}
        for name, layer in self.generator.named_modules():
            if isinstance(layer, nn.LeakyReLU):
                layer.register_forward_hook(
                    lambda _, __, out, name=name: self.active.update({name: out.abs().mean()})
                )

    def update(self, loss: Tensor, *names: str) -> None:
        """Add the price of activity to the generator's loss."""
        if "generator" in names:
            loss = loss + self.weight * torch.stack(list(self.active.values())).mean()
        super().update(loss, *names)


def cooled(start: float) -> Callable[[Run], None]:
    """Return a callback that lowers instance noise along a line to 0."""

    def cool(run: Run) -> None:
        run.task.discriminator.changes[0].std = start * (1 - run.step / run.steps)

    return cool


def part_of(samples: data.Dataset, count: int | None, seed: int) -> data.Dataset:
    """Return so many of the samples, other ones for each seed."""
    if count is None:
        return samples
    order = torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))
    return samples.subset(order[:count])
