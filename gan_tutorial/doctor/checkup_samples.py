"""What the check-up sees in samples: real ones, generated ones, and the logits of both."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..data import Dataset
from .findings import Finding, fact
from .outputs import FORMS, Verdicts, answer_of
from .trace import Trace, random_state

__all__ = [
    "check_bottleneck",
    "check_data",
    "check_discriminator",
    "check_numbers",
    "check_range",
    "check_shapes",
]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
BOUNDS = {nn.Tanh: (-1.0, 1.0), nn.Sigmoid: (0.0, 1.0), nn.Hardtanh: (-1.0, 1.0)}
OUTSIDE = 0.02  # how far data may leave the range of the generator, for rounding
RAREST_CLASS = 1 / 10  # of the commonest
ENOUGH_A_CLASS = 10  # samples a class, on average; with fewer, chance alone leaves a class out
NARROWEST = 4  # units of a bottleneck
SMALLEST_SET = 500  # samples below which many passes are looked at
MOST_PASSES = 200


def check_numbers(made: Trace, real: Tensor) -> Iterator[Finding]:
    """Every number is a number: no NaN and no infinity in the reals, and none in the fakes."""
    for kind, samples, cure in (
        ("data", real, "Look for missing values and for a division by zero where they are read."),
        ("samples of the generator", made.output, "Build the generator afresh: it is spoiled."),
    ):
        if samples is not None and not (finite := samples.isfinite().flatten(1).all(1)).all():
            yield fact(
                "not-finite",
                f"Of the first {len(samples)} {kind}, {int((~finite).sum())} hold NaN or infinity.",
                cure,
            )


def check_shapes(made: Trace, real: Tensor) -> Iterator[Finding]:
    """Fakes must look like reals to a discriminator."""
    if made.output is None:
        yield fact("shapes", f"The generator fails: {made.error}.", "Mend its layers first.")
    elif made.output.shape != real.shape:
        yield fact(
            "shapes",
            f"A fake has the shape {tuple(made.output.shape[1:])} and a real "
            f"{tuple(real.shape[1:])}: D can tell them by that alone.",
            "Give the generator's last layer the shape of the data.",
        )


def check_range(last: nn.Module | None, real: Tensor) -> Iterator[Finding]:
    """Check that a generator with this last layer can reach every value that the data have."""
    kind = type(last)
    if kind not in BOUNDS or not real.isfinite().all():
        return
    low, high = BOUNDS[kind]
    least, most = real.min().item(), real.max().item()
    seen = (
        f"The data lie in [{least:.3g}, {most:.3g}], and the generator ends in {kind.__name__}, "
        f"which makes [{low:g}, {high:g}]"
    )
    if most > high + OUTSIDE or least < low - OUTSIDE:
        yield fact(
            "bytes-against-tanh" if most > 10 else "data-range",
            f"{seen}: no fake can be where many reals are.",
            f"Scale the data to [{low:g}, {high:g}]; from bytes to [-1, 1] that is x / 127.5 - 1.",
        )
    elif low < 0 <= least and real.dim() > 2:
        yield fact(
            "unit-range-against-tanh",
            f"{seen}: half of what it can make never occurs.",
            "Scale the data by 2x - 1, or end the generator in a sigmoid.",
        )


def check_bottleneck(made: Trace, latent_dim: int) -> Iterator[Finding]:
    """No layer of weights may hand on fewer numbers than the code and the sample have."""
    if made.output is None:
        return
    outputs = made.output[0].numel()
    weighted = [size for module, size in made.layers if next(module.parameters(), None) is not None]
    if len(weighted) < 2:
        return
    narrowest = min(weighted[:-1])
    if narrowest <= NARROWEST and narrowest < min(latent_dim, outputs):
        yield fact(
            "bottleneck",
            f"A hidden layer of the generator has {narrowest} units, between codes of {latent_dim} "
            f"and samples of {outputs} numbers: the samples form a surface of at most "
            f"{narrowest} dimensions.",
            "Widen the layers towards the output.",
        )


def check_discriminator(
    discriminator: nn.Module, real: Tensor, *more: Tensor, foreign: bool = False
) -> Iterator[Finding]:
    """One logit a sample, of any size, the same at each look, and not the same for all.

    A `foreign` one may judge patches, and answer in probabilities: that is then a remark. `more` is
    what it takes beside the samples.
    """
    seen = Trace(discriminator, real, *more)
    if seen.output is None:
        yield fact("shapes", f"The discriminator fails: {seen.error}.", "Mend its layers first.")
        return
    said = answer_of(seen.output, len(real))
    if not isinstance(seen.output, Tensor) and said is None:
        yield fact("shapes", "The discriminator's answer holds no tensor.", f"Return {FORMS}.")
        return
    patches = foreign and said is not None and isinstance(seen.last, CONVOLUTIONS)
    if not patches and (said is None or said.shape[1] != 1):
        shape = tuple(seen.output.shape) if isinstance(seen.output, Tensor) else "a tuple"
        count = seen.output.numel() if isinstance(seen.output, Tensor) else 0
        yield fact(
            "no-flatten",
            f"The discriminator makes {count:,} numbers of {len(real)} samples, of shape "
            f"{shape}: it judges parts of a sample, each by itself.",
            "Flatten the sample before dense layers, and end in one number for each.",
        )
        return
    judge = Verdicts(discriminator, more)
    logits = answer_of(seen.output, len(real)).mean(1)  # type: ignore[union-attr]
    if real.isfinite().all() and not logits.isfinite().all():
        yield fact(
            "not-finite",
            f"Of {logits.numel():,} logits, {int((~logits.isfinite()).sum()):,} are NaN or "
            "infinite, and the samples are not.",
            "Build the discriminator afresh: it is spoiled.",
        )
        return
    # Samples a thousand times too large drive every unbounded logit out of [0, 1].
    far = torch.cat([judge(scale * real) for scale in (30.0, -1000.0)])
    both = torch.cat([logits, far])
    bounded = 0 <= both.min() and both.max() <= 1
    if isinstance(seen.last, nn.Softmax | nn.LogSoftmax) or (bounded and both.std() == 0):
        yield fact(
            "softmax-of-one",
            f"The discriminator gives {both[0].item():g} to every sample: softmax over a single "
            "number is 1, and its gradient 0.",
            "End in one logit, with no activation behind it.",
        )
    elif isinstance(seen.last, nn.Sigmoid) or bounded:
        yield Finding(
            "double-sigmoid",
            0.3 if foreign else 1.0,
            f"All outputs of the discriminator lie in [{both.min().item():.2g}, "
            f"{both.max().item():.2g}], as of a sigmoid; losses that take logits apply their own.",
            "End the discriminator in a linear layer"
            + (", or take a cross-entropy of probabilities." if foreign else "."),
        )
    before = random_state(real.device)
    again = judge(real)
    # Spectral norm also changes a little from call to call, but draws no random numbers.
    if not torch.equal(before, random_state(real.device)):
        noise = (again - logits).std() / math.sqrt(2)
        share = (noise / logits.std().clamp(min=1e-12)).item()
        yield Finding(
            "instance-noise",
            1.0 if share > 0.5 else 0.3,
            f"A sample's logit changes from one look to the next by {share:.0%} of the spread of "
            "all logits: there is noise or dropout in the discriminator.",
            "Turn the noise down, or let it fade as training goes on.",
        )


def check_data(data: Dataset | Tensor, per_step: int, steps: int | None) -> Iterator[Finding]:
    """Enough samples, all of them seen, and no class almost missing."""
    count = len(data)
    if steps is not None:
        passes = steps * per_step / count
        if passes < 1:
            yield Finding(
                "data-unseen",
                0.3,
                f"{steps:,} steps of {per_step} samples see {passes:.0%} of the {count:,} there "
                "are.",
                "Train longer, or take the figures for those of a smaller data set.",
            )
        elif count < SMALLEST_SET and passes > MOST_PASSES:
            yield Finding(
                "tiny-data",
                0.45,
                f"The discriminator sees each of the {count} samples {passes:.0f} times.",
                "Watch the gap between training and held-out samples (the sign `memory`).",
            )
    labels = getattr(data, "labels", None)
    if labels is not None and len(labels):
        counts = torch.bincount(labels[labels >= 0].cpu())
        rare, common = counts.min().item(), counts.max().item()
        if counts.float().mean() >= ENOUGH_A_CLASS and rare < RAREST_CLASS * common:
            yield fact(
                "class-imbalance",
                f"The rarest class has {rare} samples and the commonest {common}.",
                "Look at the samples of that class; draw it more often if it is missing.",
            )
