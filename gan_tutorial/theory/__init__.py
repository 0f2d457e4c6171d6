"""What can be known without training a network: divergences, games, and classical generators."""

from . import classical, divergences, games

__all__ = ["classical", "divergences", "games"]
