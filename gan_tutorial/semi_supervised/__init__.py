"""Semi-supervised learning: few labels, many pictures.

Labels reach a training in one way only. `hide_labels` chooses which samples keep theirs, and
returns two data sets: the labeled samples, and all samples without any label. A task is made from
the first and trained on the second: ``fit(task, few.unlabeled, steps)``. What was hidden is in
neither, so nothing can leak.
"""

from .augmentations import AUGMENTATIONS, augmented, covered
from .baselines import linear_probe, spread_labels
from .classifier import Classifier, classifier_body
from .gan import SemiSupervisedGAN, recipe_for
from .labels import FewLabels, hide_labels
from .task import FewLabelsTask, entropy

__all__ = [
    "AUGMENTATIONS",
    "Classifier",
    "FewLabels",
    "FewLabelsTask",
    "SemiSupervisedGAN",
    "augmented",
    "classifier_body",
    "covered",
    "entropy",
    "hide_labels",
    "linear_probe",
    "recipe_for",
    "spread_labels",
]
