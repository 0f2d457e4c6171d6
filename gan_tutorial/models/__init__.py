"""Networks: generators, discriminators and encoders, fully connected and convolutional."""

from .adopt import adopt_generator, code_shape
from .build import build, config_of, pair_for
from .conditional import AuxiliaryDiscriminator, ConditionalGenerator, ProjectionDiscriminator
from .dcgan import DCGANDiscriminator, DCGANGenerator, dcgan_pair
from .encoders import DCGANEncoder, MLPEncoder, encoder_for
from .flow import FlowSampler, MLPDenoiser, UNetDenoiser
from .hidden import split_last
from .info import InfoDiscriminator, InfoGenerator
from .mlp import MLPDiscriminator, MLPGenerator, mlp_pair
from .modulated import MappingNetwork, ModulatedConv2d
from .norms import batch_norms, has_batch_norm
from .one_by_one import one_by_one
from .onnx_file import OnnxExport, export_onnx
from .quantizer import VectorQuantizer, perplexity, straight_through
from .sampling import latent_codes, sample_generator, truncated
from .stairs import size_of
from .style import StyleGenerator
from .tokens import TokenDecoder, TokenEncoder
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
    "InfoDiscriminator",
    "InfoGenerator",
    "MLPDenoiser",
    "MLPDiscriminator",
    "MLPEncoder",
    "MLPGenerator",
    "MappingNetwork",
    "MinibatchStd",
    "ModulatedConv2d",
    "OnnxExport",
    "Packed",
    "PatchDiscriminator",
    "ProjectionDiscriminator",
    "StyleGenerator",
    "TokenDecoder",
    "TokenEncoder",
    "Translator",
    "UNetDenoiser",
    "UNetGenerator",
    "UpsampleConv2d",
    "VectorQuantizer",
    "Wrapper",
    "adopt_generator",
    "batch_norms",
    "build",
    "code_shape",
    "config_of",
    "dcgan_pair",
    "encoder_for",
    "export_onnx",
    "has_batch_norm",
    "latent_codes",
    "mlp_pair",
    "one_by_one",
    "pair_for",
    "perplexity",
    "sample_generator",
    "size_of",
    "split_last",
    "straight_through",
    "truncated",
]
