"""Where samples come from."""

from .dataset import Dataset
from .mixtures import Mixture, grid, ring, swiss_roll

__all__ = ["Dataset", "Mixture", "grid", "ring", "swiss_roll"]
