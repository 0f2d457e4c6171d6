"""Training steps with one thing wrong in them: each is a `GAN` that overrides one method."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from ..gan import GAN

__all__ = [
    "FakesLabeledReal",
    "HeadStart",
    "LossMadeOnce",
    "MixedBatch",
    "NoisyLabels",
    "OneOutputForBoth",
    "PenaltyOverOneAxis",
    "RewrittenLosses",
    "RoundedCrossEntropy",
    "SharedUpdate",
    "SoftmaxOfOne",
    "UndetachedFakes",
    "UnequalBatches",
    "UpdatedTooEarly",
    "rounded_cross_entropy",
]


# --- The loss says something else ------------------------------------------------------------


class RewrittenLosses(GAN):
    """A GAN whose losses a subclass writes anew; `right` is the loss it was told to use.

    `d_loss` and `g_loss` get the logits of reals and fakes, in this order, and return a scalar.
    """

    def __init__(self, *networks: nn.Module, **options: Any):
        super().__init__(*networks, **options)
        self.right = self.loss
        self.loss = replace(self.right, discriminator=self.d_loss, generator=self.g_loss)

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss."""
        return self.right.discriminator(real, fake)

    def g_loss(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Return the generator's loss."""
        return self.right.generator(real, fake)


class FakesLabeledReal(RewrittenLosses):
    """The discriminator's loss gives both batches the label 1."""

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the loss of reals labeled real, and of fakes labeled real."""
        return self.right.real_term(real).mean() + self.right.real_term(fake).mean()


class OneOutputForBoth(RewrittenLosses):
    """Both halves of the discriminator's loss use the same output."""

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the loss of the reals, taken for reals and for fakes."""
        return self.right.discriminator(real, real)


class SoftmaxOfOne(RewrittenLosses):
    """Softmax cross-entropy on a single logit: the only class is always certain."""

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return 0, computed the long way."""
        return (
            -log_softmax(real.reshape(-1, 1), 1).mean() - log_softmax(fake.reshape(-1, 1), 1).mean()
        )

    def g_loss(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Return 0 as well."""
        return -log_softmax(fake.reshape(-1, 1), 1).mean()


class NoisyLabels(RewrittenLosses):
    """Each label of the discriminator's cross-entropy is wrong with probability `wrong`."""

    wrong = 0.4

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the loss with labels that were flipped at random."""
        as_real, as_fake = self.right.real_term, self.right.fake_term
        wrong_real, wrong_fake = (
            self.random(torch.rand, len(logits)) < self.wrong for logits in (real, fake)
        )
        return (
            torch.where(wrong_real, as_fake(real), as_real(real)).mean()
            + torch.where(wrong_fake, as_real(fake), as_fake(fake)).mean()
        )


class RoundedCrossEntropy(RewrittenLosses):
    """Cross-entropy written by hand on probabilities, in bfloat16.

    From a logit of about 6 on, the sigmoid is rounded to exactly 1. Then the term that the label
    switches off is 0 times the logarithm of 0, which is not a number.
    """

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return -[y log p + (1 - y) log(1 - p)] of both batches."""
        return rounded_cross_entropy(real, 1.0) + rounded_cross_entropy(fake, 0.0)

    def g_loss(self, real: Tensor | None, fake: Tensor) -> Tensor:
        """Return the same of the fakes, labeled real."""
        return rounded_cross_entropy(fake, 1.0)


def rounded_cross_entropy(logits: Tensor, label: float) -> Tensor:
    """Binary cross-entropy as one reads it in textbooks, of probabilities in bfloat16."""
    p = logits.bfloat16().sigmoid()
    return -(label * p.log() + (1 - label) * (1 - p).log()).float().mean()


# --- The step does something else ------------------------------------------------------------


class LossMadeOnce(GAN):
    """The discriminator's loss is computed before the loop; the steps only use it."""

    made: Tensor | None = None

    def discriminator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """Take a step down a loss that was computed at the first step."""
        fake = self.fakes(1, len(real))[0].detach() if fake is None else fake
        if self.made is None:
            self.made = self.loss.discriminator(*self.judge(real, fake))
        self.update(self.made, "discriminator")
        return {"d_loss": self.made.detach()}


class UpdatedTooEarly(GAN):
    """Both losses are computed first, and D is updated before the generator's goes backward.

    D has torch's ordinary Adam here. The fused one does not count its changes as changes in place
    (seen in torch 2.13): with `fused` the run goes on, with a gradient that belongs to no network.
    """

    fused = False

    def __init__(self, *networks: nn.Module, **options: Any):
        super().__init__(*networks, **options)
        for group in self.optimizers["discriminator"].param_groups:
            group["fused"] = self.fused

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Stop at the generator's update: its gradient needs weights that are gone."""
        real = batch.chunk(self.d_steps)[0]
        (fake,) = self.generate(self.latent(len(real)))
        (fake_logits,) = self.judge(fake)
        (real_logits,) = self.judge(real) if self.loss.paired else (None,)
        g_loss = self.loss.generator(real_logits, fake_logits)
        scalars = self.discriminator_step(real, fake.detach())  # changes D's weights in place
        self.update(g_loss, "generator")
        return scalars | {"g_loss": g_loss.detach()}


class SharedUpdate(GAN):
    """The generator's update changes the discriminator, too, in the generator's favor."""

    def generator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """Let both networks descend the generator's loss."""
        (fake,) = self.generate(self.latent(len(real))) if fake is None else (fake,)
        (fake_logits,) = self.judge(fake)
        (real_logits,) = self.judge(real.detach()) if self.loss.paired else (None,)
        loss = self.loss.generator(real_logits, fake_logits)
        self.update(loss, "generator", "discriminator")
        return {"g_loss": loss.detach()}


class UndetachedFakes(GAN):
    """The fakes of the discriminator's update still hang on the generator.

    Its gradients are computed, added to the generator's, and cleared before the generator's own
    update. For networks without gradient penalties.
    """

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Make both updates; the first one differentiates the generator in vain."""
        for real in batch.chunk(self.d_steps):
            (fake,) = self.generate(self.latent(len(real)))
            real_logits, fake_logits = self.judge(real, fake)
            loss = self.loss.discriminator(real_logits, fake_logits)
            self.update(loss, "discriminator")
        scalars = {
            "d_loss": loss.detach(),
            "real_logit": real_logits.detach().mean(),
            "fake_logit": fake_logits.detach().mean(),
        }
        return scalars | self.generator_step(real)


class MixedBatch(GAN):
    """Reals and fakes pass through the discriminator as one batch, and share its batch norm."""

    def judge(self, *batches: Tensor) -> list[Tensor]:
        """Judge everything at once."""
        together = self.fast["discriminator"](torch.cat(batches))
        return list(together.split([len(batch) for batch in batches]))


class UnequalBatches(RewrittenLosses):
    """One real for every 32 fakes, and one mean over all of them."""

    fakes_for_a_real = 32

    def discriminator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """Keep a few of the reals."""
        few = real[: max(1, len(real) // self.fakes_for_a_real)].clone()
        return super().discriminator_step(few, fake)

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return twice the mean cross-entropy of the samples, whatever their kind."""
        return 2 * torch.cat([self.right.real_term(real), self.right.fake_term(fake)]).mean()


class HeadStart(GAN):
    """The discriminator trains alone for `head_start` steps: it is perfect when G begins."""

    head_start = 300

    def generator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """Make the generator's update, once its time has come."""
        if self.d_updates > self.head_start * self.d_steps:
            return super().generator_step(real, fake)
        with torch.no_grad():
            (fake_logits,) = self.judge(*self.generate(self.latent(len(real))))
            (real_logits,) = self.judge(real) if self.loss.paired else (None,)
            return {"g_loss": self.loss.generator(real_logits, fake_logits)}


class PenaltyOverOneAxis(GAN):
    """The gradient penalty of WGAN takes its norm over axis 1 only.

    For images that is the channel axis: the length of the gradient *at each pixel* is drawn to 1,
    and that of the whole gradient to the square root of the number of pixels.
    """

    def discriminator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """Update the critic, with the penalty that such a norm makes."""
        fake = self.fakes(1, len(real))[0].detach() if fake is None else fake
        real_logits, fake_logits = self.judge(real, fake)
        loss = self.loss.discriminator(real_logits, fake_logits)
        u = self.random(torch.rand, len(real)).view(-1, *[1] * (real.dim() - 1))
        between = (u * real + (1 - u) * fake).detach().requires_grad_(True)
        logits = self.discriminator(between)
        (gradient,) = torch.autograd.grad(logits.sum(), between, create_graph=True)
        norms = (gradient.square().sum(1) + 1e-12).sqrt()  # right: over all axes but the first
        penalty = (norms - 1).square().mean()
        self.update(loss + self.gp * penalty, "discriminator")
        return {
            "d_loss": loss.detach(),
            "real_logit": real_logits.detach().mean(),
            "fake_logit": fake_logits.detach().mean(),
            "gp": penalty.detach(),
        }
