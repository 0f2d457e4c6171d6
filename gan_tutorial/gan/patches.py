r"""The game of a discriminator that judges a picture patch by patch.

Every patch's logit counts as a verdict of its own. The two functions are the discriminator's and
the generator's part; `judge` maps pictures to logits, all in one row, and knows whatever the
discriminator is shown besides.
"""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor, nn

from ..data.ranges import check_count, check_number
from ..losses import AdversarialLoss, squared_gradient_norms
from ..models import has_batch_norm

__all__ = ["check_patch_game", "patch_discriminator_loss", "patch_generator_loss"]

Judge = Callable[[Tensor], Tensor]


def check_patch_game(
    weights: Mapping[str, float],
    lr: float | Sequence[float],
    betas: Sequence[float],
    penalty_every: int,
    *discriminators: nn.Module,
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Check what every task with such a game is told, and return its rates.

    Parameters
    ----------
    weights : dict of str to float
        Of the terms of the losses, by name, 0 or more; ``r1`` is that of the penalty.
    lr : float or pair of floats
        Learning rate of both players, or of G and of D; 0 or more.
    betas : pair of floats
        Adam's, in [0, 1).
    penalty_every : int
        1 or more.
    *discriminators : nn.Module

    Returns
    -------
    rates, betas : pairs of float
        The rates are those of G and of D.

    Raises
    ------
    ValueError
        If a number is out of range, or the penalty meets batch norm.
    """
    for name, weight in weights.items():
        check_number(f"The weight {name}", weight)
    check_count("penalty_every", penalty_every)
    lr_g, lr_d = lr if isinstance(lr, tuple | list) else (lr, lr)
    for rate in (lr_g, lr_d):
        check_number("The learning rate lr", rate)
    beta_1, beta_2 = betas
    for beta in (beta_1, beta_2):
        check_number("Each of betas", beta, below=1.0)
    if weights.get("r1") and any(map(has_batch_norm, discriminators)):
        raise ValueError(
            "The gradient penalty r1 needs a gradient per picture, and batch norm in the "
            "discriminator mixes the pictures: use another norm, or r1=0."
        )
    return (lr_g, lr_d), (float(beta_1), float(beta_2))


def patch_discriminator_loss(
    loss: AdversarialLoss, judge: Judge, real: Tensor, fake: Tensor, gamma: float = 0.0
) -> tuple[Tensor, dict[str, Tensor]]:
    r"""Return what D minimizes, and scalars worth recording.

    Parameters
    ----------
    loss : AdversarialLoss
        The game.
    judge : callable
        Maps pictures (n, C, H, W) to logits (n * patches,).
    real, fake : Tensor, shape (n, C, H, W)
        Neither gets a gradient.
    gamma : float
        Weight of the penalty :math:`\tfrac12 E \|\nabla_x \bar a(x)\|^2` at real pictures, where
        :math:`\bar a` is the mean over a picture's patches; 0 is none.

    Returns
    -------
    loss : Tensor
        A scalar, with the penalty.
    scalars : dict of str to Tensor
        ``d_loss``, ``real_logit``, ``fake_logit``, and ``r1`` where it has a weight.
    """
    penalize = gamma > 0
    real = real.detach().requires_grad_(penalize)
    real_logits, fake_logits = judge(real), judge(fake.detach())
    scalars = {
        "d_loss": loss.discriminator(real_logits, fake_logits),
        "real_logit": real_logits.mean(),
        "fake_logit": fake_logits.mean(),
    }
    total = scalars["d_loss"]
    if penalize:
        verdicts = real_logits.view(len(real), -1).mean(1)  # of each picture's patches
        scalars["r1"] = 0.5 * squared_gradient_norms(verdicts, real).mean()
        total = total + gamma * scalars["r1"]
    return total, scalars


def patch_generator_loss(loss: AdversarialLoss, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
    """Return the adversarial loss of G; D's weights should be `frozen` meanwhile."""
    fake_logits = judge(fake)
    # only a paired loss looks at real pictures again
    return loss.generator(judge(real.detach()) if loss.paired else None, fake_logits)
