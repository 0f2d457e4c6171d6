"""Can a fresh discriminator tell? The classifier two-sample test."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data import Samples, as_tensor
from ..models import DCGANDiscriminator, MLPDiscriminator
from .features import Features, check_pictures
from .pairs import check_kinds, check_pair, check_spans
from .results import PIXELS, Measurement

__all__ = ["two_sample_accuracy"]

SMALLEST_DCGAN = 16  # pixels; smaller pictures are judged by a fully connected network


def two_sample_accuracy(
    real: Samples | Features,
    fake: Samples | Features,
    network: Callable[[], nn.Module] | None = None,
    steps: int = 400,
    seed: int = 0,
) -> Measurement:
    """Measure how often a discriminator trained for nothing else tells generated from real.

    Lopez-Paz and Oquab (2017), section 3: train a classifier on one half of both sets, and count
    on the other half how often it is right. Here the halves then change places, so that every
    sample is judged once. A discriminator of the game is no such judge: it saw the samples, and
    it may be weak.

    Parameters
    ----------
    real, fake : Dataset, Tensor, ndarray or Features
        Both as pictures (N, C, H, W) in [-1, 1], or both as features of one network. Of the
        larger set as many samples are used as the smaller has; at least eight.
    network : callable, optional
        Makes an untrained network that maps a batch to logits, (n,) or (n, 1). By default the
        book's discriminator for such samples: convolutional for square pictures of 16, 32,
        64 ... pixels, else fully connected.
    steps : int
        Updates of each of the two networks, 1 or more, with Adam at 1e-3 and batches of 64 of
        either kind.
    seed : int
        Decides halves, weights and batches.

    Returns
    -------
    Measurement
        In [0, 1]: 0.5 is the goal, 1 says that every sample gives itself away. The spread is the
        binomial standard error, as if judgments were independent.

    Raises
    ------
    TypeError
        If pictures and features are mixed.
    ValueError
        If there are too few samples, or the two sets cannot be compared.

    Examples
    --------
    >>> points = Features(torch.rand(200, 2), "points")
    >>> far = Features(points.values + 9, "points")
    >>> two_sample_accuracy(points, far, steps=200).value
    1.0
    """
    if isinstance(real, Features) and isinstance(fake, Features):
        check_pair(real, fake)
        rows, extractor = [real.values.float(), fake.values.float()], real.extractor
    elif not isinstance(real, Features) and not isinstance(fake, Features):
        real, fake = as_tensor(real), as_tensor(fake)
        for what, samples in (("Real", real), ("Generated", fake)):
            check_pictures(samples, f"{what} pictures")
        check_kinds(tuple(real.shape[1:]), tuple(fake.shape[1:]))
        check_spans(*((float(x.min()), float(x.max())) for x in (real, fake)))
        rows, extractor = [real.float(), fake.float()], PIXELS
    else:
        raise TypeError("Give both sets as pictures, or both as Features.")
    if not steps >= 1:
        raise ValueError(f"steps must be at least 1, got {steps}.")
    count = min(len(real), len(fake)) // 2 * 2
    if count < 8:
        raise ValueError(
            f"There are {len(real)} real and {len(fake)} generated samples, and the test needs 8 "
            "of each: half to learn from, half to judge."
        )
    make = network or (lambda: _discriminator_for(tuple(rows[0].shape[1:])))
    generator = torch.Generator().manual_seed(seed)
    order = [torch.randperm(len(x), generator=generator)[:count] for x in rows]
    halves = [
        [x[index[half::2]] for x, index in zip(rows, order, strict=True)] for half in range(2)
    ]
    right = 0.0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for learn, judge in (halves, halves[::-1]):
            judged = _trained(make(), learn[0], learn[1], steps)
            for samples, sign in zip(judge, (1, -1), strict=True):
                right += _count_right(judged, samples, sign)
    value = right / (2 * count)
    return Measurement(
        metric="two-sample accuracy",
        value=value,
        extractor=extractor,
        real=count,
        fake=count,
        spread=(value * (1 - value) / (2 * count)) ** 0.5,
        spread_of="binomial standard error",
    )


def _discriminator_for(shape: tuple[int, ...]) -> nn.Module:
    if len(shape) == 3 and shape[1] == shape[2] >= SMALLEST_DCGAN:
        side = shape[1]
        if side & (side - 1) == 0:  # a power of two, as the convolutional one needs
            return DCGANDiscriminator(side, shape[0], width=16)
    return MLPDiscriminator(shape)


def _trained(network: nn.Module, real: Tensor, fake: Tensor, steps: int) -> nn.Module:
    """Teach a network to answer above 0 for real samples and below 0 for generated ones."""
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.01)
    for _ in range(steps):
        batch = min(64, len(real))
        real_logits = network(real[torch.randint(len(real), (batch,))])
        fake_logits = network(fake[torch.randint(len(fake), (batch,))])
        loss = functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


@torch.no_grad()
def _count_right(network: nn.Module, samples: Tensor, sign: int) -> float:
    """Count the logits of the right sign; an undecided 0 is half right."""
    logits = torch.cat([network(part).flatten() for part in samples.split(256)]) * sign
    return float((logits > 0).sum()) + float((logits == 0).sum()) / 2
