import copy
import math

import pytest
import torch

from gan_tutorial import GAN, data, fit
from gan_tutorial.repair import Repair
from gan_tutorial.training import NonFiniteError, Pace, seconds_per_step, steps_within


class Clock:
    """Seconds that pass as they are told: so many at each look."""

    def __init__(self, *steps: float):
        self.steps, self.now = list(steps), 0.0

    def __call__(self) -> float:
        self.now += self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return self.now


def task_for(name: str):
    torch.manual_seed(0)
    if name == "repair":
        pictures = data.load("soccer", image_size=16, count=30)
        return Repair.for_data(pictures, width=4), pictures
    samples = data.load(name)
    options = {"augment": ["translation"]} if name == "digits" else {}
    return GAN.for_data(samples, width=8, **options), samples


# --- The trial -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ring", "digits", "repair"])
def test_a_trial_changes_nothing(name):
    """The run after it has the same weights as without, bit for bit."""
    weights = []
    for tried in (False, True):
        task, samples = task_for(name)
        if tried:
            before = copy.deepcopy(task.state_dict())
            drawn = torch.get_rng_state()
            assert seconds_per_step(task, samples, device="cpu", batch_size=8) > 0
            assert torch.equal(torch.get_rng_state(), drawn)
            assert repr(task.state_dict()) == repr(before)
        fit(task, samples, 3, batch_size=8, device="cpu", progress=False)
        weights.append(
            {f"{n}.{k}": v for n, net in task.networks.items() for k, v in net.state_dict().items()}
        )
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_the_first_steps_are_not_counted_and_the_rest_is_averaged():
    task, samples = task_for("ring")
    # the start, two slow steps, then eight of which every fourth takes longer
    clock = Clock(0, 3, 1, 0.1, 0.1, 0.1, 0.5, 0.1, 0.1, 0.1, 0.5)
    found = seconds_per_step(task, samples, device="cpu", batch_size=8, clock=clock)
    assert found == pytest.approx(0.2)


def test_a_trial_of_slow_steps_ends_early():
    task, samples = task_for("ring")
    clock = Clock(0, 5.0)
    assert seconds_per_step(task, samples, device="cpu", batch_size=8, clock=clock) == 5.0
    assert clock.now == 10.0


def test_a_trial_that_diverges_says_so_and_one_of_a_single_step_is_refused():
    task, samples = task_for("ring")
    with pytest.raises(ValueError, match="2 steps or more, got 1"):
        seconds_per_step(task, samples, steps=1)
    for optimizer in task.optimizers.values():
        optimizer.param_groups[0]["lr"] = 1e30
    with pytest.raises(NonFiniteError):
        seconds_per_step(task, samples, device="cpu", batch_size=8)


# --- The budget ------------------------------------------------------------------------------


def test_as_many_steps_as_fit_and_some_room_for_what_is_no_step():
    assert steps_within(600, 0.25) == 2280
    assert steps_within(600, 0.125) == 4560
    with pytest.raises(ValueError, match="60 seconds hold none: allow more time"):
        steps_within(60, 61)


# --- The pace --------------------------------------------------------------------------------


@pytest.mark.parametrize("per_step", [0.02, 0.3, 3.0])
def test_after_a_minute_the_forecast_is_within_a_tenth(per_step):
    """Steps with a penalty take twice as long, the first one takes five seconds, and a grid of
    pictures is drawn now and then: the time that is left is still known."""
    pace, seconds, grid, at_minute = Pace(), 5.0, 5.0, None
    steps = math.ceil(600 / per_step)
    for step in range(1, steps + 1):
        seconds += per_step * (2 if step % 4 == 0 else 1)
        if seconds > grid:
            grid, seconds = 1.5 * grid, seconds + 0.3
        pace.note(step, seconds)
        if at_minute is None and seconds >= 65:
            at_minute = (seconds, pace.left(steps))
    noted, left = at_minute
    assert left == pytest.approx(seconds - noted, rel=0.1)


def test_a_machine_that_slows_down_is_noticed():
    pace = Pace()
    assert pace.left(10) is None
    for step in range(1, 101):
        pace.note(step, 1.0 * step)
    assert pace.left(200) == pytest.approx(100)
    for step in range(101, 301):
        pace.note(step, 100 + 3.0 * (step - 100))
    assert pace.left(400) == pytest.approx(300, rel=0.01)
    assert len(pace.marks) < 300
