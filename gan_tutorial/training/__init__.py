"""The engine: one loop that trains any task, and what keeps, resumes and records a run.

A `Task` says what is trained and what one step does; `fit` does everything else.
"""

from . import captured, checkpoints, distributed, speed
from .files import WriteError
from .history import History
from .kept import keep_generator
from .loop import fit, pick_device
from .pace import Pace, seconds_per_step, steps_within
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
    "Pace",
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
    "keep_generator",
    "pick_device",
    "seconds_per_step",
    "speed",
    "start_from",
    "steps_within",
]
