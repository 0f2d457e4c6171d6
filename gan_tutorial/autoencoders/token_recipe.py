"""How to train a tokenizer: chosen once, from the shape of the pictures."""

from typing import Any

from ..data.ranges import check_count
from ..training import Recipe

__all__ = ["tokenizer_recipe"]


def tokenizer_recipe(
    shape: tuple[int, ...],
    *,
    width: int | None = None,
    codes: int | None = None,
    codebook: str | None = None,
    **options: Any,
) -> Recipe:
    """Return the book's recipe for a tokenizer of pictures of this shape.

    Parameters
    ----------
    shape : (C, H, W)
        From 16x16 on four by four pixels make a token, below that two by two.
    width, codes : int, optional
        Width of the networks and length of the codebook, instead of the recipe's; 1 or more.
    codebook : {"ema", "gradient"}, optional
        How the codebook is learned, instead of the recipe's way.
    **options
        Further arguments of `Tokenizer`, instead of the recipe's.

    Returns
    -------
    Recipe
        Its ``networks`` are the arguments of a `TokenEncoder`, a `TokenDecoder` and a
        `PatchDiscriminator`, by the names ``encoder``, ``generator`` and ``discriminator``.

    Raises
    ------
    ValueError
        If these are no square pictures whose side is even.

    Examples
    --------
    >>> tokenizer_recipe((3, 32, 32)).networks["encoder"]["depth"]
    2
    """
    if len(shape) != 3:
        raise ValueError(
            f"A tokenizer cuts up pictures (C, H, W), and this data set holds {tuple(shape)}."
        )
    channels, height, side = shape
    depth = 2 if side >= 16 else 1
    if height != side or side % 2**depth:
        raise ValueError(
            f"A tokenizer takes square pictures whose side is a multiple of {2**depth}, and these "
            f"are {height}x{side}: choose another image size."
        )
    width = 32 if width is None else width
    codes = 256 if codes is None else codes
    for name, value in (("width", width), ("codes", codes)):
        check_count(name, value)
    pictures = {"channels": channels, "size": side, "width": width, "depth": depth, "dim": 16}
    return Recipe(
        networks={
            "encoder": pictures,
            "generator": {**pictures, "codes": codes, "learned": codebook or "ema"},
            "discriminator": {"channels": channels, "width": width, "depth": depth},
        },
        options={"adversarial": 0.5, "r1": 1.0, "warm_up": 500, "lr": 1e-3, "betas": (0.5, 0.99)},
        steps=3000,
        batch_size=32,
    ).changed(options=options)
