"""Notes of a step in a loop that is not ours: who is asked what, who moves, by which gradients.

The notes are taken by PyTorch's global hooks and two hooks on one weight of each player; none of
them changes a number, and none is left behind. Copies of a network that are made meanwhile, such
as an average, know nothing of them.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from .outputs import answer_of
from .trace import IDLE

__all__ = ["PLAYERS", "Asked", "LoopNotes", "Moved", "is_compiled"]

PLAYERS = ("generator", "discriminator")
BEFORE = -1  # the time of gradients that were there before the first note


@dataclass(eq=False)
class Asked:
    """One question to the discriminator.

    Attributes
    ----------
    samples : Tensor
        What it was shown.
    said : Tensor or None, shape (N, parts)
        What it answered; None if that has no form that the doctor knows.
    tied : bool
        Whether the samples hang on the generator.
    made : bool
        Whether they are an output of the generator, as it is.
    differentiated : bool
        Whether the samples are a leaf that asks for a gradient, as for a penalty.
    exact : bool
        Whether it answered in float32 or better.
    """

    samples: Tensor
    said: Tensor | None
    tied: bool
    made: bool
    differentiated: bool
    exact: bool


@dataclass(eq=False)
class Moved:
    """One step of an optimizer.

    Attributes
    ----------
    optimizer : Optimizer
    players : tuple of str
        Whose weights it holds.
    stale : str
        What else than the player's own new gradients it used; empty if nothing.
    """

    optimizer: Optimizer
    players: tuple[str, ...]
    stale: str = ""


@dataclass
class _Gradient:
    """What has been added to one weight's gradient since it was last cleared."""

    weight: Tensor
    times: list[int]  # of what it is the sum, by the number of the note before it
    arriving: Tensor | None = None
    steps: list[int] = field(default_factory=list)  # the notes of the player's own steps


class LoopNotes:
    """Take notes between `start` and `stop`.

    Parameters
    ----------
    generator, discriminator : nn.Module

    Attributes
    ----------
    events : list of Asked or Moved
        In the order in which they happened.
    last_layer : dict of str to nn.Module
        The layer of each player that computed last.
    calls : int
        Passes of layers, of the players and of all others.
    samples : int
        Samples that the discriminator judged.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module):
        self.networks = {"generator": generator, "discriminator": discriminator}
        self.events: list[Asked | Moved] = []
        self.last_layer: dict[str, nn.Module] = {}
        self.calls = self.samples = self._turn = 0
        self.made: Tensor | None = None
        self._latest: nn.Module | None = None
        self._gradients: dict[str, _Gradient] = {}
        self._handles: list[Any] = []
        self._owned = {
            name: {id(p) for p in net.parameters()} for name, net in self.networks.items()
        }

    @property
    def active(self) -> bool:
        """Whether notes are being taken."""
        return bool(self._handles)

    def start(self) -> None:
        """Begin, with an empty page."""
        self.stop()
        self.events, self.calls, self.samples, self.made, self._turn = [], 0, 0, None, 0
        self._handles = [
            register_module_forward_hook(self._note_pass),
            register_optimizer_step_post_hook(self._note_step),
        ]
        self._gradients = {}
        for name, network in self.networks.items():
            weight = _telling_weight(network)
            if weight is None:
                continue
            there = weight.grad is not None and bool(weight.grad.any())
            self._gradients[name] = _Gradient(weight, [BEFORE] if there else [])
            self._handles += [
                weight.register_hook(partial(self._note_arriving, name)),
                weight.register_post_accumulate_grad_hook(partial(self._note_gradient, name)),
            ]

    def stop(self) -> None:
        """Leave no hook."""
        while self._handles:
            self._handles.pop().remove()
        self._gradients, self._latest = {}, None

    # --- the hooks ---------------------------------------------------------------------------

    def _note_pass(self, module: nn.Module, inputs: tuple, output: Any) -> None:
        self.calls += 1
        if module is self.networks["generator"]:
            self.made = output.detach() if isinstance(output, Tensor) else None
            self._note_last("generator")
        elif module is self.networks["discriminator"]:
            samples = next((x for x in inputs if isinstance(x, Tensor)), None)
            if samples is None:
                return
            answer = answer_of(output, len(samples))
            self.samples += len(samples)
            self.events.append(
                Asked(
                    samples.detach(),
                    None if answer is None else answer.detach(),
                    tied=samples.grad_fn is not None,
                    made=_same(self.made, samples),
                    differentiated=samples.is_leaf and samples.requires_grad,
                    exact=_is_exact(output),
                )
            )
            self._note_last("discriminator")
        elif not module._modules and not isinstance(module, IDLE):
            self._latest = module

    def _note_last(self, name: str) -> None:
        if self._latest is not None:
            self.last_layer[name] = self._latest
        self._latest = None

    def _note_arriving(self, name: str, gradient: Tensor) -> None:
        if name in self._gradients:
            self._gradients[name].arriving = gradient.detach().clone()

    def _note_gradient(self, name: str, weight: Tensor) -> None:
        seen = self._gradients.get(name)
        if seen is None or seen.arriving is None or weight.grad is None:
            return
        if not weight.grad.any():
            seen.times = []
        elif torch.equal(weight.grad, seen.arriving):  # it was cleared before
            seen.times = [len(self.events)]
        elif seen.arriving.any():
            seen.times.append(len(self.events))
        seen.arriving = None

    def _note_step(self, optimizer: Optimizer, *_: Any) -> None:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        players = tuple(name for name in PLAYERS if held & self._owned[name])
        if not players:
            return
        time = len(self.events)
        seen = self._gradients.get(players[0])
        tells = len(players) == 1 and seen is not None and id(seen.weight) in held
        stale = self._stale(players[0], time) if tells else ""
        if "discriminator" in players:
            self._forget_turns()
        self.events.append(Moved(optimizer, players, stale))

    def _forget_turns(self) -> None:
        """Let go of the samples of all turns of the discriminator but the one that ends now."""
        for event in self.events[: self._turn]:
            if isinstance(event, Asked):
                event.samples, event.said = torch.empty(0), None
        self._turn = len(self.events)

    def _stale(self, name: str, time: int) -> str:
        """Say what the gradients of a step hold that they should not."""
        seen, other = self._gradients.get(name), self._gradients.get(_other(name))
        if seen is None:
            return ""
        before, after = (
            (seen.steps[-1] if seen.steps else None),
            [t for t in seen.times if t < time],
        )
        seen.steps.append(time)
        if before is None:  # of what came before the first step nothing is known
            return ""
        if any(t <= before for t in after):
            return "those of an earlier step"
        between = [step for step in other.steps if step > before] if other else []
        if any(min(after, default=step) <= step < max(after, default=step) for step in between):
            return f"those of the {_other(name)}'s turn"
        return ""


def is_compiled(*networks: nn.Module) -> bool:
    """Whether a network, or a part of it, is compiled: hooks would have it compiled anew."""
    return any(
        type(m).__name__ == "OptimizedModule" or getattr(m, "_compiled_call_impl", None) is not None
        for network in networks
        for m in network.modules()
    )


def _other(name: str) -> str:
    return PLAYERS[1 - PLAYERS.index(name)]


def _same(made: Tensor | None, samples: Tensor) -> bool:
    """Whether these samples are those that the generator made last."""
    return (
        made is not None and made.shape == samples.shape and made.data_ptr() == samples.data_ptr()
    )


def _is_exact(output: Any) -> bool:
    parts = output if isinstance(output, tuple | list) else (output,)
    kinds = [part.dtype for part in parts if isinstance(part, Tensor)]
    return bool(kinds) and kinds[0] in (torch.float32, torch.float64)


def _telling_weight(network: nn.Module) -> Tensor | None:
    """Return a small weight whose gradient is hardly ever exactly 0: no bias, no embedding."""
    sparse = {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    weights = [
        p
        for p in network.parameters()
        if p.requires_grad and p.dim() > 1 and p.is_leaf and id(p) not in sparse
    ]
    return min(weights, key=lambda p: p.numel(), default=None)
