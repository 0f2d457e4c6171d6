r"""Differentiable changes of what the discriminator sees: augmentation and instance noise.

With few pictures a discriminator learns them by heart. Augmenting the data alone does not help a
GAN: the generator would learn the augmented pictures. Zhao et al. (2020) change *everything the
discriminator sees*, reals and fakes alike, in every update of either player; the change is
differentiable, so that the generator's gradient passes through it. As long as the
distribution of the changed samples determines that of the samples, the equilibrium stays where it
was (Karras et al. 2020, section 2.2).

The objects here are functions of a batch. `gan_tutorial.models.Augmented` puts them in front of a
discriminator:

>>> from gan_tutorial import models
>>> discriminator = models.Augmented(models.MLPDiscriminator((1, 8, 8)), DiffAugment("translation"))
>>> discriminator(torch.zeros(5, 1, 8, 8)).shape
torch.Size([5])
"""

import re

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["AUGMENTATIONS", "DIFF_AUGMENT", "DiffAugment", "Noise", "change_from", "cutout"]


def _uniform(x: Tensor, low: float, high: float) -> Tensor:
    """Draw one number for each sample, shaped to be combined with images (N, C, H, W)."""
    return torch.empty(len(x), 1, 1, 1, device=x.device).uniform_(low, high)


def _offsets(x: Tensor, low: int, high: int) -> Tensor:
    """Draw one whole number in low..high for each sample, shape (N, 1)."""
    return torch.randint(low, high + 1, (len(x), 1), device=x.device)


def _color(x: Tensor) -> Tensor:
    """Change brightness, then saturation, then contrast, each by its own random amount."""
    x = x + _uniform(x, -0.5, 0.5)
    gray = x.mean(1, keepdim=True)
    x = gray + _uniform(x, 0.0, 2.0) * (x - gray)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + _uniform(x, 0.5, 1.5) * (x - mean)


def _translation(x: Tensor) -> Tensor:
    """Move each image by up to an eighth of its side in each direction; what enters is 0."""
    channels, height, width = x.shape[1:]
    dy, dx = round(height / 8), round(width / 8)
    rows = torch.arange(height, device=x.device) + _offsets(x, 0, 2 * dy)  # (N, H)
    columns = torch.arange(width, device=x.device) + _offsets(x, 0, 2 * dx)  # (N, W)
    wide = pad(x, (dx, dx, dy, dy))
    rows = rows[:, None, :, None].expand(-1, channels, -1, wide.shape[3])
    columns = columns[:, None, None, :].expand(-1, channels, height, -1)
    return wide.gather(2, rows).gather(3, columns)


def _cutout(x: Tensor) -> Tensor:
    """Cover a random place of each image."""
    height, width = x.shape[2:]
    up, left = height // 4, width // 4
    top = _offsets(x, -up, height - 1 - up)
    return cutout(x, top, _offsets(x, -left, width - 1 - left))


def cutout(x: Tensor, top: Tensor, left: Tensor) -> Tensor:
    """Set a rectangle of half the sides of each image to 0 (DeVries and Taylor 2017).

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
    top, left : Tensor of int64, shape (N, 1)
        Its first row and column, which may lie outside the image.

    Returns
    -------
    Tensor, shape (N, C, H, W)
    """
    height, width = x.shape[2:]
    h, w = height // 2, width // 2
    rows = torch.arange(height, device=x.device) - top
    columns = torch.arange(width, device=x.device) - left
    inside_rows = (rows >= 0) & (rows < h)
    inside_columns = (columns >= 0) & (columns < w)
    hole = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
    return x.masked_fill(hole, 0.0)


def _flip(x: Tensor) -> Tensor:
    """Mirror each image left to right, or not, by chance."""
    return torch.where(_uniform(x, 0.0, 1.0) < 0.5, x.flip(3), x)


DIFF_AUGMENT = {"color": _color, "translation": _translation, "cutout": _cutout}
AUGMENTATIONS = {**DIFF_AUGMENT, "flip": _flip}


class DiffAugment:
    """The three differentiable augmentations of Zhao et al. (2020), "DiffAugment", and a flip.

    Parameters
    ----------
    *policy : {"color", "translation", "cutout", "flip"}
        Which of them, in this order; the first three by default. "color" adds up to 0.5 to the
        brightness, multiplies the saturation by 0 to 2 and the contrast by 0.5 to 1.5;
        "translation" moves by up to an eighth of the side, and what comes in from outside is 0;
        "cutout" sets a square of half the side to 0; "flip" mirrors every second sample left to
        right, and the generator may then make mirrored pictures: not for letters.

    Raises
    ------
    ValueError
        If an augmentation is unknown, or what comes is not images (N, C, H, W).

    Notes
    -----
    The random numbers, one set for each sample, are torch's global ones, which `fit` seeds
    and checkpoints keep.

    Examples
    --------
    >>> change = DiffAugment("translation", "cutout")
    >>> change
    DiffAugment('translation', 'cutout')
    >>> change(torch.ones(4, 3, 32, 32)).shape
    torch.Size([4, 3, 32, 32])
    """

    def __init__(self, *policy: str):
        for name in policy:
            if name not in AUGMENTATIONS:
                raise ValueError(
                    f"Unknown augmentation {name!r}; choose among {', '.join(AUGMENTATIONS)}."
                )
        self.policy = policy or tuple(DIFF_AUGMENT)

    def __call__(self, x: Tensor) -> Tensor:
        """Change images (N, C, H, W); the result has the same shape."""
        if x.dim() != 4:
            raise ValueError(f"Images have shape (N, C, H, W), got {tuple(x.shape)}.")
        for name in self.policy:
            x = AUGMENTATIONS[name](x)
        return x

    def __repr__(self) -> str:
        return f"DiffAugment({', '.join(map(repr, self.policy))})"


class Noise:
    r"""Instance noise: :math:`x + \tau \epsilon` with standard normal :math:`\epsilon`.

    Noise on everything the discriminator sees makes the two distributions overlap (Sønderby et
    al. 2017; Arjovsky and Bottou 2017).

    Parameters
    ----------
    std : float
        :math:`\tau`. It is an attribute that may be lowered during training, for instance by a
        callback of `fit`.

    Raises
    ------
    ValueError
        If `std` is negative.

    Examples
    --------
    >>> noise = Noise(0.5)
    >>> def cool(run):
    ...     noise.std = 0.5 * (1 - run.step / run.steps)
    """

    def __init__(self, std: float):
        if std < 0:
            raise ValueError(f"The standard deviation of noise must not be negative, got {std}.")
        self.std = std

    def __call__(self, x: Tensor) -> Tensor:
        """Add noise to samples of any shape."""
        return x + self.std * torch.randn_like(x)

    def __repr__(self) -> str:
        return f"Noise({self.std:g})"


def change_from(text: str) -> DiffAugment | Noise:
    """Return the change that describes itself, by its ``repr``, like this.

    Raises
    ------
    ValueError
        If it is none of the library's own.

    Examples
    --------
    >>> change_from("DiffAugment('flip')"), change_from("Noise(0.3)")
    (DiffAugment('flip'), Noise(0.3))
    """
    if policy := re.fullmatch(r"DiffAugment\(((?:'\w+'(?:, )?)+)\)", text):
        return DiffAugment(*re.findall(r"'(\w+)'", policy[1]))
    if noise := re.fullmatch(r"Noise\(([\d.e+-]+)\)", text):
        return Noise(float(noise[1]))
    raise ValueError(f"The change {text} is none of the library's own: build it yourself.")
