"""A look at what a generator makes, at one moment, whatever its history says."""

from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..models import latent_codes, sample_generator
from .findings import UNKNOWN, Finding, fact
from .probe import NEIGHBORS, compare_samples
from .rules import UNKNOWN_CURE

__all__ = ["LOOKS", "look_at_generator"]

LOOKS = ("samples", "samples beside data")
COUNT = 256  # samples looked at
ALIKE = 0.03  # standard deviation of a pixel from sample to sample, of a range of 2
FLAT = 0.02  # standard deviation within a picture, below which it shows one color
EXTREME, SATURATED = 0.999, 0.97  # size of a pixel, and share of such pixels
COLLAPSED, FAR = 0.5, 0.2  # `diversity` and `distance`, as in the rules


def look_at_generator(
    generator: nn.Module, data: Dataset | Tensor | None = None, seed: int = 0
) -> tuple[list[Finding], list[str]]:
    """Draw samples from a generator, and look at them; with data, compare the two.

    Parameters
    ----------
    generator : nn.Module
        With a ``latent_dim``.
    data : Dataset or Tensor, optional
        What it was trained on.
    seed : int
        Decides what is drawn.

    Returns
    -------
    findings : list of Finding
    looked_at : list of str
        Those of `LOOKS` that were done.

    Raises
    ------
    ValueError
        If the data have another shape than the samples.
    """
    latent_dim: Any = generator.latent_dim
    fake = sample_generator(generator, latent_codes(COUNT, latent_dim, seed))
    if not fake.isfinite().all():
        bad = int((~fake.isfinite().flatten(1).all(1)).sum())
        seen = f"Of {len(fake)} samples of the generator, {bad} hold NaN or infinity."
        return [fact("not-finite", seen, "Go back to a state before it.")], ["samples"]
    real = None
    if data is not None and len(data) > NEIGHBORS + 1:
        rows = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed))[:COUNT]
        real = data[rows].cpu().float()
        if real.shape[1:] != fake.shape[1:]:
            raise ValueError(
                f"The generator makes samples of {_size(fake)}, and the data are {_size(real)}: "
                "give what it was trained on."
            )
    found = _by_itself(fake, real)
    if real is None:
        return found, ["samples"]
    return found + _beside(real, fake[: len(real)], found), list(LOOKS)


def _by_itself(fake: Tensor, real: Tensor | None) -> list[Finding]:
    """Look for one sample again and again, one color, and pixels at the ends of their range."""
    size = max(1.0, fake.abs().max().item())
    apart = fake.std(0).square().mean().sqrt().item()
    found = []
    if apart < ALIKE * size:
        found.append(
            fact(
                "mode-collapse",
                f"{len(fake)} samples of the generator are alike: from one to the next a value "
                f"differs by {apart:.2g}.",
                "Lower the generator's learning rate or raise the discriminator's, and use "
                "penalties on both sides.",
            )
        )
    if fake.dim() != 4:
        return found
    within = fake.flatten(2).std(2).mean(1)
    flat = (within < FLAT).float().mean().item()
    if flat > 0.5:
        level = fake.mean().item()
        color = "black" if level < -0.95 else "white" if level > 0.95 else "one color"
        found.append(
            fact(
                "blank-samples",
                f"{flat:.0%} of {len(fake)} samples of the generator are {color} all over.",
                "Look at the range of the data, and whether the discriminator wins for good.",
            )
        )
    extreme = _extreme(fake)
    if flat <= 0.5 and extreme > SATURATED and (real is None or _extreme(real) < 0.9 * extreme):
        found.append(
            Finding(
                "saturated-samples",
                0.6,
                f"{extreme:.0%} of all pixels of {len(fake)} samples are at the ends of their "
                "range, -1 or 1, as no photograph's are.",
                "Unless the data are black and white: lower the learning rate, and look at the "
                "range of the data.",
            )
        )
    return found


def _beside(real: Tensor, fake: Tensor, found: list[Finding]) -> list[Finding]:
    """Compare samples with data, once."""
    seen = compare_samples(real, fake)
    numbers = f"diversity {seen['diversity']:.2g}, distance {seen['distance']:.2g}"
    if found:
        return []
    if seen["diversity"] < COLLAPSED:
        return [
            Finding(
                "mode-collapse",
                0.9,
                f"Samples are much closer to each other than the data are ({numbers}).",
                "Lower the generator's learning rate or raise the discriminator's, and use "
                "penalties on both sides.",
            )
        ]
    if seen["distance"] > FAR:
        text = f"The samples are far from the data ({numbers})."
        return [Finding(UNKNOWN, 0.6, text, UNKNOWN_CURE)]
    return []


def _extreme(images: Tensor) -> float:
    # the opacity of transparent pictures is at an end of its range nearly everywhere
    return (images[:, :3].abs() > EXTREME).float().mean().item()


def _size(samples: Tensor) -> str:
    return "x".join(map(str, samples.shape[1:]))
