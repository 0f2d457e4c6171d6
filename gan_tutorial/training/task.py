"""What is trained: networks, their optimizers, and one step."""

import copy
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..data import Dataset
from ..models import config_of, one_by_one
from . import distributed, speed
from .checkpoints import export_generator, save_checkpoint
from .recipe import Recipe

__all__ = ["Task", "adam", "frozen", "given_to"]


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let gradients flow through `network` to its input, but compute none for its weights.

    Afterwards the weights are as they were: what was frozen before stays so.
    """
    thawed = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in thawed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in thawed:
            parameter.requires_grad_(True)


def given_to(network: Callable[..., Tensor], given: Sequence[Tensor]) -> Callable[..., Tensor]:
    r"""Return a network as a function of its first input alone, with the others held at `given`.

    A conditional discriminator :math:`D(x, y)` becomes :math:`D(\cdot, y)`, which can be
    penalized like any other. Where several batches come as one, `given` is repeated for each.
    """
    if not given:
        return network

    def alone(batch: Tensor) -> Tensor:
        times = len(batch) // len(given[0])
        return network(batch, *(each.repeat(times, *[1] * (each.dim() - 1)) for each in given))

    return alone


def adam(network: nn.Module, lr: float, betas: tuple[float, float]) -> torch.optim.Adam:
    """Make the optimizer of one network, in torch's fused form."""
    beta1, beta2 = betas
    return torch.optim.Adam(network.parameters(), lr, (float(beta1), float(beta2)), fused=True)


class Task:
    """What is trained: networks, their optimizers, and one step.

    A subclass sets up its networks and optimizers and writes `step`.

    Parameters
    ----------
    networks : dict of str to nn.Module
        The networks by name. The one called ``"generator"``, if any, is what runs export.
    optimizers : dict of str to Optimizer
        The optimizers, each under the name of the network whose weights it changes.
    averaged : sequence of str
        Names of the networks of which an exponential moving average is kept, in `average`.
    ema : float
        Decay of that average, in [0, 1): after `t` steps it weighs about the last ``1/(1 - ema)``
        of them (fewer at the start, where it follows the weights faster).

    Attributes
    ----------
    batches_per_step : int
        How many batches `fit` draws for one step; `step` gets them in one tensor.
    steps_done : int
        Steps done so far, in all calls of `fit`.
    counts : tuple of str
        Names of further attributes that count what was done; they are saved with the weights.
    recipe : Recipe or None
        How this kind of data is trained, if the task was made by ``for_data``; `fit` reads it.
    settings : dict
        What shapes the training besides the networks, as JSON-able data; a resumed run must
        have the same.
    device : torch.device
        Where the networks are; the CPU until `to` moves them.
    rng : torch.Generator
        The task's own source of random numbers, on that device.
    fast : dict of str to callable
        What `forward` calls: the networks, until `fit` makes them run in the precision asked
        for, or compiled. What is differentiated twice calls the networks themselves.
    """

    batches_per_step = 1
    counts: tuple[str, ...] = ()
    recipe: Recipe | None = None

    def __init__(
        self,
        networks: dict[str, nn.Module],
        optimizers: dict[str, torch.optim.Optimizer],
        averaged: Iterable[str] = (),
        ema: float = 0.999,
    ):
        if not 0.0 <= ema < 1.0:
            raise ValueError(f"The decay of the average, ema, lies in [0, 1), got {ema}.")
        self.networks = networks
        self.optimizers = optimizers
        self.fast: dict[str, Callable[..., Tensor]] = dict(networks)
        self.ema = ema
        self.settings: dict[str, Any] = {}
        self.steps_done = 0
        self.average = {
            name: copy.deepcopy(networks[name]).requires_grad_(False).eval() for name in averaged
        }
        self.device = torch.device("cpu")
        self.seed(0)

    def check_data(self, data: Dataset | Tensor) -> None:
        """Raise ValueError if the task cannot be trained on `data`; `fit` asks before all else."""

    def take(self, data: Dataset | Tensor, rows: Tensor) -> Any:
        """Return the batch of these row numbers, which `step` will get.

        It is a tensor, or a tuple of tensors where a task learns from more than the samples.
        """
        return data[rows]

    def step(self, batch: Any) -> dict[str, Tensor]:
        """Update the networks once; return scalars worth recording, still on the device."""
        raise NotImplementedError

    def phase(self) -> Hashable | None:
        """Return everything besides tensors that decides what the next `step` does.

        Steps of equal phase do the same operations in the same order, so `fit` can record one and
        play it again (``capture=True``). None, where a task says nothing, forbids that.
        """
        return None

    def forward(
        self, name: str, batches: Sequence[Tensor], given: Sequence[Tensor] = ()
    ) -> list[Tensor]:
        """Pass batches through the network called `name`, as fast as `fit` was told to.

        They go as one where each sample's output depends on that sample alone. `given` is what
        the network takes besides, the same for every batch, such as the samples' labels.
        """
        network = given_to(self.fast[name], given)
        if len(batches) > 1 and one_by_one(self.networks[name]):
            together = network(torch.cat(list(batches)))
            return list(together.split([len(batch) for batch in batches]))
        return [network(batch) for batch in batches]

    def update(self, loss: Tensor, *names: str) -> None:
        """Take one step of the optimizers with these names down the slope of one loss."""
        self.update_by_parts([loss], *names)

    def update_by_parts(self, losses: Iterable[Tensor], *names: str) -> None:
        """Take one step down the slope of a sum of losses, of which one is there at a time.

        Each is computed, differentiated and forgotten before the next: the step is that of the sum,
        and takes the memory of one.
        """
        for name in names:
            self.optimizers[name].zero_grad(set_to_none=True)
        for loss in losses:
            loss.backward()
        for name in names:
            distributed.average_gradients(self.networks[name].parameters())
            self.optimizers[name].step()

    def random(self, draw: Callable, count: int, *shape: int) -> Tensor:
        """Draw random numbers of shape (count, *shape) with the task's own generator.

        `draw` is ``torch.rand`` or ``torch.randn``. Of several processes each draws the numbers
        of all, and takes its own.
        """
        whole = (count * distributed.world_size(), *shape)
        return distributed.share(draw(whole, generator=self.rng, device=self.device))

    def config(self) -> dict:
        """Return every setting that shapes the training, as JSON-able data."""
        networks = {name: config_of(network) for name, network in self.networks.items()}
        about = {"task": type(self).__name__, "ema": self.ema, "networks": networks}
        return {**about, **self.settings}

    def to(self, device: torch.device) -> "Task":
        """Move networks, averages, optimizer states and random numbers to `device`."""
        if device != self.device:
            self.device = device
            for network in (*self.networks.values(), *self.average.values()):
                network.to(device)
            for optimizer in self.optimizers.values():
                optimizer.load_state_dict(optimizer.state_dict())  # casts to the parameters' device
            self.seed(self.rng.initial_seed())
        return self

    def seed(self, seed: int) -> None:
        """Start the task's random numbers afresh."""
        self.rng = torch.Generator(self.device).manual_seed(seed)

    def finish_step(self) -> None:
        """Count the step that was done, and move the averages."""
        self.steps_done += 1
        self.update_average()

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the averages a little towards the networks."""
        step = self.steps_done
        move = get_ema_multi_avg_fn(min(self.ema, step / (step + 9)))
        for name, average in self.average.items():
            network = self.networks[name]
            if means := list(average.parameters()):  # torch's function wants one at least
                move(means, list(network.parameters()), step)
            for mean, value in zip(average.buffers(), network.buffers(), strict=True):
                mean.copy_(value)

    def save(self, folder: str | Path) -> None:
        """Write everything to a folder: networks, averages, optimizers, and how they were made.

        `GAN.load` reads it back; `SavedRun` and the command line sample from it.

        Raises
        ------
        WriteError
            If the folder cannot be written to.
        """
        shape = getattr(self.networks.get("generator"), "shape", None)
        config: dict[str, Any] = {"training": self.config()}
        if shape is not None:
            config["data"] = {"name": "unknown", "count": 0, "shape": list(shape)}
        save_checkpoint(
            folder, {"config": config, "step": self.steps_done, "task": self.state_dict()}
        )
        generator = self.average.get("generator", self.networks.get("generator"))
        if generator is not None:
            export_generator(folder, generator, step=self.steps_done, **config)

    def state_dict(self) -> dict:
        """Return everything that training changes."""
        return {
            "networks": {name: net.state_dict() for name, net in self.networks.items()},
            "average": {name: net.state_dict() for name, net in self.average.items()},
            "optimizers": {name: opt.state_dict() for name, opt in self.optimizers.items()},
            "rng": {"device": self.device.type, "state": self.rng.get_state()},
            **{name: getattr(self, name) for name in ("steps_done", *self.counts)},
        }

    def load_state_dict(self, state: dict) -> None:
        """Put back what `state_dict` returned."""
        for group, targets in (
            ("networks", self.networks),
            ("average", self.average),
            ("optimizers", self.optimizers),
        ):
            for name, target in targets.items():
                target.load_state_dict(state[group][name])
        for optimizer in self.optimizers.values():
            speed.match_layouts(optimizer)
        if state["rng"]["device"] == self.device.type:
            self.rng.set_state(state["rng"]["state"])
        for name in ("steps_done", *self.counts):
            setattr(self, name, state[name])
