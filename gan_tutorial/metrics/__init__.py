"""Measuring samples, and saying how sure the measurement is.

Distances between sets of pictures are measured on features: `extract` maps pictures to them, and
the instruments compare what it returns.

>>> from gan_tutorial import data, metrics
>>> real = metrics.extract(data.load("digits", "validation"), "digits")
>>> other = metrics.extract(data.load("digits", "test"), "digits")
>>> print(metrics.fid(real, other))
FID ... ± ... (digits-32@..., 300 real, 300 generated)

A number means something beside two others: the *floor*, real pictures against other real
pictures in the same numbers, and the *ceiling*, something known to be bad.
"""

from .choosing import network_for
from .distances import fid, fid_infinity, kid
from .factors import factor_distances
from .features import Features, extract
from .manifold import ManifoldReport, manifold_report
from .memorization import MemorizationReport, memorization
from .modes import ModeReport, mode_report
from .neighbors import nearest
from .networks import NETWORKS, FeatureNetwork, inception, load_network, save_network
from .pictures import diversity, psnr, sharpness, ssim
from .ranking import share_above
from .report import Evaluation, evaluation
from .results import Measurement, jackknife
from .score import ClassReport, class_report, classifier_score
from .stacked import StackedReport, stacked_report
from .two_sample import two_sample_accuracy

__all__ = [
    "NETWORKS",
    "ClassReport",
    "Evaluation",
    "FeatureNetwork",
    "Features",
    "ManifoldReport",
    "Measurement",
    "MemorizationReport",
    "ModeReport",
    "StackedReport",
    "class_report",
    "classifier_score",
    "diversity",
    "evaluation",
    "extract",
    "factor_distances",
    "fid",
    "fid_infinity",
    "inception",
    "jackknife",
    "kid",
    "load_network",
    "manifold_report",
    "memorization",
    "mode_report",
    "nearest",
    "network_for",
    "psnr",
    "save_network",
    "share_above",
    "sharpness",
    "ssim",
    "stacked_report",
    "two_sample_accuracy",
]
