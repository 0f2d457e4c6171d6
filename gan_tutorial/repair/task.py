r"""Repair: a generator that fills holes, a discriminator that judges the result.

Write :math:`x` for a whole picture, :math:`m` for its mask, 1 where a pixel is known, 0 where it is
missing, and :math:`z` for noise. The generator sees :math:`m \odot x`, the mask and perhaps noise,
and the finished picture keeps what is known:

.. math:: \tilde x = m \odot x + (1 - m) \odot G(m \odot x, m, z).

Everything here works on batches of one size; `retouch` repairs pictures of any size.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset, as_samples, check_range, sample_shape
from ..data.ranges import LARGEST_SEED, check_count
from ..gan import check_patch_game, frozen, patch_discriminator_loss, patch_generator_loss
from ..losses import get_loss
from ..models import PatchDiscriminator, UNetGenerator
from ..training import Task, adam
from . import masks as mask_kinds
from .completion import complete, noise_dim_of, shape_of
from .masks import composite
from .recipes import recipe_for

__all__ = ["POOL", "Repair", "recipe_for"]

POOL = 2048  # masks of each kind, drawn once; a step takes some of them


class Repair(Task):
    r"""A generator that completes damaged pictures, and a discriminator of patches.

    In the first `warm_up` steps the generator learns from the reconstruction loss alone. Then
    each step is one update of the discriminator and one of the generator, whose loss is

    .. math:: \lambda \, E |x - G(m \odot x, m, z)|_1 + w \, L_G,

    with the mean absolute error of all pixels and an adversarial loss :math:`L_G` in which the
    discriminator compares finished pictures :math:`\tilde x` with clean ones, patch by patch
    (Pathak et al. 2016, equation 3; Isola et al. 2017, equation 4).

    Parameters
    ----------
    generator : nn.Module
        Called as ``generator(known, masks, z)``; has ``noise_dim`` and ``shape``.
    discriminator : nn.Module
        Maps pictures to logits of any shape (N, ...), each of which counts as a verdict.
    masks : str or sequence of str
        Which kinds of holes to train on; names of `masks.MASKS`.
    l1 : float
        Weight :math:`\lambda` of the reconstruction loss, at least 0, like all weights.
    adversarial : float
        Weight `w` of the adversarial loss; 0 trains by reconstruction alone.
    diversity : float
        Weight of a term that rewards completions for differing as much as their noise does
        (Mao et al. 2019, equation 3; Yang et al. 2019, equation 2); 0 is off.
    warm_up : int
        Steps without the adversarial part, at least 0.
    show_mask : bool
        Whether the discriminator is given the mask as well, as a last channel: then it need not
        search for the hole, and what it judges is a pair.
    loss : str
        One of `losses.LOSSES`.
    lr : float or (float, float)
        Learning rate, at least 0, or one for the generator and one for the discriminator.
    betas : (float, float)
        Decay rates of Adam's two moments, in [0, 1).
    r1 : float
        Weight of the penalty on the slope of the discriminator at clean pictures.
    penalty_every : int
        The penalty is computed in every so many-th step, with a weight as many times larger; at
        least 1.
    ema : float
        Decay of the average of the generator's weights, which is what completes pictures, in
        [0, 1).
    mask_seed : int
        Decides the masks, at least 0.

    Raises
    ------
    ValueError
        If a number is out of range or none at all, a kind of mask or a loss is unknown, diversity
        is rewarded without noise, or the penalty meets batch norm in the discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> task = Repair.for_data(data.load("soccer", count=64), width=4)
    >>> history = fit(task, data.load("soccer", count=64), steps=2, batch_size=8, progress=False)
    >>> x = data.load("soccer", "test", count=5)[:]
    >>> task.complete(x, mask_kinds.center(5, 32)).shape
    torch.Size([5, 3, 32, 32])
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        masks: str | Sequence[str] = "center",
        l1: float = 10.0,
        adversarial: float = 1.0,
        diversity: float = 0.0,
        warm_up: int = 0,
        show_mask: bool = False,
        loss: str = "relativistic",
        lr: float | tuple[float, float] = 1e-3,
        betas: tuple[float, float] = (0.5, 0.99),
        r1: float = 0.0,
        penalty_every: int = 8,
        ema: float = 0.995,
        mask_seed: int = 0,
    ):
        weights = {"l1": l1, "adversarial": adversarial, "diversity": diversity, "r1": r1}
        check_count("warm_up", warm_up, 0)
        check_count("mask_seed", mask_seed, 0, LARGEST_SEED)
        rates, betas = check_patch_game(weights, lr, betas, penalty_every, discriminator)
        if diversity and not noise_dim_of(generator):
            raise ValueError("Diversity needs noise: give the generator a noise_dim above 0.")
        kinds = (masks,) if isinstance(masks, str) else tuple(masks)
        if not kinds:
            raise ValueError(f"masks names no kind; choose from {', '.join(mask_kinds.MASKS)}.")
        super().__init__(
            networks={"generator": generator, "discriminator": discriminator},
            optimizers={
                "generator": adam(generator, rates[0], betas),
                "discriminator": adam(discriminator, rates[1], betas),
            },
            averaged=("generator",),
            ema=ema,
        )
        self.generator, self.discriminator = generator, discriminator
        self.loss = get_loss(loss)
        self.l1, self.adversarial, self.diversity, self.r1 = l1, adversarial, diversity, r1
        self.warm_up, self.penalty_every = warm_up, penalty_every
        self.show_mask = show_mask
        _, height, width = shape_of(generator)
        self.pool = torch.cat(
            [
                mask_kinds.make(kind, POOL, (height, width), mask_seed + i, dtype=torch.bool)
                for i, kind in enumerate(kinds)
            ]
        )
        self.settings = {
            **weights, "masks": list(kinds), "warm_up": warm_up, "show_mask": show_mask,
            "loss": loss, "lr": list(rates), "betas": list(betas),
            "penalty_every": penalty_every, "mask_seed": mask_seed,
        }  # fmt: skip

    @classmethod
    def for_data(
        cls,
        data: Dataset | Tensor,
        *,
        width: int | None = None,
        noise_dim: int | None = None,
        **options: Any,
    ) -> "Repair":
        """Make a repair task with the book's recipe for this kind of pictures.

        Parameters
        ----------
        data : Dataset or Tensor
            Square pictures whose side can be halved at least twice.
        width, noise_dim : int, optional
            Width of the networks, and length of the noise, instead of the recipe's; 0 for no
            noise.
        **options
            Further arguments of `Repair`, instead of the recipe's: see `recipe_for`.
        """
        data = as_samples(data)
        check_range(data)
        recipe = recipe_for(sample_shape(data), width=width, noise_dim=noise_dim, **options)
        task = cls(
            UNetGenerator(**recipe.networks["generator"]),
            PatchDiscriminator(**recipe.networks["discriminator"]),
            **recipe.options,
        )
        task.recipe = recipe
        return task

    # --- One step ----------------------------------------------------------------------------

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Damage a batch of clean pictures, and learn to undo it.

        Parameters
        ----------
        batch : Tensor, shape (n, C, H, W)
            Clean pictures.

        Returns
        -------
        dict of str to Tensor
            ``l1`` (mean absolute error of all pixels) and ``hole_l1`` (of the missing ones), and
            after the warm-up ``d_loss``, ``g_loss``, ``real_logit``, ``fake_logit``; ``r1`` and
            ``diversity`` when computed.
        """
        masks, z = self.damage(len(batch)), self.noise(len(batch))
        known = masks * batch
        drawn = self.fast["generator"](known, masks, z)
        error, missing = (drawn - batch).abs(), (1 - masks).expand_as(batch)
        scalars = {"l1": error.mean(), "hole_l1": (error * missing).sum() / missing.sum()}
        loss = self.l1 * scalars["l1"]
        if self.adversarial > 0 and self.steps_done >= self.warm_up:
            finished = composite(batch, drawn, masks)
            scalars |= self.discriminator_step(batch, finished.detach(), masks)
            scalars["g_loss"] = self.generator_loss(batch, finished, masks)
            loss = loss + self.adversarial * scalars["g_loss"]
            if self.diversity > 0:
                scalars["diversity"] = self.difference(known, masks, drawn, z)
                loss = loss - self.diversity * scalars["diversity"]
        self.update(loss, "generator")
        return {name: value.detach() for name, value in scalars.items()}

    def discriminator_step(self, real: Tensor, fake: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """One update of D: tell clean pictures from repaired ones."""
        penalize = self.r1 > 0 and self.steps_done % self.penalty_every == 0
        # what is differentiated twice runs in float32
        network = self.discriminator if penalize else self.fast["discriminator"]
        loss, scalars = patch_discriminator_loss(
            self.loss,
            lambda x: self.judge(x, masks, network),
            real,
            fake,
            gamma=self.penalty_every * self.r1 if penalize else 0.0,
        )
        self.update(loss, "discriminator")
        return scalars

    def generator_loss(self, real: Tensor, fake: Tensor, masks: Tensor) -> Tensor:
        """Compute the adversarial loss of G: D should take repaired pictures for clean ones."""
        with frozen(self.discriminator):
            return patch_generator_loss(self.loss, lambda x: self.judge(x, masks), real, fake)

    def judge(
        self, images: Tensor, masks: Tensor, network: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """Map pictures to logits, one a patch, all patches in one row."""
        network = self.fast["discriminator"] if network is None else network
        return network(torch.cat([images, masks], 1) if self.show_mask else images).flatten()

    def damage(self, count: int) -> Tensor:
        """Draw `count` masks of the kinds trained on, shape (count, 1, H, W), of float32."""
        rows = (self.random(torch.rand, count) * len(self.pool)).long()
        return self.pool[rows.clamp(max=len(self.pool) - 1)].float()

    def noise(self, count: int) -> Tensor:
        """Draw noise for `count` pictures, as much as the generator takes: perhaps none."""
        return self.random(torch.randn, count, noise_dim_of(self.generator))

    def difference(self, known: Tensor, masks: Tensor, drawn: Tensor, z: Tensor) -> Tensor:
        """Measure how far a second completion lies from the first, for the distance of their z."""
        other = self.noise(len(known))
        again = self.fast["generator"](known, masks, other)
        missing = (1 - masks).expand_as(known)
        apart = ((drawn - again).abs() * missing).flatten(1).sum(1) / missing.flatten(1).sum(1)
        return (apart / (z - other).abs().mean(1)).clamp(max=1.0).mean()

    def to(self, device: torch.device) -> "Repair":
        """Move networks, averages, optimizer states, masks and random numbers to `device`."""
        super().to(device)
        self.pool = self.pool.to(device)
        return self

    def complete(
        self, images: Tensor, masks: Tensor, seed: int = 0, averaged: bool = True
    ) -> Tensor:
        """Complete pictures, with the average of the generator's weights or the latest ones."""
        network = self.average["generator"] if averaged else self.generator
        return complete(network, images, masks, seed)
