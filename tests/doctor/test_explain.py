import math

import pytest
import torch
from torch.nn.functional import softplus

from gan_tutorial.doctor import explain_loss
from gan_tutorial.losses import LOSSES

REAL, FAKE = torch.tensor([2.0, 3.0, 0.5]), torch.tensor([-1.0, 0.2, 0.1])


@pytest.mark.parametrize("name", LOSSES)
def test_the_right_loss_needs_no_explanation(name):
    told = LOSSES[name].discriminator(REAL, FAKE).item()
    assert explain_loss(name, REAL, FAKE, told) is None


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("fakes-labeled-real", softplus(-REAL).mean() + softplus(-FAKE).mean()),
        ("one-output-for-both", softplus(-REAL).mean() + softplus(REAL).mean()),
        ("one-output-for-both", softplus(-FAKE).mean() + softplus(FAKE).mean()),
        ("double-sigmoid", softplus(-REAL.sigmoid()).mean() + softplus(FAKE.sigmoid()).mean()),
        ("softmax-of-one", torch.tensor(0.0)),
        (
            "label-noise",
            0.7 * (softplus(-REAL).mean() + softplus(FAKE).mean())
            + 0.3 * (softplus(REAL).mean() + softplus(-FAKE).mean()),
        ),
        ("unknown", torch.tensor(100.0)),
    ],
)
def test_a_wrong_loss_is_recognized(fault, told):
    finding = explain_loss("non-saturating", REAL, FAKE, told.item())
    assert finding.fault == fault
    assert f"{told.item():.4g}" in finding.evidence


@pytest.mark.parametrize("name", ["minimax", "non-saturating", "least-squares", "hinge"])
def test_labels_that_are_flipped_one_by_one(name):
    """Whichever labels are wrong, the loss stays between the two bounds."""
    as_real, as_fake = LOSSES[name].real_term, LOSSES[name].fake_term
    wrong = torch.tensor([True, False, True])
    told = torch.where(wrong, as_fake(REAL), as_real(REAL)).mean() + as_fake(FAKE).mean()
    assert explain_loss(name, REAL, FAKE, told.item()).fault == "label-noise"


def test_least_squares_labels_are_recognized_too():
    told = 0.5 * (REAL - 1).square().mean() + 0.5 * (FAKE - 1).square().mean()
    assert explain_loss("least-squares", REAL, FAKE, told.item()).fault == "fakes-labeled-real"


def test_a_loss_of_ones_own_is_left_alone():
    assert explain_loss("mine", REAL, FAKE, 7.0) is None


@pytest.mark.parametrize("reported", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_never_right(reported):
    assert explain_loss("non-saturating", REAL, FAKE, reported).fault == "unknown"
    assert explain_loss("hinge", REAL * math.nan, FAKE, 1.0).fault == "unknown"
