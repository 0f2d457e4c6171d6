"""From picture to picture: with pairs, without pairs, and to a larger size.

A task is trained on `Pairs`, an origin and a target: ``fit(task, Pairs(origin, target))``.
"""

from .apply import translate, translate_picture
from .history import FakeHistory
from .paired import PairedTranslation, Upscaling
from .pairs import Pairs, load_paired_folders, shrunk
from .recipes import paired_recipe, unpaired_recipe
from .unpaired import UnpairedTranslation, cycle_loss, identity_loss

__all__ = [
    "FakeHistory",
    "PairedTranslation",
    "Pairs",
    "UnpairedTranslation",
    "Upscaling",
    "cycle_loss",
    "identity_loss",
    "load_paired_folders",
    "paired_recipe",
    "shrunk",
    "translate",
    "translate_picture",
    "unpaired_recipe",
]
