import math

import numpy as np
import pytest
import torch
from scipy import stats

from gan_tutorial import data, metrics
from gan_tutorial.metrics import Features


def classified(logits: torch.Tensor, extractor: str = "classifier") -> Features:
    return Features(torch.zeros(len(logits), 1), extractor, {"class": logits})


@pytest.fixture(scope="module")
def test_digits():
    return data.load("digits", "test")


def test_score_against_the_formula():
    logits = 2 * torch.randn(40, 5).double()
    p = logits.softmax(1).numpy()
    expected = np.exp(np.mean([stats.entropy(row, p.mean(0)) for row in p]))
    found = metrics.classifier_score(classified(logits))
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.spread > 0


def test_score_is_between_one_and_the_number_of_classes():
    sure = 50 * torch.eye(4).repeat(10, 1)
    assert metrics.classifier_score(classified(sure)).value == pytest.approx(4)
    assert metrics.classifier_score(classified(sure[:1].repeat(9, 1))).value == pytest.approx(1)
    assert metrics.classifier_score(classified(0 * sure)).value == pytest.approx(1)


def test_one_real_digit_a_class_fools_the_score(test_digits):
    real = metrics.extract(test_digits, "digits")
    surest = real.outputs["class"].softmax(1).argmax(0)  # the picture that is most a 0, a 1, ...
    fooling = real[surest.repeat(10)]
    assert metrics.classifier_score(fooling).value > metrics.classifier_score(real).value
    assert metrics.manifold_report(real, fooling).coverage < 0.2


def test_missing_classes_are_counted(test_digits):
    real = metrics.extract(test_digits, "digits")
    even = metrics.extract(test_digits.subset(test_digits.labels % 2 == 0), "digits")
    report = metrics.class_report(real, even)
    assert report.distance == pytest.approx(0.5, abs=0.03)
    assert sum(report.shares[1::2]) < 0.02
    assert sum(report.shares) == pytest.approx(1)
    assert report.classes == 10
    assert 0.8 < report.confidence <= 1
    assert metrics.class_report(real, real).distance == 0


def test_total_variation_of_known_shares():
    real = classified(torch.eye(4).repeat(5, 1))
    fake = classified(torch.eye(4)[torch.tensor([0, 0, 0, 1])])
    report = metrics.class_report(real, fake)
    assert report.found == 2
    assert report.shares == (0.75, 0.25, 0, 0)
    assert report.distance == pytest.approx(0.5)
    assert "2 of 4 classes" in str(report)


def test_a_network_without_classes_is_refused():
    with pytest.raises(ValueError, match="predicts no classes"):
        metrics.classifier_score(Features(torch.zeros(5, 2), "mine"))
    with pytest.raises(ValueError, match="not finite"):
        metrics.classifier_score(classified(torch.full((5, 2), math.nan)))
    with pytest.raises(ValueError, match="same network"):
        metrics.class_report(classified(torch.eye(3)), classified(torch.eye(3), "other"))
