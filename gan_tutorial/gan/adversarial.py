"""What every task with a generator and a discriminator shares: how D learns, and how G samples."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..losses import AdversarialLoss, get_loss, gradient_penalty, logits_and_squared_norms
from ..models import adopt_generator, has_batch_norm, latent_codes, one_by_one, sample_generator
from ..training import Task, adam, given_to

__all__ = ["AdversarialTask"]


class AdversarialTask(Task):
    r"""A generator and a discriminator, how the discriminator learns, and how samples are drawn.

    What the generator learns from, and when, is left to the subclass: see `GAN` and `VAEGAN`.

    Parameters
    ----------
    generator, discriminator, loss, lr, betas, r1, r2, gp, penalty_every, ema
        As for `GAN`.

    Raises
    ------
    ValueError
        If a weight is negative, a count is not positive, the loss is unknown, or a gradient
        penalty meets batch norm in the discriminator.
    """

    counts = ("d_updates",)
    d_steps, reuse_fakes = 1, False  # one update each, in its own turn, where nothing else is said
    generator: Any  # an nn.Module that has a latent_dim
    discriminator: nn.Module

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
        ema: float = 0.999,
    ):
        for name, value in (("r1", r1), ("r2", r2), ("gp", gp)):
            if not 0 <= value < math.inf:
                raise ValueError(f"The penalty weight {name} must not be negative, got {value}.")
        if not penalty_every >= 1:
            raise ValueError(f"penalty_every must be at least 1, got {penalty_every}.")
        if has_batch_norm(discriminator) and (r1 or r2 or gp):
            raise ValueError(
                "A gradient penalty needs a gradient per sample, and batch norm in the "
                "discriminator mixes the samples: use norm='none' or 'spectral', or no penalty."
            )
        adopt_generator(generator)
        lr_g, lr_d = lr if isinstance(lr, tuple | list) else (lr, lr)
        betas = (float(betas[0]), float(betas[1]))
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
        self.d_updates = 0
        self.settings = {
            "loss": self.loss.name, "lr": [lr_g, lr_d], "betas": list(betas), "r1": r1, "r2": r2,
            "gp": gp, "penalty_every": penalty_every,
        }  # fmt: skip

    def generate(self, *codes: Tensor) -> list[Tensor]:
        """Map batches of latent codes to samples, :math:`G(z)`, as fast as `fit` was told to."""
        return self.forward("generator", codes)

    def judge(self, *batches: Tensor) -> list[Tensor]:
        """Map batches of samples to logits, :math:`D(x)`, as fast as `fit` was told to."""
        return self.forward("discriminator", batches)

    def judge_slopes(
        self, batches: Sequence[Tensor], gammas: Sequence[float], given: Sequence[Tensor] = ()
    ) -> tuple[list[Tensor], list[Tensor | None]]:
        r"""Map batches to logits, and find :math:`\|\nabla_x a(x)\|^2` where it has a weight.

        Parameters
        ----------
        batches : sequence of Tensor, shape (n, ...)
            Samples.
        gammas : sequence of float
            The weight of the penalty on each batch; nothing is differentiated for a 0.
        given : sequence of Tensor, each of shape (n, ...)
            What a conditional D takes besides, the same for all batches (see `Task.forward`);
            nothing is differentiated by it.

        Returns
        -------
        logits : list of Tensor, shape (n,) or (n, 1)
        squared_norms : list of Tensor, shape (n,), or None
            In float32, whatever the precision around.
        """
        if not any(gammas):
            logits = (
                self.forward("discriminator", batches, given) if given else self.judge(*batches)
            )
            return logits, [None] * len(batches)
        # what is differentiated twice is not compiled or rounded
        network, together = given_to(self.discriminator, given), one_by_one(self.discriminator)
        weighed = [x for x, gamma in zip(batches, gammas, strict=True) if gamma > 0]
        found = iter(logits_and_squared_norms(network, *weighed, together=together))
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
            with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
                (fake,) = self.generate(self.latent(len(real)))
        loss, scalars = self.discriminator_loss(real, fake)
        self.update(loss, "discriminator")
        return {name: value.detach() for name, value in scalars.items()}

    def discriminator_loss(
        self, real: Tensor, fake: Tensor, given: Sequence[Tensor] = ()
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what D minimizes, penalties included, and scalars worth recording."""
        fake = fake.detach()
        # a penalty that is taken every k-th time counts k-fold
        k = self.penalty_every if self.d_updates % self.penalty_every == 0 else 0
        self.d_updates += 1

        gammas = {"r1": k * self.r1, "r2": k * self.r2}
        (a_real, a_fake), norms = self.judge_slopes((real, fake), tuple(gammas.values()), given)
        loss = self.loss.discriminator(a_real, a_fake)
        scalars = {"d_loss": loss, "real_logit": a_real.mean(), "fake_logit": a_fake.mean()}
        for (name, gamma), squared_norms in zip(gammas.items(), norms, strict=True):
            if squared_norms is not None:
                scalars[name] = 0.5 * squared_norms.mean()
                loss = loss + gamma * scalars[name]
        if k and self.gp > 0:
            u = self.random(torch.rand, len(real))
            scalars["gp"] = gradient_penalty(given_to(self.discriminator, given), real, fake, u)
            loss = loss + k * self.gp * scalars["gp"]
        return loss, scalars

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
