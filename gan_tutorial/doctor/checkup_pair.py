"""The check-up of any two networks, before a training that is not ours."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..models import batch_norms, code_shape
from .checkup_networks import check_batch_norm, check_optimizers, check_sizes, check_upsampling
from .checkup_samples import (
    check_bottleneck,
    check_discriminator,
    check_numbers,
    check_range,
    check_shapes,
)
from .findings import Finding, fact
from .forms import UNBOUNDED, known_loss, sigmoid_before
from .outputs import Verdicts
from .probe import undisturbed
from .step_facts import shared_update
from .trace import Trace

__all__ = ["check_pair"]

MOST_DEAD = 0.5  # share of a layer's units that are 0 for every sample
SAMPLES = 256  # of a batch, at most
JUMP = 0.3  # by how much the company may change a verdict, in standard deviations


def check_pair(
    generator: nn.Module,
    discriminator: nn.Module,
    batch: Any,
    *,
    noise: Tensor | tuple[Tensor, ...] | None = None,
    labels: Tensor | tuple[Tensor, ...] = (),
    optimizers: Iterable[Optimizer] = (),
    loss: str | None = None,
) -> list[Finding]:
    """Look at two networks and a batch; for the parameters see `check_up`."""
    loss = known_loss(loss)
    if not isinstance(batch, Tensor) or batch.dim() < 2 or len(batch) == 0:
        given = tuple(batch.shape) if isinstance(batch, Tensor) else type(batch).__name__
        raise ValueError(f"Give a batch of data, a tensor of shape (N, ...), and not {given}.")
    weight = next(generator.parameters(), None)
    device = batch.device if weight is None else weight.device
    size, real = len(batch), batch[:SAMPLES].to(device).float()
    more = _first(labels, len(real), device)
    inputs: tuple[Tensor, ...]
    if noise is None:
        codes = torch.Generator().manual_seed(0)
        inputs = (torch.randn(len(real), *code_shape(generator), generator=codes).to(device),)
    else:
        inputs = _first(noise, len(real), device)
    with undisturbed(generator, discriminator), torch.no_grad():
        made = Trace(generator, *inputs)
        if made.output is not None and not isinstance(made.output, Tensor):
            return [fact("shapes", "The generator returns no tensor.", "Return the samples.")]
        found = [
            *check_numbers(made, real),
            *check_shapes(made, real),
            *check_range(made.last, real),
            *check_bottleneck(made, inputs[0][0].numel()),
            *check_dead(made, "generator"),
            *check_discriminator(discriminator, real, *more, foreign=True),
            *check_dead(Trace(discriminator, real, *more), "discriminator"),
            *check_company(discriminator, made, real, more),
        ]
    if loss in UNBOUNDED:
        both = torch.tensor([0.0, 1.0])
        sure = sigmoid_before(both, both, f"the {loss} loss takes any number")
        found = [sure if f.fault == sure.fault else f for f in found]
    return [
        *found,
        *check_batch_norm(generator, discriminator, size),
        *check_upsampling(generator),
        *check_sizes(generator, discriminator),
        *_check_moves({"generator": generator, "discriminator": discriminator}, [*optimizers]),
    ]


def check_dead(made: Trace, player: str) -> Iterator[Finding]:
    """Look for layers most of whose units are 0, whatever is put in."""
    if made.dead and max(made.dead) > MOST_DEAD:
        yield Finding(
            "dead-units",
            0.6,
            f"In a layer of the {player} {max(made.dead):.0%} of the ReLUs are 0 for every sample.",
            "Use leaky ReLUs, a smaller learning rate, or another initialization.",
        )


def check_company(
    discriminator: nn.Module, made: Trace, real: Tensor, more: tuple[Tensor, ...]
) -> Iterator[Finding]:
    """See whether a verdict depends on what else is in the batch, where it has batch norm."""
    fake = made.output
    if not batch_norms(discriminator) or fake is None or fake.shape != real.shape:
        return
    try:
        alone = Verdicts(discriminator, more)(real)
        twice = Verdicts(discriminator, tuple(torch.cat([part, part]) for part in more))
        beside = twice(torch.cat([real, fake]))[: len(real)]
    except (RuntimeError, ValueError, TypeError, IndexError):
        return  # the check of the discriminator says so
    jump = ((alone - beside).square().mean().sqrt() / alone.std().clamp(min=1e-12)).item()
    if jump > JUMP:
        yield Finding(
            "mixed-batch-norm",
            0.3,
            f"The discriminator has batch norm: in one batch with fakes the verdicts on reals move "
            f"by {jump:.2g} of their spread.",
            "Pass reals and fakes through it one after the other.",
        )


def _check_moves(networks: dict[str, nn.Module], optimizers: list[Optimizer]) -> Iterator[Finding]:
    """Each optimizer holds the weights of one player, all of them; each player has one."""
    if not optimizers:
        return
    owned = {name: {id(p) for p in net.parameters()} for name, net in networks.items()}
    of: dict[str, Optimizer] = {}
    for optimizer in optimizers:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        players = [name for name in networks if held & owned[name]]
        if len(players) == 2:
            yield shared_update(
                "One optimizer holds weights of both players: it moves one of them in the wrong "
                "direction."
            )
            return
        if players and players[0] in of:
            yield shared_update(f"Two optimizers hold weights of the {players[0]}.")
            return
        of |= dict.fromkeys(players, optimizer)
    for name in networks:
        if name not in of and any(p.requires_grad for p in networks[name].parameters()):
            yield fact(
                "frozen-weights",
                f"No optimizer holds weights of the {name}: it stays as it is.",
                "Make its optimizer after the network is complete, from its own parameters.",
            )
    yield from check_optimizers(networks, of)


def _first(given: Any, count: int, device: torch.device) -> tuple[Tensor, ...]:
    """Return the first rows of one tensor or several."""
    parts = given if isinstance(given, tuple | list) else (given,)
    return tuple(part[:count].to(device) for part in parts)
