"""Generative adversarial networks, explained and run.

The library behind the textbook. The names below are the ones most programs need; everything else
is in the rooms, whose names say what they hold: `data`, `losses`, `models`, `theory`, `training`,
`metrics`, `gan`, `autoencoders`, `conditional`, `distillation`, `repair`,
`semi_supervised`, `translation`, `faults`, `doctor`, `plots`, and more.
"""

import importlib
from typing import Any

from . import data, losses, metrics, models, training
from .autoencoders import VAE, VAEGAN, Autoencoder
from .gan import GAN
from .training import History, Task, checkpoints, fit

__version__ = "0.1.0"

__all__ = [
    "GAN",
    "VAE",
    "VAEGAN",
    "Autoencoder",
    "History",
    "Task",
    "check",
    "checkpoints",
    "data",
    "fit",
    "losses",
    "metrics",
    "models",
    "training",
]

# Found here without their room, and loaded when they are asked for.
_ROOM_OF = {
    "animations": "plots.animations",
    "augment": "models.augment",
    "check": "checks",
    "classical": "theory.classical",
    "curtain": "plots.curtain",
    "distributed": "training.distributed",
    "divergences": "theory.divergences",
    "files": "training.files",
    "games": "theory.games",
    "inpainting": "repair.baselines",
    "likelihoods": "autoencoders.likelihoods",
    "masks": "repair.masks",
    "plots": "plots",
    "retouch": "repair.pictures",
    "sampling": "models.sampling",
    "speed": "training.speed",
    "widgets": "plots.widgets",
}


def __getattr__(name: str) -> Any:
    """Load a module, or `check`, the first time that it is asked for."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f".{_ROOM_OF[name]}", __name__)
    return module.check if name == "check" else module
