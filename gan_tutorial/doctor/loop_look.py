"""One look of a watch: the few calls it takes, and what is measured at the end of them."""

from typing import Any

import torch
from torch import Tensor, nn

from .notes import PLAYERS, Asked, LoopNotes, Moved
from .outputs import Verdicts, looks_bounded
from .probe import NEIGHBORS, compare_samples, judge_samples, length, undisturbed

__all__ = ["Window", "ask", "movers"]

MOST_CALLS = 16  # of a look, to collect samples
PATIENCE = 12  # calls in which both players are expected to move
PASSES = 4.0  # of the discriminator, over all the samples of a look
FIXED = 150.0  # what a look costs besides, in passes of layers of a small network
STEP = 3.0  # a pass forward and back and the update, in passes forward


class Window:
    """The calls of one look.

    Parameters
    ----------
    generator, discriminator : nn.Module
    samples : int
        How many are wanted.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, samples: int):
        self.networks = {"generator": generator, "discriminator": discriminator}
        self.samples = samples
        self.real: list[Tensor] = []
        self.fake: list[Tensor] = []
        self.more: tuple[list[tuple], list[tuple]] = ([], [])
        self.events: list[Asked | Moved] = []
        self.calls = self.read = self.batch = 0
        self.penalized = False
        self.bounded: bool | None = None
        self._moves: dict[str, float] = {}
        self._steps = dict.fromkeys(PLAYERS, 0)
        with torch.no_grad():
            self._before = {
                name: {key: p.detach().clone() for key, p in net.named_parameters()}
                for name, net in self.networks.items()
            }

    def add(
        self, real: Tensor, fake: Tensor, more: tuple[Any, Any], events: list, read: int
    ) -> None:
        """Take up a call: its samples, and who moved."""
        self.calls, self.read, self.batch = self.calls + 1, read, len(real)
        self.events += [e for e in events if isinstance(e, Moved)]
        count = min(len(real), len(fake), self.samples - sum(map(len, self.real)))
        if count > 0:
            self.real.append(real[:count].detach().float().clone())
            self.fake.append(fake[:count].detach().float().clone())
            for kept, given in zip(self.more, (more[0], _second(more)), strict=True):
                kept.append(tuple(part[:count] for part in _as_tuple(given)))
        for name in PLAYERS:
            moved = sum(isinstance(e, Moved) and name in e.players for e in events)
            self._steps[name] += moved
            if moved and name not in self._moves:
                # a critic that steps five times in a call has moved five times as far
                self._moves[name] = self._distance(name) / moved

    def is_complete(self) -> bool:
        """Whether there are enough samples, and both players have moved twice.

        What was left over from the step before shows in the second.
        """
        enough = sum(map(len, self.real)) >= self.samples or self.calls >= MOST_CALLS
        steps = min(self._steps.values())
        return enough and (steps >= 2 or self.calls >= PATIENCE)

    def pooled(self, name: str) -> Tensor:
        """Return the samples of all calls, "real" or "fake"."""
        return torch.cat(getattr(self, name))

    def conditions(self, which: int) -> tuple:
        """Return what the discriminator takes beside the reals (0) or the fakes (1)."""
        parts = [part for part in self.more[which] if part]
        return tuple(torch.cat(column) for column in zip(*parts, strict=True)) if parts else ()

    def find_bounds(self, try_it: bool) -> None:
        """See whether the discriminator answers in probabilities."""
        self.bounded = False
        if try_it and self.real:
            with undisturbed(*self.networks.values()), torch.no_grad():
                try:
                    network = self.networks["discriminator"]
                    self.bounded = looks_bounded(network, self.pooled("real"), *self.conditions(0))
                except Exception:  # whatever somebody's network does; `ask` says so
                    return

    @property
    def not_finite(self) -> str:
        """Which samples hold NaN or infinity, in words; empty if none do."""
        kinds = [name for name in ("real", "fake") if not all(map(_finite, getattr(self, name)))]
        return " and ".join({"real": "the data", "fake": "the fakes"}[kind] for kind in kinds)

    def moves(self) -> dict[str, float]:
        """Return how far a step moved each player in the first call in which it stepped."""
        row = {}
        for name in PLAYERS:
            moved = self._moves.get(name)
            row[f"{name[0]}_move"] = self._distance(name) if moved is None else moved
        return row

    def gradients(self) -> dict[str, float]:
        """Return the lengths of the gradients that are there, relative to the weights'."""
        row = {}
        for name, net in self.networks.items():
            there = [p.grad for p in net.parameters() if p.grad is not None]
            if there:
                row[f"{name[0]}_grad"] = length(there) / self._size(name)
        return row

    def unmoved(self, name: str) -> tuple[list[str], bool]:
        """Return the weights of a player that have a gradient and did not move, and if any did.

        A gradient of exactly 0 in the player's own steps moves nothing, and is no fault: that of
        the critic's last bias, for one, since a difference of two means does not depend on it. The
        generator's loss may leave another gradient there afterwards.
        """
        before, still, moved = self._before[name], [], False
        steps = [e.idle for e in self.events if isinstance(e, Moved) and name in e.players]
        idle = frozenset.intersection(*steps) if steps else frozenset()
        for key, p in self.networks[name].named_parameters():
            same = key in before and torch.equal(before[key], p.detach())
            moved |= not same
            if not same or not p.requires_grad or id(p) in idle:
                continue
            if p.grad is not None and bool(p.grad.any()):
                still.append(key)
        return still, moved

    def cost(self, notes: LoopNotes) -> float:
        """Return what this look cost, in calls of training, as far as counting tells."""
        calls = max(1, self.calls)
        samples = PASSES * self.samples / max(1.0, STEP * notes.samples / calls)
        return max(samples, FIXED / max(1.0, STEP * notes.calls / calls))

    def _size(self, name: str) -> float:
        return max(length(self.networks[name].parameters()), 1e-12)

    def _distance(self, name: str) -> float:
        before = self._before[name]
        moved = [
            p.detach() - before[key]
            for key, p in self.networks[name].named_parameters()
            if key in before
        ]
        return length(moved) / self._size(name)


def ask(
    window: Window, held_out: Tensor | None, bounded: bool, critic: bool
) -> tuple[dict[str, float], str]:
    """Compare the samples of a look, and ask the discriminator about them.

    Returns
    -------
    row : dict of str to float
        Columns of `COLUMNS`.
    why : str
        Why the discriminator could not be asked; empty if it could.
    """
    row: dict[str, float] = {}
    if sum(map(len, window.real)) <= NEIGHBORS + 1 or window.not_finite:
        return row, ""
    real, fake = window.pooled("real"), window.pooled("fake")
    row |= compare_samples(real, fake, rank=False)
    network = window.networks["discriminator"]
    if not window.conditions(0) and held_out is not None:
        held_out = held_out[: len(real)].to(real)
    else:
        held_out = None  # nobody knows their labels
    judges = [Verdicts(network, window.conditions(i), bounded) for i in (0, 1)]
    with undisturbed(*window.networks.values()):
        try:
            row |= judge_samples(
                judges[0],
                real,
                fake,
                held_out,
                between=critic and window.penalized,
                of_fakes=judges[1],
            )
        except Exception as error:  # whatever somebody's network does
            return row, (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return row, ""


def movers(events: list) -> dict[str, torch.optim.Optimizer]:
    """Return the optimizers that were seen to step, by the player whose weights they hold."""
    return {e.players[0]: e.optimizer for e in events if isinstance(e, Moved)}


def _as_tuple(given: Any) -> tuple:
    if given is None:
        return ()
    return tuple(given) if isinstance(given, tuple | list) else (given,)


def _second(more: tuple[Any, Any]) -> Any:
    return more[0] if more[1] is None else more[1]


def _finite(samples: Tensor) -> bool:
    return bool(samples.isfinite().all())
