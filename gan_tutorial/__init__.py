"""Generative adversarial networks, explained and run.

The library behind the textbook. The names below are the ones most programs need; everything else
is in the submodules, whose names say what they hold: `data`, `losses`, `models`, `training`,
`checkpoints`, `metrics`, `gan`, `autoencoders`, `plots`, and more.
"""

from . import checkpoints, data, losses, metrics, models
from .autoencoders import VAE, VAEGAN, Autoencoder
from .checks import check
from .gan import GAN
from .history import History
from .task import Task
from .training import fit

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
]
