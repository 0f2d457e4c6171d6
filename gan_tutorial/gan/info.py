r"""InfoGAN: codes that the generator may not ignore, and whose meaning it finds by itself."""

from typing import Any

import torch
from torch import Tensor, nn

from ..data import Samples, as_samples, as_tensor, check_range, sample_shape
from ..data.ranges import check_number
from ..models import InfoDiscriminator, InfoGenerator, pair_for
from ..models.info import entropy_of_codes, log_likelihood_of_codes
from ..training import frozen
from .adversarial import AdversarialTask
from .recipes import recipe_for

__all__ = ["InfoGAN"]


class InfoGAN(AdversarialTask):
    r"""A GAN whose samples must tell the codes that they were made from (Chen et al. 2016).

    The mutual information of codes and samples is at least

    .. math:: L_I = E \log Q(c \mid G(z, c)) + H(c) \; \le \; I(c; G(z, c)),

    with equality if :math:`Q` is the true distribution of the codes given the sample. It is raised
    along with the game: a step minimizes :math:`L_D - \lambda L_I` and then
    :math:`L_G - \lambda L_I`. No label is looked at.

    Parameters
    ----------
    generator : InfoGenerator
    discriminator : InfoDiscriminator
        With the same codes.
    information : float
        The weight :math:`\lambda`, at least 0; with 0 the codes are noise like the rest, and only
        the guesses are learned from fakes as they are.
    **options
        ``loss``, ``lr``, ``betas``, ``r1``, ``r2``, ``gp``, ``penalty_every`` and ``ema``, as for
        `GAN`.

    Raises
    ------
    ValueError
        If an option is out of range, or generator and discriminator have different codes.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> task = InfoGAN.for_data(digits, categories=10, continuous=2)
    >>> history = fit(task, digits, steps=10, progress=False)
    >>> task.guess(digits[:3])[0].shape
    torch.Size([3])
    """

    discriminator: Any  # an InfoDiscriminator

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        *,
        information: float = 1.0,
        **options: Any,
    ):
        check_number("The weight information", information)
        codes = [
            (getattr(each, "categories", None), getattr(each, "continuous", None))
            for each in (generator, discriminator)
        ]
        if codes[0] != codes[1] or None in codes[0]:
            raise ValueError(
                "Generator and discriminator need the same codes, (categories, continuous): got "
                f"{codes[0]} and {codes[1]}; take an InfoGenerator and an InfoDiscriminator."
            )
        super().__init__(generator, discriminator, **options)
        self.information = information
        self.settings["information"] = information

    @classmethod
    def for_data(
        cls,
        data: Samples,
        *,
        categories: int = 10,
        continuous: int = 2,
        network: str = "auto",
        latent_dim: int | None = None,
        width: int | None = None,
        **options: Any,
    ) -> "InfoGAN":
        """Make an InfoGAN with the book's recipe for this kind of data.

        Parameters
        ----------
        data, network, width
            As for `GAN.for_data`.
        categories, continuous : int
            How many categories, 2 or more or none, and how many numbers.
        latent_dim : int, optional
            Length of the noise beside the codes, instead of the recipe's.
        **options
            Further arguments, instead of the recipe's.
        """
        data = as_samples(data)
        check_range(data)
        recipe = recipe_for(sample_shape(data), network).changed(
            networks={"latent_dim": latent_dim, "width": width},
            options={"information": 1.0, **options},
        )
        made = dict(recipe.networks)
        made["latent_dim"] += categories + continuous
        plain, judge = pair_for(sample_shape(data), **made)
        task = cls(
            InfoGenerator(plain, categories, continuous),
            InfoDiscriminator(judge, categories, continuous),
            **recipe.options,
        )
        task.recipe = recipe
        return task

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update the discriminator with its guesses, then the generator.

        Parameters
        ----------
        batch : Tensor, shape (n, ...)

        Returns
        -------
        dict of str to Tensor
            As `GAN.step`, and ``information``, the bound :math:`L_I` in nats before the
            generator's update.
        """
        z = self.latent(len(batch))
        with torch.no_grad():  # fakes are data to D: no gradient reaches the generator
            (fake,) = self.generate(z)
        loss, scalars = self.discriminator_loss(batch, fake)
        self.update(loss - self.learned() * self.bound(fake, z), "discriminator")

        z = self.latent(len(batch))
        (fake,) = self.generate(z)
        with frozen(self.discriminator):
            (fake_logits,) = self.judge(fake)
            (real_logits,) = self.judge(batch) if self.loss.paired else (None,)
            g_loss, bound = self.loss.generator(real_logits, fake_logits), self.bound(fake, z)
            self.update(g_loss - self.information * bound, "generator")
        scalars |= {"g_loss": g_loss, "information": bound}
        return {name: value.detach() for name, value in scalars.items()}

    def learned(self) -> float:
        """Return the weight of the guesses in D's update."""
        return self.information or 1.0

    def bound(self, fake: Tensor, z: Tensor) -> Tensor:
        r"""Return :math:`L_I` in nats, by samples and the latent codes they were made from."""
        g = self.generator
        labels, numbers = g.codes(z)
        found = log_likelihood_of_codes(
            self.discriminator.guess(fake), labels, numbers, g.categories
        )
        return found + entropy_of_codes(g.categories, g.continuous)

    @torch.no_grad()
    def guess(self, x: Samples) -> tuple[Tensor, Tensor]:
        """Guess the codes of any samples: the likeliest labels (N,) and means (N, continuous)."""
        network, count = self.discriminator, self.generator.categories
        parts = [network.guess(part.to(self.device)).cpu() for part in as_tensor(x).split(256)]
        logits, rest = torch.cat(parts).split([count, 2 * self.generator.continuous], 1)
        labels = logits.argmax(1) if count else torch.zeros(len(logits), dtype=torch.long)
        return labels, rest.chunk(2, 1)[0]
