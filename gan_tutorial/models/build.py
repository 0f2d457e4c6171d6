"""Networks to and from plain configurations, so that a file of weights can be read back."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from .augment import change_from
from .conditional import AuxiliaryDiscriminator, ConditionalGenerator, ProjectionDiscriminator
from .dcgan import DCGANDiscriminator, DCGANGenerator, dcgan_pair
from .encoders import DCGANEncoder, MLPEncoder
from .flow import FlowSampler, MLPDenoiser, UNetDenoiser
from .mlp import MLPDiscriminator, MLPGenerator, mlp_pair
from .translator import Translator
from .unet import PatchDiscriminator, UNetGenerator
from .wrappers import Augmented, Wrapper

__all__ = ["build", "can_build", "config_of", "pair_for"]

KINDS = {
    kind.__name__: kind
    for kind in (
        MLPGenerator,
        MLPDiscriminator,
        MLPEncoder,
        DCGANGenerator,
        DCGANDiscriminator,
        DCGANEncoder,
        UNetGenerator,
        PatchDiscriminator,
        MLPDenoiser,
    )
}
WRAPPERS = {
    kind.__name__: kind
    for kind in (
        ConditionalGenerator,
        ProjectionDiscriminator,
        AuxiliaryDiscriminator,
        Translator,
        UNetDenoiser,
        FlowSampler,
    )
}


def config_of(network: nn.Module) -> dict[str, Any]:
    """Return what `build` needs to make a network of the same architecture.

    A wrapper is described by its options and by the network within. A network of the reader's own
    has no such configuration; it is described by its class name and
    number of parameters, which is enough to notice a change but not to build it again.
    """
    kind = type(network).__name__
    if type(network) is KINDS.get(kind):
        return {"kind": kind, **network.config}
    if isinstance(network, Wrapper):
        return {"kind": kind, **network.options, "network": config_of(network.network)}
    return {"kind": kind, "parameters": sum(p.numel() for p in network.parameters())}


def build(config: dict[str, Any]) -> nn.Module:
    """Make a network, with fresh weights, from the result of `config_of`.

    Raises
    ------
    ValueError
        If the configuration names a network that is not the library's own.

    Examples
    --------
    >>> build({"kind": "MLPDiscriminator", "shape": [2], "width": 4, "depth": 1}).shape
    (2,)
    """
    options = dict(config)
    kind = options.pop("kind", None)
    if kind == Augmented.__name__:
        changes = [change_from(text) for text in options["changes"]]
        return Augmented(build(options["network"]), *changes)
    if kind in WRAPPERS:
        return WRAPPERS[kind](build(options.pop("network")), **options)
    if kind not in KINDS:
        raise ValueError(
            f"The configuration names the network {kind!r}; the library can only build "
            f"{', '.join((*KINDS, *WRAPPERS))}. Build your own network yourself and load the "
            "weights into it."
        )
    return KINDS[kind](**options)


def can_build(config: dict[str, Any]) -> bool:
    """Tell whether `build` knows the network of a configuration, and what it may wrap."""
    kind = config.get("kind")
    if kind == Augmented.__name__:
        try:
            [change_from(text) for text in config.get("changes", ())]
        except ValueError:
            return False
    wraps = kind in WRAPPERS or kind == Augmented.__name__
    return kind in KINDS or (wraps and can_build(config.get("network", {})))


def pair_for(
    shape: Sequence[int],
    network: str,
    latent_dim: int,
    width: int,
    generator_depth: int | None = None,
) -> tuple[nn.Module, nn.Module]:
    """Make a generator and a discriminator of samples of this shape.

    Parameters
    ----------
    shape : sequence of int
        ``(2,)`` for points, ``(C, H, W)`` for square images.
    network : {"mlp", "dcgan"}
        Fully connected (`mlp_pair`) or convolutional (`dcgan_pair`).
    latent_dim, width : int
        Length of the latent code, and width of the networks.
    generator_depth : int, optional
        Hidden layers of a fully connected generator.

    Raises
    ------
    ValueError
        If a size is below 1.

    Examples
    --------
    >>> generator, discriminator = pair_for((1, 28, 28), "dcgan", latent_dim=16, width=8)
    >>> generator.shape
    (1, 28, 28)
    """
    for name, value in (("latent_dim", latent_dim), ("width", width)):
        if not value >= 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    if network == "mlp":
        return mlp_pair(shape, latent_dim, width, generator_depth=generator_depth)
    return dcgan_pair(shape[1], shape[0], latent_dim, width)
