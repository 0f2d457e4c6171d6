"""How to train repair: chosen once, from the shape of the pictures."""

from typing import Any

from ..training import Recipe

__all__ = ["recipe_for"]


def recipe_for(
    shape: tuple[int, ...],
    *,
    width: int | None = None,
    noise_dim: int | None = None,
    **options: Any,
) -> Recipe:
    """Return the book's recipe for repairing pictures of this shape.

    Parameters
    ----------
    shape : (C, H, W)
    width, noise_dim : int, optional
        Width of the networks, and length of the noise, instead of the recipe's; 0 for no noise,
        and then, unless it is asked for, no reward for using it either.
    **options
        Further arguments of `Repair`, instead of the recipe's.

    Returns
    -------
    Recipe
        Its ``networks`` are the arguments of a `UNetGenerator` and of a `PatchDiscriminator`, by
        the names ``generator`` and ``discriminator``; its ``options`` are those of `Repair`.

    Raises
    ------
    ValueError
        If these are no square pictures whose side can be halved twice.

    Examples
    --------
    >>> recipe = recipe_for((3, 32, 32), noise_dim=0, l1=5.0)
    >>> recipe.networks["generator"]
    {'channels': 3, 'size': 32, 'width': 32, 'depth': 3, 'noise_dim': 0}
    >>> recipe.options["warm_up"], recipe.options["diversity"], recipe.options["l1"]
    (1200, 0.0, 5.0)
    """
    if len(shape) != 3:
        raise ValueError(
            f"Repair fills holes in pictures (C, H, W), and this data set holds {shape}."
        )
    channels, height, side = shape
    if height != side or side % 4 or side < 8:
        raise ValueError(
            f"The networks for repair take square pictures whose side is a multiple of 4 from 8 "
            f"on, and these are {height}x{side}: choose another image size."
        )
    depth = 2  # halve down to 4x4 or a little more, and no further than the side can be halved
    while depth < 5 and side % 2 ** (depth + 1) == 0 and side >> (depth + 1) >= 4:
        depth += 1
    width = 32 if width is None else width
    noise_dim = 8 if noise_dim is None else noise_dim
    return Recipe(
        networks={
            "generator": {
                "channels": channels,
                "size": side,
                "width": width,
                "depth": depth if side >= 16 else 1,
                "noise_dim": noise_dim,
            },
            "discriminator": {
                "channels": channels + bool(options.get("show_mask")),
                "width": width,
                "depth": 2 if side >= 16 else 1,
            },
        },
        options={
            # holes of a reader's pictures are of any form; one in the middle is the commonest
            "masks": ("center", "boxes", "strokes"),
            "adversarial": 0.3,
            "diversity": 0.5 if noise_dim else 0.0,
            "r1": 1.0,
            "warm_up": 1200,
        },
        steps=3000,
        batch_size=32,
        schedule="hold-cosine",
    ).changed(options=options)
