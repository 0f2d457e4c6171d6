"""Healthy runs: small, fast, and of each kind in which a fault can be planted."""

import functools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import nn

from .. import data as datasets
from ..data import Dataset
from ..gan import recipe_for
from ..losses import get_loss
from ..models import dcgan_pair, mlp_pair
from .case import NETWORKS, Case

__all__ = ["DATA", "healthy"]

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
    **options: Any,
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
        If the data set, the loss or the kind of network is unknown, or a number is below 1.

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
    for name, value in (("steps", steps), ("batch_size", batch_size), ("width", width)):
        if value is not None and not value >= 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    get_loss(loss)  # refuses an unknown one
    # Eight pixels leave a convolutional network no layer between the first and the last.
    size = 16 if data == "digits" and network.startswith("dcgan") else None
    train, held_out = (_loaded(data, split, size) for split in ("train", "validation"))
    shape = train.shape
    recipe = recipe_for(shape, network.removesuffix("-batch"))
    batch_size = min(128, recipe.batch_size) if batch_size is None else batch_size
    kind = recipe.networks["network"] if network == "auto" else network
    usual = _options(loss, recipe.options, batch_norm=kind == "dcgan-batch")
    chosen = {**usual, **options}
    if not isinstance(chosen["lr"], tuple):
        chosen["lr"] = (chosen["lr"], chosen["lr"])
    networks: Callable[[], tuple[nn.Module, nn.Module]]
    if kind == "mlp":
        networks = partial(
            mlp_pair,
            shape,
            recipe.networks["latent_dim"],
            128 if width is None else width,
            generator_depth=recipe.networks["generator_depth"],
        )
    else:
        networks = partial(
            dcgan_pair,
            shape[1],
            shape[0],
            32,
            16 if width is None else width,
            discriminator_norm="batch" if kind == "dcgan-batch" else "none",
        )
    return Case(
        data=train,
        held_out=held_out,
        networks=networks,
        options=chosen,
        training={"batch_size": batch_size},
        steps=DATA[data][2] if steps is None else steps,
        seed=seed,
        network=kind,
    )


def _options(loss: str, recipe: Mapping[str, Any], batch_norm: bool) -> dict:
    """Return the options of `GAN` for this loss: the recipe's, and the penalty that suits it."""
    shared = {"loss": loss, "lr": recipe["lr"], "ema": 0.98}
    if batch_norm:
        return {**shared, "betas": (0.5, 0.999)}
    common = {**shared, "betas": recipe["betas"], "penalty_every": 1}
    if loss == "wasserstein":
        return {**common, "gp": 10.0, "d_steps": 3}
    both = {"r1": recipe["r1"], "r2": recipe["r2"]} if loss == "relativistic" else {}
    return {**common, "r1": recipe["r1"], **both}
