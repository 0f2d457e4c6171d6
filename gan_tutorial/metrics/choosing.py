"""Which feature network to measure pictures with, and how it gets to see them."""

from torch import Tensor, nn

from ..data import Dataset
from .networks import FeatureNetwork, load_network

__all__ = ["GENERAL", "fitted", "network_for"]

OWN = {"digits": "digits", "mnist": "mnist", "fashion_mnist": "mnist", "soccer": "soccer"}
GENERAL = "natural"  # for pictures of any kind that have no network of their own


def network_for(data: Dataset) -> nn.Module:
    """Return the feature network with which pictures are measured.

    The library's own data have networks of their own, where size and color are as these want them;
    every other picture gets the general one, which learned the ten classes of CIFAR-10. The name of
    the network says how it gets to see pictures of another size or color. Fashion-MNIST is measured
    with the network of MNIST: good for ranking, but it has never seen a shoe.

    Parameters
    ----------
    data : Dataset
        Pictures. The name alone does not count: a folder of any pictures may be called "digits".

    Returns
    -------
    nn.Module
        For `extract`. What it predicts (classes, factors) is there only if the data are its own.

    Raises
    ------
    ValueError
        If the data are points.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> network_for(data.load("digits", image_size=16)).name
    'digits-32@... of 16x16 reduced to 8'
    """
    if len(data.shape) != 3:
        raise ValueError(
            f"Feature networks look at pictures, and {data.name!r} holds points: compare them as "
            'they are, metrics.Features(points, "points").'
        )
    if data.source in OWN:
        try:
            return fitted(load_network(OWN[data.source]), data.shape)
        except ValueError:  # gray footballs, digits of 4x4
            pass
    return fitted(load_network(GENERAL), data.shape, any_shape=True)


def fitted(network: FeatureNetwork, shape: tuple[int, ...], any_shape: bool = False) -> nn.Module:
    """Return a feature network for pictures of this shape; larger ones are reduced before it.

    Parameters
    ----------
    network : FeatureNetwork
    shape : tuple of int
        Of one picture.
    any_shape : bool
        Whether a network for color also gets gray pictures, transparent ones (laid on gray), and
        smaller ones (enlarged); what it predicts, its own classes, is then left out. The name of
        what is returned says what was done.

    Raises
    ------
    ValueError
        If the network does not fit: the pictures are gray where it looks at color, or, without
        `any_shape`, smaller than its own.
    """
    alike = shape[0] == network.shape[0] or (any_shape and shape[0] in (1, 4))
    if len(shape) == 3 and alike and (any_shape or shape[-1] > network.shape[-1]):
        return _Resized(network, shape, predicts=not any_shape).eval()
    network.check(shape)
    return network


class _Resized(nn.Module):
    """A feature network behind what brings pictures to the size and the channels it looks at."""

    def __init__(self, network: FeatureNetwork, shape: tuple[int, ...], predicts: bool):
        super().__init__()
        if predicts:
            self.predict = network.predict
        self.network, self.shape = network, tuple(shape)
        (channels, height, width), own = shape, network.shape[-1]
        self.name = network.name
        if (height, width) != (own, own):
            verb = "enlarged" if max(height, width) < own else "reduced"
            self.name += f" of {height}x{width} {verb} to {own}"
        if channels != network.shape[0]:
            self.name += ", gray" if channels == 1 else ", on gray"

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1] == 4:
            images = images[:, :3] * (images[:, 3:] + 1) / 2
        images = images.expand(-1, self.network.shape[0], -1, -1)
        size = self.network.shape[1:]
        if images.shape[2:] != size:
            images = nn.functional.interpolate(images, size=size, mode="bilinear", antialias=True)
        return self.network(images)
