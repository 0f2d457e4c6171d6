"""Networks that grow from the ones of half the size, and a second stage behind a first one."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan_tutorial import models


class Fading(nn.Module):
    """A network of one size in which that of half the size fades out (Karras et al. 2018).

    `alpha`, a buffer, is the share of the new: 0 at first, 1 at the end.
    """

    def __init__(self, new: nn.Module, old: nn.Module):
        super().__init__()
        self.new, self.shape = new, new.shape
        self.register_buffer("alpha", torch.zeros(()))
        self.old = old

    def mix(self, old: Callable[[], Tensor], new: Tensor) -> Tensor:
        """Blend the two; once the old one has no share, it is not computed."""
        alpha = self.alpha.item()
        return new if alpha >= 1 else (1 - alpha) * old() + alpha * new


class FadingGenerator(Fading):
    """The smaller generator's picture, enlarged, becomes the larger one's."""

    def __init__(self, new: models.DCGANGenerator, old: models.DCGANGenerator):
        shared = len(old.net) - 2  # all but the layer that draws the picture, and the tanh
        new.net[:shared].load_state_dict(old.net[:shared].state_dict())
        super().__init__(new, old.net[shared:])
        self.latent_dim, self.shared = new.latent_dim, shared

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes to pictures of the new size."""
        hidden = self.new.net[: self.shared](z)
        picture = self.new.net[self.shared :](hidden)
        return self.mix(lambda: interpolate(self.old(hidden), scale_factor=2), picture)


class FadingDiscriminator(Fading):
    """The layer that reads pictures of half the size is replaced by two for the whole size."""

    def __init__(self, new: models.DCGANDiscriminator, old: models.DCGANDiscriminator):
        nn.Sequential(*new.net[4:]).load_state_dict(nn.Sequential(*old.net[2:]).state_dict())
        super().__init__(new, old.net[:2])

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures of the new size to logits."""
        hidden = self.new.net[:4](x)
        return self.new.net[4:](self.mix(lambda: self.old(avg_pool2d(x, 2)), hidden))


class Refiner(nn.Module):
    """A second stage (Zhang et al. 2017): it corrects the enlarged pictures of a first one."""

    def __init__(self, first: nn.Module, width: int = 64):
        super().__init__()
        self.first, self.latent_dim = first.requires_grad_(False).eval(), first.latent_dim
        self.net = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2),
            models.UpsampleConv2d(width, width // 2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width // 2, 3, 3, padding=1),
        )

    def train(self, mode: bool = True) -> nn.Module:
        """Leave the first stage in evaluation mode: it is done."""
        super().train(mode)
        self.first.eval()
        return self

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes to pictures of twice the first stage's size."""
        with torch.no_grad():
            small = self.first(z)
        large = interpolate(small, scale_factor=2, mode="bilinear")
        return (large + self.net(small)).clamp(-1, 1)
