r"""Unpaired translation: two sets of pictures, and no word on which belongs to which.

Write :math:`a` for a picture of the origin, :math:`b` for one of the target. One generator goes
there, :math:`G`, and one comes back, :math:`F`; what has gone and come back should be what it was
(Zhu et al. 2017, "CycleGAN").
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..data.ranges import check_count
from ..gan import check_patch_game, frozen, patch_discriminator_loss, patch_generator_loss
from ..losses import get_loss
from ..models import PatchDiscriminator, Translator, UNetGenerator
from ..training import Task, adam, distributed
from .apply import translate
from .history import FakeHistory
from .pairs import Pairs
from .recipes import unpaired_recipe

__all__ = ["UnpairedTranslation", "cycle_loss", "identity_loss"]

Map: TypeAlias = Callable[[Tensor], Tensor]  # from pictures to pictures


def cycle_loss(there: Map, back: Map, x: Tensor, gone: Tensor | None = None) -> Tensor:
    r"""Return :math:`E |F(G(x)) - x|_1`, a mean over pixels: 0 where `back` undoes `there`.

    Parameters
    ----------
    there, back : callable
        :math:`G` and :math:`F`.
    x : Tensor, shape (n, C, H, W)
    gone : Tensor, shape (n, C, H, W), optional
        :math:`G(x)`, if it is known.

    Examples
    --------
    >>> x = torch.rand(2, 3, 4, 4)
    >>> cycle_loss(lambda x: -x, lambda x: -x, x)
    tensor(0.)
    """
    return (back(there(x) if gone is None else gone) - x).abs().mean()


def identity_loss(there: Map, y: Tensor) -> Tensor:
    r"""Return :math:`E |G(y) - y|_1` for pictures of the target, which need no translation."""
    return (there(y) - y).abs().mean()


class UnpairedTranslation(Task):
    r"""Two generators, two discriminators, and a way there and back that should lead home.

    A step is one update of both generators and then one of both discriminators. The generators
    minimize

    .. math::

        & L_G(D_B, G(a)) + L_G(D_A, F(b)) \\
        & + \lambda \left( E |F(G(a)) - a|_1 + E |G(F(b)) - b|_1 \right) \\
        & + \mu \left( E |G(b) - b|_1 + E |F(a) - a|_1 \right)

    (Zhu et al. 2017, equations 1 to 3 and section 5.2: :math:`\lambda = 10`, :math:`\mu = 5`). The
    discriminators are shown fakes of earlier steps as well (section 4 there).

    Parameters
    ----------
    generator, inverse : Translator
        :math:`G`, from origin to target, and :math:`F`, back. The first is what a run exports.
    discriminator, inverse_discriminator : nn.Module
        :math:`D_B`, of pictures of the target, and :math:`D_A`, of the origin: to logits of any
        shape (N, ...).
    cycle, identity : float
        The weights :math:`\lambda` and :math:`\mu`, at least 0.
    history : int
        How many earlier fakes are kept for each discriminator; 0 for none.
    loss, lr, betas, r1, penalty_every, ema
        As for `PairedTranslation`; of two learning rates the first is that of both generators.

    Raises
    ------
    ValueError
        If a number is out of range, a loss is unknown, the generators do not fit together, or the
        penalty meets batch norm in a discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> grounds = ("plain", "grass")
    >>> both = Pairs(*(data.load("soccer", count=16, ground=ground) for ground in grounds))
    >>> task = UnpairedTranslation.for_data(both, width=4)
    >>> history = fit(task, both, steps=2, batch_size=8, progress=False)
    >>> there = task.translate(both[:3])
    >>> task.translate(there, back=True).shape
    torch.Size([3, 3, 32, 32])
    """

    GENERATORS = ("generator", "inverse")
    DISCRIMINATORS = ("discriminator", "inverse_discriminator")

    def __init__(
        self,
        generator: Translator,
        inverse: Translator,
        discriminator: nn.Module,
        inverse_discriminator: nn.Module,
        *,
        cycle: float = 10.0,
        identity: float = 5.0,
        history: int = 50,
        loss: str = "least-squares",
        lr: float | tuple[float, float] = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        r1: float = 0.0,
        penalty_every: int = 8,
        ema: float = 0.995,
    ):
        weights = {"cycle": cycle, "identity": identity, "r1": r1}
        check_count("history", history, 0)
        rates, betas = check_patch_game(
            weights, lr, betas, penalty_every, discriminator, inverse_discriminator
        )
        if generator.shape != inverse.shape or generator.factor != 1 or inverse.factor != 1:
            raise ValueError(
                "The way there and the way back must be of pictures of one size: "
                f"{generator.shape} and {inverse.shape}."
            )
        networks = {
            "generator": generator,
            "inverse": inverse,
            "discriminator": discriminator,
            "inverse_discriminator": inverse_discriminator,
        }
        super().__init__(
            networks=networks,
            optimizers={
                name: adam(network, rates[name in self.DISCRIMINATORS], betas)
                for name, network in networks.items()
            },
            averaged=self.GENERATORS,
            ema=ema,
        )
        self.loss = get_loss(loss)
        self.cycle, self.identity, self.r1 = cycle, identity, r1
        self.penalty_every = penalty_every
        self.histories = {name: FakeHistory(history, generator.shape) for name in self.GENERATORS}
        self.settings = {
            **weights, "history": history, "loss": self.loss.name, "lr": list(rates),
            "betas": list(betas), "penalty_every": penalty_every,
        }  # fmt: skip

    @classmethod
    def for_data(
        cls, data: Dataset, *, width: int | None = None, **options: Any
    ) -> "UnpairedTranslation":
        """Make a task with the book's recipe for these pictures.

        Parameters
        ----------
        data : Pairs
            Square pictures whose side can be halved at least twice; as many of each set as there
            are.
        width : int, optional
            Width of the networks, instead of the recipe's.
        **options
            Further arguments, instead of the recipe's.
        """
        recipe = unpaired_recipe(data.shape, width=width, **options)
        of_g, of_d = recipe.networks["generator"], recipe.networks["discriminator"]
        there, back = (Translator(UNetGenerator(**of_g)) for _ in range(2))
        judges = (PatchDiscriminator(**of_d) for _ in range(2))
        task = cls(there, back, *judges, **recipe.options)
        task.recipe = recipe
        return task

    # --- One step ----------------------------------------------------------------------------

    def check_data(self, data: Dataset | Tensor) -> None:
        """Raise ValueError unless `data` are two sets of pictures."""
        if not isinstance(data, Pairs):
            raise ValueError("Translation learns from two sets: give Pairs(origin, target).")

    def take(self, data: Dataset | Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures of the origin, and as many of the target, drawn anew."""
        assert isinstance(data, Pairs)
        u = self.random(torch.rand, len(rows)).to(data.target.rows_device)
        others = (u * len(data.target)).long().clamp_(max=len(data.target) - 1)
        return data.origin[rows], data.target[others]

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Update both generators, then both discriminators.

        Parameters
        ----------
        batch : (Tensor, Tensor), each of shape (n, C, H, W)
            Pictures of the origin and of the target; none belongs to another.

        Returns
        -------
        dict of str to Tensor
            ``g_loss`` and ``d_loss``, ``cycle`` and ``identity`` (where it has a weight), sums
            over the two directions without weights; ``real_logit``, ``fake_logit`` and ``r1`` of
            the way there.
        """
        a, b = batch
        there, back = self.fast["generator"], self.fast["inverse"]
        judge_b, judge_a = (self.judge(name) for name in self.DISCRIMINATORS)
        fake_b, fake_a = there(a), back(b)
        scalars = {"cycle": cycle_loss(there, back, a, fake_b) + cycle_loss(back, there, b, fake_a)}
        loss = self.cycle * scalars["cycle"]
        if self.identity:
            scalars["identity"] = identity_loss(there, b) + identity_loss(back, a)
            loss = loss + self.identity * scalars["identity"]
        with frozen(self.networks["discriminator"]), frozen(self.networks["inverse_discriminator"]):
            scalars["g_loss"] = patch_generator_loss(
                self.loss, judge_b, b, fake_b
            ) + patch_generator_loss(self.loss, judge_a, a, fake_a)
            self.update(loss + scalars["g_loss"], *self.GENERATORS)
        scalars |= self.discriminator_step((b, a), (fake_b, fake_a))
        return {name: value.detach() for name, value in scalars.items()}

    def discriminator_step(
        self, reals: tuple[Tensor, Tensor], fakes: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """One update of each discriminator: tell reals of its set from fakes, new and old."""
        penalize = self.r1 > 0 and self.steps_done % self.penalty_every == 0
        gamma = self.penalty_every * self.r1 if penalize else 0.0
        found = []
        for name, maker, real, fake in zip(
            self.DISCRIMINATORS, self.GENERATORS, reals, fakes, strict=True
        ):
            shown = self.with_older(maker, fake)
            loss, scalars = patch_discriminator_loss(
                self.loss, self.judge(name, penalize), real, shown, gamma
            )
            self.update(loss, name)
            found.append(scalars)
        return found[0] | {"d_loss": found[0]["d_loss"] + found[1]["d_loss"]}

    def judge(self, name: str, differentiated: bool = False) -> Map:
        """Return a discriminator as a function to logits, one a patch, all in one row."""
        network = self.networks[name] if differentiated else self.fast[name]
        return lambda x: network(x).flatten()

    def with_older(self, maker: str, fakes: Tensor) -> Tensor:
        """Exchange some fakes for older ones; the store is the same in every process."""
        history = self.histories[maker]
        whole = distributed.gather(fakes.detach())
        u = torch.rand(len(whole) + history.size, generator=self.rng, device=self.device)
        return distributed.share(history.exchange(whole, u))

    # --- State, and use ----------------------------------------------------------------------

    def to(self, device: torch.device) -> "UnpairedTranslation":
        """Move everything, the stored fakes included, to `device`."""
        super().to(device)
        for history in self.histories.values():
            history.stored = history.stored.to(device)
        return self

    def state_dict(self) -> dict:
        """Return everything that training changes, the stored fakes included."""
        kept = {
            name: {"stored": history.stored, "filled": history.filled}
            for name, history in self.histories.items()
        }
        return {**super().state_dict(), "histories": kept}

    def load_state_dict(self, state: dict) -> None:
        """Put back what `state_dict` returned."""
        super().load_state_dict(state)
        for name, history in self.histories.items():
            history.stored = state["histories"][name]["stored"].to(self.device)
            history.filled = state["histories"][name]["filled"]

    def translate(self, images: Tensor, back: bool = False, averaged: bool = True) -> Tensor:
        """Translate pictures there, or `back`; see `PairedTranslation.translate`."""
        name = "inverse" if back else "generator"
        return translate((self.average if averaged else self.networks)[name], images)
