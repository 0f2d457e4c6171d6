"""Tasks with an encoder: plain and variational autoencoder, and a VAE with a discriminator."""

from .coder import recipe_for
from .codes import CodeSampler
from .plain import Autoencoder
from .vae import VAE
from .vae_gan import VAEGAN

__all__ = ["VAE", "VAEGAN", "Autoencoder", "CodeSampler", "recipe_for"]
