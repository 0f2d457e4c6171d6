"""What a saved run says of its GAN: the networks and options from which it is made again."""

from pathlib import Path
from typing import Any

from torch import nn

from ..losses import LOSSES
from ..models import build
from ..training.checkpoints import CheckpointError, load_checkpoint

__all__ = ["saved_gan"]

OPTIONS = (
    "loss", "lr", "betas", "r1", "r2", "gp", "penalty_every", "d_steps", "reuse_fakes", "ema",
)  # fmt: skip


def saved_gan(
    folder: str | Path,
    networks: dict[str, nn.Module | None],
    given: dict[str, Any],
) -> tuple[dict[str, nn.Module], dict[str, Any], dict[str, Any]]:
    """Return networks, options and state of a GAN that was saved.

    Parameters
    ----------
    folder : str or Path
    networks : dict of str to nn.Module or None
        Those of the reader's own, which cannot be built from a file.
    given : dict
        Options in place of those that were saved.

    Raises
    ------
    CheckpointError
        If the folder holds another task, or a network or a loss has to be given; the message says
        which.
    """
    state = load_checkpoint(folder)
    about = state["config"]["training"]
    if about.get("task") != "GAN":
        raise CheckpointError(f"{folder} holds a {about.get('task')}, not a GAN.")
    made = {}
    for name, network in networks.items():
        try:
            made[name] = build(about["networks"][name]) if network is None else network
        except (ValueError, TypeError):
            kind = about["networks"][name]["kind"]
            raise CheckpointError(
                f"The {name} in {folder} is a {kind}, which cannot be built from a file: write "
                f"GAN.load({str(folder)!r}, {name}=...), with a network made as it was then."
            ) from None
    options = {name: about[name] for name in OPTIONS if name in about} | given
    if isinstance(options["loss"], str) and options["loss"] not in LOSSES:
        raise CheckpointError(
            f"The loss in {folder} was {options['loss']!r}, which is not one of the library's: "
            f"write GAN.load({str(folder)!r}, loss=...)."
        )
    options["lr"] = tuple(options["lr"]) if isinstance(options["lr"], list) else options["lr"]
    options["betas"] = tuple(options["betas"])
    return made, options, state["task"]
