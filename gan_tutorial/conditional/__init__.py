"""Conditional generation: tell the generator which class, and the discriminator too.

A task is made from samples with labels and trained on them: ``fit(task, data)``. `labels` says
which data will do, `measures` how well the classes were obeyed.
"""

from .labels import check_labels, label_of, labels_like
from .measures import ClassRow, ConditionalReport, conditional_report
from .recipes import CONDITIONS, recipe_for
from .task import ConditionalGAN

__all__ = [
    "CONDITIONS",
    "ClassRow",
    "ConditionalGAN",
    "ConditionalReport",
    "check_labels",
    "conditional_report",
    "label_of",
    "labels_like",
    "recipe_for",
]
