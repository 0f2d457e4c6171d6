"""The check-up before training: facts about data and networks, none of them a guess.

Each check looks at one thing, on one batch, and changes nothing. `check_up` runs them all.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..models.sampling import latent_codes
from .findings import Finding, fact
from .probe import undisturbed

__all__ = ["check_up"]

BOUNDS = {nn.Tanh: (-1.0, 1.0), nn.Sigmoid: (0.0, 1.0), nn.Hardtanh: (-1.0, 1.0)}
OUTSIDE = 0.02  # how far data may leave the range of the generator, for rounding
WIDEST_RATIO = 30.0  # of the numbers of parameters
RAREST_CLASS = 1 / 10  # of the commonest
LARGEST_EPS = 0.01  # of a batch norm: 1e-5 by default
LARGEST_MOMENTUM = 0.5  # 0.1 by default
NARROWEST = 4  # units of a bottleneck
FASTEST = 0.25  # learning rate of Adam, in root mean squares of the weights
SMALLEST_SET = 500  # samples below which many passes are looked at
MOST_PASSES = 200
FEWEST_IN_BATCH = 4


class Trace:
    """One pass through a network: its output, and what each of its layers handed on.

    Attributes
    ----------
    output : Tensor or None
        None if the network failed; then `error` is its message.
    layers : list of (nn.Module, int)
        The layers without parts of their own, in the order in which they ran, with the number of
        values that each made of a sample.
    """

    def __init__(self, network: nn.Module, x: Tensor):
        self.layers: list[tuple[nn.Module, int]] = []
        self.output, self.error = None, ""

        def note(module, _, output):
            self.layers.append((module, output.numel() // max(1, len(x))))

        leaves = [module for module in network.modules() if not list(module.children())]
        hooks = [leaf.register_forward_hook(note) for leaf in leaves]
        try:
            self.output = network(x)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            self.error = str(error).splitlines()[0].rstrip(".")
        finally:
            for hook in hooks:
                hook.remove()

    @property
    def last(self) -> nn.Module | None:
        """The last layer that computes something."""
        idle = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout)
        busy = [module for module, _ in self.layers if not isinstance(module, idle)]
        return busy[-1] if busy else None


def check_up(task, data, batch_size: int = 64, steps: int | None = None) -> list[Finding]:
    """Look at a GAN and its data before a training, or in the middle of one.

    Parameters
    ----------
    task : GAN
        Or any task with a ``generator`` that has a ``latent_dim``, and a ``discriminator``.
    data : Dataset or Tensor
        What it is to be trained on.
    batch_size : int
        Samples in a batch.
    steps : int, optional
        How long the training is to be; without it the share of the data seen is not looked at.

    Returns
    -------
    list of Finding
        Empty if everything is in order.

    Raises
    ------
    TypeError
        If the task has no generator and discriminator.
    ValueError
        If there are no data.

    Examples
    --------
    Gray levels from 0 to 255 in front of a tanh:

    >>> from gan_tutorial import GAN, models
    >>> gan = GAN(*models.mlp_pair((1, 8, 8)))
    >>> [finding.fault for finding in check_up(gan, 255 * torch.rand(1000, 1, 8, 8))]
    ['bytes-against-tanh']
    """
    for part in ("generator", "discriminator"):
        if not isinstance(getattr(task, part, None), nn.Module):
            raise TypeError(
                f"The doctor looks at GANs, and a {type(task).__name__} has no {part}: give a "
                "task with a generator and a discriminator."
            )
    if len(data) == 0:
        raise ValueError("There is nothing to look at: the data set is empty.")
    generator, discriminator = task.generator, task.discriminator
    device = next(generator.parameters()).device
    real = data[: max(64, 2 * batch_size)].to(device).float()
    codes = latent_codes(len(real), generator.latent_dim).to(device)
    with undisturbed(generator, discriminator), torch.no_grad():
        made = Trace(generator, codes)
        found = [
            *of_shapes(made, real),
            *of_ranges(made, real),
            *of_bottleneck(made, generator.latent_dim),
            *of_discriminator(discriminator, real),
        ]
    found += of_networks(task, batch_size)
    found += of_data(data, batch_size * getattr(task, "batches_per_step", 1), steps)
    return found


def of_networks(task, batch_size: int) -> list[Finding]:
    """Return what can be seen without data."""
    generator, discriminator = task.generator, task.discriminator
    return [
        *of_loss(task),
        *of_norms(generator, discriminator, batch_size),
        *of_penalties(task),
        *of_upsampling(generator),
        *of_sizes(generator, discriminator),
        *of_optimizers(task),
    ]


def of_loss(task) -> Iterator[Finding]:
    """Remark on the minimax loss, though it often does no harm."""
    if getattr(getattr(task, "loss", None), "name", "") == "minimax":
        yield Finding(
            "saturating-loss",
            0.3,
            "The generator's loss is log(1 - D), which is flat where the discriminator is sure.",
            "The non-saturating loss costs nothing.",
        )


def of_shapes(made: Trace, real: Tensor) -> Iterator[Finding]:
    """Fakes must look like reals to a discriminator."""
    if made.output is None:
        yield fact("shapes", f"The generator fails: {made.error}.", "Mend its layers first.")
    elif made.output.shape != real.shape:
        yield fact(
            "shapes",
            f"A fake has the shape {tuple(made.output.shape[1:])} and a real "
            f"{tuple(real.shape[1:])}: D can tell them by that alone.",
            "Give the generator's last layer the shape of the data.",
        )


def of_ranges(made: Trace, real: Tensor) -> Iterator[Finding]:
    """Check that the generator can reach every value that the data have."""
    kind = type(made.last)
    if kind not in BOUNDS:
        return
    low, high = BOUNDS[kind]
    least, most = real.min().item(), real.max().item()
    seen = (
        f"The data lie in [{least:.3g}, {most:.3g}], and the generator ends in {kind.__name__}, "
        f"which makes [{low:g}, {high:g}]"
    )
    if most > high + OUTSIDE or least < low - OUTSIDE:
        yield fact(
            "bytes-against-tanh" if most > 10 else "data-range",
            f"{seen}: no fake can be where many reals are.",
            f"Scale the data to [{low:g}, {high:g}]; from bytes to [-1, 1] that is x / 127.5 - 1.",
        )
    elif low < 0 <= least and real.dim() > 2:
        yield fact(
            "unit-range-against-tanh",
            f"{seen}: half of what it can make never occurs.",
            "Scale the data by 2x - 1, or end the generator in a sigmoid.",
        )


def of_bottleneck(made: Trace, latent_dim: int) -> Iterator[Finding]:
    """No layer of weights may hand on fewer numbers than the code and the sample have."""
    if made.output is None:
        return
    outputs = made.output[0].numel()
    weighted = [size for module, size in made.layers if next(module.parameters(), None) is not None]
    if len(weighted) < 2:
        return
    narrowest = min(weighted[:-1])
    if narrowest <= NARROWEST and narrowest < min(latent_dim, outputs):
        yield fact(
            "bottleneck",
            f"A hidden layer of the generator has {narrowest} units, between codes of {latent_dim} "
            f"and samples of {outputs} numbers: the samples form a surface of at most "
            f"{narrowest} dimensions.",
            "Widen the layers towards the output.",
        )


def of_discriminator(discriminator: nn.Module, real: Tensor) -> Iterator[Finding]:
    """One logit a sample, of any size, the same at each look, and not the same for all."""
    seen = Trace(discriminator, real)
    if seen.output is None:
        yield fact("shapes", f"The discriminator fails: {seen.error}.", "Mend its layers first.")
        return
    logits = seen.output.float()
    if logits.numel() != len(real) or len(logits) != len(real):
        yield fact(
            "no-flatten",
            f"The discriminator makes {logits.numel():,} numbers of {len(real)} samples, of shape "
            f"{tuple(logits.shape)}: it judges parts of a sample, each by itself.",
            "Flatten the sample before dense layers, and end in one number for each.",
        )
        return
    # Samples a thousand times too large drive every unbounded logit out of [0, 1].
    far = torch.cat([discriminator(scale * real).float().flatten() for scale in (30.0, -1000.0)])
    both = torch.cat([logits.flatten(), far])
    bounded = 0 <= both.min() and both.max() <= 1
    if isinstance(seen.last, nn.Softmax | nn.LogSoftmax) or (bounded and both.std() == 0):
        yield fact(
            "softmax-of-one",
            f"The discriminator gives {both[0].item():g} to every sample: softmax over a single "
            "number is 1, and its gradient 0.",
            "End in one logit, with no activation behind it.",
        )
    elif isinstance(seen.last, nn.Sigmoid) or bounded:
        yield fact(
            "double-sigmoid",
            f"All outputs of the discriminator lie in [{both.min().item():.2g}, "
            f"{both.max().item():.2g}], as of a sigmoid; the losses take logits and apply their "
            "own.",
            "End the discriminator in a linear layer.",
        )
    before = _random_state(real.device)
    again = discriminator(real).float().flatten()
    # Spectral norm also changes a little from call to call, but draws no random numbers.
    if not torch.equal(before, _random_state(real.device)):
        noise = (again - logits.flatten()).std() / math.sqrt(2)
        share = (noise / logits.std().clamp(min=1e-12)).item()
        yield Finding(
            "instance-noise",
            1.0 if share > 0.5 else 0.3,
            f"A sample's logit changes from one look to the next by {share:.0%} of the spread of "
            "all logits: there is noise or dropout in the discriminator.",
            "Turn the noise down, or let it fade as training goes on.",
        )


def _random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def of_norms(generator: nn.Module, discriminator: nn.Module, batch_size: int) -> Iterator[Finding]:
    """Batch norm with the settings that it was meant to have, and enough samples."""
    layers = [
        layer
        for network in (generator, discriminator)
        for layer in network.modules()
        if isinstance(layer, nn.modules.batchnorm._BatchNorm)
    ]
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


def of_penalties(task) -> Iterator[Finding]:
    """Refuse a penalty on each sample's own gradient beside batch norm, which mixes samples."""
    weight = max(getattr(task, name, 0.0) for name in ("r1", "r2", "gp"))
    mixing = nn.modules.batchnorm._BatchNorm
    if weight and any(isinstance(layer, mixing) for layer in task.discriminator.modules()):
        yield fact(
            "penalty-batch-norm",
            "The discriminator has batch norm, which mixes the samples, and a gradient penalty, "
            "which takes each logit for a function of its own sample.",
            "Leave one of the two out; spectral norm goes with penalties.",
        )


def of_upsampling(generator: nn.Module) -> Iterator[Finding]:
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


def of_sizes(generator: nn.Module, discriminator: nn.Module) -> Iterator[Finding]:
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


def of_optimizers(task) -> Iterator[Finding]:
    """Each optimizer moves its own network, all of it, and not by half a weight at a time."""
    optimizers = getattr(task, "optimizers", {})
    owned = {name: {id(p) for p in net.parameters()} for name, net in task.networks.items()}
    rates = {}
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
            weights = [p for group in optimizer.param_groups for p in group["params"]]
            size = math.sqrt(
                sum(p.detach().square().sum().item() for p in weights)
                / max(1, sum(p.numel() for p in weights))
            )
            rates[name] = max(g["lr"] for g in optimizer.param_groups) / max(size, 1e-12)
    if rates and max(rates.values()) > FASTEST:
        name = max(rates, key=rates.get)
        yield fact(
            "lr-too-high",
            f"Adam moves each weight of the {name} by up to its learning rate at a step, and that "
            f"is {rates[name]:.0%} of the weights' root mean square.",
            "Take a learning rate of about 1e-3 or below.",
        )


def of_data(data, per_step: int, steps: int | None) -> Iterator[Finding]:
    """Enough samples, all of them seen, and no class almost missing."""
    count = len(data)
    if steps is not None:
        passes = steps * per_step / count
        if passes < 1:
            yield Finding(
                "data-unseen",
                0.3,
                f"{steps:,} steps of {per_step} samples see {passes:.0%} of the {count:,} there "
                "are.",
                "Train longer, or take the figures for those of a smaller data set.",
            )
        elif count < SMALLEST_SET and passes > MOST_PASSES:
            yield Finding(
                "tiny-data",
                0.45,
                f"The discriminator sees each of the {count} samples {passes:.0f} times.",
                "Watch the gap between training and held-out samples (the sign `memory`).",
            )
    labels = getattr(data, "labels", None)
    if labels is not None and len(labels):
        counts = torch.bincount(labels[labels >= 0].cpu())
        rare, common = counts.min().item(), counts.max().item()
        if rare < RAREST_CLASS * common:
            yield fact(
                "class-imbalance",
                f"The rarest class has {rare} samples and the commonest {common}.",
                "Look at the samples of that class; draw it more often if it is missing.",
            )
