r"""The losses of the two players, and the gradient penalties on the discriminator.

Every function here takes *logits*: the raw, unbounded numbers a discriminator returns, one per
sample, before any sigmoid. Arguments always come in the order ``(real, fake)``. Write
:math:`a_r = a(x)` for the logits of real samples and :math:`a_f = a(G(z))` for those of fakes;
:math:`\sigma` is the sigmoid, :math:`D = \sigma(a)` the probability of "real", and
:math:`\mathrm{softplus}(a) = \log(1 + e^a)`, so that
:math:`-\log \sigma(a) = \mathrm{softplus}(-a)` and
:math:`-\log(1 - \sigma(a)) = \mathrm{softplus}(a)`: no logarithm of a number near zero is taken.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

__all__ = ["LOSSES", "AdversarialLoss", "get_loss", "smoothed"]


PerSample = Callable[[Tensor], Tensor]
Loss = Callable[..., Tensor]  # of the logits of reals and of fakes


def _no_label(logits: Tensor) -> Tensor:
    """Stand for the terms of a loss that compares reals with fakes."""
    raise ValueError("This loss gives samples no labels: it compares reals with fakes.")


@dataclass(frozen=True)
class AdversarialLoss:
    """The two losses of one adversarial game; both players minimize their own.

    Attributes
    ----------
    name : str
        The name under which `LOSSES` lists it.
    discriminator : callable
        ``discriminator(real_logits, fake_logits)`` gives the scalar :math:`L_D`.
    generator : callable
        ``generator(real_logits, fake_logits)`` gives the scalar :math:`L_G`. Unless `paired` is
        true, ``real_logits`` is not looked at and may be None.
    paired : bool
        Whether the generator's loss needs the logits of real samples too.
    equilibrium : float
        The value of :math:`L_D` when fakes and reals have the same distribution and the
        discriminator is the best possible one. What a "good" loss value is depends on the loss.
    real_term, fake_term : callable
        What each sample costs the discriminator, given its logit, if its label is "real" or
        "fake": ``real_term(logits)`` has the shape of the logits, and :math:`L_D` is the mean of
        the one over the reals plus the mean of the other over the fakes. Where samples have no
        labels (see `labeled`) they raise a ValueError.
    """

    name: str
    discriminator: Loss
    generator: Loss
    paired: bool
    equilibrium: float
    real_term: PerSample = _no_label
    fake_term: PerSample = _no_label

    @property
    def labeled(self) -> bool:
        """Whether D's loss gives samples labels; Wasserstein's and the relativistic one do not."""
        return self.real_term is not _no_label


def _checked(loss: Loss, needs_real: bool, paired: bool) -> Loss:
    """Refuse logits that are not one number per sample, the commonest silent mistake."""

    def checked(real: Tensor | None, fake: Tensor) -> Tensor:
        for name, logits, needed in (("real", real, needs_real), ("fake", fake, True)):
            if logits is None:
                if needed:
                    raise TypeError(f"This loss needs the {name} logits, got None.")
            elif logits.dim() == 0 or logits.shape[1:].numel() != 1:
                raise ValueError(
                    f"The {name} logits have shape {tuple(logits.shape)}, expected (N,) or (N, 1): "
                    "a discriminator gives one logit per sample, so flatten or pool its output."
                )
        if paired and real is not None and real.shape != fake.shape:
            raise ValueError(
                f"A paired loss compares reals and fakes one by one, got {tuple(real.shape)} real "
                f"and {tuple(fake.shape)} fake logits: draw batches of equal size."
            )
        return loss(real, fake)

    return checked


def _with_labels(
    name: str, real_term: PerSample, fake_term: PerSample, generator: PerSample, equilibrium: float
) -> AdversarialLoss:
    """Make a game from what each sample costs: D its reals and its fakes, and G its fakes."""

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return real_term(real).mean() + fake_term(fake).mean()

    return AdversarialLoss(
        name=name,
        discriminator=_checked(discriminator, needs_real=True, paired=False),
        generator=_checked(lambda real, fake: generator(fake).mean(), False, paired=False),
        paired=False,
        equilibrium=equilibrium,
        real_term=real_term,
        fake_term=fake_term,
    )


# What one sample costs, given its logit `a`.


def _as_real(a: Tensor) -> Tensor:
    # -log s(a): cross-entropy with the label 1
    return softplus(-a)


def _as_fake(a: Tensor) -> Tensor:
    # -log(1 - s(a)): cross-entropy with the label 0
    return softplus(a)


# --- Minimax (Goodfellow et al. 2014, equation 1) --------------------------------------------
#     V(D, G) = E log D(x) + E log(1 - D(G(z))),   L_D = -V,   L_G = V without its first term
#     L_D = -E log s(a_r) - E log(1 - s(a_f))
#     L_G = E log(1 - s(a_f)): flat where the discriminator is sure that a fake is fake

MINIMAX = _with_labels(
    "minimax", _as_real, _as_fake, lambda a: -softplus(a), equilibrium=2 * math.log(2)
)

# --- Non-saturating (Goodfellow et al. 2014, section 3): the same L_D ------------------------
#     L_G = -E log s(a_f): steep where the discriminator is sure that a fake is fake

NON_SATURATING = _with_labels(
    "non-saturating", _as_real, _as_fake, lambda a: softplus(-a), equilibrium=2 * math.log(2)
)

# --- Least squares (Mao et al. 2017, equation 9) ---------------------------------------------
#     L_D = 1/2 E (a_r - 1)^2 + 1/2 E a_f^2,   L_G = 1/2 E (a_f - 1)^2

LEAST_SQUARES = _with_labels(
    "least-squares",
    lambda a: 0.5 * (a - 1).square(),
    lambda a: 0.5 * a.square(),
    lambda a: 0.5 * (a - 1).square(),
    equilibrium=0.25,
)

# --- Hinge (Lim and Ye 2017; Miyato et al. 2018, equations 16 and 17) ------------------------
#     L_D = E max(0, 1 - a_r) + E max(0, 1 + a_f),   L_G = -E a_f

HINGE = _with_labels(
    "hinge", lambda a: relu(1 - a), lambda a: relu(1 + a), lambda a: -a, equilibrium=2.0
)

# --- Wasserstein (Arjovsky et al. 2017, equation 2); the critic must be kept Lipschitz -------
#     L_D = E a_f - E a_r,   L_G = -E a_f

WASSERSTEIN = AdversarialLoss(
    name="wasserstein",
    discriminator=_checked(lambda real, fake: fake.mean() - real.mean(), True, paired=False),
    generator=_checked(lambda real, fake: -fake.mean(), False, paired=False),
    paired=False,
    equilibrium=0.0,
)

# --- Relativistic, paired (Jolicoeur-Martineau 2019; Huang et al. 2024, equation 2) ----------
#     Only the difference between a real and a fake counts, so logits have a free offset.
#     L_D = E softplus(-(a_r - a_f)),   L_G = E softplus(-(a_f - a_r))

RELATIVISTIC = AdversarialLoss(
    name="relativistic",
    discriminator=_checked(lambda real, fake: softplus(fake - real).mean(), True, paired=True),
    generator=_checked(lambda real, fake: softplus(real - fake).mean(), True, paired=True),
    paired=True,
    equilibrium=math.log(2),
)

LOSSES: dict[str, AdversarialLoss] = {
    game.name: game
    for game in (MINIMAX, NON_SATURATING, LEAST_SQUARES, HINGE, WASSERSTEIN, RELATIVISTIC)
}


def smoothed(real: float = 0.9, fake: float = 0.0) -> AdversarialLoss:
    r"""Return the non-saturating loss with other labels for the discriminator than 1 and 0.

    Salimans et al. (2016, section 3.4) smooth one side only: 0.9 for reals, 0 for fakes. With
    labels :math:`\alpha` and :math:`\beta` the best discriminator is

    .. math:: D^*(x) = \frac{\alpha\, p_\text{data}(x) + \beta\, p_g(x)}
                            {p_\text{data}(x) + p_g(x)} .

    Parameters
    ----------
    real, fake : float
        The labels, with ``0 <= fake < real <= 1``.

    Raises
    ------
    ValueError
        If the labels are not in that order.

    Notes
    -----
    A label that is flipped with probability `q` costs in expectation what the label ``1 - q``
    (or ``q``) costs, so random flips need no function of their own.

    Examples
    --------
    >>> import torch
    >>> from gan_tutorial.losses import get_loss, smoothed
    >>> real, fake = torch.tensor([2.0]), torch.tensor([-1.0])
    >>> same = smoothed(1.0, 0.0).discriminator(real, fake)
    >>> bool(same == get_loss("non-saturating").discriminator(real, fake))
    True
    """
    if not 0.0 <= fake < real <= 1.0:
        raise ValueError(f"Labels lie in 0 <= fake < real <= 1, got real={real} and fake={fake}.")

    def with_label(label: float) -> PerSample:
        # -[label log s(a) + (1 - label) log(1 - s(a))]
        return lambda a: label * softplus(-a) + (1 - label) * softplus(a)

    middle = (real + fake) / 2  # D* where both densities agree
    entropy = -middle * math.log(middle) - (1 - middle) * math.log(1 - middle)
    return _with_labels(
        f"non-saturating, labels {real:g} and {fake:g}",
        with_label(real),
        with_label(fake),
        lambda a: softplus(-a),
        equilibrium=2 * entropy,
    )


def get_loss(name: str | AdversarialLoss) -> AdversarialLoss:
    """Return the loss called `name`; a loss that is given itself is returned as it is.

    Raises
    ------
    ValueError
        If there is no such loss; the message lists those there are.
    TypeError
        If it is neither a name nor an `AdversarialLoss`, such as a function.

    Examples
    --------
    >>> import torch
    >>> game = get_loss("non-saturating")
    >>> zero = torch.zeros(4)
    >>> round(float(game.discriminator(zero, zero)), 4)  # 2 log 2
    1.3863
    """
    if isinstance(name, AdversarialLoss):
        return name
    if not isinstance(name, str):
        raise TypeError(
            f"A loss is a name, one of {', '.join(LOSSES)}, or both players' losses together: "
            "write AdversarialLoss(name='mine', discriminator=lambda real, fake: ..., "
            "generator=lambda real, fake: ..., paired=False, equilibrium=float('nan'))."
        )
    if name not in LOSSES:
        raise ValueError(f"Unknown loss {name!r}; choose one of {', '.join(LOSSES)}.")
    return LOSSES[name]
