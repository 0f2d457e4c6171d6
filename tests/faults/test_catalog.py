import dataclasses

import pytest
import torch

from gan_tutorial import GAN
from gan_tutorial.faults import FAMILIES, FAULTS, get_fault

each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)


def weights(task: GAN) -> torch.Tensor:
    """All weights of both networks as one vector."""
    return torch.cat([p.detach().flatten() for n in task.networks.values() for p in n.parameters()])


@each_fault
def test_a_fault_is_described(fault):
    assert FAULTS[fault.name] is fault
    assert fault.family in FAMILIES
    for text in (fault.what, fault.why, fault.sign, fault.cure):
        assert text[0].isupper() or text[0] in "-`x12"
        assert text.endswith(".")
        assert 20 < len(text) < 130


@each_fault
def test_a_fault_changes_its_case_by_one_switch(fault):
    """At most data, networks, options, task or mode of sampling differ; what was given stays."""
    case = fault.healthy(seed=0)
    copy = dataclasses.replace(case)
    planted = fault.plant(case)
    assert planted.fault == fault.name
    assert case == copy
    changed = {
        field.name
        for field in dataclasses.fields(case)
        if getattr(case, field.name) is not getattr(planted, field.name)
    } - {"fault"}
    if fault.family == "data":
        assert changed <= {"data", "held_out"}
    elif fault.name == "saturating-strong-d":
        assert changed == {"options", "task"}
    else:
        assert len(changed) == 1, changed
    for same in ("seed", "steps", "training"):
        assert getattr(planted, same) == getattr(case, same)


@each_fault
def test_a_fault_in_the_options_changes_one_of_them(fault):
    """Not both betas, and not both rates by different factors, unless the card names them."""
    before, after = (case.options for case in (fault.healthy(), fault.plant(fault.healthy())))
    changed = [key for key in after if after[key] != before.get(key, 0.0)]
    assert before.keys() <= after.keys()
    assert len(changed) <= 1
    if changed == ["betas"]:
        assert sum(a != b for a, b in zip(before["betas"], after["betas"], strict=True)) == 1
    if changed == ["lr"]:
        (g, d), (new_g, new_d) = before["lr"], after["lr"]
        assert (g == new_g) or (d == new_d) or new_g / g == new_d / d


@each_fault
def test_a_planted_fault_changes_the_run_and_a_healthy_twin_stays_what_it_was(fault):
    case = fault.healthy(seed=0)
    before = weights(case.run(steps=2).task)
    outcome = fault.plant(case).run(steps=2)
    after = weights(case.run(steps=2).task)
    assert torch.equal(before, after)
    unchanged = {"missing-detach", "sampled-in-training-mode"}
    if fault.name not in unchanged:
        found = weights(outcome.task)
        assert found.shape != before.shape or not torch.equal(found, before)


def test_a_fault_is_planted_once_and_where_it_can_be():
    softmax = get_fault("softmax-of-one")
    case = softmax.healthy()
    with pytest.raises(ValueError, match="has a fault already, 'softmax-of-one'"):
        softmax.plant(softmax.plant(case))
    with pytest.raises(ValueError, match="needs batch norm in the discriminator"):
        get_fault("mixed-batch-norm").plant(case)
    with pytest.raises(ValueError, match=r"Unknown fault 'bad-luck'.*tiny-data"):
        get_fault("bad-luck")
