"""Networks around networks, and a layer that looks across the batch.

Those here are ordinary discriminators to whatever trains them: samples in, logits out.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Augmented", "MinibatchStd", "Packed", "Wrapper"]


class Wrapper(nn.Module):
    """A network around another one, which is its attribute `network`.

    `options` says what it adds, as JSON-able data: together with the network's own configuration
    it describes the whole.
    """

    def __init__(self, network: nn.Module, **options: Any):
        super().__init__()
        self.network = network
        self.options = options


class Augmented(Wrapper):
    """A discriminator that sees changed samples, reals and fakes alike: :math:`a(T(x))`.

    Parameters
    ----------
    network : nn.Module
        The discriminator.
    *changes : callable
        Differentiable functions of a batch that keep its shape, applied in this order:
        `gan_tutorial.augment.DiffAugment`, `gan_tutorial.augment.Noise`, or the reader's own.

    Notes
    -----
    A gradient penalty is that of the whole, with respect to the samples before the change.

    Examples
    --------
    >>> from gan_tutorial import augment
    >>> from gan_tutorial.models import MLPDiscriminator
    >>> d = Augmented(MLPDiscriminator((2,)), augment.Noise(0.3))
    >>> d(torch.zeros(4, 2)).shape
    torch.Size([4])
    """

    def __init__(self, network: nn.Module, *changes: Callable[[Tensor], Tensor]):
        super().__init__(network, changes=[repr(change) for change in changes])
        self.changes = changes

    def forward(self, x: Tensor, *given: Tensor) -> Tensor:
        """Map samples (N, ...), and what else the network takes, such as labels, to logits (N,)."""
        return self.network(self.changed(x), *given)

    def classify(self, x: Tensor) -> Tensor:
        """Map samples (N, ...) to logits of classes, if the network has a method for it."""
        network: Any = self.network
        return network.classify(self.changed(x))

    def changed(self, x: Tensor) -> Tensor:
        """Return samples as the network gets to see them."""
        for change in self.changes:
            x = change(x)
        return x


class Packed(Wrapper):
    """A discriminator that judges several samples at once (PacGAN, Lin et al. 2018).

    A pack holds `pack` samples of one kind, all real or all generated, stacked along the channels
    (or, for points, the coordinates), and gets one logit. A generator that leaves out modes makes
    packs that are too alike, which is seen more easily than in single samples.

    Parameters
    ----------
    network : nn.Module
        A discriminator of samples with `pack` times as many channels: for three-packs of 8x8 gray
        images, ``MLPDiscriminator((3, 8, 8))``.
    pack : int
        Samples in a pack, from 2 on. The size of a batch must be a multiple of it.

    Raises
    ------
    ValueError
        If `pack` is below 2, or a batch cannot be packed.

    Notes
    -----
    A batch of N samples gives N / pack logits. R1 and R2 are then means over the N samples of the
    squared gradient with respect to each: 1 / pack of the squared gradient of a whole pack.

    Examples
    --------
    >>> from gan_tutorial.models import MLPDiscriminator
    >>> Packed(MLPDiscriminator((4,)), 2)(torch.zeros(6, 2)).shape
    torch.Size([3])
    """

    def __init__(self, network: nn.Module, pack: int = 2):
        if pack < 2:
            raise ValueError(f"A pack holds at least 2 samples, got {pack}.")
        super().__init__(network, pack=pack)
        self.pack = pack

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (N, C, ...) to logits (N / pack,)."""
        if len(x) % self.pack:
            raise ValueError(
                f"{len(x)} samples cannot be put into packs of {self.pack}: choose a batch size "
                "that is a multiple of it."
            )
        return self.network(x.unflatten(0, (-1, self.pack)).flatten(1, 2))


class MinibatchStd(nn.Module):
    """A layer that tells the discriminator how varied the batch is (Karras et al. 2018).

    It appends one channel (or feature), the same number everywhere: the standard deviation over
    the samples of a group, averaged over all features and places.

    Parameters
    ----------
    group : int, optional
        Samples in a group; the whole batch by default. The size of a batch must be a multiple of
        it.

    Raises
    ------
    ValueError
        If the batch cannot be cut into such groups.

    Notes
    -----
    It couples the samples of a batch, as batch norm does: reals and fakes have to come in batches
    of their own, and a gradient penalty is no longer exactly one per sample.

    Examples
    --------
    >>> layer = MinibatchStd()
    >>> layer(torch.tensor([[1.0, 5.0], [3.0, 9.0]]))
    tensor([[1.0000, 5.0000, 1.5000],
            [3.0000, 9.0000, 1.5000]])
    """

    def __init__(self, group: int | None = None):
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, F, ...) to (N, F + 1, ...)."""
        group = self.group or len(x)
        if len(x) % group:
            raise ValueError(f"{len(x)} samples cannot be cut into groups of {group}.")
        groups = x.unflatten(0, (-1, group))  # (groups, group, F, ...)
        # the small number keeps the slope of the square root finite where all samples are equal
        std = (groups.var(1, correction=0) + 1e-8).sqrt().flatten(1).mean(1)  # (groups,)
        std = std.repeat_interleave(group).view(-1, 1, *[1] * (x.dim() - 2))
        return torch.cat([x, std.expand(-1, 1, *x.shape[2:])], 1)
