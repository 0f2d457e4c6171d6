"""Networks: fully connected and convolutional pairs of a generator and a discriminator."""

from .build import build, config_of
from .dcgan import DCGANDiscriminator, DCGANGenerator, dcgan_pair
from .mlp import MLPDiscriminator, MLPGenerator, mlp_pair
from .upsample import UpsampleConv2d

__all__ = [
    "DCGANDiscriminator",
    "DCGANGenerator",
    "MLPDiscriminator",
    "MLPGenerator",
    "UpsampleConv2d",
    "build",
    "config_of",
    "dcgan_pair",
    "mlp_pair",
]
