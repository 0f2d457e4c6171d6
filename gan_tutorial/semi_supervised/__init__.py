"""Semi-supervised learning: few labels, many pictures.

Labels reach a training in one way only. `hide_labels` chooses which samples keep theirs, and
returns two data sets: the labeled samples, and all samples without any label. A task is made from
the first and trained on the second: ``fit(task, few.unlabeled, steps)``. What was hidden is in
neither, so nothing can leak.
"""

from .baselines import linear_probe, spread_labels
from .classifier import AUGMENTATIONS, Classifier, augmented, classifier_body, entropy
from .gan import SemiSupervisedGAN
from .labels import FewLabels, hide_labels

__all__ = [
    "AUGMENTATIONS",
    "Classifier",
    "FewLabels",
    "SemiSupervisedGAN",
    "augmented",
    "classifier_body",
    "entropy",
    "hide_labels",
    "linear_probe",
    "spread_labels",
]
