r"""The student: a generator that does in one step what its teacher does in many.

Teacher :math:`T` and student :math:`G` start from the same noise. By regression the student
learns where the teacher arrives; by a discriminator, that it arrives at something that could be
real (Sauer et al. 2024, "adversarial diffusion distillation"; Yin et al. 2024, "DMD2").
"""

import copy
import hashlib
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset, sample_shape
from ..data.ranges import check_number
from ..gan import AdversarialTask, frozen
from ..models import FlowSampler, pair_for
from .recipes import student_recipe

__all__ = ["OneStep"]


class OneStep(AdversarialTask):
    r"""A one-step student of a flow, taught by regression, by a discriminator, or by both.

    The generator minimizes

    .. math:: \rho \, E |G(z) - T(z)|^2 + w \, L_G

    with the mean squared error of all numbers; the discriminator tells real samples from the
    student's as in any GAN.

    Parameters
    ----------
    generator : nn.Module
        The student; maps latent codes of the teacher's length to samples.
    discriminator : nn.Module
        Maps samples to logits, (N,) or (N, 1).
    teacher : FlowSampler
        Stays as it is.
    regression, adversarial : float
        The weights :math:`\rho` and :math:`w`, at least 0, and not both 0.
    **options
        ``loss``, ``lr``, ``betas``, ``r1``, ``r2``, ``gp``, ``penalty_every`` and ``ema``, as for
        `GAN`.

    Raises
    ------
    ValueError
        If an option is out of range, or teacher and student start from codes of other lengths.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> from gan_tutorial.distillation import FlowMatching
    >>> ring = data.load("ring", count=1000)
    >>> teacher = FlowMatching.for_data(ring)
    >>> history = fit(teacher, ring, steps=10, progress=False)
    >>> student = OneStep.for_data(ring, teacher.average["generator"])
    >>> history = fit(student, ring, steps=10, progress=False)
    >>> student.sample(5).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        teacher: FlowSampler,
        *,
        regression: float = 1.0,
        adversarial: float = 1.0,
        **options: Any,
    ):
        for name, weight in (("regression", regression), ("adversarial", adversarial)):
            check_number(f"The weight {name}", weight)
        if not regression and not adversarial:
            raise ValueError(
                "The student learns from nothing: give regression or adversarial a weight above 0."
            )
        super().__init__(generator, discriminator, **options)
        if self.generator.latent_dim != teacher.latent_dim:
            raise ValueError(
                f"The student starts from {self.generator.latent_dim} numbers and its teacher from "
                f"{teacher.latent_dim}: they must start from the same noise."
            )
        self.teacher = copy.deepcopy(teacher).eval().requires_grad_(False)
        self.regression, self.adversarial = regression, adversarial
        self.settings |= {
            "regression": regression, "adversarial": adversarial,
            "teacher": {"steps": teacher.steps, "digest": _digest(teacher)},
        }  # fmt: skip

    @classmethod
    def for_data(
        cls,
        data: Dataset | Tensor,
        teacher: FlowSampler,
        *,
        width: int | None = None,
        **options: Any,
    ) -> "OneStep":
        """Make a student with the book's recipe: the teacher's network, with one step left.

        Parameters
        ----------
        data : Dataset or Tensor
            What the teacher was trained on.
        teacher : FlowSampler
            ``FlowMatching.average["generator"]``, or the generator of a saved run.
        width : int, optional
            Width of the discriminator, instead of the recipe's.
        **options
            Further arguments, instead of the recipe's.

        Raises
        ------
        ValueError
            If the generator is no flow, or makes samples of another shape.
        """
        shape = sample_shape(data)
        if not isinstance(teacher, FlowSampler):
            raise ValueError(
                f"A student learns from a flow, and the teacher is a {type(teacher).__name__}: "
                "train one by flow matching."
            )
        if teacher.shape != shape:
            raise ValueError(
                f"The teacher makes samples of {teacher.shape}, and the data hold {shape}: give "
                "the data it was trained on."
            )
        recipe = student_recipe(shape, width=width, **options)
        student = FlowSampler(copy.deepcopy(teacher.network).requires_grad_(True), steps=1)
        _, discriminator = pair_for(shape, **recipe.networks)
        task = cls(student, discriminator, teacher, **recipe.options)
        task.recipe = recipe
        return task

    def to(self, device: torch.device) -> "OneStep":
        """Move everything, the teacher included, to `device`."""
        super().to(device)
        self.teacher.to(device)
        return self

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator, then the student.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)
            Real samples, at which a student without a game does not look.

        Returns
        -------
        dict of str to Tensor
            ``regression`` (the mean squared error), and with a game what `GAN.step` returns.
        """
        scalars: dict[str, Tensor] = {}
        if self.adversarial:
            scalars |= self.discriminator_step(batch)
        z = self.latent(len(batch))
        (fake,) = self.generate(z)
        loss = fake.new_zeros(())
        if self.regression:
            with torch.no_grad():
                wanted = self.teacher(z)
            scalars["regression"] = (fake - wanted).square().mean()
            loss = loss + self.regression * scalars["regression"]
        with frozen(self.discriminator):
            if self.adversarial:
                (fake_logits,) = self.judge(fake)
                (real_logits,) = self.judge(batch.detach()) if self.loss.paired else (None,)
                scalars["g_loss"] = self.loss.generator(real_logits, fake_logits)
                loss = loss + self.adversarial * scalars["g_loss"]
            self.update(loss, "generator")
        return {name: value.detach() for name, value in scalars.items()}


def _digest(network: nn.Module) -> str:
    """Name a teacher by its weights, so that a run is not resumed with another one."""
    found = hashlib.sha256()
    for value in network.state_dict().values():
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]
