r"""Networks that are told a class: :math:`G(z, y)` and :math:`D(x, y)`.

Each is one of the library's ordinary networks and a little around it, so that a conditional and an
unconditional GAN can be compared at the same size.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .hidden import split_last, width_of
from .wrappers import Wrapper

__all__ = ["AuxiliaryDiscriminator", "ConditionalGenerator", "ProjectionDiscriminator"]


class ConditionalGenerator(Wrapper):
    r"""A generator that is told the class, :math:`G(z, y) = g([z, e_y])`.

    Every class has a learned vector :math:`e_y`, its *embedding*, which stands beside the latent
    code at the input of an ordinary generator `g`.

    Parameters
    ----------
    network : nn.Module
        The generator `g`: maps (N, latent_dim + embedding) to samples, and has ``latent_dim`` (of
        the whole input) and ``shape``.
    classes : sequence of str
        The names of the classes, by the numbers of the labels; two at least, all different.
    embedding : int
        Length of the vectors :math:`e_y`, from 1 to less than the whole input.

    Attributes
    ----------
    latent_dim : int
        Length of `z`.
    classes : tuple of str
    shape : tuple of int
        Of one sample.

    Raises
    ------
    ValueError
        If there are too few classes, two are called the same, or the embedding leaves no room
        for `z`.

    Examples
    --------
    >>> from gan_tutorial.models import MLPGenerator
    >>> g = ConditionalGenerator(MLPGenerator(12, (1, 8, 8)), ["cat", "dog", "owl"], embedding=4)
    >>> g.latent_dim, g(torch.randn(2, 8), torch.tensor([0, 2])).shape
    (8, torch.Size([2, 1, 8, 8]))
    """

    def __init__(self, network: nn.Module, classes: Sequence[str], embedding: int):
        names = tuple(str(name) for name in classes)
        if len(names) < 2 or len(set(names)) < len(names):
            raise ValueError(
                "A conditional generator chooses among two classes at least, each with a name of "
                f"its own; got {', '.join(names) or 'none'}."
            )
        whole: Any = network.latent_dim
        if not 1 <= embedding < whole:
            raise ValueError(
                f"embedding must be from 1 to {whole - 1}, so that it leaves room for z in the "
                f"{whole} numbers that the network takes; got {embedding}."
            )
        super().__init__(network, classes=list(names), embedding=embedding)
        self.classes, self.latent_dim = names, whole - embedding
        self.shape: tuple[int, ...] = tuple(network.shape)  # type: ignore[arg-type]
        self.embed = nn.Embedding(len(names), embedding)  # from N(0, I), as z is

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) and labels (N,) to samples (N, *shape)."""
        return self.network(torch.cat([z, self.embed(labels).to(z.dtype)], 1))


class TwoHeads(Wrapper):
    """A discriminator whose features, its last hidden layer, are looked at by a second head."""

    def __init__(self, network: nn.Module, **options: Any):
        hidden, last = split_last(network)
        super().__init__(network, **options)
        self.width, self._cut = width_of(last), len(hidden)

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features of samples, flattened to (N, F), and their logits, (N,)."""
        layers: Any = self.network.net
        for i, layer in enumerate(layers):
            if i == self._cut:
                features = x.flatten(1)
            x = layer(x)
        return features, x.flatten()


class ProjectionDiscriminator(TwoHeads):
    r"""The projection discriminator of Miyato and Koyama (2018, equation 3).

    The features :math:`\varphi(x)` of an ordinary discriminator, its last hidden layer, are
    judged by its own last layer :math:`\psi` and, in addition, along a learned direction of each
    class:

    .. math:: D(x, y) = \psi(\varphi(x)) + \langle v_y, \varphi(x) \rangle .

    Since :math:`\psi` is linear, that is a last layer :math:`w + v_y` for each class. For two
    densities with the same features the best logit has this form: an inner product for
    :math:`\log p(y \mid x)`, whose classes share the features, and a rest for
    :math:`\log p(x)` (section 3 there).

    Parameters
    ----------
    network : nn.Module
        A discriminator with its layers in a sequence ``net``.
    classes : int
        How many, two at least.

    Raises
    ------
    ValueError
        If the network has no hidden layer, or there are fewer classes.

    Examples
    --------
    >>> from gan_tutorial.models import MLPDiscriminator
    >>> d = ProjectionDiscriminator(MLPDiscriminator((1, 8, 8)), classes=10)
    >>> d(torch.zeros(3, 1, 8, 8), torch.tensor([0, 1, 9])).shape
    torch.Size([3])
    """

    def __init__(self, network: nn.Module, classes: int):
        super().__init__(network, classes=checked(classes))
        self.embed = nn.Embedding(classes, self.width)
        nn.init.normal_(self.embed.weight, std=self.width**-0.5)  # of the size of w itself

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map samples (N, ...) and labels (N,) to logits (N,)."""
        features, logits = self.features(x)
        return logits + (self.embed(labels) * features).sum(1)


class AuxiliaryDiscriminator(TwoHeads):
    r"""The discriminator of an auxiliary-classifier GAN (Odena, Olah and Shlens 2017).

    It judges samples as an ordinary discriminator does, whatever their class, and from the same
    features a second last layer tells the class: :math:`P(y \mid x)`.

    Parameters
    ----------
    network, classes
        As for `ProjectionDiscriminator`.

    Examples
    --------
    >>> from gan_tutorial.models import MLPDiscriminator
    >>> d = AuxiliaryDiscriminator(MLPDiscriminator((1, 8, 8)), classes=10)
    >>> x = torch.zeros(3, 1, 8, 8)
    >>> d(x, torch.tensor([0, 1, 9])).shape, d.classify(x).shape
    (torch.Size([3]), torch.Size([3, 10]))
    """

    def __init__(self, network: nn.Module, classes: int):
        super().__init__(network, classes=checked(classes))
        self.head = nn.Linear(self.width, classes)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map samples (N, ...) to logits (N,); the labels are not looked at."""
        return self.features(x)[1]

    def classify(self, x: Tensor) -> Tensor:
        """Map samples (N, ...) to the logits of their classes, (N, classes)."""
        return self.head(self.features(x)[0])


def checked(classes: int) -> int:
    """Return a number of classes, if there are two at least."""
    if classes < 2:
        raise ValueError(f"There are two classes at least, got {classes}.")
    return classes
