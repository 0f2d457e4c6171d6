"""The forms in which other programs report a discriminator's loss, the right ones and the wrong.

The same game is written in many ways: with a mean of both halves in place of their sum, with
smoothed labels, as a relativistic average. A reported loss that agrees with any of these, computed
from the logits themselves, is in order.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ..losses import LOSSES, AdversarialLoss
from .explain import agree, softmax_of_one, wrong_losses
from .findings import Finding, fact

__all__ = ["AVERAGE", "UNBOUNDED", "explain_form", "known_loss", "sigmoid_before"]

SCALES = (1.0, 0.5, 2.0)
LABELS = ((1.0, 0.0), (0.9, 0.0), (0.9, 0.1), (0.8, 0.2), (0.8, 0.0), (0.7, 0.0))
NOISE = 0.2  # share of wrong labels from which they are more than smoothed
FAR = 0.5  # by how much a loss must depend on the labels for that to be seen

# Jolicoeur-Martineau (2019), equation 7: each sample is compared with the mean of the others.
AVERAGE = AdversarialLoss(
    name="relativistic-average",
    discriminator=lambda r, f: softplus(f.mean() - r).mean() + softplus(f - r.mean()).mean(),
    generator=lambda r, f: softplus(r - f.mean()).mean() + softplus(r.mean() - f).mean(),
    paired=True,
    equilibrium=2 * LOSSES["relativistic"].equilibrium,
)
# The games in which a sigmoid of the discriminator is out of place, whatever the loss looks like.
UNBOUNDED = ("hinge", "wasserstein", "relativistic", AVERAGE.name)
GAMES = {**LOSSES, AVERAGE.name: AVERAGE}
OTHER_NAMES = {
    "bce": "non-saturating",
    "gan": "non-saturating",
    "vanilla": "non-saturating",
    "standard": "non-saturating",
    "logistic": "non-saturating",
    "ns": "non-saturating",
    "saturating": "minimax",
    "lsgan": "least-squares",
    "ls": "least-squares",
    "mse": "least-squares",
    "wgan": "wasserstein",
    "wgan-gp": "wasserstein",
    "rsgan": "relativistic",
    "rpgan": "relativistic",
    "ragan": AVERAGE.name,
    "rasgan": AVERAGE.name,
}


def known_loss(name: str | None) -> str | None:
    """Return the name of a loss as the doctor has it, whichever of its usual ones is given.

    Raises
    ------
    ValueError
        If it has none of these names.

    Examples
    --------
    >>> known_loss("WGAN-GP"), known_loss("least squares"), known_loss(None)
    ('wasserstein', 'least-squares', None)
    """
    if name is None:
        return None
    plain = str(name).lower().strip().replace("_", "-").replace(" ", "-")
    plain = OTHER_NAMES.get(plain, plain)
    if plain not in GAMES:
        raise ValueError(
            f"Unknown loss {name!r}: choose one of {', '.join(GAMES)}, or None for any other."
        )
    return plain


def right_forms(loss: str, real: Tensor, fake: Tensor) -> Iterator[float]:
    """Yield what the usual ways to write a loss of D make of logits.

    Labels the other way round are among them: where both players agree on it they do no harm.
    """
    game = GAMES[loss]
    for a, b in ((real, fake), (fake, real)):
        values = [game.discriminator(a, b)] if len(a) == len(b) or not game.paired else []
        if game.labeled:
            terms = [(game.real_term(x).mean(), game.fake_term(x).mean()) for x in (a, b)]
            (a_real, a_fake), (b_real, b_fake) = terms
            values = [
                y * a_real + (1 - y) * a_fake + z * b_real + (1 - z) * b_fake for y, z in LABELS
            ]
        for value in values:
            yield from (scale * value.item() for scale in SCALES)


def explain_form(
    loss: str,
    real: Tensor,
    fake: Tensor,
    reported: float,
    *,
    bounded: bool = False,
    penalized: bool = False,
    tolerance: float = 1e-4,
) -> tuple[bool, Finding | None]:
    """Compare a reported loss of D with all that its answers make.

    Parameters
    ----------
    loss : str
        As `known_loss` returns it.
    real, fake : Tensor, shape (N,)
        The answers.
    reported : float
        The loss that was reported for them.
    bounded : bool
        Whether the answers are probabilities.
    penalized : bool
        Whether the loss may hold a penalty besides.
    tolerance : float
        Relative to one plus the loss.

    Returns
    -------
    known : bool
        Whether it has been recognized, as right or as wrong.
    finding : Finding or None
        The mistake, if it is one.
    """
    game = GAMES[loss]
    real, fake = real.flatten(), fake.flatten()
    logistic = loss in ("minimax", "non-saturating")
    if bounded and loss in UNBOUNDED:
        return True, sigmoid_before(real, fake, f"the {loss} loss takes unbounded outputs")
    if game.paired and len(real) != len(fake):
        return False, None
    logits = (real, fake)
    if bounded and logistic:
        logits = tuple(x.clamp(1e-12, 1 - 1e-7).logit() for x in (real, fake))  # type: ignore[assignment]
    if any(agree(value, reported, tolerance) for value in right_forms(loss, *logits)):
        return True, None
    if bounded and logistic:
        if any(agree(value, reported, tolerance) for value in right_forms(loss, real, fake)):
            return True, sigmoid_before(real, fake, "the loss applies a sigmoid of its own")
        return False, None
    seen = f"The discriminator reports a loss of {reported:.4g}"
    if reported == 0 and loss not in ("wasserstein", "hinge"):
        return True, softmax_of_one(seen)
    for fault, value, what, cure in wrong_losses(game, real, fake):
        if any(agree(scale * value, reported, tolerance) for scale in SCALES):
            return True, fact(fault, f"{seen}, which is {what}.", cure)
    return False, None if penalized else noisy_labels(game, real, fake, reported)


def sigmoid_before(real: Tensor, fake: Tensor, why: str) -> Finding:
    """Name a sigmoid that stands where none should."""
    both = torch.cat([real.flatten(), fake.flatten()])
    return fact(
        "double-sigmoid",
        f"All outputs of the discriminator are probabilities, in [{both.min().item():.2g}, "
        f"{both.max().item():.2g}], and {why}.",
        "End the discriminator in a linear layer, or take the cross-entropy of probabilities.",
    )


def noisy_labels(
    game: AdversarialLoss, real: Tensor, fake: Tensor, reported: float
) -> Finding | None:
    """Find labels that are wrong for so many samples that it is more than smoothing."""
    if not game.labeled:
        return None
    right, swapped = (game.discriminator(*pair).item() for pair in ((real, fake), (fake, real)))
    if swapped - right < FAR:
        return None
    shares = [(reported / scale - right) / (swapped - right) for scale in SCALES[:2]]
    share = min(shares, key=abs)
    if not NOISE < share < 1 - NOISE:
        return None
    return Finding(
        "label-noise",
        0.7,
        f"The discriminator reports a loss of {reported:.4g}, and its logits make {right:.4g}; it "
        f"would be as reported with about {share:.0%} of the labels wrong.",
        "Turn the noise of the labels down, or off.",
    )
