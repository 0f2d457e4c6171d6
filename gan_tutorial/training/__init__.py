"""The engine: one loop that trains any task, and what keeps, resumes and records a run.

A `Task` says what is trained and what one step does; `fit` does everything else.
"""

from . import captured, checkpoints, distributed, speed
from .files import WriteError
from .history import History
from .loop import fit, pick_device
from .recipe import Recipe
from .run import Batches, NonFiniteError, Run
from .saved import SavedRun
from .schedules import SCHEDULES
from .start import freeze_lower, start_from
from .task import Task, adam, frozen, given_to

__all__ = [
    "SCHEDULES",
    "Batches",
    "History",
    "NonFiniteError",
    "Recipe",
    "Run",
    "SavedRun",
    "Task",
    "WriteError",
    "adam",
    "captured",
    "checkpoints",
    "distributed",
    "fit",
    "freeze_lower",
    "frozen",
    "given_to",
    "pick_device",
    "speed",
    "start_from",
]
