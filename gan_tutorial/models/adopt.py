"""Taking up a generator that was written elsewhere."""

from typing import Any

import torch
from torch import Tensor, nn

from .evaluating import evaluating

__all__ = ["adopt_generator", "code_shape"]


def adopt_generator(generator: nn.Module) -> nn.Module:
    """See that a generator maps codes (N, latent_dim), and says how long they are.

    One without ``latent_dim`` gets it, as the width of its first layer. One that wants codes of
    shape (N, latent_dim, 1, 1), as is usual where the first layer is a transposed convolution,
    takes both from now on.

    Parameters
    ----------
    generator : nn.Module
        Changed in place: it gets the attribute, and perhaps a hook.

    Returns
    -------
    nn.Module
        The same.

    Raises
    ------
    ValueError
        If the length of the codes cannot be seen; the message says the line to write.

    Examples
    --------
    >>> usual = nn.Sequential(nn.ConvTranspose2d(16, 3, 4), nn.Tanh())
    >>> adopt_generator(usual).latent_dim
    16
    >>> usual(torch.zeros(5, 16)).shape
    torch.Size([5, 3, 4, 4])
    """
    first = _first_layer(generator)
    known: Any = getattr(generator, "latent_dim", None)
    if known is None:
        known = code_shape(generator)[0]
        generator.latent_dim = known
    convolves = isinstance(first, nn.ConvTranspose2d | nn.Conv2d)
    if convolves and _failure(generator, (2, known)) and not _failure(generator, (2, known, 1, 1)):
        generator.register_forward_pre_hook(_as_maps)
    return generator


def code_shape(generator: nn.Module) -> tuple[int, ...]:
    """Return the shape of one code that a generator takes: (latent_dim,) or (latent_dim, 1, 1).

    Raises
    ------
    ValueError
        If it cannot be seen; the message says the line to write.
    """
    first = _first_layer(generator)
    known: Any = getattr(generator, "latent_dim", None)
    if known is None:
        known = None if first is None else _width(first)
        if known is None:
            raise ValueError(
                f"How long are the codes of this {type(generator).__name__}? Its first layer does "
                "not show it: write generator.latent_dim = 100, or whatever it takes, before."
            )
    for shape in ((known,), (known, 1, 1)):
        if not _failure(generator, (2, *shape)):
            return shape
    raise ValueError(
        f"This {type(generator).__name__} takes neither codes (N, {known}) nor "
        f"(N, {known}, 1, 1): {_failure(generator, (2, known))}. Write "
        "generator.latent_dim = 100, or whatever it takes, and let it map codes of that "
        "length to samples."
    )


def _first_layer(generator: nn.Module) -> nn.Module | None:
    """Return the first layer with weights whose width is that of its input."""
    return next((m for m in generator.modules() if _width(m) is not None), None)


def _width(module: nn.Module) -> int | None:
    """Return how many numbers a layer takes for each place; None if it has no weights."""
    if isinstance(module, nn.Linear):
        return module.in_features
    if isinstance(module, nn.ConvTranspose2d | nn.Conv2d):
        return module.in_channels
    return None


def _as_maps(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Give codes (N, z) the shape (N, z, 1, 1)."""
    codes, *others = inputs
    return (codes[:, :, None, None] if codes.dim() == 2 else codes, *others)


def _failure(generator: nn.Module, shape: tuple[int, ...]) -> str:
    """Return what a generator says to codes of this shape; empty if it takes them."""
    parameter = next(generator.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    try:
        with torch.no_grad(), torch.random.fork_rng(), evaluating(generator):
            generator(torch.zeros(shape, device=device))
    except Exception as error:  # whatever a reader's own program does
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return ""
