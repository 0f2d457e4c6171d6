"""What a discriminator answers, in whatever form: logits by sample, and the verdict on each."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FORMS", "Verdicts", "answer_of", "looks_bounded"]

FORMS = "(N,), (N, 1), (N, 1, 1, 1), or one number for each patch, (N, 1, H, W)"
SMALLEST = 1e-6  # probabilities nearer to 0 or 1 than that are taken for that


def answer_of(answer: Any, count: int) -> Tensor | None:
    """Return what a discriminator says of `count` samples, as float32 of shape (count, parts).

    Of a tuple, list or mapping the first tensor counts, as in networks that also return features
    or a class. None is returned for what is not one number for each sample or patch.

    Examples
    --------
    >>> answer_of(torch.zeros(4, 1, 3, 3), 4).shape
    torch.Size([4, 9])
    >>> answer_of(torch.zeros(4, 10), 4) is None
    True
    """
    if isinstance(answer, Mapping):
        answer = tuple(answer.values())
    if isinstance(answer, tuple | list):
        answer = next((part for part in answer if isinstance(part, Tensor)), None)
    if not isinstance(answer, Tensor) or answer.dim() == 0 or len(answer) != count:
        return None
    if answer.dim() > 1 and answer.shape[1] != 1:
        return None
    return answer.float().flatten(1) if answer.dim() > 1 else answer.float()[:, None]


def looks_bounded(discriminator: nn.Module, real: Tensor, *more: Any) -> bool:
    """Whether all answers lie in [0, 1] and are not one number, also for samples far off.

    Samples a thousand times too large drive every unbounded logit out of [0, 1].
    """
    said = [answer_of(discriminator(scale * real, *more), len(real)) for scale in (1, 30, -1000)]
    both = torch.cat([part.flatten() for part in said if part is not None] or [torch.empty(0)])
    if not both.numel() or not both.isfinite().all():
        return False
    return bool(0 <= both.min() and both.max() <= 1 and both.std() > 0)


class Verdicts(nn.Module):
    """A discriminator as the probe wants it: samples in, one logit for each out.

    Patches are averaged, and probabilities turned into logits. It draws no random numbers and has
    no weights of its own.

    Parameters
    ----------
    discriminator : nn.Module
    more : tuple
        What it takes beside the samples, such as labels.
    bounded : bool
        Whether it answers in probabilities.

    Raises
    ------
    ValueError
        In its pass, if the answer has another form than `FORMS`.
    """

    def __init__(self, discriminator: nn.Module, more: tuple = (), bounded: bool = False):
        super().__init__()
        self.discriminator, self.more, self.bounded = discriminator, more, bounded

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (N, ...) to logits (N,)."""
        said = answer_of(self.discriminator(x, *self.more), len(x))
        if said is None:
            raise ValueError(f"the discriminator's answer has none of the forms {FORMS}")
        if self.bounded:
            said = said.clamp(SMALLEST, 1 - SMALLEST).logit()
        return said.mean(1)
