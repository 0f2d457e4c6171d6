"""How to train a teacher and its student: chosen once, from the shape of the samples."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from ..data.ranges import check_count
from ..gan import recipe_for as gan_recipe_for
from ..models import MLPDenoiser, UNetDenoiser, UNetGenerator
from ..repair import recipe_for as repair_recipe_for
from ..training import Recipe

__all__ = ["denoiser_for", "flow_recipe", "student_recipe"]


def flow_recipe(shape: Sequence[int], *, width: int | None = None, **options: Any) -> Recipe:
    """Return the book's recipe of flow matching for samples of this shape.

    Parameters
    ----------
    shape : sequence of int
        ``(2,)`` for points, ``(C, H, W)`` for square images.
    width : int, optional
        Width of the network, instead of the recipe's.
    **options
        Further arguments of `FlowMatching`, instead of the recipe's.

    Returns
    -------
    Recipe
        Its ``networks`` are the arguments of `denoiser_for`.

    Raises
    ------
    ValueError
        If there is no recipe for samples of this shape.

    Examples
    --------
    >>> flow_recipe((2,)).networks
    {'network': 'mlp', 'shape': [2], 'width': 256}
    """
    shape = tuple(shape)
    if width is not None:
        check_count("width", width)
    if gan_recipe_for(shape).networks["network"] == "mlp":
        width = 256 if width is None else width
        networks = {"network": "mlp", "shape": list(shape), "width": width}
        return Recipe(networks, options={"lr": 2e-3}, steps=4000, batch_size=256).changed(
            options=options
        )
    unet = dict(repair_recipe_for(shape, width=width, noise_dim=0).networks["generator"])
    return Recipe({"network": "unet", **unet}, {"lr": 1e-3}, steps=5000, batch_size=64).changed(
        options=options
    )


def denoiser_for(network: str, **arguments: Any) -> nn.Module:
    """Make the denoiser of a recipe: "mlp" or "unet", with the arguments of the network."""
    if network == "mlp":
        return MLPDenoiser(**arguments)
    return UNetDenoiser(UNetGenerator(**arguments))


def student_recipe(shape: Sequence[int], *, width: int | None = None, **options: Any) -> Recipe:
    """Return the book's recipe of a student: the game of a `GAN`, and as much of regression.

    Parameters
    ----------
    shape : sequence of int
        Of one sample.
    width : int, optional
        Width of the discriminator, instead of the recipe's.
    **options
        Further arguments of `OneStep`, instead of the recipe's.
    """
    own = {"regression": 1.0, "adversarial": 1.0}
    recipe = gan_recipe_for(shape).changed(networks={"width": width}, options={**own, **options})
    return recipe.changed(steps=2000)
