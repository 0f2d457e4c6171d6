r"""The losses of the two players, and the gradient penalties on the discriminator.

Every function here takes *logits*: the raw, unbounded numbers a discriminator returns, one per
sample, before any sigmoid. Arguments always come in the order ``(real, fake)``.
"""

from .adversarial import LOSSES, AdversarialLoss, get_loss, smoothed
from .penalties import (
    gradient_penalty,
    logits_and_gradients,
    logits_and_squared_norms,
    r1,
    r2,
    squared_gradient_norms,
)

__all__ = [
    "LOSSES",
    "AdversarialLoss",
    "get_loss",
    "gradient_penalty",
    "logits_and_gradients",
    "logits_and_squared_norms",
    "r1",
    "r2",
    "smoothed",
    "squared_gradient_norms",
]
