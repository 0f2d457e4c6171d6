import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, softplus

from gan_tutorial import check


def test_the_constant_depends_on_the_logits():
    assert check("7.4", lambda logits: 1e-3 - logits.min())
    assert check("7.4", lambda logits: 2 * logits.abs().max() + 1)
    for wrong in (lambda logits: 1e6, lambda logits: math.inf, lambda logits: math.nan):
        assert not check("7.4", wrong)


def one(a, is_real):
    return binary_cross_entropy_with_logits(a, is_real)


def two(a, is_real):
    return cross_entropy(torch.stack([0 * a, a], 1), is_real.long())


def test_both_notations_may_leave_the_mean_to_others():
    def single(a, is_real):
        return is_real * softplus(-a) + (1 - is_real) * softplus(a)

    assert check("7.1", (one, two))
    assert check("7.1", [single, two])


@pytest.mark.parametrize(
    "wrong",
    [
        (one, lambda a, is_real: one(2 * a, is_real)),
        (lambda a, is_real: one(a, is_real) + 0 * math.nan, two),
        (lambda a, is_real: 0.4653, two),
        (two, lambda a, is_real: two(a, 1 - is_real)),
        (one, one, two),
        one,
    ],
)
def test_other_losses_are_not_right(wrong):
    assert not check("7.1", wrong)


MEASURED = {0.0: (0.95, 0.89), 3.0: (0.8, 0.88), 10.0: (0.3, 0.87)}


def test_accuracies_in_any_form_and_none_that_is_no_number():
    assert check("7.5", MEASURED)
    assert check("7.5", {int(s): torch.tensor(pair) for s, pair in MEASURED.items()})
    for place in MEASURED:
        for bad in (math.nan, math.inf, None, -0.1):
            assert not check("7.5", MEASURED | {place: (MEASURED[place][0], bad)})
            assert not check("7.5", MEASURED | {place: (bad, MEASURED[place][1])})


def paired(a, b, error=None):
    d = a - b
    won, lost = int((d > 0).sum()), int((d < 0).sum())
    tails = sum(math.comb(won + lost, k) for k in range(max(won, lost), won + lost + 1))
    spread = d.std().item() / len(d) ** 0.5 if error is None else error
    return d.mean(), spread, min(1, tails / 2 ** (won + lost - 1))


def test_a_paired_comparison_in_any_form():
    assert check("7.6", paired)
    assert check("7.6", lambda a, b: torch.tensor([float(x) for x in paired(a, b)]))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a, b: paired(b, a),
        lambda a, b: paired(a.sort().values, b.sort().values),  # pairs that are none
        lambda a, b: paired(a, b, error=0.0),
        lambda a, b: paired(a, b)[:2],
    ],
)
def test_other_comparisons_are_not_right(wrong):
    assert not check("7.6", wrong)
