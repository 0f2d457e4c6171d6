import math

import numpy as np
import pytest

from gan_tutorial.doctor import (
    RULES,
    SIGNS,
    UNKNOWN,
    Condition,
    apply_rules,
    read_table,
    signs_of,
)
from gan_tutorial.faults import FAULTS
from gan_tutorial.losses import LOSSES


def table(**columns):
    length = len(next(iter(columns.values())))
    return read_table({"step": list(range(1, length + 1)), **columns})


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
        assert sure[rule.fault] == pytest.approx(rule.max_confidence, abs=1e-6)
        weak = rule.conditions[-1]
        signs[weak.sign] = weak.threshold
        unsure = rule.finding(signs, loss, "")
        assert unsure.confidence == pytest.approx(0.5)
        assert rule.finding({}, loss, "") is None


def test_rules_use_signs_that_exist():
    for rule in RULES:
        assert rule.fault in FAULTS or rule.fault == UNKNOWN
        assert all(condition.sign in SIGNS for condition in rule.conditions)
        assert set(rule.losses) <= set(LOSSES)


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
