"""Data and networks with one thing wrong in them."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..models import Augmented, batch_norms
from ..models.augment import Noise

__all__ = [
    "EachPixel",
    "bottlenecked",
    "every_nth_of_a_class",
    "mapped",
    "noisy",
    "per_pixel",
    "uneven_kernels",
    "with_batch_norm",
]


# --- Data ------------------------------------------------------------------------------------


def mapped(data: Dataset, change: Callable[[Tensor], Tensor]) -> Dataset:
    """Return the data set with every sample passed through `change`, whatever range comes out."""
    return Dataset(
        data.name,
        change(data.tensor()),
        labels=data.labels,
        classes=data.classes,
        source=data.source,
    )


def every_nth_of_a_class(data: Dataset, label: int, nth: int) -> Dataset:
    """Return the data set with every `nth` sample of one class only, and all of the others."""
    of_class = torch.as_tensor(data.labels) == label
    rare, others = of_class.nonzero().flatten(), (~of_class).nonzero().flatten()
    return data.subset(torch.cat([others, rare[::nth]]).sort().values)


# --- Discriminators --------------------------------------------------------------------------


class EachPixel(nn.Module):
    """A discriminator without `flatten`: dense layers see one number at a time.

    Samples (N, ...) of P numbers give N P logits, which a careless loss averages.
    """

    def __init__(self, width: int = 64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(1, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (N, ...) to the logits of all their numbers, (N P,)."""
        return self.net(x.reshape(-1, 1)).flatten()


def per_pixel(generator: nn.Module, discriminator: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Put a discriminator of single pixels in place of the right one."""
    return generator, EachPixel()


def noisy(
    generator: nn.Module, discriminator: nn.Module, std: float = 2.0
) -> tuple[nn.Module, nn.Module]:
    """Add Gaussian noise to all that the discriminator sees."""
    return generator, Augmented(discriminator, Noise(std))


# --- Generators ------------------------------------------------------------------------------


class _Linear(nn.Sequential):
    """Two dense layers with a few units between them and nothing else."""

    def __init__(self, inputs: int, units: int, outputs: int):
        super().__init__(nn.Linear(inputs, units), nn.Linear(units, outputs))
        for weight in (p for p in self.parameters() if p.dim() == 2):
            nn.init.kaiming_normal_(weight, nonlinearity="linear")


def bottlenecked(
    generator: Any, discriminator: nn.Module, units: int = 3
) -> tuple[nn.Module, nn.Module]:
    """Squeeze a fully connected generator through `units` units before its last layer."""
    places = [i for i, layer in enumerate(generator.net) if isinstance(layer, nn.Linear)]
    last = generator.net[places[-1]]
    generator.net[places[-1]] = _Linear(last.in_features, units, math.prod(generator.shape))
    return generator, discriminator


def uneven_kernels(generator: Any, discriminator: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Give the layers that double the picture kernels of side 3, which 2 does not divide."""
    for i, layer in enumerate(generator.net):
        if isinstance(layer, nn.ConvTranspose2d) and layer.stride == (2, 2):
            generator.net[i] = nn.ConvTranspose2d(
                layer.in_channels, layer.out_channels, 3, 2, 1, output_padding=1,
                bias=layer.bias is not None,
            )  # fmt: skip
    return generator, discriminator


def with_batch_norm(
    generator: nn.Module, discriminator: nn.Module, **settings: float
) -> tuple[nn.Module, nn.Module]:
    """Change a setting of every batch norm in both networks: ``eps=0.8``, ``momentum=0.99``."""
    for layer in batch_norms(generator, discriminator):
        for name, value in settings.items():
            setattr(layer, name, value)
    return generator, discriminator
