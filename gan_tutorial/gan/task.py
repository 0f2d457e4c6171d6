"""The generative adversarial network as a task: two networks, two losses, one step."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Samples, as_samples, check_range, sample_shape
from ..models import pair_for
from ..training import frozen
from .adversarial import AdversarialTask
from .pieces import WeightedSums
from .recipes import augmentation_for, augmented, recipe_for
from .saving import saved_gan

__all__ = ["GAN"]


class GAN(AdversarialTask):
    r"""A generator and a discriminator, trained in turn.

    One `step` is one round of Algorithm 1 of Goodfellow et al. (2014): `d_steps` updates of the
    discriminator, each on a fresh batch, then one of the generator.

    Parameters
    ----------
    generator : nn.Module
        Maps latent codes (N, latent_dim), or (N, latent_dim, 1, 1), to samples. Its attribute
        ``latent_dim`` is read off the first layer where there is none (`models.adopt_generator`).
    discriminator : nn.Module
        Maps samples to logits, (N,) or (N, 1).
    loss : str or AdversarialLoss
        One of `gan_tutorial.losses.LOSSES`, or another, such as
        ``gan_tutorial.losses.smoothed(0.9)``.
    lr : float or (float, float)
        Learning rate, or one for the generator and one for the discriminator.
    betas : (float, float)
        Decay rates of Adam's two moments.
    r1, r2 : float
        Weights :math:`\gamma` of the penalties on real and on generated samples; 0 is off.
    gp : float
        Weight of the WGAN gradient penalty (10 in Gulrajani et al. 2017); 0 is off.
    penalty_every : int
        Penalties are computed in every `penalty_every`-th update of the discriminator, with a
        weight as many times larger: the same mean, less work (Karras et al. 2020, section 3.1).
    d_steps : int
        Updates of the discriminator for one of the generator.
    reuse_fakes : bool
        Whether the generator's update takes up the fakes that the discriminator has just seen, as
        many published programs do, instead of drawing new latent codes. It saves one pass through
        the generator per step. Results differ as they do between two seeds.
    accumulate : int
        Pieces in which the batch of every update goes through the networks, one after the other:
        the memory is that of one piece, and the update that of the whole batch, up to rounding.
        Batch norm sees the pieces, not the whole, and so the update is another one there.
    ema : float
        Decay of the average of the generator's weights, from which samples are drawn.

    Raises
    ------
    ValueError
        If a weight is negative, a count is not positive, the loss is unknown, or a gradient
        penalty meets batch norm in the discriminator.

    Examples
    --------
    >>> from gan_tutorial import data, fit, models
    >>> gan = GAN(*models.mlp_pair((2,)), r1=0.1, r2=0.1)
    >>> history = fit(gan, data.ring().sample(1000, seed=0), steps=20, progress=False)
    >>> gan.sample(5).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        d_steps: int = 1,
        reuse_fakes: bool = False,
        accumulate: int = 1,
        **options: Any,
    ):
        for name, count in (("d_steps", d_steps), ("accumulate", accumulate)):
            if not count >= 1:
                raise ValueError(f"{name} must be at least 1, got {count}.")
        if reuse_fakes and accumulate > 1:
            raise ValueError(
                "reuse_fakes keeps the fakes of the whole batch, and accumulate is there to keep "
                "but a piece of them: use one of the two."
            )
        super().__init__(generator, discriminator, **options)
        self.d_steps = self.batches_per_step = d_steps
        self.reuse_fakes = reuse_fakes
        self.accumulate = accumulate
        self.settings |= {"d_steps": d_steps, "reuse_fakes": reuse_fakes}
        if accumulate > 1:
            self.settings["accumulate"] = accumulate

    @classmethod
    def for_data(
        cls,
        data: Samples,
        *,
        network: str = "auto",
        latent_dim: int | None = None,
        width: int | None = None,
        generator: nn.Module | None = None,
        augment: Sequence[str] | None = None,
        wrap: Callable[[nn.Module], nn.Module] | None = None,
        **options: Any,
    ) -> "GAN":
        """Make a GAN with the book's recipe for this kind of data.

        Parameters
        ----------
        data : Dataset, Tensor or ndarray
            Points, or images in [-1, 1] or as bytes; N of (N, ...) counts the samples.
        network : {"auto", "mlp", "dcgan", "style"}
            Fully connected, convolutional, or convolutional with a `StyleGenerator`; "auto" is
            convolutional for images from 16x16 on.
        latent_dim, width : int, optional
            Length of the latent code, and width of the networks, instead of the recipe's.
        generator : nn.Module, optional
            In place of the recipe's, such as a `models.StyleGenerator` of another size; then
            `latent_dim` is its own, and is not given.
        augment : sequence of str, optional
            What the discriminator sees changed, as for `augment.DiffAugment`; empty for nothing.
            By default what `gan.recipes.augmentation_for` says: something for a folder of few
            pictures, if there is no `wrap`, and else nothing.
        wrap : callable, optional
            Takes the recipe's discriminator and returns the one to train, for instance one of
            `gan_tutorial.models.Augmented`.
        **options
            Further arguments of `GAN`, instead of the recipe's.

        Returns
        -------
        GAN
            With the recipe as its `recipe`, from which `fit` takes steps, batch size and
            schedule.

        Raises
        ------
        ValueError
            If an option is out of range, or a generator makes samples of another shape.

        Examples
        --------
        >>> from gan_tutorial import data
        >>> gan = GAN.for_data(data.load("digits"), augment=["translation"])
        >>> gan.discriminator.changes
        (DiffAugment('translation'),)
        """
        data = as_samples(data)
        check_range(data)
        recipe = recipe_for(sample_shape(data), network).changed(
            networks={"latent_dim": latent_dim, "width": width}, options=options
        )
        made: Any
        made, discriminator = pair_for(sample_shape(data), **recipe.networks)
        if generator is None:
            generator = made
        elif latent_dim is not None:
            raise ValueError("A generator has its latent_dim: give one of the two, not both.")
        elif (shape := getattr(generator, "shape", made.shape)) != made.shape:
            raise ValueError(
                f"The generator makes samples of {shape}, and the data hold {made.shape}: make it "
                "for these data."
            )
        if augment is None:
            augment = augmentation_for(data, network) if wrap is None else ()
        task = cls(generator, augmented(discriminator, augment, wrap), **recipe.options)
        task.recipe = recipe
        return task

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        generator: nn.Module | None = None,
        discriminator: nn.Module | None = None,
        **options: Any,
    ) -> "GAN":
        """Return the GAN that `save`, or `fit` with ``out``, wrote to a folder.

        Parameters
        ----------
        folder : str or Path
        generator, discriminator : nn.Module, optional
            Networks of your own, made as they were then: a file says how to build only those of
            the library.
        **options
            Arguments of `GAN`, instead of those that were saved.

        Raises
        ------
        FileNotFoundError, CheckpointError
            If there is nothing, another task, or a network that has to be given.
        """
        given = {"generator": generator, "discriminator": discriminator}
        networks, options, state = saved_gan(folder, given, options)
        task = cls(networks["generator"], networks["discriminator"], **options)
        task.load_state_dict(state)
        return task

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator `d_steps` times, then the generator once.

        Parameters
        ----------
        batch : Tensor, shape (d_steps * n, ...)
            Real samples: `d_steps` batches of n, one for each update.

        Returns
        -------
        dict of str to Tensor
            ``d_loss`` and ``g_loss`` (without penalties), ``real_logit`` and ``fake_logit`` (mean
            logits before the discriminator's update), and ``r1``, ``r2`` or ``gp`` when computed.
        """
        if self.accumulate > 1:
            return self._accumulated_step(batch)
        reals = batch.chunk(self.d_steps)
        fakes = self.fakes(len(reals), len(reals[0]))
        scalars: dict[str, Tensor] = {}  # of the last update, and the last penalty
        for real, fake in zip(reals, fakes, strict=True):
            scalars |= self.discriminator_step(real, fake)
        return scalars | self.generator_step(real, fake if self.reuse_fakes else None)

    def phase(self) -> Hashable | None:
        """Return which updates of the next step have penalties, and the settings of all.

        A subclass may do more in Python than is known here, and says for itself.
        """
        if type(self) is not GAN or self.accumulate > 1:
            return super().phase()
        updates = range(self.d_updates, self.d_updates + self.d_steps)
        penalized = tuple(update % self.penalty_every == 0 for update in updates)
        weights = (self.r1, self.r2, self.gp, self.penalty_every)
        return (penalized, *weights, self.d_steps, self.reuse_fakes, self.loss)

    def fakes(self, batches: int, count: int) -> list[Tensor]:
        """Generate fakes for so many updates of D; G stays as it is in the meantime."""
        *codes, last = [self.latent(count) for _ in range(batches)]
        with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
            fakes = self.generate(*codes)
        with torch.set_grad_enabled(self.reuse_fakes):
            return fakes + self.generate(last)

    def generator_step(self, real: Tensor, fake: Tensor | None = None) -> dict[str, Tensor]:
        """One update of G: make fakes, fresh ones by default, that D takes for reals."""
        (fake,) = self.generate(self.latent(len(real))) if fake is None else (fake,)
        with frozen(self.discriminator):
            (fake_logits,) = self.judge(fake)
            # Only a paired loss looks at the reals again.
            (real_logits,) = self.judge(real.detach()) if self.loss.paired else (None,)
            loss = self.loss.generator(real_logits, fake_logits)
            self.update(loss, "generator")
        return {"g_loss": loss.detach()}

    def _accumulated_step(self, batch: Tensor) -> dict[str, Tensor]:
        """Do one `step`, of which every update takes its batch in pieces."""
        reals = batch.chunk(self.d_steps)
        codes = [self.latent(len(reals[0])) for _ in reals]
        scalars: dict[str, Tensor] = {}
        for real, z in zip(reals, codes, strict=True):
            sums = WeightedSums(len(real))
            self.update_by_parts(self._d_losses(real, z, sums), "discriminator")
            scalars |= sums.values
        sums = WeightedSums(len(real))
        with frozen(self.discriminator):
            parts = self._g_losses(real, self.latent(len(real)), sums)
            self.update_by_parts(parts, "generator")
        return scalars | sums.values

    def _d_losses(self, real: Tensor, z: Tensor, sums: WeightedSums) -> Iterator[Tensor]:
        """Yield the discriminator's loss of each piece, as a part of the whole."""
        count = self.d_updates  # all pieces are one update
        for x, codes in zip(real.chunk(self.accumulate), z.chunk(self.accumulate), strict=True):
            self.d_updates = count
            with torch.no_grad():
                (fake,) = self.generate(codes)
            loss, scalars = self.discriminator_loss(x, fake)
            sums.add(scalars, len(x))
            yield loss * (len(x) / len(real))

    def _g_losses(self, real: Tensor, z: Tensor, sums: WeightedSums) -> Iterator[Tensor]:
        """Yield the generator's loss of each piece, as a part of the whole."""
        for x, codes in zip(real.chunk(self.accumulate), z.chunk(self.accumulate), strict=True):
            (fake_logits,) = self.judge(*self.generate(codes))
            (real_logits,) = self.judge(x.detach()) if self.loss.paired else (None,)
            loss = self.loss.generator(real_logits, fake_logits)
            sums.add({"g_loss": loss}, len(x))
            yield loss * (len(x) / len(real))
