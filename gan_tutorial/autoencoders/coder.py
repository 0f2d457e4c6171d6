r"""What all tasks with an encoder share.

An encoder maps samples :math:`x` to codes :math:`z`, a decoder maps codes back. Decoders are
generators, :math:`G(z)`, and are called so here: whatever samples from a GAN's generator samples
from them too.
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset, Samples, as_samples, as_tensor, check_range, sample_shape
from ..data.ranges import check_count
from ..gan import GAN
from ..gan import recipe_for as gan_recipe_for
from ..models import encoder_for
from ..models.evaluating import evaluating
from ..models.sampling import latent_codes, sample_generator
from ..training import Recipe, Task

__all__ = ["Coder", "GaussianCoder", "recipe_for"]


class Coder(Task):
    """A task with networks ``encoder`` and ``generator``, of both of which averages are kept."""

    generator: Any  # a module with the attribute latent_dim
    outputs_per_code = 1  # what the encoder says of each number of the code
    game = False  # whether a discriminator takes part

    @classmethod
    def for_data(
        cls,
        data: Dataset | Tensor,
        *,
        network: str = "auto",
        latent_dim: int | None = None,
        width: int | None = None,
        **options: Any,
    ) -> "Coder":
        """Make the task with the book's recipe for this kind of data.

        The generator is that of `GAN.for_data`, the encoder its mirror image.

        Parameters
        ----------
        data, network
            As for `GAN.for_data`.
        latent_dim, width : int, optional
            Length of the code, and width of the networks, instead of the recipe's; 1 or more.
        **options
            Further arguments of the class, instead of the recipe's.
        """
        for name, value in (("latent_dim", latent_dim), ("width", width)):
            if value is not None:
                check_count(name, value)
        data = as_samples(data)
        check_range(data)
        recipe = recipe_for(sample_shape(data), network, game=cls.game)
        recipe = recipe.changed({"latent_dim": latent_dim, "width": width}, options)
        made = recipe.networks
        gan = GAN.for_data(
            data, network=made["network"], latent_dim=made["latent_dim"], width=made["width"]
        )
        networks: list[Any] = [
            encoder_for(gan.generator, cls.outputs_per_code * made["latent_dim"])
        ]
        networks += [gan.generator, gan.discriminator] if cls.game else [gan.generator]
        task = cls(*networks, **recipe.options)
        task.recipe = recipe
        return task

    @classmethod
    def check_outputs(cls, encoder: nn.Module, generator: Any) -> None:
        """Refuse an encoder whose outputs are not what the generator's codes need."""
        wanted = cls.outputs_per_code * generator.latent_dim
        if getattr(encoder, "outputs", wanted) != wanted:
            one = "one per number of the code"
            what = one if cls.outputs_per_code == 1 else "a mean and a log variance each"
            raise ValueError(
                f"The generator takes codes of {generator.latent_dim} numbers, so the encoder has "
                f"to give {wanted} ({what}), and it gives {encoder.outputs}."
            )

    def encode(self, x: Samples, averaged: bool = True) -> Tensor:
        """Map samples to codes, and a distribution over codes to its mean.

        Parameters
        ----------
        x : Dataset, Tensor or ndarray, shape (N, *shape)
            Samples, in the range of the training data.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).

        Returns
        -------
        Tensor, shape (N, latent_dim), on the CPU
        """
        return self._run("encoder", as_tensor(x), averaged)

    def decode(self, z: Tensor, averaged: bool = True) -> Tensor:
        """Map codes (N, latent_dim) to samples (N, *shape), on the CPU."""
        return self._run("generator", z, averaged)

    def reconstruct(self, x: Samples, averaged: bool = True) -> Tensor:
        """Map samples (N, *shape) to codes and back, on the CPU."""
        return self.decode(self.encode(x, averaged), averaged)

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Decode `count` codes from N(0, I) to samples (count, *shape), on the CPU.

        The codes are those of `GAN.sample`: they depend on the seed alone.
        """
        codes = latent_codes(count, self.generator.latent_dim, seed)
        return sample_generator(self._network("generator", averaged), codes)

    def _network(self, name: str, averaged: bool) -> Any:
        return self.average[name] if averaged else self.networks[name]

    def _run(self, name: str, inputs: Tensor, averaged: bool) -> Tensor:
        return _evaluated(self._network(name, averaged), inputs, self.device)


class GaussianCoder(Coder):
    r"""A `Coder` whose encoder gives a Gaussian over codes, :math:`q(z \mid x)`."""

    outputs_per_code = 2

    def posterior(self, x: Samples, averaged: bool = True) -> tuple[Tensor, Tensor]:
        r"""Return mean and log variance of :math:`q(z \mid x)`, each (N, latent_dim)."""
        mean, log_var = self._run("encoder", as_tensor(x), averaged).chunk(2, 1)
        return mean, log_var

    def encode(self, x: Samples, averaged: bool = True) -> Tensor:
        """Map samples (N, *shape) to the means of their codes (N, latent_dim), on the CPU."""
        return self.posterior(x, averaged)[0]

    def activity(self, x: Samples, averaged: bool = True) -> Tensor:
        r"""How much each number of the code changes with the sample.

        The variance over samples of its mean, :math:`\mathrm{Var}_x \, E_{q(z \mid x)}[z_j]`
        (Burda, Grosse and Salakhutdinov 2016, section 5.2). A number that the decoder does not
        use has collapsed to the prior: its activity is near 0. For one in full use it is near 1.

        Returns
        -------
        Tensor, shape (latent_dim,)
        """
        return self.encode(x, averaged).var(0)

    def active_units(self, x: Samples, threshold: float = 0.01, averaged: bool = True) -> int:
        """Count the numbers of the code with an `activity` above the threshold of the paper."""
        return int((self.activity(x, averaged) > threshold).sum())


def recipe_for(shape: tuple[int, ...], network: str = "auto", game: bool = False) -> Recipe:
    """Return the book's recipe for a task with an encoder, of samples of this shape.

    Networks, steps and batches are those of the GAN, so that the tasks can be compared.

    Parameters
    ----------
    shape : tuple of int
        ``(2,)`` for points, ``(C, H, W)`` for images.
    network : {"auto", "mlp", "dcgan"}
        As for `gan_tutorial.gan.recipe_for`.
    game : bool
        Whether a discriminator takes part, as in `VAEGAN`.

    Returns
    -------
    Recipe
        Its `networks` are those of the GAN's recipe. Its `options` are empty, and the defaults of
        the class serve; with a discriminator they are the GAN's, and the weights of the parts: the
        features of a discriminator with gradient penalties are flat, so that at ``beta`` = 1 the
        divergence would outweigh the similarity.
    """
    if network == "style":
        raise ValueError(
            "A style network has no encoder that mirrors it: choose one of auto, mlp, dcgan."
        )
    recipe = gan_recipe_for(shape, network)
    options = {**recipe.options, "beta": 0.1, "adversarial": 5.0} if game else {}
    return replace(recipe, options=options)


@torch.no_grad()
def _evaluated(
    network: nn.Module, inputs: Tensor, device: torch.device, batch_size: int = 256
) -> Tensor:
    """Apply a network in evaluation mode, some inputs at a time; the result is on the CPU."""
    with evaluating(network):
        return torch.cat([network(part.to(device)).cpu() for part in inputs.split(batch_size)])
