"""The models of `compare.py`: each takes training data, seconds and a seed, and gives samplers."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import report
import torch
from torch import Tensor

from gan_tutorial import GAN, Task, classical, data, fit
from gan_tutorial.autoencoders import VAE, VAEGAN, Autoencoder, CodeSampler

Train = Callable[[data.Dataset, float, int, int], tuple[Any, float]]  # a model, and its seconds
Samplers = dict[str, tuple[Callable[..., Tensor], float]]  # by name, with the seconds to fit

# Training pictures, held-out pictures of each split, processor seconds, principal components, and
# how many draws of samples a FID is the mean of: of 300 digits it varies by a quarter.
SIZES = {"digits": (1197, 300, 13.0, 16, 50), "soccer": (4000, 1000, 40.0, 64, 3)}
TOGETHER = 4
# The game and the optimizer of the DCGAN paper, on the same networks.
PLAIN = {"loss": "non-saturating", "r1": 0.0, "r2": 0.0, "lr": 2e-4, "betas": (0.5, 0.999)}
# Not in equal time: how near to the floor the book's GAN comes. Steps and batch size, and what
# else differs from its recipe.
LONGER = {"long": (8000, 128), "ema": 0.999}


class Codes:
    """Principal components as codes: what `CodeSampler` needs to draw from a mixture of them."""

    def __init__(self, images: Tensor, components: int):
        self.pca = classical.PCAGaussian(components).fit(images)

    def encode(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self.pca.encode(images.double().flatten(1).numpy()))

    def decode(self, codes: Tensor) -> Tensor:
        rows = torch.from_numpy(self.pca.decode(codes.double().numpy())).float()
        return rows.view(-1, *self.pca.shape).clamp(-1, 1)


def trained(kind: type[Task], long: tuple[int, int] | None = None, **options: object) -> Train:
    """Train a task for so many processor seconds, counted in steps after a short trial.

    `long` is a number of steps and a batch size to take instead.
    """

    def train(
        samples: data.Dataset, seconds: float, seed: int, components: int
    ) -> tuple[Task, float]:
        def run(
            steps: int, batch_size: int = 64 if samples.shape[-1] < 16 else 32
        ) -> tuple[Task, float]:
            torch.manual_seed(seed)
            task = kind.for_data(samples, **options)
            began = time.process_time()
            fit(task, samples, steps, batch_size=batch_size,
                schedule="hold-cosine", seed=seed, device="cpu", progress=False)  # fmt: skip
            return task, time.process_time() - began

        if long is None:
            return run(report.steps_in(seconds, run))
        steps, batch_size = long
        share = seconds / SIZES[samples.name][2]  # 1, or less in a quick run
        return run(round(share * steps), batch_size)

    return train


def fitted(make: Callable[[data.Dataset, int, int], Any]) -> Train:
    """Fit a classical generator; `make` takes the number of components and the seed."""

    def train(
        samples: data.Dataset, seconds: float, seed: int, components: int
    ) -> tuple[Any, float]:
        began = time.process_time()
        return make(samples, components, seed), time.process_time() - began

    return train


def one(name: str) -> Callable[[Any, data.Dataset, int], Samplers]:
    """Sample from a model in one way, under one name."""
    return lambda model, samples, seed: {name: (model.sample, 0.0)}


def from_codes(model: Autoencoder, samples: data.Dataset, seed: int) -> Samplers:
    """Sample from an autoencoder in three ways; the later two take time to fit."""
    found = {"AE + N(0, I)": (model.sample, 0.0)}
    for name, components in (("AE + Gaussian", 1), ("AE + mixture", 10)):
        began = time.process_time()
        sampler = CodeSampler(model, samples, components, seed)
        found[name] = (sampler.sample, time.process_time() - began)
    return found


def with_and_without_rounding(model: "Several", samples: data.Dataset, seed: int) -> Samplers:
    """Sample from several GANs, and round the samples to the gray levels that digits have."""

    def rounded(count: int, seed: int) -> Tensor:
        return (model.sample(count, seed) * 8).round() / 8

    assert len(samples[:].unique()) == 17  # from -1 to 1
    return {"GANs, four": (model.sample, 0.0), "GANs, four, rounded": (rounded, 0.0)}


def with_and_without_noise(model: VAE, samples: data.Dataset, seed: int) -> Samplers:
    """Sample the means of a VAE's pixels, as is usual, and the pixels, as the model says."""

    def noisy(count: int, seed: int) -> Tensor:
        return model.sample(count, seed, pixel_noise=True).clamp(-1, 1)

    return {"VAE": (model.sample, 0.0), "VAE with pixel noise": (noisy, 0.0)}


def mixture(samples: data.Dataset, components: int, seed: int) -> Any:
    """Fit ten Gaussians: to the pixels if they are few, else to principal components."""
    if samples.shape[-1] < 16:
        return classical.GaussianMixture(10, seed=seed).fit(samples[:])
    return CodeSampler(Codes(samples[:], components), samples, 10, seed)


class Several:
    """Several generators as one: each sample comes from one of them, drawn at random."""

    def __init__(self, members: Sequence[Any]):
        self.members = members

    def sample(self, count: int, seed: int) -> Tensor:
        who = torch.randint(
            len(self.members), (count,), generator=torch.Generator().manual_seed(seed)
        )
        drawn = [each.sample(count, seed * TOGETHER + k) for k, each in enumerate(self.members)]
        return torch.stack(drawn)[who, torch.arange(count)]


def together(train: Train) -> Train:
    """Train several of a kind, from seeds of their own, and sample from all of them."""

    def train_all(
        samples: data.Dataset, seconds: float, seed: int, components: int
    ) -> tuple[Several, float]:
        seeds = range(seed * TOGETHER, (seed + 1) * TOGETHER)
        members, took = zip(*(train(samples, seconds, k, components) for k in seeds), strict=True)
        return Several(members), sum(took)

    return train_all


CLASSICAL = {
    "copies": lambda s, c, seed: classical.Templates(0).fit(s[:]),
    "shifted copies": lambda s, c, seed: classical.Templates(1).fit(s[:]),
    "independent pixels": lambda s, c, seed: classical.IndependentPixels().fit(s[:]),
    "PCA + Gaussian": lambda s, c, seed: classical.PCAGaussian(c).fit(s[:]),
    "Gaussian mixture": mixture,
    "k-means": lambda s, c, seed: classical.KMeansCentroids(100, seed=seed).fit(s[:]),
    "k-means + noise": lambda s, c, seed: classical.KMeansCentroids(100, 1.0, seed).fit(s[:]),
}
MODELS = {
    **{name: (fitted(make), one(name)) for name, make in CLASSICAL.items()},
    "AE": (trained(Autoencoder), from_codes),
    "VAE": (trained(VAE), with_and_without_noise),
    "VAE, Bernoulli": (trained(VAE, likelihood="bernoulli"), one("VAE, Bernoulli")),
    "VAE-GAN": (trained(VAEGAN), one("VAE-GAN")),
    "GAN, plain": (trained(GAN, **PLAIN), one("GAN, plain")),
    "GAN, regularized": (trained(GAN), one("GAN, regularized")),
    "GAN, longer": (trained(GAN, **LONGER), one("GAN, longer")),
    "GANs, four": (together(trained(GAN, **LONGER)), with_and_without_rounding),
}
# Black or white pixels do not draw footballs, and the longer training was searched for digits.
DIGITS_ONLY = ("VAE, Bernoulli", "GAN, longer", "GANs, four")
