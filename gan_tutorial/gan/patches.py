r"""The game of a discriminator that judges a picture patch by patch.

Every patch's logit counts as a verdict of its own. The two functions are the discriminator's and
the generator's part; `judge` maps pictures to logits, all in one row, and knows whatever the
discriminator is shown besides.
"""

from collections.abc import Callable

from torch import Tensor

from ..losses import AdversarialLoss, squared_gradient_norms

__all__ = ["patch_discriminator_loss", "patch_generator_loss"]

Judge = Callable[[Tensor], Tensor]


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
