r"""The ingredients of FastGAN, written for the networks of this library; see ``small.py``.

Liu et al. (2021), "Towards faster and stabilized GAN training for high-fidelity few-shot image
synthesis": a generator whose small maps gate its large ones (*skip-layer excitation*), and a
discriminator that must be able to draw small copies of the real pictures from its own maps.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, l1_loss

from gan_tutorial import GAN
from gan_tutorial.models import DCGANDiscriminator, DCGANGenerator

COPY = 32  # side of the copies that a discriminator draws


class SkipExcitation(nn.Module):
    """A gate on the channels of a large map, computed from a small one.

    The small map is pooled to 4x4, then to one number a channel by a 4x4 convolution, and ends in
    a sigmoid, as in the paper's equation 1.
    """

    def __init__(self, small: int, large: int):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(small, large, 4),
            nn.LeakyReLU(0.1),
            nn.Conv2d(large, large, 1),
            nn.Sigmoid(),
        )

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        """Return the large map (N, C, H, W), each channel weighed by the small one."""
        return large * self.gate(small)


class ExcitedGenerator(nn.Module):
    """A `DCGANGenerator` whose maps of side 4 and 8 gate those four times as large."""

    def __init__(self, latent_dim: int, size: int, channels: int, width: int):
        super().__init__()
        plain = DCGANGenerator(latent_dim, size, channels, width)
        self.latent_dim, self.shape = plain.latent_dim, plain.shape
        layers = list(plain.net)
        ends = [k for k, layer in enumerate(layers) if isinstance(layer, nn.ReLU)]
        starts = [0, *(end + 1 for end in ends)]
        cuts = zip(starts, ends, strict=False)  # behind the last cut lies the picture
        self.stages = nn.ModuleList(nn.Sequential(*layers[a : b + 1]) for a, b in cuts)
        self.last = nn.Sequential(*layers[ends[-1] + 1 :])
        with torch.no_grad():
            maps = self._maps(torch.zeros(2, latent_dim))
        self.gates = nn.ModuleDict(
            {
                str(k): SkipExcitation(maps[k - 2].shape[1], maps[k].shape[1])
                for k in range(2, len(maps))
            }
        )

    def _maps(self, z: Tensor) -> list[Tensor]:
        maps = []
        for stage in self.stages:
            z = stage(z)
            maps.append(z)
        return maps

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) to pictures (N, C, H, W) in [-1, 1]."""
        maps: list[Tensor] = []
        for k, stage in enumerate(self.stages):
            z = stage(z)
            if str(k) in self.gates:
                z = self.gates[str(k)](maps[k - 2], z)
            maps.append(z)
        return self.last(z)


class ReconstructingDiscriminator(nn.Module):
    """A `DCGANDiscriminator` with a decoder: a small copy of the picture from its 8x8 map."""

    def __init__(self, size: int, channels: int, width: int):
        super().__init__()
        self.network = DCGANDiscriminator(size, channels, width)
        self.shape = self.network.shape
        layers, x = list(self.network.net), torch.zeros(1, channels, size, size)
        for k, layer in enumerate(layers):
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU) and x.shape[-1] == 8:
                self.upto = k + 1
                break
        ups, before = [], x.shape[1]
        for after in (before // 2, before // 4):  # 8 -> 16 -> 32
            ups += [nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, 1, 1)]
            ups += [nn.LeakyReLU(0.2)]
            before = after
        self.decoder = nn.Sequential(*ups, nn.Conv2d(before, channels, 3, 1, 1), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures (N, C, H, W) to logits (N,)."""
        return self.network(x)

    def error(self, x: Tensor) -> Tensor:
        """Return how far the copies are from pictures (N, C, H, W), on average."""
        copies = self.decoder(self.network.net[: self.upto](x))
        return l1_loss(copies, interpolate(x, size=COPY, mode="bilinear", antialias=True))


class ReconstructingGAN(GAN):
    """A GAN whose augmented discriminator also draws copies of what it sees of the reals."""

    def discriminator_loss(
        self, real: Tensor, fake: Tensor, given: tuple = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what D minimizes, with the error of its copies, and scalars."""
        loss, scalars = super().discriminator_loss(real, fake, given)
        judge = self.discriminator
        scalars["reconstruction"] = judge.network.error(judge.changed(real))
        return loss + scalars["reconstruction"], scalars
