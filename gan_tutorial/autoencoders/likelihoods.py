r"""The pieces of a variational autoencoder: its likelihoods, its divergence, and the one trick.

Write :math:`p(z) = N(0, I)` for the prior over codes, :math:`p(x \mid z)` for what the decoder says
about samples, with mean :math:`G(z)`, and :math:`q(z \mid x) = N(\mu(x), \sigma^2(x))` for what the
encoder says about codes. All results are in nats, one number per sample.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

__all__ = ["LIKELIHOODS", "Bernoulli", "Gaussian", "kl_to_prior", "log_normal", "reparametrize"]


# --- The formulas ----------------------------------------------------------------------------


def reparametrize(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    r"""Turn standard normal noise into :math:`z = \mu + \sigma \odot \epsilon`.

    The draw is outside, so gradients reach :math:`\mu` and :math:`\sigma` (Kingma and Welling
    2014, section 2.4).

    Examples
    --------
    >>> reparametrize(torch.tensor([1.0]), torch.tensor([4.0]).log(), torch.tensor([-1.0]))
    tensor([-1.])
    """
    return mean + (0.5 * log_var).exp() * noise


def kl_to_prior(mean: Tensor, log_var: Tensor) -> Tensor:
    r"""Divergence :math:`KL(q \| p)` in nats from :math:`q = N(\mu, \sigma^2)` to N(0, I).

    .. math:: \tfrac12 \sum_j (\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2)

    (Kingma and Welling 2014, appendix B).

    Parameters
    ----------
    mean, log_var : Tensor, shape (N, latent_dim)
        :math:`\mu` and :math:`\log \sigma^2`.

    Returns
    -------
    Tensor, shape (N,)

    Examples
    --------
    >>> float(kl_to_prior(torch.tensor([[3.0, 0.0]]), torch.zeros(1, 2)))
    4.5
    """
    return 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(-1)


def log_normal(x: Tensor, mean: Tensor | float, log_var: Tensor | float) -> Tensor:
    """Log density of N(mean, exp(log_var)) at `x`, summed over the last axis; in nats."""
    log_var = torch.as_tensor(log_var, dtype=x.dtype, device=x.device)
    squares = (x - mean).square() / log_var.exp()
    return -0.5 * (squares + log_var + math.log(2 * math.pi)).sum(-1)


# --- What the decoder says about a sample ----------------------------------------------------


class Gaussian(nn.Module):
    r"""The likelihood :math:`p(x \mid z) = N(x; G(z), s^2 I)`.

    Parameters
    ----------
    std : float, optional
        The standard deviation :math:`s` of a pixel, in units of the data. By default it is
        learned with the rest, starting from 1: a fixed value decides how much a code may cost,
        and with it how blurred the pictures become (Rybkin, Daniilidis and Levine 2021).

    Raises
    ------
    ValueError
        If `std` is not positive.
    """

    def __init__(self, std: float | None = None):
        super().__init__()
        if std is not None and not 0 < std < math.inf:
            raise ValueError(f"The decoder's std must be positive, got {std}; None learns it.")
        self.log_std = nn.Parameter(
            torch.tensor(0.0 if std is None else math.log(std)), requires_grad=std is None
        )

    def decoder(self, generator: nn.Module) -> Callable[[Tensor], Tensor]:
        """Return what maps codes to the input of `forward`: here the generator, G(z)."""
        return generator

    def forward(self, x: Tensor, mean: Tensor) -> Tensor:
        """Return log p(x | z) in nats, shape (N,), where `mean` is G(z)."""
        return log_normal(x.flatten(1), mean.flatten(1), 2 * self.log_std.to(x.dtype))

    def draw(self, mean: Tensor, noise: Tensor) -> Tensor:
        """Draw x from p(x | z), given standard normal noise."""
        return mean + self.log_std.exp() * noise


class Bernoulli(nn.Module):
    r"""Pixels that are black or white: :math:`p(x = 1 \mid z) = (G(z) + 1) / 2`.

    The generator must end in a tanh, and :math:`(\tanh a + 1) / 2 = \sigma(2 a)`: the numbers
    before the tanh, doubled, are the logits. Working on them, no logarithm of a number near zero
    is taken.

    Notes
    -----
    Gray pixels give a cross-entropy and a usable training, but no likelihood: the values of
    `VAE.elbo` are then not log densities, and cannot be compared with those of `Gaussian`.
    """

    def decoder(self, generator: nn.Module) -> Callable[[Tensor], Tensor]:
        """Return what maps codes to logits: the generator's layers without their tanh.

        Raises
        ------
        ValueError
            If the generator has no sequence of layers ``net`` with one tanh.
        """
        layers = list(getattr(generator, "net", ()))
        without = [layer for layer in layers if not isinstance(layer, nn.Tanh)]
        if len(without) != len(layers) - 1:
            raise ValueError(
                "A Bernoulli likelihood needs a generator whose layers `net` end in one tanh (the "
                "library's generators of images do); use the Gaussian likelihood instead."
            )
        before_tanh = nn.Sequential(*without)
        return lambda z: 2 * before_tanh(z)

    def forward(self, x: Tensor, logits: Tensor) -> Tensor:
        """Return log p(x | z) in nats, shape (N,), for pixels in [-1, 1]."""
        white = (x + 1) / 2
        losses = binary_cross_entropy_with_logits(logits, white, reduction="none")
        return -losses.flatten(1).sum(1)

    def draw(self, mean: Tensor, noise: Tensor) -> Tensor:
        """Draw x from p(x | z), given G(z) and standard normal noise."""
        uniform = 0.5 * (1 + torch.erf(noise / math.sqrt(2)))
        return torch.where(uniform < (mean + 1) / 2, 1.0, -1.0)


LIKELIHOODS = {"gaussian": Gaussian, "bernoulli": Bernoulli}
