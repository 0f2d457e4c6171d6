r"""The tokenizer: an autoencoder whose code is a map of numbers out of a list.

With a discriminator it is the "VQGAN" of Esser et al. (2021), without one the "VQ-VAE" of van den
Oord et al. (2017): the first half of systems that generate pictures as others generate text.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from ..data import Samples, as_samples, as_tensor, check_range, sample_shape
from ..data.ranges import check_count, check_number
from ..gan import check_patch_game, frozen, patch_discriminator_loss, patch_generator_loss
from ..losses import get_loss
from ..models import (
    PatchDiscriminator,
    TokenDecoder,
    TokenEncoder,
    latent_codes,
    perplexity,
    sample_generator,
    straight_through,
)
from ..training import Task, adam, distributed
from .token_recipe import tokenizer_recipe

__all__ = ["Tokenizer"]

LARGEST = 1e4  # weight of the game, where the discriminator's slope vanishes (Esser et al. 2021)


class Tokenizer(Task):
    r"""An encoder, a codebook and a decoder that give back what they are shown.

    The encoder gives a vector :math:`z_e` for each place, the codebook the nearest code
    :math:`z_q = e_k`. The nearest code has no useful derivative, so the decoder's gradient passes
    it by: the encoder gets the gradient with respect to :math:`z_q` as if it were that of
    :math:`z_e`. One step lowers

    .. math::

        \tfrac1D \|x - G(z_q)\|^2 + \beta \, \overline{(z_e - \mathrm{sg}[e_k])^2}
        \;\big(+ \, \overline{(\mathrm{sg}[z_e] - e_k)^2}\big) \;\big(+ \, \lambda w L_G\big)

    where sg means "constant for the gradient" and bars are means. The third part is there if the
    codebook learns by the gradient; by default codes are averages (`VectorQuantizer`). Codes that
    are hardly used move to where vectors are. The fourth part is there after the warm-up: a
    discriminator of patches judges the reconstructions, and

    .. math::

        \lambda = \frac{\|\nabla_L \tfrac1D \|x - G(z_q)\|^2 \|}{\|\nabla_L L_G\| + 10^{-6}}

    for the weights :math:`L` of the decoder's last layer, so that there the game pulls `w` times
    as hard as the error (Esser et al. 2021, equation 7).

    Parameters
    ----------
    encoder : nn.Module
        Maps pictures to vectors (N, dim, side, side).
    generator : TokenDecoder
        The codebook and the decoder.
    discriminator : nn.Module
        Maps pictures to logits of any shape (N, ...).
    commitment : float
        Weight :math:`\beta` of the encoder's staying near its codes, at least 0, like all weights.
    adversarial : float
        Weight `w` of the game; 0 trains by the error alone.
    adaptive : bool
        Whether the game is weighed as above; else :math:`\lambda = 1`.
    warm_up : int
        Steps without the game, at least 0.
    revive : float
        A code is moved when it stands for fewer vectors than this times an equal share; 0 moves
        none but those that never stood for any.
    loss, lr, betas, r1, penalty_every, ema
        As for `PairedTranslation`.

    Raises
    ------
    ValueError
        If a number is out of range, a loss is unknown, or the penalty meets batch norm in the
        discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> balls = data.load("soccer", count=16)
    >>> tokenizer = Tokenizer.for_data(balls, width=4, codes=8)
    >>> history = fit(tokenizer, balls, steps=2, batch_size=8, progress=False)
    >>> tokens = tokenizer.encode(balls[:3])
    >>> tokens.shape, tokenizer.decode(tokens).shape
    (torch.Size([3, 8, 8]), torch.Size([3, 3, 32, 32]))
    """

    generator: Any  # a TokenDecoder, or what has its methods

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        commitment: float = 0.25,
        adversarial: float = 1.0,
        adaptive: bool = True,
        warm_up: int = 0,
        revive: float = 0.05,
        loss: str = "relativistic",
        lr: float | tuple[float, float] = 1e-3,
        betas: tuple[float, float] = (0.5, 0.99),
        r1: float = 0.0,
        penalty_every: int = 8,
        ema: float = 0.995,
    ):
        weights = {"commitment": commitment, "adversarial": adversarial, "r1": r1}
        check_count("warm_up", warm_up, 0)
        check_number("The share revive", revive, below=1.0)
        rates, betas = check_patch_game(weights, lr, betas, penalty_every, discriminator)
        trained = {"encoder": encoder, "generator": generator, "discriminator": discriminator}
        lrs = {"encoder": rates[0], "generator": rates[0], "discriminator": rates[1]}
        super().__init__(
            # the decoder without its codebook is named too, to be as fast as the others
            networks={**trained, "decoder": cast(Any, generator).net},
            optimizers={name: adam(net, lrs[name], betas) for name, net in trained.items()},
            averaged=("encoder", "generator"),
            ema=ema,
        )
        self.encoder, self.generator, self.discriminator = encoder, generator, discriminator
        self.loss = get_loss(loss)
        self.commitment, self.adversarial, self.adaptive = commitment, adversarial, adaptive
        self.r1, self.warm_up, self.penalty_every, self.revive = r1, warm_up, penalty_every, revive
        self.settings = {
            **weights, "adaptive": adaptive, "warm_up": warm_up, "revive": revive,
            "loss": self.loss.name, "lr": list(rates), "betas": list(betas),
            "penalty_every": penalty_every,
        }  # fmt: skip

    @classmethod
    def for_data(
        cls,
        data: Samples,
        *,
        width: int | None = None,
        codes: int | None = None,
        **options: Any,
    ) -> "Tokenizer":
        """Make a tokenizer with the book's recipe for these pictures.

        Parameters
        ----------
        data : Dataset, Tensor or ndarray
            Square pictures in [-1, 1] or as bytes, whose side can be halved.
        width, codes : int, optional
            Width of the networks and length of the codebook, instead of the recipe's; 1 or more.
        **options
            ``codebook``, how it is learned ("ema" or "gradient"), and further arguments of the
            class, instead of the recipe's.
        """
        data = as_samples(data)
        check_range(data)
        recipe = tokenizer_recipe(sample_shape(data), width=width, codes=codes, **options)
        made = recipe.networks
        task = cls(
            TokenEncoder(**made["encoder"]),
            TokenDecoder(**made["generator"]),
            PatchDiscriminator(**made["discriminator"]),
            **recipe.options,
        )
        task.recipe = recipe
        return task

    # --- One step ----------------------------------------------------------------------------

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Reconstruct a batch, and learn from the error and from the discriminator.

        Parameters
        ----------
        batch : Tensor, shape (n, C, H, W)

        Returns
        -------
        dict of str to Tensor
            ``error`` (mean squared, per number), ``commitment``, ``perplexity`` (of the batch's
            tokens), and with the game ``d_loss``, ``g_loss``, ``real_logit``, ``fake_logit`` and
            ``game_weight``; ``r1`` when computed.
        """
        quantizer = self.generator.quantizer
        z = self.fast["encoder"](batch).float()  # (n, dim, side, side)
        tokens, e = self.quantize(z)
        fake = self.fast["decoder"](straight_through(z, e))

        error = (batch - fake).square().mean()
        commitment = (z - e.detach()).square().mean()
        scalars = {"error": error, "commitment": commitment}
        scalars["perplexity"] = perplexity(tokens, quantizer.codes)
        loss = error + self.commitment * commitment
        if quantizer.learned == "gradient":
            loss = loss + (z.detach() - e).square().mean()
        if self.adversarial > 0 and self.steps_done >= self.warm_up:
            scalars |= self.discriminator_step(batch, fake)
            with frozen(self.discriminator):
                g_loss = patch_generator_loss(self.loss, self.judge, batch, fake)
            weight = self.game_weight(error, g_loss)
            loss = loss + weight * g_loss
            scalars |= {"g_loss": g_loss, "game_weight": weight}
        self.update(loss, "encoder", "generator")
        return {name: value.detach() for name, value in scalars.items()}

    def quantize(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Map vectors (n, dim, side, side) to tokens (n, side, side) and codes, like the vectors.

        Then the codebook follows. Of several processes each sees the vectors of all, so that all
        have one codebook.
        """
        quantizer = self.generator.quantizer
        everyones = distributed.gather(z.detach().movedim(1, -1))  # (batch, side, side, dim)
        vectors = everyones.flatten(0, 2)
        quantizer.revive(vectors, self.rng, self.revive)
        found = quantizer.nearest(vectors)
        places = found.view(everyones.shape[:3])
        tokens = distributed.share(places)
        e = quantizer.vectors(tokens).movedim(-1, 1)
        self.generator.note(places)
        quantizer.follow(vectors, found)
        return tokens, e

    def discriminator_step(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """One update of D: tell pictures from reconstructions, patch by patch."""
        penalize = self.r1 > 0 and self.steps_done % self.penalty_every == 0
        gamma = self.penalty_every * self.r1 if penalize else 0.0
        loss, scalars = patch_discriminator_loss(
            self.loss, lambda x: self.judge(x, penalize), real, fake, gamma
        )
        self.update(loss, "discriminator")
        return scalars

    def judge(self, x: Tensor, differentiated: bool = False) -> Tensor:
        """Map pictures to logits, one a patch, all patches in one row."""
        # what is differentiated twice runs in float32
        network = self.discriminator if differentiated else self.fast["discriminator"]
        return network(x).flatten()

    def game_weight(self, error: Tensor, g_loss: Tensor) -> Tensor:
        r"""Return :math:`\lambda w`, from the slopes of both losses at the last layer."""
        if not self.adaptive:
            return error.new_tensor(self.adversarial)
        last = [p for p in self.generator.parameters() if p.dim() > 1][-1]
        norms = []
        for loss in (error, g_loss):
            (slope,) = torch.autograd.grad(loss, last, retain_graph=True)
            norms.append(distributed.average(slope).norm())
        balance = norms[0] / (norms[1] + 1e-6)
        return self.adversarial * balance.clamp(max=LARGEST).detach()

    # --- Tokens and pictures -----------------------------------------------------------------

    @torch.no_grad()
    def encode(self, x: Samples, averaged: bool = True) -> Tensor:
        """Map pictures (N, C, H, W) to tokens (N, side, side) of int64, on the CPU."""
        encoder, generator = self._networks(averaged)
        parts = []
        for part in as_tensor(x).split(256):
            z = encoder(part.to(self.device)).movedim(1, -1)  # (n, side, side, dim)
            tokens = generator.quantizer.nearest(z.flatten(0, 2))
            parts.append(tokens.unflatten(0, z.shape[:3]).cpu())
        return torch.cat(parts)

    @torch.no_grad()
    def decode(self, tokens: Tensor, averaged: bool = True) -> Tensor:
        """Map tokens (N, side, side) to pictures (N, C, H, W), on the CPU."""
        _, generator = self._networks(averaged)
        codes = generator.quantizer.codes
        if tokens.numel() and not 0 <= int(tokens.min()) <= int(tokens.max()) < codes:
            raise ValueError(
                f"Tokens are numbers from 0 to {codes - 1}, got {int(tokens.min())} to "
                f"{int(tokens.max())}."
            )
        parts = [generator.decode(part.to(self.device)).cpu() for part in tokens.split(256)]
        return torch.cat(parts)

    def reconstruct(self, x: Samples, averaged: bool = True) -> Tensor:
        """Map pictures (N, C, H, W) to tokens and back, on the CPU."""
        return self.decode(self.encode(x, averaged), averaged)

    def used(self, x: Samples, averaged: bool = True) -> float:
        """Return the share of codes that occur at all among the tokens of pictures."""
        met = torch.bincount(self.encode(x, averaged).flatten()) > 0
        return int(met.sum()) / self.generator.quantizer.codes

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Decode tokens that are drawn place by place; see `TokenDecoder`."""
        _, generator = self._networks(averaged)
        return sample_generator(generator, latent_codes(count, generator.latent_dim, seed))

    def _networks(self, averaged: bool) -> tuple[Any, Any]:
        of = self.average if averaged else self.networks
        return of["encoder"], of["generator"]
