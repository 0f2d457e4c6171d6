r"""Repair: a generator that fills holes, a discriminator that judges the result.

Write :math:`x` for a whole picture, :math:`m` for its mask (1 known, 0 missing) and :math:`z` for
noise. The generator sees :math:`m \odot x`, the mask and perhaps noise, and the finished picture
keeps what is known:

.. math:: \tilde x = m \odot x + (1 - m) \odot G(m \odot x, m, z).

Everything here works on batches of one size; `retouch` repairs pictures of any size.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..gan import frozen
from ..losses import get_loss, squared_gradient_norms
from ..models import PatchDiscriminator, UNetGenerator
from ..training import Task, adam
from . import masks as mask_kinds
from .completion import complete
from .masks import composite

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
        Weight :math:`\lambda` of the reconstruction loss.
    adversarial : float
        Weight `w` of the adversarial loss; 0 trains by reconstruction alone.
    diversity : float
        Weight of a term that rewards completions for differing as much as their noise does
        (Mao et al. 2019, equation 3; Yang et al. 2019, equation 2); 0 is off.
    warm_up : int
        Steps without the adversarial part.
    show_mask : bool
        Whether the discriminator is given the mask as well, as a last channel: then it need not
        search for the hole, and what it judges is a pair.
    loss : str
        One of `losses.LOSSES`.
    lr : float or (float, float)
        Learning rate, or one for the generator and one for the discriminator.
    betas : (float, float)
        Decay rates of Adam's two moments.
    r1 : float
        Weight of the penalty on the slope of the discriminator at clean pictures.
    penalty_every : int
        The penalty is computed in every so many-th update, with a weight as many times larger.
    ema : float
        Decay of the average of the generator's weights, which is what completes pictures.
    mask_seed : int
        Decides the masks.

    Raises
    ------
    ValueError
        If a weight is negative, a count is out of range, or a kind of mask or a loss is unknown.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> task = Repair.for_data(data.load("soccer", count=64), width=4)
    >>> history = fit(task, data.load("soccer", count=64), steps=2, batch_size=8, progress=False)
    >>> x = data.load("soccer", "test", count=5)[:]
    >>> task.complete(x, mask_kinds.center(5, 32)).shape
    torch.Size([5, 3, 32, 32])
    """

    counts = ("steps_done",)

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
        for name, value in weights.items():
            if value < 0:
                raise ValueError(f"The weight {name} must not be negative, got {value}.")
        if penalty_every < 1 or warm_up < 0:
            raise ValueError(
                f"penalty_every must be at least 1 and warm_up at least 0, got {penalty_every} "
                f"and {warm_up}."
            )
        if diversity and not generator.noise_dim:
            raise ValueError("Diversity needs noise: give the generator a noise_dim above 0.")
        kinds = (masks,) if isinstance(masks, str) else tuple(masks)
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
        self.l1, self.adversarial, self.diversity, self.r1 = l1, adversarial, diversity, r1
        self.warm_up, self.penalty_every = warm_up, penalty_every
        self.show_mask = show_mask
        self.steps_done = 0
        side = generator.shape[1:]
        self.pool = torch.cat(
            [mask_kinds.make(kind, POOL, side, seed=mask_seed + i) for i, kind in enumerate(kinds)]
        )
        self.settings = {
            **weights, "masks": list(kinds), "warm_up": warm_up, "show_mask": show_mask,
            "loss": loss, "lr": [lr_g, lr_d], "betas": list(betas),
            "penalty_every": penalty_every, "mask_seed": mask_seed,
        }  # fmt: skip

    @classmethod
    def for_data(cls, data, *, width: int | None = None, noise_dim: int | None = None, **options):
        """Make a repair task with the book's recipe for this kind of pictures.

        Parameters
        ----------
        data : Dataset
            Square images whose side can be halved at least twice.
        width, noise_dim : int, optional
            Width of the networks, and length of the noise, instead of the recipe's.
        **options
            Further arguments of `Repair`, instead of the recipe's.
        """
        recipe = recipe_for(tuple(data.shape))
        generator = UNetGenerator(
            **{
                **recipe["generator"],
                **({} if width is None else {"width": width}),
                **({} if noise_dim is None else {"noise_dim": noise_dim}),
            }
        )
        judged = {**recipe["discriminator"], **({} if width is None else {"width": width})}
        judged["channels"] += bool(options.get("show_mask"))
        discriminator = PatchDiscriminator(**judged)
        return cls(generator, discriminator, **{**recipe["options"], **options})

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
        holes = self.damage(len(batch))
        known = batch * holes
        z = self.noise(len(batch))
        drawn = self.fast["generator"](known, holes, z)
        judged = self.adversarial > 0 and self.steps_done >= self.warm_up
        scalars = {}
        if judged:
            finished = composite(batch, drawn.detach(), holes)
            scalars = self.discriminator_step(batch, finished, holes)
        error = (drawn - batch).abs()
        scalars["l1"] = error.mean()
        scalars["hole_l1"] = (error * (1 - holes)).sum() / ((1 - holes).sum() * batch.shape[1])
        total = self.l1 * scalars["l1"]
        with frozen(self.discriminator):
            if judged:
                finished = composite(batch, drawn, holes)
                fake_logits = self.judge(finished, holes)
                real_logits = self.judge(batch, holes) if self.loss.paired else None
                scalars["g_loss"] = self.loss.generator(real_logits, fake_logits)
                total = total + self.adversarial * scalars["g_loss"]
            if self.diversity and judged:
                scalars["diversity"] = self._diversity(known, holes, drawn, z)
                total = total - self.diversity * scalars["diversity"]
            self.update(total, "generator")
        self.steps_done += 1
        return {name: value.detach() for name, value in scalars.items()}

    def discriminator_step(self, real: Tensor, fake: Tensor, holes: Tensor) -> dict[str, Tensor]:
        """One update of D: tell clean pictures from repaired ones."""
        penalize = self.r1 > 0 and self.steps_done % self.penalty_every == 0
        if penalize:
            real = real.detach().requires_grad_(True)
            network = self.discriminator  # what is differentiated twice runs in float32
            real_logits, fake_logits = (self.judge(x, holes, network) for x in (real, fake))
        else:
            real_logits, fake_logits = self.judge(real, holes), self.judge(fake, holes)
        scalars = {
            "d_loss": self.loss.discriminator(real_logits, fake_logits),
            "real_logit": real_logits.mean(),
            "fake_logit": fake_logits.mean(),
        }
        total = scalars["d_loss"]
        if penalize:
            # one verdict a patch: the mean of them is what the picture's slope is taken of
            patches = len(real_logits) / len(real)
            scalars["r1"] = 0.5 * squared_gradient_norms(real_logits / patches, real).mean()
            total = total + self.penalty_every * self.r1 * scalars["r1"]
        self.update(total, "discriminator")
        return scalars

    def judge(self, images: Tensor, holes: Tensor, network=None) -> Tensor:
        """Map pictures to logits, one a patch, all patches in one row."""
        network = self.fast["discriminator"] if network is None else network
        return network(torch.cat([images, holes], 1) if self.show_mask else images).flatten()

    def damage(self, count: int) -> Tensor:
        """Draw `count` masks of the kinds trained on, shape (count, 1, H, W)."""
        rows = (self.random(torch.rand, count) * len(self.pool)).long()
        return self.pool[rows.clamp(max=len(self.pool) - 1)]

    def noise(self, count: int) -> Tensor | None:
        """Draw noise for `count` pictures, if the generator takes any."""
        length = self.generator.noise_dim
        return self.random(torch.randn, count, length) if length else None

    def _diversity(self, known: Tensor, holes: Tensor, drawn: Tensor, z: Tensor) -> Tensor:
        """How far a second completion lies from the first, for the distance of their noise."""
        other = self.noise(len(known))
        again = self.fast["generator"](known, holes, other)
        missing = (1 - holes).flatten(1).sum(1) * known.shape[1]
        apart = ((drawn - again).abs() * (1 - holes)).flatten(1).sum(1) / missing
        return (apart / (z - other).abs().mean(1)).clamp(max=1.0).mean()

    def to(self, device: torch.device) -> "Repair":
        """Move networks, averages, optimizer states, masks and random numbers to `device`."""
        super().to(device)
        self.pool = self.pool.to(device)
        return self

    def complete(self, images: Tensor, masks: Tensor, seed: int = 0, averaged: bool = True):
        """Complete pictures with the average of the generator's weights; see `complete`."""
        network = self.average["generator"] if averaged else self.generator
        return complete(network, images, masks, seed)


def recipe_for(shape: tuple[int, ...]) -> dict:
    """Return the book's recipe for repairing pictures of this shape.

    Parameters
    ----------
    shape : (C, H, W)

    Returns
    -------
    dict
        ``generator`` and ``discriminator`` (arguments of the networks), ``options`` (of `Repair`),
        and ``batch_size``, ``steps`` and ``warm_up`` to start from.

    Raises
    ------
    ValueError
        If these are no square pictures whose side can be halved twice.
    """
    if len(shape) != 3:
        raise ValueError(
            f"Repair fills holes in pictures (C, H, W), and this data set holds {shape}."
        )
    channels, height, width = shape
    if height != width or height % 4 or height < 8:
        raise ValueError(
            f"The networks for repair take square pictures whose side is a multiple of 4 from 8 "
            f"on, and these are {height}x{width}: choose another image size."
        )
    depth = 2  # halve down to 4x4 or a little more, and no further than the side can be halved
    while depth < 5 and height % 2 ** (depth + 1) == 0 and height >> (depth + 1) >= 4:
        depth += 1
    depth = 1 if height < 16 else depth
    return {
        "generator": {"channels": channels, "size": height, "width": 32, "depth": depth},
        "discriminator": {"channels": channels, "width": 32, "depth": 1 if height < 16 else 2},
        "options": {"masks": "center", "adversarial": 0.3, "r1": 1.0},
        "batch_size": 32,
        "steps": 3000,
        "warm_up": 1200,
    }
