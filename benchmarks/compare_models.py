"""The methods of `compare.py`: how each is trained with given settings, and how it samples."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import report
import torch
from torch import Tensor

from gan_tutorial import GAN, Task, classical, data, fit
from gan_tutorial.autoencoders import VAE, VAEGAN, Autoencoder, CodeSampler

Settings = dict[str, Any]
Trained = tuple[Any, float]  # a model, and the processor seconds that it took
Train = Callable[[data.Dataset, float, int, Settings], Trained]

BETA2 = {GAN: 0.9, VAEGAN: 0.9, VAE: 0.999, Autoencoder: 0.999}  # the recipes' own


class Codes:
    """Principal components as codes: what `CodeSampler` needs to draw from a mixture of them."""

    def __init__(self, pca: classical.PCAGaussian):
        self.pca = pca

    def encode(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self.pca.encode(images.double().flatten(1).numpy()))

    def decode(self, codes: Tensor) -> Tensor:
        rows = torch.from_numpy(self.pca.decode(codes.double().numpy())).float()
        return rows.view(-1, *self.pca.shape).clamp(-1, 1)


@dataclass(frozen=True)
class Method:
    """A way to make pictures: `train`, and `sampler`, which may fit something to the result."""

    train: Train
    sampler: Callable[[Any, data.Dataset, Settings, int], Callable[..., Tensor]]
    only_sampling: tuple[str, ...] = ()  # the settings of `sampler`, which `train` does not see

    def training(self, settings: Settings) -> Settings:
        """Return the settings that training sees: where they agree, one training serves two."""
        return {key: value for key, value in settings.items() if key not in self.only_sampling}


def trained(kind: type[Task], beta2: float | None = None, **fixed: object) -> Train:
    """Train a task for so many processor seconds, counted in steps after a short trial."""
    rates: dict[tuple, float] = {}  # steps in a second

    def options(settings: Settings) -> dict[str, Any]:
        chosen = {**fixed, **settings}
        chosen["betas"] = (chosen.pop("beta1"), beta2 or BETA2[kind])
        if "penalty" in chosen:
            chosen["r1"] = chosen["r2"] = chosen.pop("penalty")
        return chosen

    def train(samples: data.Dataset, seconds: float, seed: int, settings: Settings) -> Trained:
        def run(steps: int) -> Trained:
            torch.manual_seed(seed)
            task = kind.for_data(samples, **options(settings))
            began = time.process_time()
            batch_size = 64 if samples.shape[-1] < 16 else 32
            fit(task, samples, steps, batch_size=batch_size,
                schedule="hold-cosine", seed=seed, device="cpu", progress=False)  # fmt: skip
            return task, time.process_time() - began

        about = (samples.name, repr(settings))
        if about not in rates:
            rates[about] = report.steps_in(100.0, run, few=25) / 100
        steps = max(1, round(seconds * rates[about]))
        task, took = run(steps)
        rates[about] = steps / took  # a longer trial
        return task, took

    return train


def fitted(make: Callable[[data.Dataset, int, Settings], Any]) -> Train:
    """Fit a classical generator; `make` takes the seed and the settings."""

    def train(samples: data.Dataset, seconds: float, seed: int, settings: Settings) -> Trained:
        began = time.process_time()
        return make(samples, seed, settings), time.process_time() - began

    return train


def itself(model: Any, samples: data.Dataset, settings: Settings, seed: int) -> Any:
    """Sample as the model does."""
    return model.sample


def mixture_of_codes(model: Any, samples: data.Dataset, settings: Settings, seed: int) -> Any:
    """Draw codes from a mixture of Gaussians that is fitted to those of the training pictures."""
    return CodeSampler(model, samples, settings["parts"], seed).sample


DIRECTIONS: dict[str, classical.PCAGaussian] = {}  # by data: the slow part, done once


def principal(samples: data.Dataset, seed: int, settings: Settings) -> classical.PCAGaussian:
    """Return the first of the principal components."""
    if samples.name not in DIRECTIONS:
        most = 256 if samples.shape[-1] >= 16 else 60
        DIRECTIONS[samples.name] = classical.PCAGaussian(most).fit(samples[:])
    every, count = DIRECTIONS[samples.name], settings["components"]
    some = classical.PCAGaussian(count)
    some.__dict__.update({**every.__dict__, "components": count})
    some.directions, some.variances = every.directions[:count], every.variances[:count]
    return some


def gaussians(samples: data.Dataset, seed: int, settings: Settings) -> Any:
    """Fit a mixture: to principal components if they are asked for, else to the pixels."""
    if settings.get("components"):
        codes = Codes(principal(samples, seed, settings))
        return CodeSampler(codes, samples, settings["parts"], seed)
    return classical.GaussianMixture(settings["parts"], seed=seed).fit(samples[:])


def k_means(samples: data.Dataset, seed: int, settings: Settings) -> Any:
    noise = settings.get("noise", 0.0)
    return classical.KMeansCentroids(settings["clusters"], noise, seed).fit(samples[:])


PARTS = ("parts",)
VAES = trained(VAE)  # one training serves both ways to draw codes
METHODS = {
    "independent pixels": Method(
        fitted(lambda s, seed, _: classical.IndependentPixels().fit(s[:])), itself
    ),
    "PCA + Gaussian": Method(fitted(principal), itself),
    "Gaussian mixture": Method(fitted(gaussians), itself),
    "k-means": Method(fitted(k_means), itself),
    "k-means + noise": Method(fitted(k_means), itself),
    "AE + mixture": Method(trained(Autoencoder), mixture_of_codes, PARTS),
    "VAE": Method(VAES, itself),
    "VAE + mixture": Method(VAES, mixture_of_codes, PARTS),
    "VAE, Bernoulli": Method(trained(VAE, likelihood="bernoulli"), itself),
    "VAE-GAN": Method(trained(VAEGAN), itself),
    # the game and the optimizer of the DCGAN paper, on the same networks
    "GAN, plain": Method(trained(GAN, beta2=0.999, loss="non-saturating", r1=0.0, r2=0.0), itself),
    "GAN, regularized": Method(trained(GAN), itself),
}
# Training pictures, and what is nothing else: they stand beside the models, and in no average.
REFERENCES = {
    "copies": Method(fitted(lambda s, seed, _: classical.Templates(0).fit(s[:])), itself),
    "shifted copies": Method(fitted(lambda s, seed, _: classical.Templates(1).fit(s[:])), itself),
}
