"""A whole run as data: nothing is trained until `Case.run` is called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..gan import GAN
from ..models.sampling import latent_codes
from ..training import History, fit
from ..training.run import Run

__all__ = ["NETWORKS", "Case", "Outcome"]

NETWORKS = ("mlp", "dcgan", "dcgan-batch")


@dataclass(frozen=True)
class Case:
    """A complete run that has not happened yet.

    Attributes
    ----------
    data, held_out : Dataset
        What it trains on, and samples of the same kind that it never sees.
    networks : callable
        ``networks()`` returns a fresh generator and discriminator.
    options : dict
        The options of `task`: loss, learning rates (generator's, discriminator's), penalties.
    training : dict
        The options of `fit`: batch size, schedule.
    steps : int
        How many steps show what there is to see.
    seed : int
        Decides the first weights, the batches and all noise.
    task : type
        The class of the task; a fault that changes the step names a subclass of `GAN`.
    network : str
        Which of `NETWORKS` was asked for.
    train_mode : bool
        Whether samples are drawn from a generator that was left in training mode.
    fault : str or None
        The name of the fault that was planted; None in a healthy run.
    """

    data: Dataset
    held_out: Dataset
    networks: Callable[[], tuple[nn.Module, nn.Module]]
    options: Mapping[str, Any]
    training: Mapping[str, Any]
    steps: int
    seed: int = 0
    task: type[GAN] = GAN
    network: str = "mlp"
    train_mode: bool = False
    fault: str | None = None

    @property
    def loss(self) -> str:
        """The name of its loss."""
        return self.options["loss"]

    @property
    def images(self) -> bool:
        """Whether its samples are images (and not points)."""
        return len(self.data.shape) == 3

    @property
    def penalized(self) -> bool:
        """Whether it has a gradient penalty."""
        return any(self.options.get(name, 0) > 0 for name in ("r1", "r2", "gp"))

    def with_options(self, **options: Any) -> "Case":
        """Return the same case with other options of the task."""
        return replace(self, options={**self.options, **options})

    def build(self) -> GAN:
        """Make the task with its first weights, without touching torch's random numbers."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return self.task(*self.networks(), **self.options)

    def run(
        self,
        steps: int | None = None,
        callbacks: Iterable[Callable[[Run], None]] = (),
        **training: Any,
    ) -> "Outcome":
        """Train it, and return what came of it.

        Parameters
        ----------
        steps : int, optional
            How many steps, instead of its own number.
        callbacks : sequence of callable
            As in `fit`.
        **training
            More options of `fit`, or other values for them.

        Returns
        -------
        Outcome
            A case with a planted fault may stop with an error: that is an outcome, and
            `Outcome.stopped` says which. A healthy case raises it.
        """
        task = self.build()
        histories: list[History] = []

        def remember(run: Run) -> None:
            if not histories:
                histories.append(run.history)  # kept when the run does not come to its end

        options = {"device": "cpu", "progress": False, **self.training, **training}
        stopped = None
        with torch.random.fork_rng(devices=[]):
            try:
                fit(
                    task,
                    self.data,
                    self.steps if steps is None else steps,
                    seed=self.seed,
                    callbacks=[remember, *callbacks],
                    **options,
                )
            except (RuntimeError, ValueError) as error:
                if self.fault is None:
                    raise
                stopped = f"{type(error).__name__}: {error}"
        return Outcome(self, task, histories[0] if histories else History(), stopped)


@dataclass(frozen=True)
class Outcome:
    """What came of a `Case`.

    Attributes
    ----------
    case : Case
    task : GAN
        The trained networks.
    history : History
        The table of the run, up to where it stopped.
    stopped : str or None
        The error that ended the run, if one did.
    """

    case: Case
    task: GAN = field(repr=False)
    history: History
    stopped: str | None = None

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> Tensor:
        """Return `count` samples as the case draws them; see `GAN.sample`."""
        if not self.case.train_mode:
            return self.task.sample(count, seed, averaged)
        generator: Any = self.task.average["generator"] if averaged else self.task.generator
        return in_train_mode(generator, latent_codes(count, generator.latent_dim, seed))


@torch.no_grad()
def in_train_mode(generator: nn.Module, codes: Tensor) -> Tensor:
    """Map codes to samples with a generator that somebody forgot to switch to evaluation."""
    before = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    generator.train()
    samples = generator(codes).float()
    generator.eval()
    for name, buffer in generator.named_buffers():
        buffer.copy_(before[name])  # looking must not change what is looked at
    return samples
