"""Beginning with the weights of another run: for another learning rate, or for other data."""

import warnings
from pathlib import Path
from typing import Any

from torch import nn

from ..models import config_of
from .checkpoints import CheckpointError, differences
from .saved import SavedRun
from .task import Task

__all__ = ["freeze_lower", "start_from"]


def start_from(task: Task, folder: str | Path) -> None:
    """Give a task the weights of a run, in place; optimizers and step count start anew.

    Parameters
    ----------
    task : Task
        With networks of the same architecture as those of the run.
    folder : str or Path
        The folder of the run; one that holds a generator alone gives that, and the other networks
        keep their first weights, with a warning.

    Raises
    ------
    CheckpointError
        If the networks differ; the message names each setting with both values.
    FileNotFoundError
        If there is no run.

    Examples
    --------
    >>> from gan_tutorial import GAN, models
    >>> from gan_tutorial.training.checkpoints import shipped
    >>> gan = GAN(*models.pair_for((3, 64, 64), "dcgan", latent_dim=64, width=32))
    >>> start_from(gan, shipped("soccer64"))  # doctest: +SKIP
    """
    run = SavedRun(folder)
    if not run.exists:
        _generator_alone(task, run)
        return
    state = run.checkpoint
    before = state["config"]["training"].get("networks", {})
    now = {name: config_of(network) for name, network in task.networks.items()}
    _refuse(run, differences(before, now, "networks."))
    for group, targets in (("networks", task.networks), ("average", task.average)):
        for name, network in targets.items():
            network.load_state_dict(state["task"][group][name])


def _generator_alone(task: Task, run: SavedRun) -> None:
    """Take up an exported generator; nothing else of its run is there."""
    before: dict[str, Any] = run.config["generator"]
    generator = task.networks.get("generator")
    if generator is None:
        raise CheckpointError(f"{run.folder} holds a generator, and this task has none.")
    _refuse(run, differences(before, config_of(generator), "generator."))
    for network in (generator, task.average.get("generator")):
        if network is not None:
            network.load_state_dict(run.generator.state_dict())
    others = [name for name in task.networks if name != "generator"]
    if others:
        warnings.warn(
            f"{run.folder} holds a generator alone: {', '.join(others)} starts from first weights.",
            stacklevel=3,
        )


def _refuse(run: SavedRun, changed: list[str]) -> None:
    if changed:
        raise CheckpointError(
            f"The networks of {run.folder} are others: {', '.join(changed)}. Choose the same kind, "
            "width, latent code and size of pictures, or start without its weights."
        )


def freeze_lower(network: nn.Module, layers: int) -> None:
    """Let the lowest layers of a discriminator keep their weights in training.

    A discriminator that was trained on many pictures has lower layers that fit other pictures as
    well; to keep them spares few pictures from being learned by heart (Mo et al. 2020, "Freeze
    the discriminator: a simple baseline for fine-tuning GANs").

    Parameters
    ----------
    network : nn.Module
        Its layers count from the samples on.
    layers : int
        How many layers with weights; 0 is none.

    Raises
    ------
    ValueError
        If nothing would be left to train.
    """
    weighted = [m for m in network.modules() if next(m.parameters(recurse=False), None) is not None]
    if not 0 <= layers < max(1, len(weighted)):
        raise ValueError(
            f"The discriminator has {len(weighted)} layers with weights: freeze from 0 to "
            f"{len(weighted) - 1} of them, not {layers}."
        )
    for module in weighted[:layers]:
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)
