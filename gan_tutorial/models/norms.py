"""Which networks have batch norm: it ties together what else is one sample's own."""

from typing import TypeAlias

from torch import nn

__all__ = ["batch_norms", "has_batch_norm"]

# Lazy layers become ordinary ones in their first pass, so they have to be known before it as well.
BatchNorm: TypeAlias = (
    nn.BatchNorm1d
    | nn.BatchNorm2d
    | nn.BatchNorm3d
    | nn.SyncBatchNorm
    | nn.LazyBatchNorm1d
    | nn.LazyBatchNorm2d
    | nn.LazyBatchNorm3d
)


def batch_norms(*networks: nn.Module) -> list[BatchNorm]:
    """Return every batch norm layer in these networks, in the order of their modules."""
    return [m for network in networks for m in network.modules() if isinstance(m, BatchNorm)]


def has_batch_norm(network: nn.Module) -> bool:
    """Return whether a network has batch norm in it, at any depth.

    What then comes out for one sample depends on all samples of its batch: a gradient penalty,
    which takes the gradient of each output for that of one sample alone, is no longer one, and
    several batches cannot pass as one.

    Examples
    --------
    >>> has_batch_norm(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3))))
    True
    >>> has_batch_norm(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3)))
    False
    """
    return bool(batch_norms(network))
