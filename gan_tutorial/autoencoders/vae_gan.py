"""The VAE-GAN: a variational autoencoder that a discriminator teaches what is alike."""

import copy
import math
from typing import Any

from torch import Tensor, nn

from ..gan import AdversarialTask, frozen
from ..models import split_last
from ..training import adam
from .coder import GaussianCoder
from .likelihoods import kl_to_prior, reparametrize

__all__ = ["VAEGAN"]


class VAEGAN(GaussianCoder, AdversarialTask):
    r"""A VAE whose likelihood is measured in the features of a discriminator.

    Larsen et al. (2016): in place of pixels, a sample :math:`x` and its reconstruction
    :math:`\tilde x = G(z)`, :math:`z \sim q(z \mid x)`, are compared by the discriminator's last
    hidden layer :math:`f`, and the generator also plays the adversarial game. A step updates the
    discriminator as in a GAN, and then

    .. math::

        L_E = \beta \, KL(q(z \mid x) \| p(z)) + S, \qquad
        L_G = S + w \, L_{adv}, \qquad
        S = \tfrac12 \| f(x) - f(\tilde x) \|^2

    Of the fakes of a batch every other one comes from the prior, the rest are reconstructions. The
    adversarial loss does not reach the encoder, and nothing but the game reaches the
    discriminator.

    Parameters
    ----------
    encoder, generator, discriminator : nn.Module
        As for `VAE` and `GAN`. The discriminator keeps its layers in a sequence ``net``.
    beta : float
        Weight of the divergence.
    adversarial : float
        Weight :math:`w` of the adversarial loss: the paper's :math:`1 / \gamma`.
    lr : float or (float, float)
        Learning rate, or one for encoder and generator and one for the discriminator.
    **options
        ``loss``, ``betas``, ``r1``, ``r2``, ``gp``, ``penalty_every`` and ``ema``, as for `GAN`.

    Raises
    ------
    ValueError
        If a setting is out of range, or networks do not fit together.
    """

    game = True

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        beta: float = 1.0,
        adversarial: float = 1.0,
        **options: Any,
    ):
        for name, value in (("beta", beta), ("adversarial", adversarial)):
            if not 0 <= value < math.inf:
                raise ValueError(
                    f"The weight {name} must not be negative, nor infinite; got {value}."
                )
        self.check_outputs(encoder, generator)
        super().__init__(generator, discriminator, **options)
        lr, betas = self.settings["lr"][0], self.settings["betas"]
        self.networks["encoder"] = self.fast["encoder"] = self.encoder = encoder
        self.optimizers["encoder"] = adam(encoder, lr, betas)
        self.average["encoder"] = copy.deepcopy(encoder).requires_grad_(False).eval()
        self.features, _ = split_last(discriminator)
        self.beta, self.adversarial = beta, adversarial
        self.settings |= {"beta": beta, "adversarial": adversarial}

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator, then encoder and generator together.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            What a GAN's step returns, and ``similarity`` (S) and ``kl``, means over the batch.
        """
        mean, log_var = self.fast["encoder"](batch).chunk(2, 1)
        z = reparametrize(mean, log_var, self.latent(len(batch)))  # z ~ q(z | x)
        codes = z.detach().clone()
        codes[1::2] = self.latent(len(batch))[1::2]  # every other fake comes from the prior
        fake = self.fast["generator"](codes)
        scalars = self.discriminator_step(batch.detach(), fake.detach())

        with frozen(self.discriminator):
            differences = self.features(batch) - self.features(self.fast["generator"](z))
            similarity = 0.5 * differences.flatten(1).square().sum(1).mean()
            kl = kl_to_prior(mean, log_var).mean()
            real_logits = self.fast["discriminator"](batch) if self.loss.paired else None
            g_loss = self.loss.generator(real_logits, self.fast["discriminator"](fake))
            # KL does not depend on G, nor the game on E: one loss serves both
            loss = self.beta * kl + similarity + self.adversarial * g_loss
            self.update(loss, "encoder", "generator")
        parts = {"g_loss": g_loss, "similarity": similarity, "kl": kl}
        return scalars | {name: value.detach() for name, value in parts.items()}
