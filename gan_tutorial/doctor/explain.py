"""Whether a reported loss of D is the one that its logits make, and if not, which one it is."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ..faults.steps import rounded_cross_entropy
from ..losses import LOSSES, AdversarialLoss
from .findings import UNKNOWN, Finding, fact

__all__ = ["agree", "explain_loss", "softmax_of_one", "wrong_losses"]


def explain_loss(
    loss: str, real: Tensor, fake: Tensor, reported: float, tolerance: float = 1e-4
) -> Finding | None:
    """Compare a reported loss of D with the one that its logits make.

    Parameters
    ----------
    loss : str
        What the loss is said to be, one of `gan_tutorial.losses.LOSSES`.
    real, fake : Tensor, shape (N,)
        Logits.
    reported : float
        The loss that was reported for them.
    tolerance : float
        Relative to one plus the loss.

    Returns
    -------
    Finding or None
        None if the two agree; otherwise a mistake that explains the difference, or "unknown".

    Examples
    --------
    >>> real, fake = torch.tensor([2.0, 3.0]), torch.tensor([-1.0, 0.0])
    >>> both_real = torch.nn.functional.softplus(-torch.stack([real, fake])).mean(1).sum().item()
    >>> explain_loss("non-saturating", real, fake, both_real).fault
    'fakes-labeled-real'
    """
    if loss not in LOSSES:
        return None
    game = LOSSES[loss]
    real, fake = real.flatten(), fake.flatten()
    expected = game.discriminator(real, fake).item()

    if agree(expected, reported, tolerance):
        return None
    seen = f"The discriminator reports a loss of {reported:.4g}, and its logits make {expected:.4g}"
    if reported == 0 and loss != "wasserstein":
        return softmax_of_one(seen)
    for fault, value, what, cure in wrong_losses(game, real, fake):
        if agree(value, reported, tolerance):
            return fact(fault, f"{seen}; {what} is {value:.4g}.", cure)
    if game.labeled and _some_labels_wrong(game, real, fake, reported):
        swapped = game.discriminator(fake, real).item()
        share = (reported - expected) / (swapped - expected) if swapped != expected else math.nan
        about = f", about {share:.0%} of them" if 0 < share < 1 and abs(swapped) > 0.5 else ""
        return Finding(
            "label-noise",
            0.9,
            f"{seen}; it would be as reported with some labels wrong{about}.",
            "Turn the noise of the labels down, or off.",
        )
    return Finding(UNKNOWN, 0.9, f"{seen}: it is not the {loss} loss.", "Compare the two formulas.")


def softmax_of_one(seen: str) -> Finding:
    """Name a loss that is always 0."""
    return fact(
        "softmax-of-one",
        f"{seen}: exactly 0 is what softmax makes of a single logit, whatever it is.",
        "With one logit use a sigmoid (binary cross-entropy with logits).",
    )


def agree(value: float, reported: float, tolerance: float) -> bool:
    """Whether a reported loss is this value, but for rounding."""
    return math.isfinite(value) and abs(value - reported) <= tolerance * (1 + abs(value))


def wrong_losses(
    game: AdversarialLoss, real: Tensor, fake: Tensor
) -> Iterator[tuple[str, float, str, str]]:
    """Yield the losses that known mistakes make: fault, value, what it is, cure."""
    if game.labeled:
        yield (
            "fakes-labeled-real",
            (game.real_term(real).mean() + game.real_term(fake).mean()).item(),
            "the loss of fakes that are labeled real",
            "Give the fakes the label 0.",
        )
    yield (
        "one-output-for-both",
        game.discriminator(real, real).item(),
        "the loss of the reals' logits taken twice",
        "Pass the fakes through D as well, and give the two outputs two names.",
    )
    yield (
        "one-output-for-both",
        game.discriminator(fake, fake).item(),
        "the loss of the fakes' logits taken twice",
        "Pass the reals through D as well, and give the two outputs two names.",
    )
    yield (
        "double-sigmoid",
        game.discriminator(real.sigmoid(), fake.sigmoid()).item(),
        "the loss of logits that went through a sigmoid first",
        "Leave the sigmoid out.",
    )
    if game.name in ("minimax", "non-saturating"):
        yield (
            "rounded-cross-entropy",
            (rounded_cross_entropy(real, 1.0) + rounded_cross_entropy(fake, 0.0)).item(),
            "the loss computed from probabilities that are rounded to bfloat16",
            "Take the loss from logits, in float32.",
        )


def _some_labels_wrong(game: AdversarialLoss, real: Tensor, fake: Tensor, reported: float) -> bool:
    """Whether there are labels for these samples with which the loss would be as reported."""
    terms = [(game.real_term(logits), game.fake_term(logits)) for logits in (real, fake)]
    lowest, highest = (
        sum(pick(*pair).mean().item() for pair in terms) for pick in (torch.minimum, torch.maximum)
    )
    return lowest <= reported <= highest
