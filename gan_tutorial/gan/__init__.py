"""The generative adversarial network: a generator and a discriminator, trained in turn."""

from ..training import frozen
from .adversarial import AdversarialTask
from .recipes import recipe_for
from .task import GAN

__all__ = ["GAN", "AdversarialTask", "frozen", "recipe_for"]
