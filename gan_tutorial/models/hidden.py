"""A discriminator cut in two: its hidden layers, and the last one, which makes logits of them."""

from typing import Any

from torch import Tensor, nn

__all__ = ["split_last", "width_of"]


def split_last(discriminator: nn.Module) -> tuple[nn.Sequential, nn.Sequential]:
    """Return the layers before the last one that has weights, and those from it on.

    The layers are those of the network itself: what trains the parts trains the whole.

    Parameters
    ----------
    discriminator : nn.Module
        Keeps its layers in a sequence ``net``, as those of the library do.

    Raises
    ------
    ValueError
        If it has no such sequence, or no hidden layer in it.

    Examples
    --------
    >>> from gan_tutorial.models import MLPDiscriminator
    >>> hidden, last = split_last(MLPDiscriminator((2,), width=16))
    >>> len(hidden), last
    (7, Sequential(
      (0): Linear(in_features=16, out_features=1, bias=True)
    ))
    """
    layers = list(getattr(discriminator, "net", ()))
    weighted = [i for i, layer in enumerate(layers) if any(True for _ in layer.parameters())]
    if len(weighted) < 2:
        raise ValueError(
            f"The features of a discriminator are its last hidden layer, so a "
            f"{type(discriminator).__name__} needs a sequence of layers `net` with at least one "
            "hidden layer."
        )
    return nn.Sequential(*layers[: weighted[-1]]), nn.Sequential(*layers[weighted[-1] :])


def width_of(last: nn.Sequential) -> int:
    """Return how many numbers the last layer looks at: features of a sample, flattened."""
    layer: Any = last[0]
    weight: Tensor = layer.weight  # (1, F) of a linear layer, (1, C, H, W) of a convolution
    return weight[0].numel()
