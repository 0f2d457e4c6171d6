"""Signs of the discriminator: what it says of which samples, and how large it has grown."""

import torch
from torch import nn

from ...losses import logits_and_squared_norms
from ...metrics import share_above
from ..case import Outcome
from .looks import codes, drawn, fakes, logits, reals

__all__ = [
    "MIDDLE",
    "best_accuracy",
    "fakes_called_real",
    "logit_gap",
    "memorized",
    "outdone_by_a_fresh_one",
    "penalized_norm",
    "reals_called_fake",
    "share_in_unit_interval",
    "shuffled_pixels",
    "verdict_jump",
    "weights_grown",
]

# Above it a discriminator says "real"; for losses whose logits have no such place it is not used.
MIDDLE = {"minimax": 0.0, "non-saturating": 0.0, "hinge": 0.0, "least-squares": 0.5}


def fakes_called_real(outcome: Outcome) -> float:
    """Return the share of fresh fakes that the discriminator takes for real."""
    return float((logits(outcome)[1] > MIDDLE[outcome.case.loss]).double().mean())


def reals_called_fake(outcome: Outcome) -> float:
    """Return the share of training samples that the discriminator takes for fakes."""
    return float((logits(outcome)[0] < MIDDLE[outcome.case.loss]).double().mean())


def share_in_unit_interval(outcome: Outcome) -> float:
    """Return the share of the discriminator's outputs that lie in [0, 1]."""
    outputs = torch.cat(logits(outcome))
    return float(((outputs >= 0) & (outputs <= 1)).double().mean())


def logit_gap(outcome: Outcome) -> float:
    """Return how far the mean logit of training samples lies above that of fresh fakes."""
    real, fake = logits(outcome)
    return float(real.mean() - fake.mean())


def best_accuracy(outcome: Outcome) -> float:
    """Return the probability that a training sample gets a higher logit than a fresh fake."""
    return share_above(*logits(outcome))


@torch.no_grad()
def memorized(outcome: Outcome) -> float:
    """Return the probability that a training sample gets a higher logit than a held-out one."""
    discriminator, case = outcome.task.discriminator, outcome.case
    return share_above(*(discriminator(drawn(part)) for part in (case.data, case.held_out)))


@torch.no_grad()
def shuffled_pixels(outcome: Outcome) -> float:
    """Return by how many standard deviations a shuffle of the pixels moves a mean logit."""
    discriminator, x = outcome.task.discriminator, reals(outcome)
    generator = torch.Generator().manual_seed(0)
    orders = torch.rand(x.flatten(1).shape, generator=generator).argsort(1)
    shuffled = x.flatten(1).gather(1, orders).reshape(x.shape)
    before, after = (discriminator(part).reshape(len(x), -1).mean(1) for part in (x, shuffled))
    return float((before - after).abs().mean() / (torch.cat([before, after]).std() + 1e-12))


@torch.no_grad()
def verdict_jump(outcome: Outcome) -> float:
    """Return by how many standard deviations logits of the same fakes move from D's step to G's."""
    task = outcome.task
    (fake,) = task.generate(codes(task.generator, 64))
    for_d = task.judge(drawn(outcome.case.data, 64), fake)[1]
    (for_g,) = task.judge(fake)
    return float((for_d.mean() - for_g.mean()).abs() / (for_g.std() + 1e-12))


def outdone_by_a_fresh_one(outcome: Outcome) -> float:
    """Return by how much a fresh discriminator tells fakes better than the one of the game.

    The fresh one learns from half of the samples and is judged on the other half; the one of the
    game is given the best of all thresholds on its logits.
    """
    from ...metrics import Features, two_sample_accuracy

    real, fake = (
        samples if outcome.case.images else Features(samples, "points")
        for samples in (reals(outcome), fakes(outcome))
    )
    fresh = two_sample_accuracy(real, fake, steps=300).value
    a, b = (part.flatten().sort().values for part in logits(outcome))
    cuts = torch.cat([a, b])
    right = (a[None] >= cuts[:, None]).double().mean(1) + (b[None] < cuts[:, None]).double().mean(1)
    return fresh - float(right.max()) / 2


def penalized_norm(outcome: Outcome) -> float:
    """Return the mean length of the critic's gradient between reals and fakes; 1 is wanted."""
    real, fake = reals(outcome), fakes(outcome)
    count = min(len(real), len(fake))
    u = torch.rand(count, *[1] * (real.dim() - 1), generator=torch.Generator().manual_seed(0))
    x = u * real[:count] + (1 - u) * fake[:count]
    ((_, squared),) = logits_and_squared_norms(outcome.task.discriminator, x)
    return float(squared.sqrt().mean())


def weights_grown(outcome: Outcome) -> float:
    """Return how many times larger the discriminator's weights are than at the start (RMS)."""
    return _rms(outcome.task.discriminator) / _rms(outcome.case.build().discriminator)


@torch.no_grad()
def _rms(network: nn.Module) -> float:
    weights = torch.cat([p.flatten() for p in network.parameters() if p.dim() > 1])
    return float(weights.square().mean().sqrt())
