"""Which networks treat the samples of a batch one by one."""

from torch import nn

from .conditional import AuxiliaryDiscriminator, ConditionalGenerator, ProjectionDiscriminator
from .dcgan import DCGANDiscriminator, DCGANGenerator
from .info import InfoDiscriminator, InfoGenerator
from .mlp import MLPDiscriminator, MLPGenerator
from .products import Conv2d, ConvTranspose2d
from .upsample import UpsampleConv2d

__all__ = ["one_by_one"]

ONE_BY_ONE = {
    Conv2d, ConvTranspose2d, nn.Sequential, nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.ReLU,
    nn.LeakyReLU, nn.Tanh, nn.Identity, nn.Flatten, nn.Unflatten, nn.ConstantPad2d, UpsampleConv2d,
    MLPGenerator, MLPDiscriminator, DCGANGenerator, DCGANDiscriminator, nn.Embedding,
    ConditionalGenerator, ProjectionDiscriminator, AuxiliaryDiscriminator, InfoGenerator,
    InfoDiscriminator,
}  # fmt: skip


def one_by_one(network: nn.Module) -> bool:
    """Return whether each sample's output surely depends on that sample alone.

    Several batches may then pass through the network as one, which saves time and changes results
    by rounding only. Batch norm, or a layer that is not known here, makes the answer no.
    """
    return all(type(module) in ONE_BY_ONE for module in network.modules())
