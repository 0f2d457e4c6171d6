"""A whole step as one CUDA graph: recorded once, then started by a single call.

A step of small networks is hundreds of short programs of the GPU ("kernels"), and to start one of
them from Python takes longer than it runs. A CUDA graph is the list of all kernels of a step, with
the addresses that they read and write; the GPU works through it by itself. What happens around a
replay therefore has to be arranged:

- *Addresses stay.* The batch is copied into a buffer, the learning rates are numbers in the
  device's memory, and the scalars are copied out before the next step overwrites them.
- *Python does not run.* What it would decide is asked beforehand (`Task.phase`), and each answer
  gets a graph of its own: one with the lazy penalties, one without. What it would count is added.
- *Random numbers go on.* A graph draws from the task's generator, where that one stands.

Each phase begins with some ordinary steps, in which optimizers and libraries set up what they
keep. No step is thrown away for it: a captured run is the plain run, up to rounding.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from . import distributed
from .task import Task

__all__ = ["CapturedStep", "CudaGraph", "check_capture"]

WARM_UP = 3  # ordinary steps of a phase before it is recorded
MOST = 16  # graphs of one run; each holds memory of its own


def check_capture(task: Task, device: torch.device, compile: bool = False) -> None:
    """Raise ValueError, before anything is changed, if steps of `task` cannot be captured."""
    if device.type != "cuda":
        raise ValueError(
            f"A step can be captured only on a CUDA device, and this run is on {str(device)!r}: "
            "leave capture out, or train on a GPU."
        )
    if compile:
        raise ValueError("Steps are either captured or compiled: choose one of capture, compile.")
    if distributed.world_size() > 1:
        raise ValueError(
            f"Steps are captured in one process, and there are {distributed.world_size()}: leave "
            "capture out, or train in one."
        )
    if task.phase() is None:
        raise ValueError(
            f"{type(task).__name__} does not say what its steps depend on (Task.phase), so they "
            "cannot be captured: leave capture out."
        )
    for name, optimizer in task.optimizers.items():
        if not isinstance(optimizer, torch.optim.Adam) or not optimizer.defaults["fused"]:
            raise ValueError(
                f"Captured steps need Adam in its fused form, and the optimizer of the {name} is "
                "another: make it with training.adam, or leave capture out."
            )


class Graph(Protocol):
    """What records one step and plays it again."""

    def warm_up(self, step: Callable[[], Any]) -> Any:
        """Do an ordinary step, as the recorded ones will be done."""

    def record(self, step: Callable[[], Any]) -> Any:
        """Record a step without doing it; return its results, which `replay` will fill."""

    def replay(self) -> None:
        """Do the recorded step."""


class CudaGraph:
    """A CUDA graph that draws its random numbers from a generator, and the stream it is made on.

    Parameters
    ----------
    generator : torch.Generator
        On the same device; every replay draws on from where it stands. torch's own generator of
        the device, from which dropout draws, goes on as well.
    """

    def __init__(self, generator: torch.Generator):
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(generator)
        self.stream = torch.cuda.Stream(generator.device)

    def warm_up(self, step: Callable[[], Any]) -> Any:
        """Do an ordinary step, on a stream beside the usual one."""
        usual = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream):
            found = step()
        usual.wait_stream(self.stream)
        return found

    def record(self, step: Callable[[], Any]) -> Any:
        """Record a step without doing it; return its results, which `replay` will fill."""
        with torch.cuda.graph(self.graph, stream=self.stream):
            return step()

    def replay(self) -> None:
        """Do the recorded step."""
        self.graph.replay()


@dataclass
class _Phase:
    """One graph, and what goes in and comes out."""

    graph: Graph
    batch: Tensor
    names: tuple[str, ...] = ()
    values: Tensor | None = None  # of the scalars, shape (len(names),); None until recorded
    added: tuple[int, ...] = ()  # to the task's counts, by one step
    gradients: tuple[Tensor | None, ...] = ()  # where the graph leaves each parameter's


class CapturedStep:
    """Does the steps of a task, each as the replay of a graph once its phase is recorded.

    Parameters
    ----------
    task : Task
        Its `Task.phase` says what its next step depends on besides tensors, and its optimizers
        are fused Adams (see `check_capture`).
    make_graph : callable
        Makes a `Graph` from the task's generator.

    Notes
    -----
    A change from outside is seen if it is one of a learning rate or another setting of an
    optimizer, of numbers in a tensor, of a network's mode (``train`` or ``eval``), or of what
    `Task.phase` names. Whatever else a callback changes, or hangs on a network or an optimizer as
    a hook, recorded steps go on as before.
    """

    def __init__(self, task: Task, make_graph: Callable[[torch.Generator], Graph] = CudaGraph):
        self.task, self.make_graph = task, make_graph
        self.phases: dict[Hashable, _Phase] = {}
        self.seen: Counter[Hashable] = Counter()
        self.groups = [g for opt in task.optimizers.values() for g in opt.param_groups]
        # the kernels of CUDA's Adam read a float32; others may have the rate as it is
        kind = torch.float32 if task.device.type == "cuda" else torch.float64
        self.parameters = [p for net in task.networks.values() for p in net.parameters()]
        self.rates = [torch.zeros((), dtype=kind, device=task.device) for _ in self.groups]
        self.set: list[float | None] = [None] * len(self.groups)  # what the rates hold

    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """Do the next step with `batch`; return what `Task.step` would."""
        self._set_rates()
        key = self._key(batch)
        phase = self.phases.get(key)
        if phase is None:
            phase = self.phases[key] = self._start(batch)
        if phase.values is None:
            self.seen[key] += 1
            if self.seen[key] <= WARM_UP:
                with self._rates_on_device():
                    return phase.graph.warm_up(lambda: self.task.step(batch))
            self._record(phase)
        assert phase.values is not None
        phase.batch.copy_(batch)
        before = self._counts()
        phase.graph.replay()
        self._count(before, phase.added)
        for parameter, gradient in zip(self.parameters, phase.gradients, strict=True):
            parameter.grad = gradient  # each graph has its own
        # the next replay overwrites the values, and the history reads them some steps later
        return dict(zip(phase.names, phase.values.clone().unbind(), strict=True))

    def _key(self, batch: Tensor) -> Hashable:
        """Everything, besides tensors, that decides what the next step does."""
        settings = tuple(  # a checkpoint gives tuples back as lists
            (name, tuple(value) if isinstance(value, list) else value)
            for group in self.groups
            for name, value in group.items()
            if name not in ("params", "lr", "initial_lr")
        )
        modes = tuple(network.training for network in self.task.networks.values())
        return self.task.phase(), self.task.rng, batch.shape, batch.dtype, modes, settings

    def _start(self, batch: Tensor) -> _Phase:
        """Begin a phase that was not met before."""
        if len(self.phases) == MOST:
            raise RuntimeError(
                f"A captured run has at most {MOST} kinds of steps, and here comes another: a "
                "callback changes a setting again and again; train without capture."
            )
        return _Phase(self.make_graph(self.task.rng), torch.empty_like(batch))

    def _record(self, phase: _Phase) -> None:
        """Record the step of this phase; nothing is computed yet, and nothing counted."""
        before = self._counts()
        try:
            with self._rates_on_device(recording=True):
                phase.names, phase.values = phase.graph.record(lambda: self._step(phase.batch))
        except RuntimeError as error:
            raise RuntimeError(
                f"This step of {type(self.task).__name__} cannot be captured "
                f"({str(error).splitlines()[0]}): train without capture."
            ) from error
        phase.gradients = tuple(parameter.grad for parameter in self.parameters)
        after = self._counts()
        phase.added = tuple(b - a for a, b in zip(before, after, strict=True))
        self._count(before, (0,) * len(before))

    def _step(self, batch: Tensor) -> tuple[tuple[str, ...], Tensor]:
        """One step, with its scalars side by side in one tensor."""
        scalars = self.task.step(batch)
        return tuple(scalars), torch.stack([v.detach().float() for v in scalars.values()])

    def _counts(self) -> tuple[int, ...]:
        return tuple(getattr(self.task, name) for name in self.task.counts)

    def _count(self, before: tuple[int, ...], added: tuple[int, ...]) -> None:
        """Set the task's counts: Python's own were not moved by a replay."""
        for name, a, b in zip(self.task.counts, before, added, strict=True):
            setattr(self.task, name, a + b)

    def _set_rates(self) -> None:
        """Write the learning rates that changed to where the graphs read them."""
        for i, (group, rate) in enumerate(zip(self.groups, self.rates, strict=True)):
            if group["lr"] != self.set[i]:
                self.set[i] = group["lr"]
                rate.fill_(group["lr"])

    @contextmanager
    def _rates_on_device(self, recording: bool = False) -> Iterator[None]:
        """Let the optimizers read their rates from the device; afterwards they are as before."""
        before = [(group["lr"], group["capturable"]) for group in self.groups]
        for group, rate in zip(self.groups, self.rates, strict=True):
            group["lr"], group["capturable"] = rate, recording
        try:
            yield
        finally:
            for group, (lr, capturable) in zip(self.groups, before, strict=True):
                group["lr"], group["capturable"] = lr, capturable
