"""A whole run as data: nothing is trained until `Case.run` is called."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .. import data as datasets
from ..data import Dataset
from ..gan import GAN, recipe_for
from ..models import dcgan_pair, mlp_pair
from ..models.sampling import latent_codes
from ..training import History, fit
from ..training.run import Run

__all__ = ["DATA", "NETWORKS", "Case", "Outcome", "healthy"]

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

    def but(self, **options) -> "Case":
        """Return the same case with other options of the task."""
        return replace(self, options={**self.options, **options})

    def build(self) -> GAN:
        """Make the task with its first weights, without touching torch's random numbers."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return self.task(*self.networks(), **self.options)

    def run(
        self, steps: int | None = None, callbacks: Iterable[Callable[[Run], None]] = (), **training
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
        task, seen = self.build(), []

        def remember(run: Run) -> None:
            if not seen:
                seen.append(run.history)  # kept when the run does not come to its end

        options = {"device": "cpu", "progress": False, **self.training, **training}
        stopped = None
        with torch.random.fork_rng(devices=[]):
            try:
                fit(
                    task,
                    self.data,
                    steps or self.steps,
                    seed=self.seed,
                    callbacks=[remember, *callbacks],
                    **options,
                )
            except (RuntimeError, ValueError) as error:
                if self.fault is None:
                    raise
                stopped = f"{type(error).__name__}: {error}"
        return Outcome(self, task, seen[0] if seen else History(), stopped)


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
        generator = self.task.average["generator"] if averaged else self.task.generator
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


# --- Healthy runs ----------------------------------------------------------------------------

# Name -> how many training samples, options of data.load, steps.
DATA: dict[str, tuple[int | None, dict, int]] = {
    "ring": (10_000, {}, 800),
    "grid": (20_000, {}, 1500),
    "swiss_roll": (10_000, {}, 800),
    "digits": (None, {}, 600),
    "soccer": (1000, {"image_size": 16, "ground": "plain"}, 300),
    "mnist": (5000, {"image_size": 16}, 400),
    "fashion_mnist": (5000, {"image_size": 16}, 400),
}


@functools.lru_cache(maxsize=8)
def _loaded(name: str, split: str, image_size: int | None) -> Dataset:
    count, options, _ = DATA[name]
    if split != "train":
        count = None if name == "digits" else 1000
    size = {} if image_size is None else {"image_size": image_size}
    return datasets.load(name, split, count=count, **{**options, **size})


def healthy(
    data: str = "digits",
    *,
    loss: str = "relativistic",
    network: str = "auto",
    seed: int = 0,
    steps: int | None = None,
    batch_size: int | None = None,
    width: int | None = None,
    **options,
) -> Case:
    """Return a run with nothing wrong in it: small, fast, and of the kind that was asked for.

    Parameters
    ----------
    data : str
        One of `DATA`: a data set of `data.load`. The pictures are small.
    loss : str
        One of `losses.LOSSES`. Each comes with the penalty that keeps it healthy: R1 and R2 for
        the relativistic loss, R1 for the other logits' losses, the gradient penalty (weight 10)
        for Wasserstein.
    network : {"auto", "mlp", "dcgan", "dcgan-batch"}
        Fully connected, convolutional, or convolutional with batch norm in both players, where
        no penalty is possible; "auto" is "mlp" up to 8x8 pixels. Convolutional networks get the
        digits enlarged to 16x16.
    seed : int
        Decides everything random in the run. The data are the same for every seed.
    steps, batch_size, width : int, optional
        Instead of the usual ones.
    **options
        Options of `GAN`, instead of the usual ones.

    Returns
    -------
    Case

    Raises
    ------
    ValueError
        If the data set, the loss or the kind of network is unknown.

    Examples
    --------
    >>> case = healthy("ring", loss="non-saturating", seed=3)
    >>> outcome = case.run(steps=20)
    >>> outcome.history.last()["step"]
    20.0
    """
    if data not in DATA:
        raise ValueError(
            f"There is no case for the data {data!r}; choose one of {', '.join(DATA)}."
        )
    if network not in ("auto", *NETWORKS):
        raise ValueError(
            f"Unknown kind of network {network!r}; choose one of auto, {', '.join(NETWORKS)}."
        )
    # Eight pixels leave a convolutional network no layer between the first and the last.
    size = 16 if data == "digits" and network.startswith("dcgan") else None
    train, held_out = (_loaded(data, split, size) for split in ("train", "validation"))
    shape = train.shape
    recipe = recipe_for(shape, network.removesuffix("-batch"))
    kind = recipe.networks["network"] if network == "auto" else network
    usual = _options(loss, recipe.options, batch_norm=kind == "dcgan-batch")
    chosen = {**usual, **options}
    if not isinstance(chosen["lr"], tuple):
        chosen["lr"] = (chosen["lr"], chosen["lr"])
    if kind == "mlp":
        networks = partial(
            mlp_pair,
            shape,
            recipe.networks["latent_dim"],
            width or 128,
            generator_depth=recipe.networks["generator_depth"],
        )
    else:
        networks = partial(
            dcgan_pair,
            shape[1],
            shape[0],
            32,
            width or 16,
            discriminator_norm="batch" if kind == "dcgan-batch" else "none",
        )
    return Case(
        data=train,
        held_out=held_out,
        networks=networks,
        options=chosen,
        training={"batch_size": batch_size or min(128, recipe.batch_size)},
        steps=steps or DATA[data][2],
        seed=seed,
        network=kind,
    )


def _options(loss: str, recipe: dict, batch_norm: bool) -> dict:
    """Return the options of `GAN` for this loss: the recipe's, and the penalty that suits it."""
    shared = {"loss": loss, "lr": recipe["lr"], "ema": 0.98}
    if batch_norm:
        return {**shared, "betas": (0.5, 0.999)}
    common = {**shared, "betas": recipe["betas"], "penalty_every": 1}
    if loss == "wasserstein":
        return {**common, "gp": 10.0, "d_steps": 3}
    both = {"r1": recipe["r1"], "r2": recipe["r2"]} if loss == "relativistic" else {}
    return {**common, "r1": recipe["r1"], **both}
