r"""What all tasks with an encoder share.

An encoder maps samples :math:`x` to codes :math:`z`, a decoder maps codes back. Decoders are
generators, :math:`G(z)`, and are called so here: whatever samples from a GAN's generator samples
from them too.
"""

import torch
from torch import Tensor, nn

from ..gan import GAN
from ..models import encoder_for
from ..models.sampling import latent_codes, sample_generator
from ..training import Task

__all__ = ["Coder", "GaussianCoder"]


class Coder(Task):
    """A task with networks ``encoder`` and ``generator``, of both of which averages are kept."""

    outputs_per_code = 1  # what the encoder says of each number of the code

    @classmethod
    def for_data(cls, data, *, network: str = "auto", latent_dim=None, width=None, **options):
        """Make the task for this kind of data: the generator is that of `GAN.for_data`.

        Parameters
        ----------
        data, network, latent_dim, width
            As for `GAN.for_data`. The encoder mirrors the generator.
        **options
            Further arguments of the class.
        """
        return cls(*cls.networks_for(data, network, latent_dim, width)[:2], **options)

    @classmethod
    def networks_for(cls, data, network: str, latent_dim, width) -> tuple[nn.Module, ...]:
        """Make the encoder, the generator and the discriminator for this kind of data."""
        gan = GAN.for_data(data, network=network, latent_dim=latent_dim, width=width)
        outputs = cls.outputs_per_code * gan.generator.latent_dim
        return encoder_for(gan.generator, outputs), gan.generator, gan.discriminator

    @classmethod
    def check_outputs(cls, encoder: nn.Module, generator: nn.Module) -> None:
        """Refuse an encoder whose outputs are not what the generator's codes need."""
        wanted = cls.outputs_per_code * generator.latent_dim
        if getattr(encoder, "outputs", wanted) != wanted:
            one = "one per number of the code"
            what = one if cls.outputs_per_code == 1 else "a mean and a log variance each"
            raise ValueError(
                f"The generator takes codes of {generator.latent_dim} numbers, so the encoder has "
                f"to give {wanted} ({what}), and it gives {encoder.outputs}."
            )

    def encode(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Map samples to codes, and a distribution over codes to its mean.

        Parameters
        ----------
        x : Tensor, shape (N, *shape)
            Samples, in the range of the training data.
        averaged : bool
            Use the average of the networks' weights (True) or the latest weights (False).

        Returns
        -------
        Tensor, shape (N, latent_dim), on the CPU
        """
        return self._run("encoder", x, averaged)

    def decode(self, z: Tensor, averaged: bool = True) -> Tensor:
        """Map codes (N, latent_dim) to samples (N, *shape), on the CPU."""
        return self._run("generator", z, averaged)

    def reconstruct(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Map samples (N, *shape) to codes and back, on the CPU."""
        return self.decode(self.encode(x, averaged), averaged)

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Decode `count` codes from N(0, I) to samples (count, *shape), on the CPU.

        The codes are those of `GAN.sample`: they depend on the seed alone.
        """
        codes = latent_codes(count, self.generator.latent_dim, seed)
        return sample_generator(self._network("generator", averaged), codes)

    def _network(self, name: str, averaged: bool) -> nn.Module:
        return self.average[name] if averaged else self.networks[name]

    def _run(self, name: str, inputs: Tensor, averaged: bool) -> Tensor:
        return _evaluated(self._network(name, averaged), inputs, self.device)


class GaussianCoder(Coder):
    r"""A `Coder` whose encoder gives a Gaussian over codes, :math:`q(z \mid x)`."""

    outputs_per_code = 2

    def posterior(self, x: Tensor, averaged: bool = True) -> tuple[Tensor, Tensor]:
        r"""Return mean and log variance of :math:`q(z \mid x)`, each (N, latent_dim)."""
        mean, log_var = self._run("encoder", x, averaged).chunk(2, 1)
        return mean, log_var

    def encode(self, x: Tensor, averaged: bool = True) -> Tensor:
        """Map samples (N, *shape) to the means of their codes (N, latent_dim), on the CPU."""
        return self.posterior(x, averaged)[0]

    def activity(self, x: Tensor, averaged: bool = True) -> Tensor:
        r"""How much each number of the code changes with the sample.

        The variance over samples of its mean, :math:`\mathrm{Var}_x \, E_{q(z \mid x)}[z_j]`
        (Burda, Grosse and Salakhutdinov 2016, section 5.2). A number that the decoder does not
        use has collapsed to the prior: its activity is near 0. For one in full use it is near 1.

        Returns
        -------
        Tensor, shape (latent_dim,)
        """
        return self.encode(x, averaged).var(0)

    def active_units(self, x: Tensor, threshold: float = 0.01, averaged: bool = True) -> int:
        """Count the numbers of the code with an `activity` above the threshold of the paper."""
        return int((self.activity(x, averaged) > threshold).sum())


@torch.no_grad()
def _evaluated(network, inputs: Tensor, device: torch.device, batch_size: int = 256) -> Tensor:
    """Apply a network in evaluation mode, some inputs at a time; the result is on the CPU."""
    was_training = network.training
    network.eval()
    parts = [network(part.to(device)).cpu() for part in inputs.split(batch_size)]
    network.train(was_training)
    return torch.cat(parts)
