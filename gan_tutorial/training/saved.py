"""A run that is on disk, opened by its folder."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from ..models import adopt_generator
from ..models.build import can_build
from .checkpoints import (
    CHECKPOINT,
    GENERATOR,
    CheckpointError,
    load_checkpoint,
    load_generator,
    read_config,
    read_facts,
    read_tensors,
)
from .history import History
from .kept import LAST, kept_generators, place_of

__all__ = ["SavedRun"]


class SavedRun:
    """The folder that a training wrote, and what is in it; everything is read when asked for.

    Parameters
    ----------
    folder : str or Path
        The `out` of `fit`, or the ``--out`` of the command line.
    checkpoint : {"last", "best"} or int
        Which of the run's generators: the newest, or of those that it kept on the way
        (``train --keep-best``) the one with the lowest KID, or that of a step. History and state
        are those of the end.

    Raises
    ------
    FileNotFoundError
        By what is asked for, if the folder does not hold it.
    CheckpointError
        If a file is damaged.

    Examples
    --------
    >>> from gan_tutorial.training.checkpoints import shipped
    >>> run = SavedRun(shipped("soccer64"))
    >>> run.shape, run.generator.latent_dim
    ((3, 64, 64), 64)
    """

    def __init__(self, folder: str | Path, checkpoint: str | int = LAST):
        self.folder = Path(folder).expanduser()
        self.checkpoint_name = str(checkpoint)

    @property
    def exists(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return (self.folder / CHECKPOINT).is_file()

    @cached_property
    def place(self) -> Path:
        """Where the generator lies: the folder, or one within it."""
        return place_of(self.folder, self.checkpoint_name)

    @property
    def kept(self) -> dict[int, dict[str, float | None]]:
        """The steps whose generators were kept on the way, with what was measured of each."""
        return kept_generators(self.folder)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The content of ``config.json``: ``generator``, ``step``, ``training`` and ``data``."""
        return read_config(self.place)

    @property
    def step(self) -> int:
        """How many steps are done; 0 if the folder holds no run."""
        return read_facts(self.folder)["step"] if self.exists else 0

    @property
    def training(self) -> dict[str, Any]:
        """The settings of the training: task, networks, loss, rates."""
        return self.config.get("training", {})

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        try:
            return tuple(self.config["data"]["shape"])
        except (KeyError, TypeError):
            raise CheckpointError(
                f"{self.folder} does not say what its samples are: config.json has no data shape."
            ) from None

    @property
    def about(self) -> dict[str, Any]:
        """What a program kept with the checkpoint: the command line, its options."""
        return read_facts(self.folder)["about"] if self.exists else {}

    @cached_property
    def generator(self) -> Any:
        """The exported generator (the average of its weights), ready to sample."""
        made = self.config.get("generator")
        if made is not None and "kind" in made and not can_build(made):
            raise CheckpointError(
                f"The generator in {self.folder} is a {made['kind']}, which cannot be built from a "
                f"file: write SavedRun({str(self.folder)!r}).load_into(generator), with one made "
                "as it was then; the commands that draw samples take --network FILE.py:NAME."
            )
        return load_generator(self.place)

    def load_into(self, network: nn.Module) -> nn.Module:
        """Give a generator of the reader's own, made as it was for the run, its trained weights.

        Parameters
        ----------
        network : nn.Module
            Changed in place, and then ready to sample: from now on it is the `generator` of this
            object.

        Returns
        -------
        nn.Module
            The same.

        Raises
        ------
        CheckpointError
            If the weights do not fit.
        """
        path = self.place / GENERATOR
        if not path.is_file():
            raise FileNotFoundError(f"{self.folder} has no {GENERATOR}.")
        try:
            network.load_state_dict(read_tensors(path)[1])
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise CheckpointError(f"The weights in {path} do not fit: {reason[:200]}") from None
        self.generator = adopt_generator(network).eval()
        return self.generator

    @property
    def history(self) -> History:
        """The log; without rows where the run has not written any."""
        path = self.folder / "history.csv"
        return History.read_csv(path) if path.is_file() else History()

    @property
    def checkpoint(self) -> dict[str, Any]:
        """The whole state of the training."""
        return load_checkpoint(self.folder)

    @property
    def files(self) -> list[str]:
        """The names of the files, from the folder on."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and path.name != ".lock")
        return sorted(path.relative_to(self.folder).as_posix() for path in paths)

    def latent_generator(self) -> Any:
        """Return the generator, if it starts from noise alone.

        Raises
        ------
        ValueError
            If it does not: it repairs or translates pictures.
        """
        if not hasattr(self.generator, "latent_dim"):
            raise ValueError(
                f"The generator in {self.folder} does not start from noise alone: there is "
                "nothing to sample or to measure."
            )
        return self.generator

    def __repr__(self) -> str:
        return f"SavedRun({json.dumps(str(self.folder))})"
