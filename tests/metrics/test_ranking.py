"""The probability that one number exceeds another."""

import pytest
import torch

from gan_tutorial.metrics import share_above


def test_share_above_by_counting():
    # pairs: 1-0 above, 1-2 below, 3-0 above, 3-2 above; a tie counts one half
    assert share_above(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 2.0])) == 0.75
    assert share_above(torch.tensor([2.0]), torch.tensor([2.0])) == 0.5


def test_share_above_is_the_area_under_the_curve_and_ignores_offset_and_scale():
    from sklearn.metrics import roc_auc_score

    a, b = torch.randn(50) + 0.7, torch.randn(40)
    truth = roc_auc_score([1] * 50 + [0] * 40, torch.cat([a, b]).numpy())
    assert share_above(a, b) == pytest.approx(truth, abs=1e-6)
    assert share_above(3 * a - 100, 3 * b - 100) == pytest.approx(truth, abs=1e-6)
