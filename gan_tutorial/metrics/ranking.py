"""How often a number of one kind exceeds a number of another kind."""

import torch
from torch import Tensor

__all__ = ["share_above"]


def share_above(higher: Tensor, lower: Tensor) -> float:
    r"""Share of the pairs in which the first number is the larger one; ties count one half.

    This is :math:`P(a > b)`, the area under the ROC curve. It is the same for `a` and `b` as for
    any increasing function of both: an offset and the scale of logits do not matter.

    Parameters
    ----------
    higher, lower : Tensor
        Two sets of numbers, such as the logits of reals and of fakes; their shapes do not matter.

    Examples
    --------
    >>> share_above(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 3.0]))
    0.375
    """
    # Counted by bisection, since there may be too many pairs to hold.
    a, b = higher.flatten(), lower.flatten().sort().values
    below = torch.searchsorted(b, a, right=False)
    not_above = torch.searchsorted(b, a, right=True)
    return float((below + not_above).double().mean()) / 2 / len(b)
