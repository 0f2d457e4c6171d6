"""What a classifier sees: the Inception-style score, and which classes are covered."""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor

from .features import Features
from .pairs import Given, check_features, check_pair, needs_torchmetrics
from .results import Measurement, jackknife

__all__ = ["ClassReport", "class_report", "classifier_score"]


def classifier_score(fake: Features) -> Measurement:
    r"""Measure the Inception score, with the classifier of our own feature network.

    :math:`\exp E_x KL(p(y|x) \| p(y))` (Salimans et al. 2016, section 4), computed by
    torchmetrics: 1 if all pictures look alike to the classifier, K if it is sure of every one
    and finds its K classes equally often. It never looks at real pictures, and it is high for
    one picture a class; it is here because the literature quotes it.

    Parameters
    ----------
    fake : Features
        From a network that predicts classes.

    Returns
    -------
    Measurement
        With the jackknife's standard error; `extractor` names the classifier. Values of other
        classifiers, Inception-v3 among them, are on other scales.

    Raises
    ------
    ValueError
        If the network predicts no classes, or features are not finite.
    """
    logits = _logits(fake)
    error = float(jackknife(_score, logits)) if len(logits) > 1 else None
    return Measurement(
        metric="classifier score",
        value=_score(logits),
        extractor=fake.extractor,
        real=0,
        fake=len(fake),
        spread=error,
        spread_of="standard error",
    )


def _score(logits: Tensor) -> float:
    needs_torchmetrics()
    from torchmetrics.image.inception import InceptionScore

    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # that logits are kept; that one split has no deviation
        metric = InceptionScore(Given(logits.shape[1]), splits=1)
        metric.update(logits)  # in a random order, which one split does not depend on
        return float(metric.compute()[0])


@dataclass(frozen=True)
class ClassReport:
    """What `class_report` found.

    Attributes
    ----------
    found : int
        Classes with at least one generated sample.
    classes : int
        Classes there are.
    shares : tuple of float
        Share of the generated samples that fall to each class.
    real_shares : tuple of float
        The same of the real ones, by the same classifier.
    distance : float
        Total variation between the two, in [0, 1]: the share of samples that would have to
        change their class.
    spread : float
        Standard error (jackknife) of `distance`, which is above 0 even for real samples.
    confidence : float
        Mean probability of the class decided on.
    extractor : str
        The classifier.
    real, fake : int
        Sample sizes.
    """

    found: int
    classes: int
    shares: tuple[float, ...]
    real_shares: tuple[float, ...]
    distance: float
    spread: float
    confidence: float
    extractor: str
    real: int
    fake: int

    def __str__(self) -> str:
        return (
            f"{self.found} of {self.classes} classes, total variation {self.distance:.3f} ± "
            f"{self.spread:.2g}, confidence {self.confidence:.3f} ({self.extractor}, {self.real} "
            f"real, {self.fake} generated)"
        )


def class_report(real: Features, fake: Features) -> ClassReport:
    """Count the classes that generated samples cover, and compare their shares with real ones.

    Parameters
    ----------
    real, fake : Features
        From one network that predicts classes.

    Raises
    ------
    ValueError
        If the network predicts no classes, or the two sets cannot be compared.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> from gan_tutorial.metrics import extract
    >>> test = data.load("digits", "test")
    >>> without_nines = extract(test.subset(test.labels != 9), "digits")
    >>> class_report(extract(test, "digits"), without_nines).distance > 0.09
    True
    """
    check_pair(real, fake)
    logits = [_logits(features) for features in (real, fake)]
    count = logits[0].shape[1]
    decided = [rows.argmax(1) for rows in logits]
    real_shares, shares = (_shares(rows, count) for rows in decided)
    return ClassReport(
        found=int((shares > 0).sum()),
        classes=count,
        shares=tuple(shares.tolist()),
        real_shares=tuple(real_shares.tolist()),
        distance=_total_variation(real_shares, shares),
        spread=float(
            jackknife(lambda a, b: _total_variation(_shares(a, count), _shares(b, count)), *decided)
        ),
        confidence=float(logits[1].softmax(1).amax(1).mean()),
        extractor=fake.extractor,
        real=len(real),
        fake=len(fake),
    )


def _shares(classes: Tensor, count: int) -> Tensor:
    return torch.bincount(classes, minlength=count).double() / len(classes)


def _total_variation(p: Tensor, q: Tensor) -> float:
    return float((p - q).abs().sum() / 2)


def _logits(features: Features) -> Tensor:
    check_features(features, "The generated")
    if "class" not in features.outputs:
        raise ValueError(
            f"The network {features.extractor} predicts no classes: use one that does, such as "
            "'digits' or 'mnist'."
        )
    logits = features.outputs["class"].double()
    if not logits.isfinite().all():
        raise ValueError("The class logits are not finite.")
    return logits
