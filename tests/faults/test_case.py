import dataclasses

import pytest
import torch

from gan_tutorial import GAN, fit
from gan_tutorial.faults import get_fault, healthy, steps
from gan_tutorial.training.run import NonFiniteError


def weights(task: GAN) -> torch.Tensor:
    """All weights of both networks as one vector."""
    return torch.cat([p.detach().flatten() for n in task.networks.values() for p in n.parameters()])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("digits", {}),
        ("digits", {"loss": "wasserstein"}),
        ("digits", {"network": "dcgan", "loss": "hinge"}),
        ("digits", {"network": "dcgan-batch", "loss": "least-squares"}),
        ("ring", {"loss": "minimax", "lr": 1e-3}),
        ("soccer", {}),
    ],
)
def test_a_healthy_case_is_the_library_and_nothing_else(name, options):
    case = healthy(name, seed=4, **options)
    assert case.fault is None
    assert case.task is GAN
    outcome = case.run(steps=2)
    torch.manual_seed(4)
    task = GAN(*case.networks(), **case.options)
    fit(task, case.data, 2, seed=4, device="cpu", progress=False, **case.training)
    assert torch.equal(weights(outcome.task), weights(task))
    assert outcome.stopped is None
    assert outcome.sample(3).shape == (3, *case.data.shape)


def test_a_case_runs_again_bit_for_bit_and_leaves_the_random_numbers_alone():
    case = healthy("digits", network="dcgan-batch", seed=1)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again = case.run(steps=3), case.run(steps=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(weights(first.task), weights(again.task))
    assert not torch.equal(
        weights(first.task), weights(dataclasses.replace(case, seed=2).run(steps=3).task)
    )


def test_callbacks_and_options_of_fit_are_passed_on():
    seen = []
    outcome = healthy("ring").run(
        steps=4, callbacks=[lambda run: seen.append(run.step)], log_every=2
    )
    assert seen == [1, 2, 3, 4]
    assert outcome.history["step"].tolist() == [2, 4]


def test_samples_in_training_mode_depend_on_their_company_and_change_nothing():
    fault = get_fault("sampled-in-training-mode")
    outcome = fault.plant(fault.healthy()).run(steps=2)
    before = {k: v.clone() for k, v in outcome.task.generator.state_dict().items()}
    assert (outcome.sample(64)[:4] - outcome.sample(4)).abs().max() > 1e-3
    for name, value in outcome.task.generator.state_dict().items():
        assert torch.equal(value, before[name]), name
    plain = fault.healthy().run(steps=2)
    torch.testing.assert_close(plain.sample(64)[:4], plain.sample(4), rtol=1e-4, atol=1e-5)


def test_a_healthy_case_does_not_hide_its_errors():
    case = healthy("digits", loss="non-saturating", r1=0.0)
    faulty = dataclasses.replace(case, task=steps.RoundedCrossEntropy)
    with pytest.raises(NonFiniteError):
        faulty.with_options(lr=(0.1, 0.1)).run(steps=60)


def test_zero_steps_are_refused_and_not_replaced():
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        healthy("ring").run(steps=0)
