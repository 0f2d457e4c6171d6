import math

import numpy as np
import pytest
import torch

from gan_tutorial.doctor import COLUMNS, SIGNS, apply_rules, read_table, signs_of
from gan_tutorial.doctor.signs import below_floor
from gan_tutorial.losses import LOSSES


def table(**columns):
    length = len(next(iter(columns.values())))
    return read_table({"step": list(range(1, length + 1)), **columns})


def test_a_sign_is_the_median_of_the_second_half():
    signs = signs_of(table(ranked=[9, 9, 9, 9, 0.5, 0.6, 0.9, 0.7]))
    assert signs == {"ranked": pytest.approx(0.65)}


def test_empty_rows_between_do_not_count():
    nan = math.nan
    column = [9, nan, nan, 9, nan, 9, nan, 0.1, nan, 0.2, nan, 0.3]
    assert signs_of(table(diversity=column))["diversity"] == pytest.approx(0.2)


def test_too_few_values_say_nothing():
    assert signs_of(table(ranked=[1.0] * 4)) == {}
    assert signs_of(table(ranked=[1.0] * 5)) == {"ranked": 1.0}
    assert signs_of({}) == {}


def test_signs_of_several_columns_by_hand():
    signs = signs_of(
        table(
            g_move=[0.0, 0.0, 3.0, 3.0, 3.0, 3.0],
            d_move=[0.0, 0.0, 1.0, 1.0, 1.0, 1.0],
            real_logit=[0, 0, 0, 5, 5, 5],
            fake_logit=[0, 0, 0, 1, 2, 3],
            d_loss=[1, -7, 1, 1, 1, 1],
            logit_low=[0.2, 0.1, 0.2, 0.2, -0.3, 0.2],
            logit_high=[0.9, 0.8, 0.8, 0.8, 0.7, 0.8],
        )
    )
    assert signs["pace"] == 0.75
    assert signs["gap"] == 3
    assert signs["idle_loss"] == 7
    assert signs["outside"] == pytest.approx(0.3)
    assert signs["idle_g"] == 0
    assert "below_floor" not in signs  # without a loss


def test_a_generator_that_stands_still_while_d_moves():
    moves = table(g_move=[0, 0, 0, 0.1, 0.1, 0.1], d_move=[0.1, 0.1, 0, 0.1, 0.1, 0.1])
    assert signs_of(moves)["idle_g"] == pytest.approx(2 / 6)


def test_losses_that_others_would_make():
    """Fakes labeled real: the loss of the means is met with -fake, and missed with one output."""
    real, fake = np.full(8, 3.0), np.full(8, 2.0)
    told = np.log1p(np.exp(-real)) + np.log1p(np.exp(-fake))
    logged = table(d_loss=told, real_logit=real, fake_logit=fake)
    signs = signs_of(logged, "non-saturating")
    assert signs["off_labeled_real"] < 1e-12
    assert signs["off_one_output"] > 0.3
    assert "off_labeled_real" not in signs_of(logged, "relativistic")  # it has no labels
    told = np.log1p(np.exp(-real)) + np.log1p(np.exp(real))
    logged = table(d_loss=told, real_logit=real, fake_logit=fake - 9)
    assert signs_of(logged, "non-saturating")["off_one_output"] < 1e-12


@pytest.mark.parametrize("name", LOSSES)
def test_no_batch_of_logits_is_below_the_floor(name):
    """Jensen's inequality holds for each of the losses, so the sign never accuses a right one."""
    for _ in range(50):
        real, fake = 3 * torch.randn(32) + torch.randn(1), 3 * torch.randn(32)
        told = LOSSES[name].discriminator(real, fake).item()
        row = list(np.array([[told], [real.mean().item()], [fake.mean().item()]]))
        assert below_floor(row, LOSSES[name]) < 1e-5


def test_below_the_floor_by_hand():
    # two logits of 0: softplus(0) + softplus(0) = 2 log 2 is the least there can be
    row = list(np.array([[1.0], [0.0], [0.0]]))
    expected = (2 * math.log(2) - 1) / (1 + 2 * math.log(2))
    assert below_floor(row, LOSSES["non-saturating"]) == pytest.approx(expected)


def test_signs_are_made_of_columns_that_are_explained():
    assert {column for sign in SIGNS.values() for column in sign.columns} <= set(COLUMNS)
    for sign in SIGNS.values():
        assert set(sign.losses) <= set(LOSSES)


def test_what_cannot_be_computed_is_left_out_and_accuses_nobody():
    """The difference of two infinite numbers is not a number, and no rule may be sure of it."""
    infinite = [math.inf] * 8
    signs = signs_of(table(real_logit=infinite, fake_logit=infinite), "hinge")
    assert "gap" not in signs
    signs = signs_of(table(g_move=infinite, d_move=infinite, diversity=[0.1] * 8))
    assert "pace" not in signs
    assert "mode-collapse" not in {finding.fault for finding in apply_rules(signs)}
