"""The generative adversarial network: a generator and a discriminator, trained in turn."""

from ..training import frozen
from .adversarial import AdversarialTask
from .info import InfoGAN
from .patches import check_patch_game, patch_discriminator_loss, patch_generator_loss
from .recipes import recipe_for
from .task import GAN

__all__ = [
    "GAN",
    "AdversarialTask",
    "InfoGAN",
    "check_patch_game",
    "frozen",
    "patch_discriminator_loss",
    "patch_generator_loss",
    "recipe_for",
]
