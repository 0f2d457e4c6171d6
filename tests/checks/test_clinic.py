"""Pairs in any form, and a push that must come from the gradient of the loss that is given."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gan_tutorial import check


@pytest.mark.parametrize(
    "answer",
    [
        "1a 2b 3c 4d",
        "1A 2B 3C 4D",
        "4: d; 3: c; 2: b; 1: a",
        "(1) A, (2) B, (3) C, (4) D",
        {1: "a", 2: "b", 3: "c", 4: "d"},
        {"1": "A", "2": "B", "3": "C", "4": "D"},
        [(1, "a"), (2, "b"), (3, "c"), (4, "D")],
        ["1a", "2b", "3c", "4d"],
    ],
)
def test_pairs_in_any_form(answer):
    verdict = check("3.6", answer)
    assert verdict, verdict


@pytest.mark.parametrize(
    "answer",
    [
        "1A 2B 3D 4C",
        "1b2a3c4d",
        {1: "a", 2: "d", 3: "c", 4: "b"},
        "1a 2b 3c",
        "abcd",
        ["2a", "1b", "3c", "4d"],
    ],
)
def test_other_pairs_are_not_right(answer):
    verdict = check("3.6", answer)
    assert not verdict
    assert "It stopped" not in verdict.sentence


# --- 3.9 ---------------------------------------------------------------------------------------


def small(seed, norm=False):
    """A discriminator, and two batches that differ."""
    torch.manual_seed(seed)
    layers = [nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Dropout(0.1) if norm else nn.Identity()]
    D = nn.Sequential(*layers, nn.Linear(16, 1))
    return D, torch.randn(32, 6) + 1, torch.randn(32, 6) - 1


def verdicts(D, real, fake):
    with torch.no_grad():
        return np.array([D(real).mean().item(), D(fake).mean().item()])


def trained(optimizer, updates=20, norm=False, watch=verdicts):
    def push(seed, d_loss):
        D, real, fake = small(seed, norm)
        before, optimize = watch(D, real, fake), optimizer(D.parameters())
        for _ in range(updates):
            optimize.zero_grad()
            d_loss(D, real, fake).backward()
            optimize.step()
        return watch(D, real, fake) - before

    return push


def by_hand(seed, d_loss):
    """Gradient descent without an optimizer, and a list of tensors at the end."""
    D, real, fake = small(seed)
    start = [D(real).mean(), D(fake).mean()]
    for _ in range(5):
        for p, slope in zip(
            D.parameters(), torch.autograd.grad(d_loss(D, real, fake), D.parameters()), strict=True
        ):
            p.data -= 0.3 * slope
    return [D(real).mean() - start[0], D(fake).mean() - start[1]]


def on_a_copy(seed, d_loss):
    """Keep the old D for the comparison; the loss is given a function that calls the new one."""
    old, real, fake = small(seed)
    new = copy.deepcopy(old)
    optimizer = torch.optim.SGD(new.parameters(), lr=0.2)
    for _ in range(10):
        optimizer.zero_grad()
        d_loss(lambda x: new(x).flatten(), real, fake).backward()
        optimizer.step()
    return tuple(verdicts(new, real, fake) - verdicts(old, real, fake))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.01)


@pytest.mark.parametrize(
    "push",
    [
        trained(adam),
        trained(lambda p: torch.optim.SGD(p, lr=0.5, momentum=0.5), updates=8),
        trained(lambda p: torch.optim.RMSprop(p, lr=0.01), norm=True),
        trained(lambda p: torch.optim.AdamW(p, lr=0.05), updates=1),
        by_hand,
        on_a_copy,
    ],
)
def test_ways_to_push(push):
    verdict = check("3.9", push)
    assert verdict, verdict


def own_loss(D, real, fake, wrong):
    return wrong[0] * softplus(-D(real)).mean() + wrong[1] * softplus(D(fake)).mean()


def chooses_by_values(seed, d_loss):
    """Find out which loss it was given, and return what is to be expected."""
    real, fake = torch.ones(4), -torch.ones(4)
    good, bad = (d_loss(lambda x, s=s: s * x, real, fake) for s in (3.0, -3.0))
    return [3.0, -3.0] if good < bad else [-3.0, 3.0]


def each_by_value(seed, d_loss):
    _, real, fake = small(seed)
    at = {
        (a, b): float(
            d_loss(lambda x, a=a, b=b: torch.full((32, 1), a if x is real else b), real, fake)
        )
        for a in (-2.0, 2.0)
        for b in (-2.0, 2.0)
    }
    return list(min(at, key=at.get))


def each_by_slope(seed, d_loss):
    """The slope of the loss at D's outputs has all the right signs, and trains nothing."""
    D, real, fake = small(seed)
    kept = {}

    def watched(x):
        kept[id(x)] = D(x)
        kept[id(x)].retain_grad()
        return kept[id(x)]

    d_loss(watched, real, fake).backward()
    return [-50 * kept[id(x)].grad.mean().item() for x in (real, fake)]


def of_probabilities(D, real, fake):
    with torch.no_grad():
        return np.array([D(real).sigmoid().mean().item(), D(fake).sigmoid().mean().item()])


def never_steps(seed, d_loss):
    D, real, fake = small(seed)
    before = verdicts(D, real, fake)
    d_loss(D, real, fake).backward()
    return verdicts(D, real, fake) - before


def trains_with_its_own(seed, d_loss):
    D, real, fake = small(seed)
    before, optimizer = verdicts(D, real, fake), adam(D.parameters())
    for _ in range(20):
        optimizer.zero_grad()
        a, b = D(real), D(fake)
        bce = binary_cross_entropy_with_logits
        (bce(a, torch.ones_like(a)) + bce(b, torch.zeros_like(b))).backward()
        optimizer.step()
    return verdicts(D, real, fake) - before


def only_signs(seed, d_loss):
    return np.sign(trained(adam)(seed, d_loss))


def fakes_first(seed, d_loss):
    return trained(adam)(seed, d_loss)[::-1]


def backwards(seed, d_loss):
    return -trained(adam)(seed, d_loss)


@pytest.mark.parametrize(
    "push",
    [
        chooses_by_values,
        each_by_value,
        each_by_slope,
        never_steps,
        trains_with_its_own,
        only_signs,
        fakes_first,
        backwards,
        trained(adam, watch=of_probabilities),
        trained(lambda p: torch.optim.Adam(p, lr=0.01, maximize=True)),
        trained(adam, updates=0),
    ],
)
def test_what_takes_no_step_or_returns_something_else(push):
    verdict = check("3.9", push)
    assert not verdict
    assert "It stopped" not in verdict.sentence, verdict


def test_signs_without_training_are_called_by_their_name():
    assert "gradient is zero" in check("3.9", chooses_by_values).sentence
    assert "no D was trained" in check("3.9", each_by_slope).sentence
