"""Tasks with an encoder: plain, variational, with a discriminator, and with a codebook."""

from .coder import recipe_for
from .codes import CodeSampler
from .plain import Autoencoder
from .token_recipe import tokenizer_recipe
from .tokenizer import Tokenizer
from .vae import VAE
from .vae_gan import VAEGAN

__all__ = [
    "VAE",
    "VAEGAN",
    "Autoencoder",
    "CodeSampler",
    "Tokenizer",
    "recipe_for",
    "tokenizer_recipe",
]
