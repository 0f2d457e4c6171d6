r"""The conditional generative adversarial network: it makes and judges samples of a class.

Write :math:`y` for the class of a sample :math:`x`. The generator is asked for a class, and the
discriminator is told which class a sample claims to be of:

.. math:: a_r = D(x, y), \qquad a_f = D(G(z, y), y).

Otherwise the game is the old one, with any of its losses (Mirza and Osindero 2014).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..data import Dataset
from ..gan import AdversarialTask, frozen
from ..gan.recipes import augmentation_for, augmented
from ..models import (
    Augmented,
    AuxiliaryDiscriminator,
    ConditionalGenerator,
    ProjectionDiscriminator,
    latent_codes,
    pair_for,
    sample_generator,
)
from ..training.ranges import check_count, check_number
from .labels import check_labels, label_of
from .recipes import recipe_for

__all__ = ["ConditionalGAN"]


class ConditionalGAN(AdversarialTask):
    r"""A generator and a discriminator that are told the class of each sample.

    A fake is compared with a real one of its class: the labels of a batch of reals are those that
    the generator is asked for. So classes are generated as often as they occur, and a paired
    loss compares like with like.

    With a weight :math:`\lambda` the discriminator also learns to name classes, and the generator
    to have its samples named rightly (Odena et al. 2017, where the labels are all that the game
    knows of classes and :math:`\lambda = 1`):

    .. math::

        & L_D + \lambda E [-\log P(y \mid x) - \log P(y \mid G(z, y))], \\
        & L_G + \lambda E [-\log P(y \mid G(z, y))].

    Parameters
    ----------
    generator : nn.Module
        Called as ``generator(z, labels)``; has ``latent_dim`` and ``classes``, the names: a
        `ConditionalGenerator`.
    discriminator : nn.Module
        Called as ``discriminator(x, labels)``, to give logits, (N,) or (N, 1): a
        `ProjectionDiscriminator` or an `AuxiliaryDiscriminator`.
    auxiliary : float
        The weight :math:`\lambda`, at least 0. Above 0 the discriminator needs a method
        ``classify``, as an `AuxiliaryDiscriminator` has.
    d_steps : int
        Updates of the discriminator for one of the generator, at least 1.
    **options
        ``loss``, ``lr``, ``betas``, ``r1``, ``r2``, ``gp``, ``penalty_every`` and ``ema``, as for
        `GAN`.

    Raises
    ------
    ValueError
        If an option is out of range or unknown, or the discriminator names no classes and is to
        learn it.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> task = ConditionalGAN.for_data(digits)
    >>> history = fit(task, digits, steps=10, progress=False)
    >>> task.sample(5, label="3").shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        auxiliary: float = 0.0,
        d_steps: int = 1,
        **options: Any,
    ):
        check_number("The weight auxiliary", auxiliary)
        check_count("d_steps", d_steps)
        if auxiliary and not _names_classes(discriminator):
            raise ValueError(
                "With an auxiliary weight the discriminator has to name classes: take an "
                "AuxiliaryDiscriminator, or auxiliary=0."
            )
        super().__init__(generator, discriminator, **options)
        self.classes: tuple[str, ...] = tuple(self.generator.classes)
        self.auxiliary = auxiliary
        self.d_steps = self.batches_per_step = d_steps
        self.settings |= {"auxiliary": auxiliary, "d_steps": d_steps}

    @classmethod
    def for_data(
        cls,
        data: Dataset,
        *,
        condition: str = "projection",
        network: str = "auto",
        latent_dim: int | None = None,
        width: int | None = None,
        embedding: int | None = None,
        augment: Sequence[str] | None = None,
        wrap: Callable[[nn.Module], nn.Module] | None = None,
        **options: Any,
    ) -> "ConditionalGAN":
        """Make a conditional GAN with the book's recipe for this kind of data.

        Parameters
        ----------
        data : Dataset
            Points or square images, with labels.
        condition : {"projection", "auxiliary"}
            How the discriminator learns of classes: `ProjectionDiscriminator`, or
            `AuxiliaryDiscriminator`.
        network : {"auto", "mlp", "dcgan"}
            Fully connected or convolutional; "auto" is convolutional for images from 16x16 on.
        latent_dim, width, embedding : int, optional
            Length of the latent code, width of the networks, and length of the vector that
            stands for a class, instead of the recipe's.
        augment, wrap : optional
            As for `GAN.for_data`: `augment` says what the discriminator sees changed, `wrap`
            takes the recipe's discriminator and returns the one to train.
        **options
            Further arguments, instead of the recipe's.

        Raises
        ------
        ValueError
            If the data have no classes that can be learned (see `check_labels`), or an option is
            unknown or out of range.
        """
        classes = check_labels(data)
        recipe = recipe_for(data.shape, network, condition).changed(
            networks={"latent_dim": latent_dim, "width": width, "embedding": embedding},
            options=options,
        )
        made = dict(recipe.networks)
        length = made.pop("embedding")
        check_count("embedding", length)
        check_count("latent_dim", made["latent_dim"])
        made["latent_dim"] += length
        plain, judge = pair_for(data.shape, **made)
        generator = ConditionalGenerator(plain, classes, length)
        heads = {"projection": ProjectionDiscriminator, "auxiliary": AuxiliaryDiscriminator}
        discriminator: nn.Module = heads[condition](judge, len(classes))
        if augment is None:
            augment = augmentation_for(data, network) if wrap is None else ()
        discriminator = augmented(discriminator, augment, wrap)
        task = cls(generator, discriminator, **recipe.options)
        task.recipe = recipe
        assert data.labels is not None
        counts = torch.bincount(data.labels.cpu(), minlength=len(classes)).tolist()
        task.settings["class_counts"] = dict(zip(classes, counts, strict=True))
        return task

    # --- One step ----------------------------------------------------------------------------

    def check_data(self, data: Dataset | Tensor) -> None:
        """Raise ValueError unless `data` has labels for the generator's classes."""
        labels = data.labels if isinstance(data, Dataset) else None
        if labels is None:
            check_labels(data)  # which says what is missing
        elif len(data) and not 0 <= int(labels.min()) <= int(labels.max()) < len(self.classes):
            raise ValueError(
                f"The generator makes {len(self.classes)} classes, and the labels of the data run "
                f"from {int(labels.min())} to {int(labels.max())}: make the task for these data."
            )

    def take(self, data: Dataset | Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the samples of these row numbers, and their labels."""
        assert isinstance(data, Dataset)
        assert data.labels is not None
        return data[rows], data.labels[rows.to(data.labels.device)]

    def step(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Update the discriminator `d_steps` times, then the generator once.

        Parameters
        ----------
        batch : (Tensor, Tensor), shapes (d_steps * n, ...) and (d_steps * n,)
            Real samples and their labels: `d_steps` batches of n, one for each update.

        Returns
        -------
        dict of str to Tensor
            As `GAN.step`, and with an auxiliary weight ``d_class_loss`` and ``g_class_loss``,
            mean cross-entropies.
        """
        x, y = batch
        scalars: dict[str, Tensor] = {}  # of the last update, and the last penalty
        for real, labels in zip(x.chunk(self.d_steps), y.chunk(self.d_steps), strict=True):
            scalars |= self.judge_better(real, labels)
        return scalars | self.generate_better(real, labels)

    def judge_better(self, real: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One update of D: tell reals from fakes of the same classes."""
        with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
            (fake,) = self.forward("generator", [self.latent(len(real))], [labels])
        loss, scalars = self.discriminator_loss(real, fake, given=[labels])
        if self.auxiliary:
            of_real, of_fake = self.class_loss(real, labels), self.class_loss(fake, labels)
            scalars["d_class_loss"] = (of_real + of_fake) / 2
            loss = loss + self.auxiliary * (of_real + of_fake)
        self.update(loss, "discriminator")
        return {name: value.detach() for name, value in scalars.items()}

    def generate_better(self, real: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One update of G: make fakes of these classes that D takes for reals."""
        (fake,) = self.forward("generator", [self.latent(len(real))], [labels])
        with frozen(self.discriminator):
            (fake_logits,) = self.forward("discriminator", [fake], [labels])
            # Only a paired loss looks at the reals again.
            real_logits = None
            if self.loss.paired:
                (real_logits,) = self.forward("discriminator", [real], [labels])
            loss = self.loss.generator(real_logits, fake_logits)
            scalars = {"g_loss": loss}
            if self.auxiliary:
                scalars["g_class_loss"] = self.class_loss(fake, labels)
                loss = loss + self.auxiliary * scalars["g_class_loss"]
            self.update(loss, "generator")
        return {name: value.detach() for name, value in scalars.items()}

    def class_loss(self, x: Tensor, labels: Tensor) -> Tensor:
        r"""Return the mean of :math:`-\log P(y \mid x)`, by D's own classifier."""
        network: Any = self.discriminator
        return cross_entropy(network.classify(x), labels)

    # --- Samples -----------------------------------------------------------------------------

    def sample(
        self,
        count: int,
        seed: int = 0,
        averaged: bool = True,
        label: str | int | Sequence[int] | Tensor | None = None,
    ) -> Tensor:
        """Return `count` generated samples, shape (count, *shape), on the CPU.

        Parameters
        ----------
        count : int
            How many.
        seed : int
            Decides the latent codes, which are the same for every class.
        averaged : bool
            Use the average of the generator's weights (True) or the latest weights (False).
        label : str, int or sequence of int, optional
            The class of all, by its name or number, or the number of each; by default all classes
            in turn.

        Raises
        ------
        ValueError
            If there is no such class, or there are not `count` labels.
        """
        network = self.average["generator"] if averaged else self.generator
        codes = latent_codes(count, self.generator.latent_dim, seed)
        return sample_generator(network, codes, labels=self.labels(count, label))

    def labels(self, count: int, label: str | int | Sequence[int] | Tensor | None) -> Tensor | None:
        """Return the labels (count,) that `sample` is asked for; None for all in turn."""
        if label is None:
            return None
        if isinstance(label, str):
            label = label_of(label, self.classes)
        wanted = torch.as_tensor(label).long()
        wanted = wanted.expand(count) if wanted.dim() == 0 else wanted
        if wanted.shape != (count,):
            raise ValueError(f"{count} samples need as many labels, got {tuple(wanted.shape)}.")
        if count and not 0 <= int(wanted.min()) <= int(wanted.max()) < len(self.classes):
            raise ValueError(
                f"Labels are numbers from 0 to {len(self.classes) - 1}, got "
                f"{int(wanted.min())} to {int(wanted.max())}."
            )
        return wanted


def _names_classes(discriminator: Any) -> bool:
    """Return whether a discriminator, or the one that sees its samples augmented, can classify."""
    while isinstance(discriminator, Augmented):
        discriminator = discriminator.network
    return hasattr(discriminator, "classify")
