"""A run that is on disk, opened by its folder."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from .checkpoints import (
    CHECKPOINT,
    CheckpointError,
    load_checkpoint,
    load_generator,
    read_config,
    read_facts,
)
from .history import History

__all__ = ["SavedRun"]


class SavedRun:
    """The folder that a training wrote, and what is in it; everything is read when asked for.

    Parameters
    ----------
    folder : str or Path
        The `out` of `fit`, or the ``--out`` of the command line.

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

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).expanduser()

    @property
    def exists(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return (self.folder / CHECKPOINT).is_file()

    @cached_property
    def config(self) -> dict[str, Any]:
        """The content of ``config.json``: ``generator``, ``step``, ``training`` and ``data``."""
        return read_config(self.folder)

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
        return load_generator(self.folder)

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
        paths = (path for path in self.folder.rglob("*") if path.is_file())
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
