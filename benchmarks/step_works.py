"""The works of `step.py`: networks, and the loops that most scripts train them with."""

import copy
import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d
from torch.utils.data import DataLoader, TensorDataset

from gan_tutorial import models
from gan_tutorial.models.products import Conv2d, ConvTranspose2d

BATCH, LATENT, CRITIC_STEPS = 64, 100, 5
BETAS = (0.5, 0.999)
Make = Callable[[torch.device, torch.dtype], Callable[[], Tensor]]  # of the largest operation


# --- The networks of dcgan32 -----------------------------------------------------------------


class Generator32(nn.Module):
    latent_dim, shape = LATENT, (1, 32, 32)

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(LATENT, 128 * 8 * 8),
            nn.Unflatten(1, (128, 8, 8)),
            nn.BatchNorm2d(128),
            models.UpsampleConv2d(128, 128),
            nn.BatchNorm2d(128),
            nn.LeakyReLU(0.2, inplace=True),
            models.UpsampleConv2d(128, 64),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z)


class Discriminator32(nn.Sequential):
    def __init__(self):
        layers = []
        for before, after in itertools.pairwise((1, 16, 32, 64, 128)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1)]
            layers += [nn.LeakyReLU(0.2, inplace=True), nn.Dropout2d(0.25)]
            layers += [nn.BatchNorm2d(after)] if before > 1 else []
        super().__init__(*layers, nn.Flatten(), nn.Linear(128 * 2 * 2, 1), nn.Flatten(0))


# --- The plain loops -------------------------------------------------------------------------


def plain_generator(generator: nn.Module) -> nn.Module:
    """Copy a generator, with `nn.Upsample` and a convolution for each `UpsampleConv2d`."""
    layers = []
    for layer in plain_layers(generator).net:
        if isinstance(layer, models.UpsampleConv2d):
            conv = nn.Conv2d(
                layer.in_channels, layer.out_channels, 3, padding=1, bias=layer.bias is not None
            )
            conv.load_state_dict(layer.state_dict())
            layers += [nn.Upsample(scale_factor=2), conv]
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def plain_layers(network: nn.Module) -> nn.Module:
    """Copy a network, with torch's own convolutions in place of the library's."""
    network = copy.deepcopy(network)
    for layer in network.modules():
        for ours, theirs in ((Conv2d, nn.Conv2d), (ConvTranspose2d, nn.ConvTranspose2d)):
            if type(layer) is ours:
                layer.__class__ = theirs
    return network


def endless(loader: DataLoader) -> Iterator[list[Tensor]]:
    while True:
        yield from loader


class PlainGAN:
    """The step of a DCGAN as it is usually written."""

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, images: Tensor, batch: int = BATCH
    ):
        self.batch = batch
        self.g, self.d = plain_generator(generator), plain_layers(discriminator)
        self.opt_g = torch.optim.Adam(self.g.parameters(), 2e-4, BETAS)
        self.opt_d = torch.optim.Adam(self.d.parameters(), 2e-4, BETAS)
        self.device = images.device
        # such scripts have their pictures on the CPU, and move a batch at a time
        pictures = TensorDataset(images.cpu())
        loader = DataLoader(pictures, batch, shuffle=True, drop_last=True)
        self.batches = endless(loader)
        self.bce = nn.BCEWithLogitsLoss()

    def real(self) -> Tensor:
        (real,) = next(self.batches)
        return real.to(self.device)

    def codes(self) -> Tensor:
        return torch.randn(self.batch, LATENT, device=self.device)

    def step(self) -> tuple[float, float]:
        real = self.real()
        ones = torch.ones(self.batch, device=self.device)
        zeros = torch.zeros(self.batch, device=self.device)

        self.opt_d.zero_grad()
        real_loss = self.bce(self.d(real), ones)
        real_loss.backward()
        fake = self.g(self.codes())
        fake_loss = self.bce(self.d(fake.detach()), zeros)
        fake_loss.backward()
        self.opt_d.step()

        self.opt_g.zero_grad()
        g_loss = self.bce(self.d(fake), ones)
        g_loss.backward()
        self.opt_g.step()
        return (real_loss + fake_loss).item(), g_loss.item()


class PlainWGAN(PlainGAN):
    """The step of a WGAN with gradient penalty as it is usually written."""

    def penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        u = torch.rand(self.batch, 1, 1, 1, device=self.device)
        between = (u * real + (1 - u) * fake).requires_grad_(True)
        logits = self.d(between)
        (gradient,) = torch.autograd.grad(
            logits, between, torch.ones_like(logits), create_graph=True, retain_graph=True
        )
        return ((gradient.view(self.batch, -1).norm(2, dim=1) - 1) ** 2).mean()

    def step(self) -> tuple[float, float]:
        for _ in range(CRITIC_STEPS):
            real = self.real()
            self.opt_d.zero_grad()
            fake = self.g(self.codes())
            penalty = self.penalty(real.data, fake.data)
            d_loss = -self.d(real).mean() + self.d(fake).mean() + 10.0 * penalty
            d_loss.backward()
            self.opt_d.step()

        self.opt_g.zero_grad()
        fake = self.g(self.codes())
        g_loss = -self.d(fake).mean()
        g_loss.backward()
        self.opt_g.step()
        return d_loss.item(), g_loss.item()


# --- What is trained ---------------------------------------------------------------------------


def works(batch: int = BATCH) -> dict:
    """Name each work: networks, sample shape, plain loop, options of `GAN`, largest operation."""
    dcgan = {"loss": "non-saturating", "betas": BETAS}
    wgan = {"loss": "wasserstein", "gp": 10.0, "d_steps": CRITIC_STEPS, "betas": BETAS}
    norms = {"generator_norm": "batch", "discriminator_norm": "batch"}
    d64 = models.dcgan_pair(64, 3, LATENT, 64, **norms)
    d32 = (Generator32(), Discriminator32())
    mlp = models.mlp_pair((1, 28, 28), LATENT, width=512, depth=2, generator_depth=3)
    return {
        "dcgan64": (d64, (3, 64, 64), PlainGAN, dcgan, convolution(batch, 64, 128, 32)),
        "dcgan32": (d32, (1, 32, 32), PlainGAN, dcgan, enlarging(batch, 128, 64, 16)),
        "wgan_gp": (mlp, (1, 28, 28), PlainWGAN, wgan, product(batch, 784, 512)),
    }


def convolution(batch: int, before: int, after: int, size: int) -> tuple[Make, int]:
    """Make a function that runs a 4x4 convolution of stride 2, and count its operations."""

    def make(device: torch.device, dtype: torch.dtype) -> Callable[[], Tensor]:
        how = {"device": device, "dtype": dtype}
        x = torch.randn(batch, before, size, size, **how).to(memory_format=torch.channels_last)
        w = torch.randn(after, before, 4, 4, **how).to(memory_format=torch.channels_last)
        return lambda: conv2d(x, w, stride=2, padding=1)

    return make, 2 * batch * (size // 2) ** 2 * before * after * 16


def enlarging(batch: int, before: int, after: int, size: int) -> tuple[Make, int]:
    """Make a function that runs a 4x4 transposed convolution of stride 2; count its operations."""

    def make(device: torch.device, dtype: torch.dtype) -> Callable[[], Tensor]:
        how = {"device": device, "dtype": dtype}
        x = torch.randn(batch, before, size, size, **how).to(memory_format=torch.channels_last)
        w = torch.randn(before, after, 4, 4, **how).to(memory_format=torch.channels_last)
        return lambda: conv_transpose2d(x, w, stride=2, padding=1)

    return make, 2 * batch * size**2 * before * after * 16


def product(batch: int, before: int, after: int) -> tuple[Make, int]:
    """Make a function that multiplies a batch with a weight matrix, and count its operations."""

    def make(device: torch.device, dtype: torch.dtype) -> Callable[[], Tensor]:
        how = {"device": device, "dtype": dtype}
        x, w = torch.randn(batch, before, **how), torch.randn(after, before, **how)
        return lambda: x @ w.T

    return make, 2 * batch * before * after
