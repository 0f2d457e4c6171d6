"""A look at the two networks at one moment of a training, as a row of numbers.

Whoever reads only losses sees shadows. These numbers look at what the networks *do*: how the
discriminator ranks samples, what the generator makes, how far the last step moved each of them.
None of them is an absolute logit. A relativistic loss leaves the logits a free offset, and every
loss its own scale; so logits are compared with logits, samples with samples, and lengths with
lengths.
"""

import math
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ..losses import logits_and_squared_norms
from ..metrics import share_above

__all__ = ["NEIGHBORS", "compare_samples", "judge_samples", "length", "undisturbed"]

PLAIN = (int, float)  # what a network may count with, beside its buffers
NEIGHBORS = 5  # a sample is near a real one if it is no farther than that one's fifth neighbor


@contextmanager
def undisturbed(*networks: nn.Module) -> Iterator[None]:
    """Look at networks as they are in training, and leave no trace of it.

    Batch norm keeps using the batch, as in training, but its running averages are put back, as
    are the vectors of spectral norm, the counters that a network keeps, and the random numbers of
    torch, NumPy and Python, from which dropout and augmentation draw. So a training goes on bit for
    bit as if nobody had looked, also where the look ends in an error.
    """
    modules = list(dict.fromkeys(m for network in networks for m in network.modules()))
    buffers = [(m._buffers, name, b) for m in modules for name, b in m._buffers.items()]
    kept = [None if b is None else b.clone() for _, _, b in buffers]
    counters = [(m, {k: v for k, v in vars(m).items() if type(v) in PLAIN}) for m in modules]
    drawn = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(enabled=True):
        try:
            yield
        finally:
            with torch.no_grad():
                for (where, name, buffer), before in zip(buffers, kept, strict=True):
                    if isinstance(where, dict) and where.get(name) is not buffer:
                        where[name] = buffer
                    if buffer is not None and before is not None:
                        buffer.copy_(before)
            for module, plain in counters:
                vars(module).update(plain)
            random.setstate(drawn[0])
            np.random.set_state(drawn[1])  # noqa: NPY002


def judge_samples(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    held_out: Tensor | None = None,
    between: bool = False,
    of_fakes: nn.Module | None = None,
) -> dict[str, float]:
    """Compare how a discriminator ranks reals, fakes and reals that it was not trained on.

    Parameters
    ----------
    discriminator : nn.Module
    real, fake : Tensor, shape (N, ...)
        Training samples, and generated ones.
    held_out : Tensor, shape (M, ...), optional
        Reals that it was not trained on.
    between : bool
        Whether to measure the slope between reals and fakes, too, where WGAN-GP wants it to be 1.
    of_fakes : nn.Module, optional
        What judges the fakes, if they go with other labels than the reals; else `discriminator`.

    Returns
    -------
    dict of str to float
        ``ranked``, ``logit_gap``, ``logit_std``, ``logit_low``, ``logit_high``, ``slope`` and
        ``jitter``; with `held_out` also ``memory`` and ``held_out_gap``; with `between` also
        ``slope_between``. `COLUMNS` says what each of them is.
    """
    with torch.no_grad():
        a_real = discriminator(real).float().flatten()
        a_fake = (of_fakes or discriminator)(fake).float().flatten()
    both = torch.cat([a_real, a_fake])
    within = torch.cat([a_real - a_real.mean(), a_fake - a_fake.mean()])
    row = {
        "ranked": share_above(a_real, a_fake),
        "logit_gap": (a_real.mean() - a_fake.mean()).item(),
        "logit_std": within.square().mean().sqrt().item(),
        "logit_low": both.min().item(),
        "logit_high": both.max().item(),
    }
    if held_out is not None:
        with torch.no_grad():
            a_held = discriminator(held_out).float().flatten()
        row["memory"] = share_above(a_real, a_held)
        row["held_out_gap"] = (a_real.mean() - a_held.mean()).item()
    again, row["slope"] = _slope(discriminator, real)
    change = (again - a_real).square().mean().sqrt() / math.sqrt(2)
    row["jitter"] = (change / a_real.std().clamp(min=1e-12)).item()
    if between:
        u = torch.rand(len(real), *[1] * (real.dim() - 1)).to(real)
        row["slope_between"] = _slope(discriminator, u * real + (1 - u) * fake)[1]
    return row


def _slope(discriminator: nn.Module, x: Tensor) -> tuple[Tensor, float]:
    """Logits of samples, and the root mean square length of their gradients at the samples."""
    with torch.enable_grad():
        ((logits, squared),) = logits_and_squared_norms(discriminator, x)
    return logits.detach().flatten(), squared.mean().sqrt().item()


def compare_samples(real: Tensor, fake: Tensor, rank: bool = True) -> dict[str, float]:
    r"""Compare generated samples with real ones, without any network.

    Everything comes from the distances within and between the two sets, divided by the mean
    distance between two reals; so 8-bit images and points in the plane have the same scale. They
    are computed once, by matrix products, since this is done during a training; coverage and
    precision differ from those of `gan_tutorial.metrics.manifold_report` by rounding only.

    Parameters
    ----------
    real, fake : Tensor, shape (N, ...)
        Two sets of samples, of equal size, six of each at least.
    rank : bool
        Whether to compute the effective rank as well, which takes most of the time.

    Returns
    -------
    dict of str to float
        ``distance``, the energy distance of Székely and Rizzo (2013), 0 for equal distributions:
        twice the mean distance from real to fake, less the mean distances within either set;
        ``diversity``, the mean distance between two fakes;
        ``coverage``, the share of reals that have a fake no farther than their fifth neighbor
        (Naeem et al. 2020; 0.97 for equal distributions); ``precision``, the share of fakes that
        lie so near to a real (Kynkäänniemi et al. 2019); ``rank``, the effective rank of the
        fakes' covariance (Roy and Vetterli 2007) divided by that of the reals.
    """
    n = len(real)
    both = torch.cat([real.flatten(1), fake.flatten(1)]).float()
    if not both.isfinite().all():
        return {}
    apart = torch.cdist(both, both, compute_mode="use_mm_for_euclid_dist")
    apart.fill_diagonal_(0)
    xx, xy, yy = apart[:n, :n], apart[:n, n:], apart[n:, n:]
    inside = n * (n - 1)
    unit = (xx.sum() / inside).clamp(min=1e-12)
    within = yy.sum() / inside
    radius = xx.kthvalue(NEIGHBORS + 1, dim=1).values  # the nearest of all is the sample itself
    near = xy <= radius[:, None]
    measured = {
        "distance": (2 * xy.mean() - unit - within) / unit,
        "diversity": within / unit,
        "coverage": near.any(1).float().mean(),
        "precision": near.any(0).float().mean(),
    }
    if rank:
        measured["rank"] = _effective_rank(yy) / _effective_rank(xx)
    return dict(zip(measured, torch.stack(list(measured.values())).tolist(), strict=True))


def _effective_rank(apart: Tensor) -> Tensor:
    r"""Exponential of the entropy of the principal variances, from the distances alone.

    The centered Gram matrix has the same spectrum as the covariance, and is
    :math:`-\frac12 J D^2 J`, with the squared distances and the centering matrix `J`.
    """
    squared = apart.square()
    gram = -0.5 * (squared - squared.mean(0) - squared.mean(1, keepdim=True) + squared.mean())
    spectrum = torch.linalg.eigvalsh(gram).clamp(min=0)
    total = spectrum.sum()
    if total <= 1e-12:
        return torch.ones((), device=apart.device)
    share = spectrum / total
    return torch.exp(-torch.special.xlogy(share, share).sum())


def length(tensors: Iterable[Tensor]) -> float:
    """Euclidean length of many tensors taken as one vector."""
    norms = [tensor.detach().float().norm() for tensor in tensors]
    return torch.stack(norms).norm().item() if norms else 0.0
