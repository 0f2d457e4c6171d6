"""How to train a translation: chosen once, from the shape of the pictures."""

from typing import Any

from ..repair import recipe_for as repair_recipe_for
from ..training import Recipe

__all__ = ["paired_recipe", "unpaired_recipe"]


def _networks(shape: tuple[int, ...], width: int | None, seen: int) -> dict[str, Any]:
    """Return the networks of repair without noise and masks; D sees `seen` pictures at once."""
    if len(shape) != 3:
        raise ValueError(f"Translation is of pictures (C, H, W), and this data set holds {shape}.")
    networks = repair_recipe_for(shape, width=width, noise_dim=0).networks
    return {
        "generator": {**networks["generator"], "mask_input": False},
        "discriminator": {**networks["discriminator"], "channels": seen * shape[0]},
    }


def paired_recipe(shape: tuple[int, ...], *, width: int | None = None, **options: Any) -> Recipe:
    """Return the book's recipe for translating pictures of this shape, from pairs.

    Parameters
    ----------
    shape : (C, H, W)
        Of a target.
    width : int, optional
        Width of the networks, instead of the recipe's.
    **options
        Further arguments of `PairedTranslation`, instead of the recipe's.

    Returns
    -------
    Recipe
        Its ``networks`` are the arguments of a `UNetGenerator` and of a `PatchDiscriminator`, by
        the names ``generator`` and ``discriminator``.

    Raises
    ------
    ValueError
        If these are no square pictures whose side can be halved twice.

    Examples
    --------
    >>> paired_recipe((3, 32, 32)).networks["discriminator"]["channels"]
    6
    """
    return Recipe(
        networks=_networks(shape, width, seen=2),
        options={
            "loss": "relativistic",
            "l1": 10.0,
            "adversarial": 0.3,
            "r1": 1.0,
            "warm_up": 500,
            "lr": 1e-3,
            "betas": (0.5, 0.99),
        },
        steps=2000,
        batch_size=32,
    ).changed(options=options)


def unpaired_recipe(shape: tuple[int, ...], *, width: int | None = None, **options: Any) -> Recipe:
    """Return the book's recipe for translating pictures of this shape, without pairs.

    Parameters, result and exceptions are those of `paired_recipe`, with the options of
    `UnpairedTranslation`.

    Examples
    --------
    >>> unpaired_recipe((3, 32, 32), cycle=5.0).options["cycle"]
    5.0
    """
    return Recipe(
        networks=_networks(shape, width, seen=1),
        options={
            "loss": "least-squares",
            "cycle": 10.0,
            "identity": 5.0,
            "lr": 1e-3,
            "betas": (0.5, 0.99),
        },
        steps=3000,
        batch_size=16,
    ).changed(options=options)
