"""Networks: generators, discriminators and encoders, fully connected and convolutional."""

from .adopt import adopt_generator, code_shape
from .build import build, config_of, pair_for
from .conditional import AuxiliaryDiscriminator, ConditionalGenerator, ProjectionDiscriminator
from .dcgan import DCGANDiscriminator, DCGANGenerator, dcgan_pair
from .encoders import DCGANEncoder, MLPEncoder, encoder_for
from .flow import FlowSampler, MLPDenoiser, UNetDenoiser
from .hidden import split_last
from .mlp import MLPDiscriminator, MLPGenerator, mlp_pair
from .norms import batch_norms, has_batch_norm
from .one_by_one import one_by_one
from .sampling import latent_codes, sample_generator
from .translator import Translator
from .unet import PatchDiscriminator, UNetGenerator
from .upsample import UpsampleConv2d
from .wrappers import Augmented, MinibatchStd, Packed, Wrapper

__all__ = [
    "Augmented",
    "AuxiliaryDiscriminator",
    "ConditionalGenerator",
    "DCGANDiscriminator",
    "DCGANEncoder",
    "DCGANGenerator",
    "FlowSampler",
    "MLPDenoiser",
    "MLPDiscriminator",
    "MLPEncoder",
    "MLPGenerator",
    "MinibatchStd",
    "Packed",
    "PatchDiscriminator",
    "ProjectionDiscriminator",
    "Translator",
    "UNetDenoiser",
    "UNetGenerator",
    "UpsampleConv2d",
    "Wrapper",
    "adopt_generator",
    "batch_norms",
    "build",
    "code_shape",
    "config_of",
    "dcgan_pair",
    "encoder_for",
    "has_batch_norm",
    "latent_codes",
    "mlp_pair",
    "one_by_one",
    "pair_for",
    "sample_generator",
    "split_last",
]
