"""What a batch shows that goes through the networks in pieces, one after the other."""

from torch import Tensor

__all__ = ["WeightedSums"]


class WeightedSums:
    """Means over a batch, from means over its pieces.

    Parameters
    ----------
    whole : int
        Samples in the batch.

    Examples
    --------
    >>> import torch
    >>> sums = WeightedSums(4)
    >>> sums.add({"loss": torch.tensor(1.0)}, 3)
    >>> sums.add({"loss": torch.tensor(5.0)}, 1)
    >>> sums.values
    {'loss': tensor(2.)}
    """

    def __init__(self, whole: int):
        self.whole = whole
        self.values: dict[str, Tensor] = {}

    def add(self, scalars: dict[str, Tensor], count: int) -> None:
        """Add the means over a piece of `count` samples."""
        for name, value in scalars.items():
            part = value.detach() * (count / self.whole)
            self.values[name] = self.values[name] + part if name in self.values else part
