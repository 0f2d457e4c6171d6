"""The generative adversarial network as a task: two networks, two losses, one step."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .data import Dataset, sample_shape
from .losses import AdversarialLoss, get_loss, gradient_penalty, logits_and_squared_norms
from .models import has_batch_norm, latent_codes, one_by_one, pair_for, sample_generator
from .recipes import recipe_for
from .training import Task, adam, frozen

__all__ = ["GAN", "frozen", "recipe_for"]


class GAN(Task):
    r"""A generator and a discriminator, trained in turn.

    One `step` is one round of Algorithm 1 of Goodfellow et al. (2014): `d_steps` updates of the
    discriminator, each on a fresh batch, then one of the generator.

    Parameters
    ----------
    generator : nn.Module
        Maps latent codes (N, latent_dim) to samples; has an attribute ``latent_dim``.
    discriminator : nn.Module
        Maps samples to logits, (N,) or (N, 1).
    loss : str or AdversarialLoss
        One of `gan_tutorial.losses.LOSSES`, or another, such as
        ``gan_tutorial.losses.smoothed(0.9)``.
    lr : float or (float, float)
        Learning rate, or one for the generator and one for the discriminator.
    betas : (float, float)
        Decay rates of Adam's two moments.
    r1, r2 : float
        Weights :math:`\gamma` of the penalties on real and on generated samples; 0 is off.
    gp : float
        Weight of the WGAN gradient penalty (10 in Gulrajani et al. 2017); 0 is off.
    penalty_every : int
        Penalties are computed in every `penalty_every`-th update of the discriminator, with a
        weight as many times larger: the same mean, less work (Karras et al. 2020, section 3.1).
    d_steps : int
        Updates of the discriminator for one of the generator.
    reuse_fakes : bool
        Whether the generator's update takes up the fakes that the discriminator has just seen, as
        many published programs do, instead of drawing new latent codes. It saves one pass through
        the generator per step. Results differ as they do between two seeds.
    ema : float
        Decay of the average of the generator's weights, from which samples are drawn.

    Raises
    ------
    ValueError
        If a weight is negative, a count is not positive, the loss is unknown, or a gradient
        penalty meets batch norm in the discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit, models
    >>> gan = GAN(*models.mlp_pair((2,)), r1=0.1, r2=0.1)
    >>> history = fit(gan, data.ring().sample(1000, seed=0), steps=20, progress=False)
    >>> gan.sample(5).shape
    torch.Size([5, 2])
    """

    counts = ("d_updates",)

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        loss: str | AdversarialLoss = "relativistic",
        lr: float | tuple[float, float] = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        r1: float = 0.0,
        r2: float = 0.0,
        gp: float = 0.0,
        penalty_every: int = 1,
        d_steps: int = 1,
        reuse_fakes: bool = False,
        ema: float = 0.999,
    ):
        for name, value in (("r1", r1), ("r2", r2), ("gp", gp)):
            if not 0 <= value < math.inf:
                raise ValueError(f"The penalty weight {name} must not be negative, got {value}.")
        for name, value in (("penalty_every", penalty_every), ("d_steps", d_steps)):
            if not value >= 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        if has_batch_norm(discriminator) and (r1 or r2 or gp):
            raise ValueError(
                "A gradient penalty needs a gradient per sample, and batch norm in the "
                "discriminator mixes the samples: use norm='none' or 'spectral', or no penalty."
            )
        lr_g, lr_d = lr if isinstance(lr, tuple | list) else (lr, lr)
        betas = tuple(float(beta) for beta in betas)
        super().__init__(
            networks={"generator": generator, "discriminator": discriminator},
            optimizers={
                "generator": adam(generator, lr_g, betas),
                "discriminator": adam(discriminator, lr_d, betas),
            },
            averaged=("generator",),
            ema=ema,
        )
        self.generator, self.discriminator = generator, discriminator
        self.loss = get_loss(loss)
        self.r1, self.r2, self.gp, self.penalty_every = r1, r2, gp, penalty_every
        self.d_steps = self.batches_per_step = d_steps
        self.reuse_fakes = reuse_fakes
        self.d_updates = 0
        self.settings = {
            "loss": self.loss.name, "lr": [lr_g, lr_d], "betas": list(betas), "r1": r1, "r2": r2,
            "gp": gp, "penalty_every": penalty_every, "d_steps": d_steps,
            "reuse_fakes": reuse_fakes,
        }  # fmt: skip

    @classmethod
    def for_data(
        cls,
        data: Dataset | Tensor,
        *,
        network: str = "auto",
        latent_dim: int | None = None,
        width: int | None = None,
        wrap: Callable[[nn.Module], nn.Module] | None = None,
        **options: Any,
    ) -> "GAN":
        """Make a GAN with the book's recipe for this kind of data.

        Parameters
        ----------
        data : Dataset or Tensor
            Points, or square images; of a tensor (N, ...), N counts the samples.
        network : {"auto", "mlp", "dcgan"}
            Fully connected or convolutional; "auto" is convolutional for images from 16x16 on.
        latent_dim, width : int, optional
            Length of the latent code, and width of the networks, instead of the recipe's.
        wrap : callable, optional
            Takes the recipe's discriminator and returns the one to train, for instance one of
            `gan_tutorial.models.Augmented`.
        **options
            Further arguments of `GAN`, instead of the recipe's.

        Returns
        -------
        GAN
            With the recipe as its `recipe`, from which `fit` takes steps, batch size and
            schedule.

        Examples
        --------
        >>> from gan_tutorial import augment, data, models
        >>> def augmented(discriminator):
        ...     return models.Augmented(discriminator, augment.DiffAugment("translation"))
        >>> gan = GAN.for_data(data.load("digits"), wrap=augmented)
        """
        recipe = recipe_for(sample_shape(data), network).changed(
            networks={"latent_dim": latent_dim, "width": width}, options=options
        )
        generator, discriminator = pair_for(sample_shape(data), **recipe.networks)
        if wrap is not None:
            discriminator = wrap(discriminator)
        task = cls(generator, discriminator, **recipe.options)
        task.recipe = recipe
        return task

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator `d_steps` times, then the generator once.

        Parameters
        ----------
        batch : Tensor, shape (d_steps * n, ...)
            Real samples: `d_steps` batches of n, one for each update.

        Returns
        -------
        dict of str to Tensor
            ``d_loss`` and ``g_loss`` (without penalties), ``real_logit`` and ``fake_logit`` (mean
            logits before the discriminator's update), and ``r1``, ``r2`` or ``gp`` when computed.
        """
        reals = batch.chunk(self.d_steps)
        fakes = self.fakes(len(reals), len(reals[0]))
        scalars = {}  # of the last update, and the last penalty
        for real, fake in zip(reals, fakes, strict=True):
            scalars |= self.discriminator_step(real, fake)
        return scalars | self.generator_step(real, fake if self.reuse_fakes else None)

    def fakes(self, batches: int, count: int) -> list[Tensor]:
        """Generate fakes for so many updates of D; G stays as it is in the meantime."""
        *codes, last = [self.latent(count) for _ in range(batches)]
        with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
            fakes = self.generate(*codes)
        with torch.set_grad_enabled(self.reuse_fakes):
            return fakes + self.generate(last)

    def generate(self, *codes: Tensor) -> list[Tensor]:
        """Map batches of latent codes to samples, :math:`G(z)`, as fast as `fit` was told to."""
        return self.forward("generator", codes)

    def judge(self, *batches: Tensor) -> list[Tensor]:
        """Map batches of samples to logits, :math:`D(x)`, as fast as `fit` was told to."""
        return self.forward("discriminator", batches)

    def judge_slopes(
        self, batches: Sequence[Tensor], gammas: Sequence[float]
    ) -> tuple[list[Tensor], list[Tensor | None]]:
        r"""Map batches to logits, and find :math:`\|\nabla_x a(x)\|^2` where it has a weight.

        Parameters
        ----------
        batches : sequence of Tensor, shape (n, ...)
            Samples.
        gammas : sequence of float
            The weight of the penalty on each batch; nothing is differentiated for a 0.

        Returns
        -------
        logits : list of Tensor, shape (n,) or (n, 1)
        squared_norms : list of Tensor, shape (n,), or None
            In float32, whatever the precision around.
        """
        if not any(gammas):
            return self.judge(*batches), [None] * len(batches)
        network = self.discriminator  # what is differentiated twice is not compiled or rounded
        weighed = [x for x, gamma in zip(batches, gammas, strict=True) if gamma > 0]
        found = iter(logits_and_squared_norms(network, *weighed, together=one_by_one(network)))
        pairs = [
            next(found) if gamma > 0 else (network(x), None)
            for x, gamma in zip(batches, gammas, strict=True)
        ]
        return [logits for logits, _ in pairs], [norms for _, norms in pairs]

    def discriminator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        r"""One update of D: tell these reals from as many fakes, fresh ones by default.

        Its objective is :math:`L_D + \tfrac{\gamma_1}{2} E \|\nabla a(x)\|^2 +
        \tfrac{\gamma_2}{2} E \|\nabla a(G(z))\|^2`, or has the WGAN gradient penalty.
        """
        if fake is None:
            (fake,) = self.fakes(1, len(real))
        fake = fake.detach()
        # a penalty that is taken every k-th time counts k-fold
        k = self.penalty_every if self.d_updates % self.penalty_every == 0 else 0
        self.d_updates += 1

        gammas = {"r1": k * self.r1, "r2": k * self.r2}
        (a_real, a_fake), norms = self.judge_slopes((real, fake), tuple(gammas.values()))
        loss = self.loss.discriminator(a_real, a_fake)
        scalars = {"d_loss": loss, "real_logit": a_real.mean(), "fake_logit": a_fake.mean()}
        for (name, gamma), squared_norms in zip(gammas.items(), norms, strict=True):
            if squared_norms is not None:
                scalars[name] = 0.5 * squared_norms.mean()
                loss = loss + gamma * scalars[name]
        if k and self.gp > 0:
            u = self.random(torch.rand, len(real))
            scalars["gp"] = gradient_penalty(self.discriminator, real, fake, u)
            loss = loss + k * self.gp * scalars["gp"]
        self.update(loss, "discriminator")
        return {name: value.detach() for name, value in scalars.items()}

    def generator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """One update of G: make fakes, fresh ones by default, that D takes for reals."""
        (fake,) = self.generate(self.latent(len(real))) if fake is None else (fake,)
        with frozen(self.discriminator):
            (fake_logits,) = self.judge(fake)
            # Only a paired loss looks at the reals again.
            (real_logits,) = self.judge(real.detach()) if self.loss.paired else (None,)
            loss = self.loss.generator(real_logits, fake_logits)
            self.update(loss, "generator")
        return {"g_loss": loss.detach()}

    def latent(self, count: int) -> Tensor:
        """Draw `count` latent codes from N(0, I) with the task's own random numbers."""
        return self.random(torch.randn, count, self.generator.latent_dim)

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Decides the latent codes; the same seed gives the same codes at every stage of a
            training, so that one can watch samples change.
        averaged : bool
            Use the average of the generator's weights (True) or the latest weights (False).
        """
        network = self.average["generator"] if averaged else self.generator
        return sample_generator(network, latent_codes(count, self.generator.latent_dim, seed))
