"""Networks in evaluation mode for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["evaluating"]


@contextmanager
def evaluating(*networks: nn.Module) -> Iterator[None]:
    """Put networks into evaluation mode; afterwards each of their parts is in the mode it was in.

    Parts can be in different modes: a frozen part of a network that is trained, or a network that
    others use, too.

    Examples
    --------
    >>> network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2).eval())
    >>> with evaluating(network):
    ...     [part.training for part in network]
    [False, False]
    >>> [part.training for part in network]
    [True, False]
    """
    before = [(part, part.training) for network in networks for part in network.modules()]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for part, mode in before:
            part.training = mode
