"""Networks to and from plain configurations, so that a file of weights can be read back."""

from torch import nn

from .dcgan import DCGANDiscriminator, DCGANGenerator
from .encoders import DCGANEncoder, MLPEncoder
from .mlp import MLPDiscriminator, MLPGenerator
from .unet import PatchDiscriminator, UNetGenerator
from .wrappers import Wrapper

__all__ = ["build", "config_of"]

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
    )
}


def config_of(network: nn.Module) -> dict:
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


def build(config: dict) -> nn.Module:
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
    if kind not in KINDS:
        raise ValueError(
            f"The configuration names the network {kind!r}; the library can only build "
            f"{', '.join(KINDS)}. Build your own network yourself and load the weights into it."
        )
    return KINDS[kind](**options)
