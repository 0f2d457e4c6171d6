"""Repair of damaged pictures: masks, the task, its rivals, and whole pictures of any size."""

from .completion import complete, latent_search
from .projection import Projection, project
from .recipes import recipe_for
from .task import Repair

__all__ = ["Projection", "Repair", "complete", "latent_search", "project", "recipe_for"]
