r"""Paired translation: the wanted picture is known, and a discriminator judges the texture.

Write :math:`a` for a picture of the origin and :math:`b` for its partner, the target. The
discriminator sees both, so that it judges whether *this* translation of *this* picture will do
(Isola et al. 2017, "pix2pix"): patch by patch,

.. math:: a_r = D(a, b), \qquad a_f = D(a, G(a)).
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..data.ranges import check_count
from ..gan import check_patch_game, frozen, patch_discriminator_loss, patch_generator_loss
from ..losses import get_loss
from ..models import PatchDiscriminator, Translator, UNetGenerator
from ..training import Task, adam
from .apply import translate
from .pairs import Pairs, shrunk
from .recipes import paired_recipe

__all__ = ["PairedTranslation", "Upscaling"]


class PairedTranslation(Task):
    r"""A U-Net that translates, and a discriminator of patches that sees origin and result.

    In the first `warm_up` steps the generator learns from the error alone. Then each step is one
    update of the discriminator and one of the generator, whose loss is

    .. math:: \lambda \, E |b - G(a)|_1 + w \, L_G

    with the mean absolute error of all pixels (Isola et al. 2017, equation 4, where
    :math:`\lambda = 100` and :math:`w = 1`).

    Parameters
    ----------
    generator : Translator
        Maps pictures of the origin to pictures of the target.
    discriminator : nn.Module
        Maps origin and target, together (N, 2 C, H, W), to logits of any shape (N, ...).
    l1 : float
        Weight :math:`\lambda` of the error, at least 0, like all weights.
    adversarial : float
        Weight `w` of the adversarial loss; 0 trains by the error alone.
    warm_up : int
        Steps without the adversarial part, at least 0.
    loss : str
        One of `losses.LOSSES`.
    lr : float or (float, float)
        Learning rate, or one for the generator and one for the discriminator.
    betas : (float, float)
        Decay rates of Adam's two moments, in [0, 1).
    r1 : float
        Weight of the penalty on the slope of the discriminator at real targets.
    penalty_every : int
        The penalty is computed in every so many-th step, with a weight as many times larger.
    ema : float
        Decay of the average of the generator's weights, which is what translates, in [0, 1).

    Raises
    ------
    ValueError
        If a number is out of range, a loss is unknown, or the penalty meets batch norm in the
        discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> grounds = ("plain", "grass")
    >>> pairs = Pairs(*(data.load("soccer", count=16, ground=ground) for ground in grounds))
    >>> task = PairedTranslation.for_data(pairs, width=4)
    >>> history = fit(task, pairs, steps=2, batch_size=8, progress=False)
    >>> task.translate(pairs[:3]).shape
    torch.Size([3, 3, 32, 32])
    """

    def __init__(
        self,
        generator: Translator,
        discriminator: nn.Module,
        *,
        l1: float = 100.0,
        adversarial: float = 1.0,
        warm_up: int = 0,
        loss: str = "non-saturating",
        lr: float | tuple[float, float] = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        r1: float = 0.0,
        penalty_every: int = 8,
        ema: float = 0.995,
    ):
        weights = {"l1": l1, "adversarial": adversarial, "r1": r1}
        check_count("warm_up", warm_up, 0)
        rates, betas = check_patch_game(weights, lr, betas, penalty_every, discriminator)
        super().__init__(
            networks={"generator": generator, "discriminator": discriminator},
            optimizers={
                "generator": adam(generator, rates[0], betas),
                "discriminator": adam(discriminator, rates[1], betas),
            },
            averaged=("generator",),
            ema=ema,
        )
        self.generator, self.discriminator, self.loss = generator, discriminator, get_loss(loss)
        self.l1, self.adversarial, self.r1 = l1, adversarial, r1
        self.warm_up, self.penalty_every = warm_up, penalty_every
        self.settings = {
            **weights, "warm_up": warm_up, "loss": self.loss.name, "lr": list(rates),
            "betas": list(betas), "penalty_every": penalty_every,
        }  # fmt: skip

    @classmethod
    def for_data(
        cls, data: Dataset, *, width: int | None = None, factor: int = 1, **options: Any
    ) -> "PairedTranslation":
        """Make a task with the book's recipe for these pictures.

        Parameters
        ----------
        data : Pairs
            Square pictures whose side can be halved at least twice.
        width : int, optional
            Width of the networks, instead of the recipe's.
        **options
            Further arguments, instead of the recipe's.
        """
        recipe = paired_recipe(data.shape, width=width, **options)
        unet = UNetGenerator(**recipe.networks["generator"])
        task = cls(
            Translator(unet, factor),
            PatchDiscriminator(**recipe.networks["discriminator"]),
            **recipe.options,
        )
        task.recipe = recipe
        return task

    # --- One step ----------------------------------------------------------------------------

    def check_data(self, data: Dataset | Tensor) -> None:
        """Raise ValueError unless `data` are pairs."""
        if not isinstance(data, Pairs):
            raise ValueError("Paired translation learns from pairs: give Pairs(origin, target).")
        if len(data) != len(data.target):
            raise ValueError(
                f"{data.origin.name} has {len(data):,} pictures and {data.target.name} "
                f"{len(data.target):,}: pairs are one for one."
            )

    def take(self, data: Dataset | Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures of the origin and their partners."""
        assert isinstance(data, Pairs)
        return data.origin[rows], data.target[rows]

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Translate a batch, and learn from the error and from the discriminator.

        Parameters
        ----------
        batch : (Tensor, Tensor), each of shape (n, C, H, W)
            Pictures of the origin, and their partners.

        Returns
        -------
        dict of str to Tensor
            ``l1`` (mean absolute error), and after the warm-up ``d_loss``, ``g_loss``,
            ``real_logit``, ``fake_logit``; ``r1`` when computed.
        """
        a, b = batch
        fake = self.fast["generator"](a)
        scalars = {"l1": (b - fake).abs().mean()}
        loss = self.l1 * scalars["l1"]
        if self.adversarial > 0 and self.steps_done >= self.warm_up:
            scalars |= self.discriminator_step(a, b, fake)
            with frozen(self.discriminator):
                scalars["g_loss"] = patch_generator_loss(
                    self.loss, lambda x: self.judge(a, x), b, fake
                )
            loss = loss + self.adversarial * scalars["g_loss"]
        self.update(loss, "generator")
        return {name: value.detach() for name, value in scalars.items()}

    def discriminator_step(self, a: Tensor, b: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """One update of D: tell true partners of `a` from translations of it."""
        penalize = self.r1 > 0 and self.steps_done % self.penalty_every == 0
        gamma = self.penalty_every * self.r1 if penalize else 0.0
        loss, scalars = patch_discriminator_loss(
            self.loss, lambda x: self.judge(a, x, penalize), b, fake, gamma
        )
        self.update(loss, "discriminator")
        return scalars

    def judge(self, a: Tensor, x: Tensor, differentiated: bool = False) -> Tensor:
        """Map originals and candidates to logits, one a patch, all patches in one row."""
        # what is differentiated twice runs in float32
        network = self.discriminator if differentiated else self.fast["discriminator"]
        return network(torch.cat([self.generator.enlarged(a), x], 1)).flatten()

    def translate(self, images: Tensor, averaged: bool = True) -> Tensor:
        """Translate pictures, with the average of the generator's weights or the latest ones."""
        return translate(self.average["generator"] if averaged else self.generator, images)


class Upscaling(PairedTranslation):
    r"""Super-resolution: the origin is the target made smaller, so any pictures will do.

    Each of its pixels is the mean of `factor` x `factor` pixels of the target. The generator
    enlarges it, smoothly, and draws the details (Ledig et al. 2017, with patches in place of whole
    pictures for the discriminator, and pixels in place of features for the error).

    Parameters and exceptions are those of `PairedTranslation`, whose generator has the factor.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> balls = data.load("soccer", count=16)
    >>> task = Upscaling.for_data(balls, width=4, factor=2)
    >>> history = fit(task, balls, steps=2, batch_size=8, progress=False)
    >>> task.translate(balls[:3]).shape
    torch.Size([3, 3, 64, 64])
    """

    @classmethod
    def for_data(
        cls, data: Dataset, *, width: int | None = None, factor: int = 2, **options: Any
    ) -> "Upscaling":
        """Make a task with the book's recipe for these pictures.

        Parameters
        ----------
        data : Dataset
            Square pictures, as large as those that are to come out.
        width : int, optional
            Width of the networks, instead of the recipe's.
        factor : int
            How many times as large pictures become, at least 2; divides their side.
        **options
            Further arguments, instead of the recipe's.
        """
        check_count("factor", factor, 2)
        task = super().for_data(data, width=width, factor=factor, **options)
        assert isinstance(task, Upscaling)
        return task

    def check_data(self, data: Dataset | Tensor) -> None:
        """Any pictures will do."""

    def take(self, data: Dataset | Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures made smaller, and the pictures."""
        target = data[rows]
        return shrunk(target, self.generator.factor), target
