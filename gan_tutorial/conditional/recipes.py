"""How to train a conditional GAN: chosen once, from the shape of the samples."""

from collections.abc import Sequence

from ..gan import recipe_for as gan_recipe_for
from ..training import Recipe

__all__ = ["CONDITIONS", "recipe_for"]

CONDITIONS = ("projection", "auxiliary")


def recipe_for(
    shape: Sequence[int], network: str = "auto", condition: str = "projection"
) -> Recipe:
    """Return the book's recipe of a conditional GAN for samples of this shape.

    It is that of a `GAN` with a vector of 16 numbers for each class, and, for an auxiliary
    classifier, its weight of 1.

    Parameters
    ----------
    shape : sequence of int
        ``(2,)`` for points, ``(C, H, W)`` for images.
    network : {"auto", "mlp", "dcgan"}
        As for `gan.recipe_for`.
    condition : {"projection", "auxiliary"}
        How the discriminator learns of classes.

    Raises
    ------
    ValueError
        If a choice is unknown, or a DCGAN cannot make such samples.

    Examples
    --------
    >>> recipe_for((1, 8, 8), condition="auxiliary").options["auxiliary"]
    1.0
    """
    if condition not in CONDITIONS:
        raise ValueError(f"Unknown condition {condition!r}; choose one of {', '.join(CONDITIONS)}.")
    options = {"auxiliary": 1.0 if condition == "auxiliary" else 0.0}
    return gan_recipe_for(shape, network).changed(networks={"embedding": 16}, options=options)
