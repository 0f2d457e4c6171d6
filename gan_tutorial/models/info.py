r"""Networks of an InfoGAN: a generator with codes that mean something, and a head that reads them.

Beside noise the generator gets codes :math:`c`: one of `categories`, and numbers in [-1, 1]. A
second head of the discriminator guesses them from the sample, :math:`Q(c \mid x)` (Chen et al.
2016).
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from .conditional import TwoHeads
from .wrappers import Wrapper

__all__ = ["InfoDiscriminator", "InfoGenerator", "entropy_of_codes", "log_likelihood_of_codes"]


# Of the logarithm of a variance: a standard deviation from 0.05 on. The information of a number
# that is told exactly is infinite, and would outweigh the game.
LEAST, MOST = -6.0, 6.0


def check_codes(categories: int, continuous: int) -> None:
    """Raise ValueError unless there are codes: a choice among two at least, or numbers."""
    if categories == 1 or min(categories, continuous) < 0 or categories + continuous == 0:
        raise ValueError(
            "An InfoGAN has codes: a choice among 2 categories or more, numbers, or both; got "
            f"{categories} categories and {continuous} numbers."
        )


def entropy_of_codes(categories: int, continuous: int) -> float:
    r"""Return :math:`H(c)` in nats: :math:`\log K`, and :math:`\log 2` for each number."""
    return math.log(max(categories, 1)) + continuous * math.log(2)


def log_likelihood_of_codes(
    guess: Tensor, labels: Tensor, numbers: Tensor, categories: int
) -> Tensor:
    r"""Return the mean over samples of :math:`\log Q(c \mid x)`, in nats.

    Parameters
    ----------
    guess : Tensor, shape (N, categories + 2 * continuous)
        What `InfoDiscriminator.guess` returns: logits, means, and logarithms of variances, which
        count as -6 at least and 6 at most.
    labels : Tensor of int64, shape (N,)
        The categories that were asked for.
    numbers : Tensor, shape (N, continuous)
    categories : int

    Examples
    --------
    A guess that knows nothing:

    >>> guess, labels = torch.zeros(5, 4), torch.tensor([0, 1, 2, 3, 0])
    >>> log_likelihood_of_codes(guess, labels, torch.zeros(5, 0), 4).exp()
    tensor(0.2500)
    """
    logits, rest = guess[:, :categories], guess[:, categories:]
    total = guess.new_zeros(())
    if categories:
        total = total - cross_entropy(logits, labels)
    if numbers.shape[1]:
        mean, log_var = rest.chunk(2, 1)
        log_var = log_var.clamp(LEAST, MOST)
        squares = (numbers - mean).square() / log_var.exp()
        total = total - 0.5 * (squares + log_var + math.log(2 * math.pi)).sum(1).mean()
    return total


class InfoGenerator(Wrapper):
    r"""A generator of noise and codes, :math:`G(z, c) = g([z, c])`, that starts from N(0, I).

    The first numbers of a latent code are not noise but decide the codes: the largest of
    `categories` numbers says which category, all being equally likely, and each of `continuous`
    numbers :math:`u` becomes :math:`2 \Phi(u) - 1`, uniform in [-1, 1]. So it is sampled and
    measured like any other generator.

    Parameters
    ----------
    network : nn.Module
        The generator `g`: maps (N, latent_dim) to samples, and has ``latent_dim`` and ``shape``.
    categories : int
        2 or more; 0 for none.
    continuous : int
        How many numbers.

    Attributes
    ----------
    latent_dim : int
        As many as the network takes.

    Raises
    ------
    ValueError
        If there are no codes, or they leave no room for noise.

    Examples
    --------
    >>> from gan_tutorial.models import MLPGenerator
    >>> g = InfoGenerator(MLPGenerator(16, (1, 8, 8)), categories=10, continuous=2)
    >>> labels, numbers = g.codes(torch.randn(3, 16))
    >>> labels.shape, numbers.shape
    (torch.Size([3]), torch.Size([3, 2]))
    """

    def __init__(self, network: nn.Module, categories: int = 10, continuous: int = 2):
        check_codes(categories, continuous)
        whole: Any = network.latent_dim
        if categories + continuous >= whole:
            raise ValueError(
                f"{categories} categories and {continuous} numbers leave no room for noise in the "
                f"{whole} numbers that the generator takes: give it more (latent_dim)."
            )
        super().__init__(network, categories=categories, continuous=continuous)
        self.categories, self.continuous, self.latent_dim = categories, continuous, whole
        self.shape: tuple[int, ...] = tuple(network.shape)  # type: ignore[arg-type]

    def codes(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes in latent codes: labels (N,) and numbers (N, continuous)."""
        choice, numbers, _ = self._parts(z)
        labels = choice.argmax(1) if self.categories else z.new_zeros(len(z), dtype=torch.long)
        return labels, 2 * torch.special.ndtr(numbers) - 1

    def make(self, labels: Tensor, numbers: Tensor, noise: Tensor) -> Tensor:
        """Map labels (N,), numbers (N, continuous) in [-1, 1] and noise (N, rest) to samples."""
        parts = [numbers, noise]
        if self.categories:
            parts.insert(0, one_hot(labels, self.categories).to(noise.dtype))
        return self.network(torch.cat(parts, 1))

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes (N, latent_dim) to samples (N, *shape)."""
        return self.make(*self.codes(z), self._parts(z)[2])

    def _parts(self, z: Tensor) -> Sequence[Tensor]:
        rest = self.latent_dim - self.categories - self.continuous
        return z.split([self.categories, self.continuous, rest], 1)


class InfoDiscriminator(TwoHeads):
    r"""A discriminator that also guesses the codes of a sample, :math:`Q(c \mid x)`.

    From its features a second last layer gives logits of the categories, and mean and logarithm
    of the variance of each number.

    Parameters
    ----------
    network : nn.Module
        A discriminator with its layers in a sequence ``net``.
    categories, continuous : int
        As for `InfoGenerator`.

    Examples
    --------
    >>> from gan_tutorial.models import MLPDiscriminator
    >>> d = InfoDiscriminator(MLPDiscriminator((1, 8, 8)), categories=10, continuous=2)
    >>> d(torch.zeros(3, 1, 8, 8)).shape, d.guess(torch.zeros(3, 1, 8, 8)).shape
    (torch.Size([3]), torch.Size([3, 14]))
    """

    def __init__(self, network: nn.Module, categories: int = 10, continuous: int = 2):
        check_codes(categories, continuous)
        super().__init__(network, categories=categories, continuous=continuous)
        self.categories, self.continuous = categories, continuous
        self.head = nn.Linear(self.width, categories + 2 * continuous)

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (N, ...) to logits (N,)."""
        return self.features(x)[1]

    def guess(self, x: Tensor) -> Tensor:
        """Map samples (N, ...) to the parameters of Q, (N, categories + 2 * continuous)."""
        return self.head(self.features(x)[0])
