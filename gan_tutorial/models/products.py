r"""Convolutions as products of two matrices, where that is faster on a processor.

A convolution of stride 2 multiplies every 4x4 window of a map with the same weights. With all
windows as the rows of one matrix this is a single product (Chellapilla, Puri and Simard 2006). It
costs sixteen quarters of the map in memory, and saves what a library of convolutions does to the
weights at every call. So it pays where the weights are many and the maps small, which are the
deepest layers of a pyramid. `by_product` is the rule, and the only place where it stands: it goes
by shapes and precision alone, so that a run that is resumed goes the same way.

Measured on one core with AVX-512 and AMX, forward and backward together, at batches of 8 to 256:
256 to 512 channels, 8x8 to 4x4, 2.4 to 3.5 times as fast in bfloat16 and 1.3 to 1.9 in float32;
half as many channels, 1.4 to 2.2 and .9 to 1.3; one map larger, .4 to 1.4 and .5 to 1.0; the layers
between a code or a logit and a whole map, 3 to 11 in both. Results differ by rounding.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Conv2d", "ConvTranspose2d", "by_product", "conv_transpose2d"]

SMALL = 16  # pixels of the smaller map
MANY = {torch.bfloat16: 2**17, torch.float32: 2**19 + 1}  # weights, at least


def by_product(small: int, weights: int, dtype: torch.dtype) -> bool:
    """Return whether a convolution of stride 2 is faster as a product of two matrices.

    Parameters
    ----------
    small : int
        Pixels of the smaller one of its two maps.
    weights : int
        How many weights it has.
    dtype : torch.dtype
        In which it is computed.

    Examples
    --------
    >>> by_product(4 * 4, 512 * 256 * 16, torch.float32)
    True
    >>> by_product(8 * 8, 256 * 128 * 16, torch.bfloat16)
    False
    """
    return small <= SMALL and dtype in MANY and weights >= MANY[dtype]


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, as a product of matrices where the rule says so; the same up to rounding."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H', W')."""
        if _plain(self, x):
            kernel, size = self.kernel_size, x.shape[2:]
            if size == kernel and self.padding == (0, 0):
                return _whole_to_one(x, self.weight, self.bias)
            small = size[0] * size[1] // 4
            dtype = _computed_in(x)
            if _halves(self) and not any(side % 2 for side in size):
                if by_product(small, self.weight.numel(), dtype):
                    return _down(x.to(dtype), self.weight, self.bias)
        return super().forward(x)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d`, likewise."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H', W')."""
        if output_size is None and self.output_padding == (0, 0) and _plain(self, x):
            if x.shape[2:] == (1, 1) and self.padding == (0, 0):
                return _one_to_whole(x, self.weight, self.bias)
            if _halves(self):
                return conv_transpose2d(x, self.weight, self.bias)
        return super().forward(x, output_size)


def conv_transpose2d(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return the transposed 4x4 convolution of stride 2 and padding 1, by the way that is faster.

    Parameters
    ----------
    x : Tensor, shape (N, C, H, W)
    weight : Tensor, shape (C, D, 4, 4)
    bias : Tensor, shape (D,), optional

    Returns
    -------
    Tensor, shape (N, D, 2 H, 2 W)
    """
    dtype = _computed_in(x)
    if _native(x) or not by_product(x.shape[2] * x.shape[3], weight.numel(), dtype):
        return functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    return _up(x.to(dtype), weight, bias)


# --- Where the product is possible at all -------------------------------------------------------


def _native(x: Tensor) -> bool:
    """Return whether torch's own convolution is wanted: on a GPU, and where code is traced."""
    tracing = torch.jit.is_tracing() or torch.compiler.is_compiling()
    return x.device.type != "cpu" or tracing or torch.onnx.is_in_onnx_export()


def _plain(layer: nn.Conv2d | nn.ConvTranspose2d, x: Tensor) -> bool:
    """Return whether a layer has none of the options that the products here do not know."""
    usual = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    return usual and x.dim() == 4 and not _native(x)


def _halves(layer: nn.Conv2d | nn.ConvTranspose2d) -> bool:
    """Return whether a layer halves or doubles a map, as those of a pyramid do."""
    shape = (layer.kernel_size, layer.stride, layer.padding)
    return shape == ((4, 4), (2, 2), (1, 1))


def _computed_in(x: Tensor) -> torch.dtype:
    """Return the number format of a product with `x`, which autocast may have changed."""
    if torch.is_autocast_enabled("cpu") and x.dtype == torch.float32:
        return torch.get_autocast_dtype("cpu")
    return x.dtype


# --- The products -----------------------------------------------------------------------------


def _pixelwise(weight: Tensor) -> Tensor:
    """Return weights (A, B, h, w) as a matrix (A, h * w * B): a view, if they lie pixelwise."""
    return weight.permute(0, 2, 3, 1).flatten(1)


def _whole_to_one(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve with kernels as large as the map: a linear layer."""
    rows = x.permute(0, 2, 3, 1).flatten(1)
    return functional.linear(rows, _pixelwise(weight), bias)[:, :, None, None]


def _one_to_whole(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Spread a single pixel over a whole map: a linear layer, too."""
    height, width = weight.shape[2:]
    rows = functional.linear(x.flatten(1), _pixelwise(weight).T)
    return _with_bias(rows.unflatten(1, (height, width, -1)).permute(0, 3, 1, 2), bias)


def _down(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve by 4x4 with stride 2: (N, C, H, W) to (N, D, H / 2, W / 2)."""
    windows = _Windows.apply(x)
    rows = functional.linear(windows.flatten(0, 2).flatten(1), _pixelwise(weight), bias)
    return rows.unflatten(0, windows.shape[:3]).permute(0, 3, 1, 2)


def _up(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve by 4x4 with stride 2, transposed: (N, C, H, W) to (N, D, 2 H, 2 W)."""
    pixels = x.permute(0, 2, 3, 1)
    rows = functional.linear(pixels.flatten(0, 2), _pixelwise(weight).T)
    windows = rows.unflatten(1, (4, 4, -1)).unflatten(0, pixels.shape[:3])
    return _with_bias(_Overlap.apply(windows), bias)


def _with_bias(x: Tensor, bias: Tensor | None) -> Tensor:
    return x if bias is None else x + bias.to(x.dtype)[:, None, None]


class _Linear(torch.autograd.Function):
    """What two linear maps that are each other's transpose need in order to be differentiated."""

    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        """Nothing is to be remembered of a linear map."""


class _Windows(_Linear):
    """Cut the windows of a convolution: (N, C, H, W) to (N, H / 2, W / 2, 4, 4, C)."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        count, channels, height, width = x.shape
        pixels = functional.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        image, row, pixel, channel = pixels.stride()
        return pixels.as_strided(
            (count, height // 2, width // 2, 4, 4, channels),
            (image, 2 * row, 2 * pixel, row, pixel, channel),
        ).contiguous()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Overlap.apply(gradient)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        return _Windows.apply(tangent)


class _Overlap(_Linear):
    """Add windows up where they overlap: (N, H, W, 4, 4, C) to (N, C, 2 H, 2 W).

    Along one axis, pixel 2i of the result is element 1 of window i plus element 3 of the one
    before, and pixel 2i + 1 is element 2 of window i plus element 0 of the next.
    """

    @staticmethod
    def forward(windows: Tensor) -> Tensor:
        count, height, width, _, _, channels = windows.shape
        pixels = windows.new_empty(count, height, 2, width, 2, channels)
        later, earlier = slice(1, None), slice(None, -1)
        for a in (0, 1):
            for b in (0, 1):
                own, other = (1 + a, 1 + b), (3 - 3 * a, 3 - 3 * b)
                to_row, from_row = (earlier, later) if a else (later, earlier)
                to_column, from_column = (earlier, later) if b else (later, earlier)
                part = pixels[:, :, a, :, b]
                part.copy_(windows[:, :, :, own[0], own[1]])
                part[:, to_row] += windows[:, from_row, :, other[0], own[1]]
                part[:, :, to_column] += windows[:, :, from_column, own[0], other[1]]
                part[:, to_row, to_column] += windows[:, from_row, from_column, other[0], other[1]]
        return pixels.view(count, 2 * height, 2 * width, channels).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Windows.apply(gradient)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        return _Overlap.apply(tangent)
