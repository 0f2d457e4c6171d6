"""The book's recipes of a GAN, by kind of data: which networks, which penalties, how long."""

from collections.abc import Callable, Sequence

from torch import nn

from ..data import Dataset, Samples
from ..models import Augmented
from ..models.augment import DiffAugment
from ..training import Recipe

__all__ = ["FEW", "IMAGES", "POINTS", "SMALL_IMAGES", "augmentation_for", "augmented", "recipe_for"]

# Of fewer pictures a discriminator of this size begins to know each by heart within the recipe's
# steps (Zhao et al. 2020 see it from a tenth of CIFAR-10 on).
FEW = 2000
OF_FEW = ("translation", "cutout")

# The relativistic paired loss with both gradient penalties (Huang et al. 2024). A deep generator is
# what separates the modes of points: to jump from one mode to the next it must be steep, and every
# layer multiplies slopes.
_OPTIONS = {"loss": "relativistic", "betas": (0.0, 0.9), "ema": 0.995}
POINTS = Recipe(
    networks={"network": "mlp", "latent_dim": 2, "width": 128, "generator_depth": 8},
    options={**_OPTIONS, "lr": 1.5e-3, "r1": 0.1, "r2": 0.1},
    steps=3000,
    batch_size=256,
)
SMALL_IMAGES = Recipe(
    networks={"network": "mlp", "latent_dim": 32, "width": 128, "generator_depth": 5},
    options={**_OPTIONS, "lr": 2e-3, "r1": 0.5, "r2": 0.5},
    steps=4000,
    batch_size=64,
)
IMAGES = Recipe(
    networks={"network": "dcgan", "latent_dim": 64, "width": 32},
    options={**_OPTIONS, "lr": 1e-3, "r1": 0.1, "r2": 0.1, "penalty_every": 4},
    steps=5000,
    batch_size=64,
)


def recipe_for(shape: Sequence[int], network: str = "auto") -> Recipe:
    """Return the book's recipe of a GAN for samples of this shape.

    Parameters
    ----------
    shape : sequence of int
        ``(2,)`` for points, ``(C, H, W)`` for images.
    network : {"auto", "mlp", "dcgan"}
        Fully connected or convolutional; "auto" is convolutional for images from 16x16 on.

    Returns
    -------
    Recipe
        Its `networks` say ``network`` ("mlp" or "dcgan"), ``latent_dim``, ``width`` and, for
        "mlp", ``generator_depth``; its `options` are those of `GAN`.

    Raises
    ------
    ValueError
        If the kind of network is unknown, or a DCGAN cannot make such samples.

    Examples
    --------
    >>> recipe_for((1, 28, 28)).networks["network"], recipe_for((2,)).batch_size
    ('dcgan', 256)
    """
    if network not in ("auto", "mlp", "dcgan"):
        raise ValueError(f"Unknown kind of network {network!r}; choose one of auto, mlp, dcgan.")
    if len(shape) not in (1, 3):
        raise ValueError(
            f"There are recipes for points (2,) and for images (C, H, W), not for samples of shape "
            f"{tuple(shape)}: give a data set, or a tensor whose first axis counts the samples."
        )
    points = len(shape) == 1
    if network == "auto":
        network = "mlp" if points or shape[-1] < 16 else "dcgan"
    if network == "mlp":
        return POINTS if points else SMALL_IMAGES
    if points:
        raise ValueError("A DCGAN makes images, and this data set holds points: use 'mlp'.")
    if shape[1] != shape[2]:
        raise ValueError(f"A DCGAN makes square images, and these are {shape[1]}x{shape[2]}.")
    return IMAGES


def augmentation_for(data: Samples, network: str = "auto") -> tuple[str, ...]:
    """Return what a GAN's discriminator should see changed, by the number of pictures.

    Parameters
    ----------
    data : Dataset, Tensor or ndarray
        Only of pictures from a folder it is decided by number: fewer than `FEW` are moved and cut
        out of. The library's own data sets can draw as many as are needed, and have recipes
        without; of a tensor nobody knows what may be done to it.
    network : {"auto", "mlp", "dcgan"}
        As for `recipe_for`; a fully connected discriminator sees everything as it is.

    Returns
    -------
    tuple of str
        For `augment.DiffAugment`; empty for none.
    """
    from_folder = isinstance(data, Dataset) and data.identity is not None and data.source is None
    if not from_folder or len(data) >= FEW or len(data.shape) != 3:
        return ()
    return OF_FEW if recipe_for(data.shape, network).networks["network"] == "dcgan" else ()


def augmented(
    discriminator: nn.Module,
    policy: Sequence[str],
    wrap: Callable[[nn.Module], nn.Module] | None = None,
) -> nn.Module:
    """Return a discriminator that sees everything changed, and wrapped as the caller says.

    Parameters
    ----------
    discriminator : nn.Module
    policy : sequence of str
        For `augment.DiffAugment`; empty for none.
    wrap : callable, optional
        Takes a discriminator and returns the one to train.
    """
    if policy:
        discriminator = Augmented(discriminator, DiffAugment(*policy))
    return discriminator if wrap is None else wrap(discriminator)
