import math

import numpy as np
import pytest
import torch

from gan_tutorial.doctor import RULES, UNKNOWN, Condition, apply_rules, signs_of
from gan_tutorial.doctor.rules import SIGNS, below_floor
from gan_tutorial.doctor.table import COLUMNS, read_table
from gan_tutorial.faults import FAULTS
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
        row = np.array([[told], [real.mean().item()], [fake.mean().item()]])
        assert below_floor(name, *row) < 1e-5


def test_below_the_floor_by_hand():
    # two logits of 0: softplus(0) + softplus(0) = 2 log 2 is the least there can be
    assert below_floor("non-saturating", *np.array([[1.0], [0.0], [0.0]])) == pytest.approx(
        (2 * math.log(2) - 1) / (1 + 2 * math.log(2))
    )


def test_a_condition_is_one_half_at_its_threshold():
    condition = Condition("ranked", 0.9, 0.1)
    assert condition.confidence(0.9) == 0.5
    assert condition.confidence(1.0) == pytest.approx(1 / (1 + math.exp(-1)))
    assert condition.confidence(1e9) == pytest.approx(1)
    opposite = Condition("ranked", 0.9, 0.1, above=False)
    assert opposite.confidence(1.0) == pytest.approx(1 - condition.confidence(1.0))


def test_a_rule_is_as_sure_as_its_weakest_condition():
    for rule in RULES:
        signs = {c.sign: c.threshold + (50 if c.above else -50) * c.width for c in rule.conditions}
        loss = rule.losses[0] if rule.losses else None
        sure = {f.fault: f.confidence for f in apply_rules(signs, loss)}
        assert sure[rule.fault] == pytest.approx(rule.most, abs=1e-6)
        weak = rule.conditions[-1]
        signs[weak.sign] = weak.threshold
        unsure = rule.finding(signs, loss, "")
        assert unsure.confidence == pytest.approx(0.5)
        assert rule.finding({}, loss, "") is None


def test_rules_use_signs_that_exist_and_columns_that_are_explained():
    for rule in RULES:
        assert rule.fault in FAULTS or rule.fault == UNKNOWN
        assert all(condition.sign in SIGNS for condition in rule.conditions)
        assert set(rule.losses) <= set(LOSSES)
    assert {column for columns in SIGNS.values() for column in columns} <= set(COLUMNS)


@pytest.mark.parametrize("offset", [-1000.0, 3.0, 1e4])
def test_an_offset_of_all_logits_changes_no_relativistic_diagnosis(offset):
    """Relativistic logits have a free offset: no rule may depend on it."""
    rng = np.random.default_rng(0)
    real, fake = rng.normal(0.4, 0.1, 20), rng.normal(0.1, 0.1, 20)
    rows = {
        "d_loss": 0.7 - 0.5 * (real - fake), "real_logit": real, "fake_logit": fake,
        "ranked": rng.uniform(0.5, 0.7, 20), "logit_low": fake - 1, "logit_high": real + 1,
    }  # fmt: skip
    moved = {name: rows[name] + offset * ("logit" in name) for name in rows}
    before, after = (
        [
            (f.fault, round(f.confidence, 6))
            for f in apply_rules(signs_of(table(**t), "relativistic"))
        ]
        for t in (rows, moved)
    )
    assert before == after
