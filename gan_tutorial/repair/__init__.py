"""Repair of damaged pictures: masks, the task, its rivals, and whole pictures of any size."""

from .completion import complete, latent_search
from .task import Repair, recipe_for

__all__ = ["Repair", "complete", "latent_search", "recipe_for"]
