r"""The teacher: flow matching, a generator that takes many steps.

A sample and noise are joined by a straight line, :math:`x_t = (1 - t) z + t x`. A network that
guesses from :math:`x_t` where the line ends knows, on average over all lines through a place, which
way to go from there; following it from noise, one arrives at the distribution of the data (Lipman
et al. 2023; Liu et al. 2023).
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset, sample_shape
from ..data.ranges import check_count, check_number
from ..models import FlowSampler, latent_codes, sample_generator
from ..training import Task, adam
from .recipes import denoiser_for, flow_recipe

__all__ = ["FlowMatching", "gaussian_denoiser"]

LEAST = 0.1  # of the time left, by which an error is divided


class FlowMatching(Task):
    r"""A denoiser, trained on the way between noise and data.

    One step lowers

    .. math::

        E \left| \frac{\hat x(x_t, t) - x}{1 - t} \right|^2, \qquad x_t = (1 - t) z + t x,

    a mean over numbers of a sample, with :math:`z` from N(0, I) and :math:`t` uniform in [0, 1].
    The fraction is the error of the velocity, whose best value is :math:`x - z` on average
    (Lipman et al. 2023, equation 23); the time left, :math:`1 - t`, counts as `LEAST` at least.

    Parameters
    ----------
    generator : FlowSampler
        A denoiser and a number of steps.
    lr : float
        Learning rate, at least 0.
    betas : (float, float)
        Decay rates of Adam's two moments, in [0, 1).
    ema : float
        Decay of the average of the weights, from which samples are drawn, in [0, 1).

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> ring = data.load("ring", count=1000)
    >>> teacher = FlowMatching.for_data(ring)
    >>> history = fit(teacher, ring, steps=10, progress=False)
    >>> teacher.sample(5).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        generator: FlowSampler,
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.99),
        ema: float = 0.995,
    ):
        check_number("The learning rate lr", lr)
        for beta in betas:
            check_number("Each of betas", beta, below=1.0)
        betas = (float(betas[0]), float(betas[1]))
        denoiser = generator.network
        super().__init__(
            networks={"generator": generator, "denoiser": denoiser},
            optimizers={"denoiser": adam(denoiser, lr, betas)},
            averaged=("generator",),
            ema=ema,
        )
        self.generator, self.denoiser = generator, denoiser
        self.settings = {"lr": lr, "betas": list(betas)}

    @classmethod
    def for_data(
        cls,
        data: Dataset | Tensor,
        *,
        width: int | None = None,
        flow_steps: int = 32,
        **options: Any,
    ) -> "FlowMatching":
        """Make a teacher with the book's recipe for this kind of data.

        Parameters
        ----------
        data : Dataset or Tensor
            Points, or square images.
        width : int, optional
            Width of the network, instead of the recipe's.
        flow_steps : int
            Steps of the flow when samples are drawn, at least 1.
        **options
            Further arguments, instead of the recipe's.
        """
        check_count("flow_steps", flow_steps)
        recipe = flow_recipe(sample_shape(data), width=width, **options)
        task = cls(FlowSampler(denoiser_for(**recipe.networks), flow_steps), **recipe.options)
        task.recipe = recipe
        return task

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Guess where lines between noise and data end.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            ``loss``, the mean squared error of the velocity.
        """
        z = self.random(torch.randn, len(batch), *batch.shape[1:])
        t = self.random(torch.rand, len(batch))
        along = t.view(-1, *[1] * (batch.dim() - 1))
        x_t = (1 - along) * z + along * batch
        left = (1 - along).clamp(min=LEAST)
        loss = ((self.fast["denoiser"](x_t, t) - batch) / left).square().mean()
        self.update(loss, "denoiser")
        return {"loss": loss.detach()}

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU; see `GAN.sample`."""
        network = self.average["generator"] if averaged else self.generator
        return sample_generator(network, latent_codes(count, self.generator.latent_dim, seed))


def gaussian_denoiser(mean: float, std: float) -> nn.Module:
    r"""Return the best denoiser of a normal distribution, each number by itself.

    .. math::

        E[x \mid x_t] = \mu + \frac{t \sigma^2}{(1 - t)^2 + t^2 \sigma^2} (x_t - t \mu)

    Followed in ever smaller steps, it maps noise to :math:`\mu + \sigma z`: what a perfect student
    has to learn.

    Parameters
    ----------
    mean, std : float
        :math:`\mu` and :math:`\sigma`.

    Examples
    --------
    >>> g = FlowSampler(gaussian_denoiser(3.0, 0.5), steps=1000)
    >>> g(torch.tensor([[1.0, -2.0]])).round(decimals=2)
    tensor([[3.5000, 2.0000]])
    """
    return _Gaussian(mean, std)


class _Gaussian(nn.Module):
    shape = (2,)

    def __init__(self, mean: float, std: float):
        super().__init__()
        self.mean, self.variance = mean, std**2

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        t = t.view(-1, *[1] * (x.dim() - 1))
        slope = t * self.variance / ((1 - t) ** 2 + t**2 * self.variance)
        return self.mean + slope * (x - t * self.mean)
