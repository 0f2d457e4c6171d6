"""The generative adversarial network: a generator and a discriminator, trained in turn."""

from ..training import frozen
from .adversarial import AdversarialTask
from .patches import patch_discriminator_loss, patch_generator_loss
from .recipes import recipe_for
from .task import GAN

__all__ = [
    "GAN",
    "AdversarialTask",
    "frozen",
    "patch_discriminator_loss",
    "patch_generator_loss",
    "recipe_for",
]
