"""What the check-up sees without data: loss, layers, sizes and optimizers."""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import nn

from ..gan import GAN
from ..models import batch_norms
from .findings import Finding, fact

__all__ = [
    "check_batch_norm",
    "check_networks",
    "check_optimizers",
    "check_penalties",
    "check_sizes",
    "check_upsampling",
]

WIDEST_RATIO = 30.0  # of the numbers of parameters
LARGEST_EPS = 0.01  # of a batch norm: 1e-5 by default
LARGEST_MOMENTUM = 0.5  # 0.1 by default
FASTEST = 0.25  # learning rate of Adam, in root mean squares of the weights
FEWEST_IN_BATCH = 4


def check_networks(task: GAN, batch_size: int) -> list[Finding]:
    """Return what can be seen without data."""
    generator, discriminator = task.generator, task.discriminator
    return [
        *check_loss(task),
        *check_batch_norm(generator, discriminator, batch_size),
        *check_penalties(discriminator, any(getattr(task, n, 0.0) for n in ("r1", "r2", "gp"))),
        *check_upsampling(generator),
        *check_sizes(generator, discriminator),
        *check_optimizers(task.networks, getattr(task, "optimizers", {})),
    ]


def check_loss(task: GAN) -> Iterator[Finding]:
    """Remark on the minimax loss, though it often does no harm."""
    if getattr(getattr(task, "loss", None), "name", "") == "minimax":
        yield Finding(
            "saturating-loss",
            0.3,
            "The generator's loss is log(1 - D), which is flat where the discriminator is sure.",
            "The non-saturating loss costs nothing.",
        )


def check_batch_norm(
    generator: nn.Module, discriminator: nn.Module, batch_size: int
) -> Iterator[Finding]:
    """Batch norm with the settings that it was meant to have, and enough samples."""
    layers = batch_norms(generator, discriminator)
    if not layers:
        return
    eps = max(layer.eps for layer in layers)
    momentum = max(layer.momentum or 0.0 for layer in layers)
    if eps > LARGEST_EPS:
        yield fact(
            "eps-for-momentum",
            f"A batch norm has eps = {eps:g}; 1e-5 is usual. In BatchNorm2d(n, {eps:g}) the second "
            "number is eps, and not the momentum.",
            "Name the argument: momentum=0.1.",
        )
    if momentum > LARGEST_MOMENTUM:
        yield fact(
            "batch-norm-momentum",
            f"A batch norm has momentum {momentum:g}: its running averages are almost those of the "
            "last batch alone. In PyTorch momentum is the weight of the new value.",
            f"What other libraries call {momentum:g} is momentum={1 - momentum:g} in PyTorch.",
        )
    if batch_size < FEWEST_IN_BATCH:
        yield fact(
            "small-batch",
            f"Batch norm takes its averages over {batch_size} samples.",
            "Use larger batches, or another normalization.",
        )


def check_penalties(discriminator: nn.Module, penalized: bool) -> Iterator[Finding]:
    """Refuse a penalty on each sample's own gradient beside batch norm, which mixes samples."""
    if penalized and batch_norms(discriminator):
        yield fact(
            "penalty-batch-norm",
            "The discriminator has batch norm, which mixes the samples, and a gradient penalty, "
            "which takes each logit for a function of its own sample.",
            "Leave one of the two out; spectral norm goes with penalties.",
        )


def check_upsampling(generator: nn.Module) -> Iterator[Finding]:
    """Look for kernels that their stride does not divide: they overlap unevenly."""
    for layer in generator.modules():
        if not isinstance(layer, nn.ConvTranspose2d):
            continue
        uneven = [k % s for k, s in zip(layer.kernel_size, layer.stride, strict=True) if s > 1]
        if any(uneven):
            yield fact(
                "checkerboard",
                f"A transposed convolution has kernel {layer.kernel_size[0]} and stride "
                f"{layer.stride[0]}: neighboring pixels get sums of unequally many terms.",
                "Take a kernel side that the stride divides, such as 4 for 2.",
            )
            return


def check_sizes(generator: nn.Module, discriminator: nn.Module) -> Iterator[Finding]:
    """Two players of a size."""
    g, d = (sum(p.numel() for p in net.parameters()) for net in (generator, discriminator))
    if max(g, d) > WIDEST_RATIO * min(g, d):
        strong = "discriminator" if d > g else "generator"
        yield Finding(
            "strong-d" if d > g else "weak-d",
            0.4,
            f"The {strong} has {max(g, d) / max(1, min(g, d)):.0f} times as many parameters as its "
            f"opponent ({max(g, d):,} against {min(g, d):,}).",
            "Give both players about the same size.",
        )


def check_optimizers(
    networks: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer]
) -> Iterator[Finding]:
    """Each optimizer moves its own network, all of it, and not by half a weight at a time."""
    owned = {
        name: {id(p) for p in net.parameters() if p.requires_grad} for name, net in networks.items()
    }
    rates: dict[str, float] = {}
    for name, optimizer in optimizers.items():
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for other in owned:
            if other != name and held & owned[other]:
                yield fact(
                    "shared-update",
                    f"The {name}'s optimizer also holds weights of the {other}: it moves them in "
                    "the wrong direction.",
                    "Give each optimizer the parameters of its own network only.",
                )
        if name in owned and owned[name] - held:
            yield fact(
                "frozen-weights",
                f"{len(owned[name] - held)} weights of the {name} are in no optimizer: they stay "
                "as they are.",
                "Make the optimizer after the network is complete.",
            )
        if isinstance(optimizer, torch.optim.Adam | torch.optim.AdamW):
            rates[name] = _rate(optimizer)
    if broken := [name for name, rate in rates.items() if not math.isfinite(rate)]:
        yield fact(
            "not-finite",
            f"The weights of the {broken[0]}, or its learning rate, hold NaN or infinity: no step "
            "brings them back.",
            "Build the networks afresh, and look for the step that spoiled them.",
        )
    elif rates and max(rates.values()) > FASTEST:
        name = max(rates, key=lambda name: rates[name])
        yield fact(
            "lr-too-high",
            f"Adam moves each weight of the {name} by up to its learning rate at a step, and that "
            f"is {rates[name]:.0%} of the weights' root mean square.",
            "Take a learning rate of about 1e-3 or below.",
        )


def _rate(optimizer: torch.optim.Optimizer) -> float:
    """Return the largest learning rate, in root mean squares of the weights."""
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    squares = sum(p.detach().square().sum().item() for p in weights)
    size = math.sqrt(squares / max(1, sum(p.numel() for p in weights)))
    lr = max(group["lr"] for group in optimizer.param_groups)
    return lr / max(size, 1e-12) if math.isfinite(size) else math.nan
