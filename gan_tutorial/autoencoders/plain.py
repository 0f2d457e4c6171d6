"""The autoencoder: an encoder and a generator that give back what they are shown."""

import math

from torch import Tensor, nn

from ..training import adam
from .coder import Coder

__all__ = ["Autoencoder"]


class Autoencoder(Coder):
    r"""An encoder and a generator that give back what they are shown.

    One step lowers the mean squared error per pixel,
    :math:`\tfrac1D \| x - G(E(x)) \|^2`. Nothing is asked of the codes in between, so `sample`,
    which decodes codes from N(0, I), leaves the region that the decoder has learned: a plain
    autoencoder is no generative model. `CodeSampler` makes one of it.

    Parameters
    ----------
    encoder : nn.Module
        Maps samples to codes (N, latent_dim).
    generator : nn.Module
        Maps codes to samples; has an attribute ``latent_dim``.
    code_penalty : float
        Weight of :math:`\tfrac12 \overline{z_j^2}`, which keeps codes small (Ghosh et al. 2020,
        equation 10); 0 is off.
    lr, betas, ema
        Learning rate and decay rates of Adam; decay of the average of the weights.

    Raises
    ------
    ValueError
        If the penalty is negative, or the encoder's codes do not fit the generator.

    Examples
    --------
    >>> from gan_tutorial import data, fit
    >>> digits = data.load("digits")
    >>> autoencoder = Autoencoder.for_data(digits, width=16)
    >>> history = fit(autoencoder, digits, steps=10, progress=False)
    >>> autoencoder.reconstruct(digits[:5]).shape
    torch.Size([5, 1, 8, 8])
    """

    def __init__(
        self,
        encoder: nn.Module,
        generator: nn.Module,
        *,
        code_penalty: float = 0.0,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        ema: float = 0.995,
    ):
        if not 0 <= code_penalty < math.inf:
            raise ValueError(
                f"code_penalty must not be negative, nor infinite; got {code_penalty}."
            )
        self.check_outputs(encoder, generator)
        networks = {"encoder": encoder, "generator": generator}
        super().__init__(
            networks=networks,
            optimizers={name: adam(network, lr, betas) for name, network in networks.items()},
            averaged=networks,
            ema=ema,
        )
        self.encoder, self.generator = encoder, generator
        self.code_penalty = code_penalty
        self.settings = {"lr": lr, "betas": list(betas), "code_penalty": code_penalty}

    def step(self, batch: Tensor) -> dict[str, Tensor]:
        """Update encoder and generator once.

        Parameters
        ----------
        batch : Tensor, shape (n, *shape)

        Returns
        -------
        dict of str to Tensor
            ``loss``, and ``error``, the mean squared error per pixel.
        """
        z = self.fast["encoder"](batch)
        error = (batch - self.fast["generator"](z)).square().mean()
        loss = error + self.code_penalty * 0.5 * z.square().mean()
        self.update(loss, "encoder", "generator")
        return {"loss": loss.detach(), "error": error.detach()}
