"""What makes a training step fast: every such decision of the library, in one place.

Some decisions never change a result beyond rounding, and are taken for the reader:

- the weights and the images of convolutional networks lie in memory pixel by pixel
  (`arrange`, `arranged`);
- nothing reads a number back from the device between two rows of the history, batches are drawn
  by index from one tensor, optimizers are fused, and the discriminator's weights get no gradient
  in the generator's update: these are in `training` and `gan`, where they are one line each;
- networks that treat samples one by one get several batches in one pass (`models.one_by_one`);
- convolutions with many weights and small maps are products of two matrices (`models.products`,
  with the rule by which it is decided);
- a fully connected discriminator knows its gradient with respect to its input as a product of
  matrices, which spares a penalty half of its way back (`models.MLPDiscriminator.with_gradient`).

Others do change results, and are options, off by default: the precision and compilation
(`accelerated`), and the second use of a batch of fakes (``GAN(reuse_fakes=True)``).

``benchmarks/step.py`` measures what all this is worth against the loop most scripts use.
"""

import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "PRECISIONS",
    "accelerated",
    "arrange",
    "arranged",
    "check_precision",
    "has_bf16",
    "is_compiled",
    "match_layouts",
]

PRECISIONS = ("fp32", "bf16")


# --- Precision and compilation ---------------------------------------------------------------


def check_precision(precision: str) -> None:
    """Raise ValueError unless `precision` is one of `PRECISIONS`."""
    if precision not in PRECISIONS:
        raise ValueError(f"Unknown precision {precision!r}; choose one of {', '.join(PRECISIONS)}.")


def has_bf16(device: torch.device) -> bool:
    """Return whether a processor has instructions for bfloat16, so that "bf16" is faster on it.

    Without them torch imitates these numbers, which is slower than float32.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu":
        return False
    asked = [
        getattr(torch.cpu, name)()
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        if hasattr(torch.cpu, name)
    ]
    if asked:
        return any(asked)
    try:  # versions of torch that cannot be asked
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def accelerated(
    network: nn.Module, device: torch.device, precision: str = "fp32", compile: bool = False
) -> Callable[..., Tensor]:
    """Return a function that computes ``network(x)`` with these options, in float32 outside.

    Parameters
    ----------
    network : nn.Module
        The network; the function uses its weights as they are at the time of the call.
    device : torch.device
        Where it is.
    precision : {"fp32", "bf16"}
        With "bf16" convolutions and matrix products run in bfloat16, whose numbers have 8
        significant bits (a relative rounding error of up to 0.4%) and float32's range. Weights,
        gradients of weights, optimizer states and the result stay float32.
    compile : bool
        Whether ``torch.compile`` merges the network's operations. Results change by rounding
        only. Compiling takes from seconds to a minute, and then pays for networks of many small
        operations. A compiled network cannot be differentiated twice.

    Returns
    -------
    callable

    Examples
    --------
    >>> layer = nn.Linear(3, 2)
    >>> fast = accelerated(layer, torch.device("cpu"), precision="bf16")
    >>> x = torch.randn(4, 3)
    >>> fast(x).dtype
    torch.float32
    >>> torch.allclose(fast(x), layer(x), atol=0.05)
    True
    """
    if precision == "fp32" and not compile:
        return network
    return _Accelerated(network, device, precision, compile)


class _Accelerated:
    """A network together with how it is run; a copy of it runs the copy of the network."""

    def __init__(self, network: nn.Module, device: torch.device, precision: str, compile: bool):
        self.network, self.device = network, device
        self.precision, self.compile = precision, compile
        # dynamic=False: the sizes of a training never change, and general code is slower
        self.run = torch.compile(network, dynamic=False) if compile else network

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self.precision == "fp32":
            return self.run(*inputs)
        # One short block a call: autocast remembers the rounded weights until its block ends, and
        # an optimizer's step within a longer block would go unnoticed.
        with torch.autocast(self.device.type, torch.bfloat16):
            return self.run(*inputs).float()

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Accelerated":
        network = copy.deepcopy(self.network, memo)
        return _Accelerated(network, self.device, self.precision, self.compile)


def is_compiled(network: Callable[..., Tensor]) -> bool:
    """Return whether what `accelerated` returned runs a compiled network."""
    return isinstance(network, _Accelerated) and network.compile


# --- Memory layout ---------------------------------------------------------------------------


def _convolutional(network: nn.Module) -> bool:
    """Return whether the network has convolutions, on a processor that likes the layout."""
    return any(p.dim() == 4 and p.device.type in ("cpu", "cuda") for p in network.parameters())


def arrange(
    networks: Iterable[nn.Module], optimizers: Iterable[torch.optim.Optimizer]
) -> torch.memory_format:
    """Lay out convolutional networks and their optimizers' states for speed, in place.

    Convolutions on CPUs and on GPUs work through an image pixel by pixel, all channels at a time,
    and are fastest on memory in that order (torch calls it ``channels_last``). Shapes and
    numbers do not change; sums are taken in another order, so results differ by rounding.

    Returns
    -------
    torch.memory_format
        The layout that batches of images should have (see `arranged`).
    """
    layout = torch.contiguous_format
    for network in networks:
        if _convolutional(network):
            layout = torch.channels_last
            network.to(memory_format=layout)  # type: ignore[call-overload]
    for optimizer in optimizers:
        match_layouts(optimizer)
    return layout


def arranged(batch: Any, layout: torch.memory_format) -> Any:
    """Return `batch` in this layout, if it is a batch of images, or a tuple that holds such."""
    if isinstance(batch, tuple):
        return tuple(arranged(part, layout) for part in batch)
    return batch.contiguous(memory_format=layout) if batch.dim() == 4 else batch


def match_layouts(optimizer: torch.optim.Optimizer) -> None:
    """Give the optimizer's moments the memory layout of their parameters.

    A fused Adam walks through a parameter and its moments in memory order and takes it for
    granted that the three agree. Moments that were read from a file, or made before the weights
    were arranged, need not.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
