"""The variational autoencoder: an autoencoder that knows how likely its samples are."""

import copy
import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from ..data import Samples, as_tensor
from ..models.evaluating import evaluating
from ..models.sampling import latent_codes
from ..training import adam
from .coder import GaussianCoder
from .likelihoods import LIKELIHOODS, Bernoulli, Gaussian, kl_to_prior, log_normal, reparametrize

__all__ = ["VAE"]


class VAE(GaussianCoder):
    r"""A variational autoencoder (Kingma and Welling 2014).

    Codes are drawn from the prior :math:`p(z) = N(0, I)`, samples from :math:`p(x \mid z)`, whose
    mean is :math:`G(z)`. The encoder gives mean and log variance of
    :math:`q(z \mid x) = N(\mu(x), \sigma^2(x))`. One step raises, for both networks together,

    .. math:: \mathrm{ELBO}(x) = E_{q(z \mid x)} \log p(x \mid z) - \beta \, KL(q(z \mid x) \| p(z))

    which for :math:`\beta = 1` is :math:`\log p(x) - KL(q(z \mid x) \| p(z \mid x))`: a lower
    bound of the log likelihood.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples to (N, 2 * latent_dim): means, then log variances.
    generator : nn.Module
        The decoder: maps codes to samples; has an attribute ``latent_dim``.
    likelihood : {"gaussian", "bernoulli"}
        What :math:`p(x \mid z)` is: see `Gaussian` and `Bernoulli`.
    std : float, optional
        Standard deviation of the Gaussian likelihood; learned by default.
    beta : float
        Weight of the divergence (Higgins et al. 2017). Only with 1 is a bound being raised.
    lr, betas, ema
        Learning rate and decay rates of Adam; decay of the average of the weights. The logarithm
        of a learned `std` takes steps ten times as large.

    Raises
    ------
    ValueError
        If a setting is out of range, the likelihood is unknown, or the encoder's outputs do not
        fit the generator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> vae = VAE.for_data(digits, width=16)
    >>> history = fit(vae, digits, steps=10, progress=False)
    >>> vae.sample(5).shape, vae.elbo(digits[:3]).shape
    (torch.Size([5, 1, 8, 8]), torch.Size([3]))
    """

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        *,
        likelihood: str = "gaussian",
        std: float | None = None,
        beta: float = 1.0,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        ema: float = 0.995,
    ):
        if likelihood not in LIKELIHOODS:
            raise ValueError(
                f"Unknown likelihood {likelihood!r}; choose one of {', '.join(LIKELIHOODS)}."
            )
        if std is not None and likelihood != "gaussian":
            raise ValueError("Only the Gaussian likelihood has a std.")
        if not 0 <= beta < math.inf:
            raise ValueError(f"The weight beta must not be negative, nor infinite; got {beta}.")
        self.check_outputs(encoder, generator)
        self.likelihood = Gaussian(std) if likelihood == "gaussian" else Bernoulli()
        self.likelihood.decoder(generator)  # refuses a generator that does not fit
        networks = {"encoder": encoder, "generator": generator, "likelihood": self.likelihood}
        optimizers: dict[str, torch.optim.Optimizer] = {
            name: adam(networks[name], lr, betas) for name in ("encoder", "generator")
        }
        if any(p.requires_grad for p in self.likelihood.parameters()):
            optimizers["likelihood"] = adam(self.likelihood, 10 * lr, betas)
        super().__init__(networks, optimizers, averaged=networks, ema=ema)
        self.encoder, self.generator = encoder, generator
        self.beta = beta
        self.settings = {
            "likelihood": likelihood, "std": std, "beta": beta, "lr": lr, "betas": list(betas),
        }  # fmt: skip

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update encoder, generator and a learned `std` once, all by the same loss.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            See `objective`.
        """
        scalars = self.objective(batch, self.random(torch.randn, len(batch), self.latent_dim))
        self.update(scalars["loss"], *self.optimizers)
        return {name: value.detach() for name, value in scalars.items()}

    def objective(self, x: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """Compute what a step minimizes, from samples and standard normal noise (n, latent_dim).

        Returns
        -------
        dict of str to Tensor
            ``loss``, the negative ELBO; ``log_likelihood`` and ``kl``, its two parts. All are
            means over the batch, in nats per sample.
        """
        mean, log_var = self.fast["encoder"](x).chunk(2, 1)
        z = reparametrize(mean, log_var, noise)  # z ~ q(z | x)
        log_likelihood = self.likelihood(x, self._output(z)).mean()
        kl = kl_to_prior(mean, log_var).mean()
        return {
            "loss": self.beta * kl - log_likelihood,
            "log_likelihood": log_likelihood,
            "kl": kl,
        }

    def _output(self, z: Tensor) -> Tensor:
        """Decode with gradients. Logits are taken before the last layer, so in float32 always."""
        decoder = self.likelihood.decoder(self.generator)
        return self.fast["generator"](z) if decoder is self.generator else decoder(z)

    @property
    def latent_dim(self) -> int:
        """Length of the code."""
        return self.generator.latent_dim

    @property
    def std(self) -> float | None:
        """Standard deviation of a pixel around its mean, or None for a Bernoulli likelihood."""
        log_std = getattr(self.average["likelihood"], "log_std", None)
        return None if log_std is None else float(log_std.exp())

    def log_likelihood(self, x: Samples, z: Tensor, averaged: bool = True) -> Tensor:
        """Return log p(x | z) in nats, shape (N,), of samples and a code for each."""
        x = as_tensor(x)
        likelihood = self._network("likelihood", averaged)
        generator = self._network("generator", averaged)
        decoder = likelihood.decoder(generator)
        with torch.no_grad(), evaluating(generator):
            parts = [
                likelihood(some_x.to(self.device), decoder(some_z.to(self.device))).cpu()
                for some_x, some_z in zip(x.split(256), z.split(256), strict=True)
            ]
        return torch.cat(parts)

    def elbo(
        self,
        x: Samples,
        samples: int = 16,
        seed: int = 0,
        noise: Iterable[Tensor] | None = None,
        averaged: bool = True,
    ) -> Tensor:
        r"""Evidence lower bound of each sample, in nats: the divergence exactly, the rest drawn.

        Parameters
        ----------
        x : Dataset, Tensor or ndarray, shape (N, *shape)
            Samples.
        samples : int
            Codes drawn from :math:`q(z \mid x)` for each, 1 or more.
        seed : int
            Decides which.
        noise : Tensor, shape (samples, latent_dim) or (samples, N, latent_dim), optional
            Standard normal numbers to use instead, or the points of a quadrature.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).

        Returns
        -------
        Tensor, shape (N,), on the CPU
        """
        x = as_tensor(x)
        mean, log_var = self.posterior(x, averaged)
        noise = _noise(mean, samples, seed) if noise is None else noise
        codes = (reparametrize(mean, log_var, part) for part in noise)
        terms = torch.stack([self.log_likelihood(x, z, averaged) for z in codes])
        return terms.mean(0) - kl_to_prior(mean, log_var)

    def iwae(
        self,
        x: Samples,
        samples: int = 64,
        seed: int = 0,
        noise: Iterable[Tensor] | None = None,
        averaged: bool = True,
    ) -> Tensor:
        r"""Importance-weighted bound of each sample's log likelihood, in nats.

        .. math:: \log \frac1K \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k \mid x)}, \quad z_k \sim q

        In the mean over draws it rises with :math:`K` towards :math:`\log p(x)`, and for K = 1 it
        is the ELBO (Burda, Grosse and Salakhutdinov 2016, equation 8 and theorem 1). Arguments and
        result are those of `elbo`.
        """
        x = as_tensor(x)
        mean, log_var = self.posterior(x, averaged)
        noise = _noise(mean, samples, seed) if noise is None else noise
        log_weights = []
        for part in noise:
            z = reparametrize(mean, log_var, part)
            joint = self.log_likelihood(x, z, averaged) + log_normal(z, 0.0, 0.0)
            log_weights.append(joint - log_normal(z, mean, log_var))
        return torch.stack(log_weights).logsumexp(0) - math.log(len(log_weights))

    def sample(
        self, count: int, seed: int = 0, averaged: bool = True, pixel_noise: bool = False
    ) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Decides the latent codes, as for `GAN.sample`.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).
        pixel_noise : bool
            Whether to draw from p(x | z), as the model says, or to return its mean, as nearly
            everybody does.
        """
        means = super().sample(count, seed, averaged)
        if not pixel_noise:
            return means
        noise = latent_codes(count, means[0].numel(), -1 - seed).view_as(means)
        likelihood = copy.deepcopy(self._network("likelihood", averaged)).cpu()
        with torch.no_grad():
            return likelihood.draw(means, noise)


def _noise(like: Tensor, samples: int, seed: int) -> Iterator[Tensor]:
    """Yield `samples` times standard normal numbers of the shape and type of `like`."""
    if not samples >= 1:
        raise ValueError(f"A bound takes at least 1 sample of the code, got {samples}.")
    generator = torch.Generator().manual_seed(seed)
    for _ in range(samples):
        yield torch.randn(like.shape, generator=generator, dtype=like.dtype)
