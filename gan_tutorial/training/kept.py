"""Generators that a run keeps on the way, each with what was measured of it."""

import math
from pathlib import Path

from .checkpoints import CheckpointError, export_generator, read_config
from .run import Run

__all__ = ["BEST", "LAST", "keep_generator", "kept_generators", "place_of"]

KEPT = "kept"
BEST, LAST = "best", "last"
MEASURE = "KID"  # by which the best is chosen: the lower, the better


def keep_generator(run: Run, **scores: float) -> Path:
    """Write the generator as it is now, beside those that were kept before; for callbacks.

    Parameters
    ----------
    run : Run
        With a folder, and a generator among its networks.
    **scores
        What was measured of it on pictures that are not trained on; by ``KID`` the best is
        chosen.

    Returns
    -------
    Path
        The folder it was written to, within that of the run.
    """
    assert run.out is not None
    task = run.task
    generator = task.average.get("generator", task.networks.get("generator"))
    assert generator is not None
    finite = {name: value if math.isfinite(value) else None for name, value in scores.items()}
    place = run.out / KEPT / f"step_{run.step:06d}"
    export_generator(place, generator, step=run.step, scores=finite, **run.config)
    return place


def kept_generators(folder: str | Path) -> dict[int, dict[str, float | None]]:
    """Return the steps of which a run kept its generator, each with what was measured of it."""
    places = sorted((Path(folder).expanduser() / KEPT).glob("step_*/config.json"))
    configs = [read_config(path.parent) for path in places]
    return {config["step"]: config.get("scores", {}) for config in configs}


def place_of(folder: str | Path, checkpoint: str | int = LAST) -> Path:
    """Return where in a run's folder a generator lies.

    Parameters
    ----------
    folder : str or Path
    checkpoint : {"best", "last"} or int
        The one with the lowest KID of those that were kept, the newest, or that of a step.

    Raises
    ------
    CheckpointError
        If it was not kept; the message says which were.
    """
    folder = Path(folder).expanduser()
    if str(checkpoint) == LAST:
        return folder
    kept = kept_generators(folder)
    if not kept:
        raise CheckpointError(
            f"{folder} kept no generator but the last: train with --keep-best to have more, or "
            f"use --checkpoint {LAST}."
        )
    if str(checkpoint) == BEST:
        scores = [(found.get(MEASURE), step) for step, found in kept.items()]
        measured = [(score, step) for score, step in scores if score is not None]
        if not measured:
            raise CheckpointError(f"No generator that {folder} kept has a {MEASURE}.")
        step = min(measured)[1]
    else:
        if not str(checkpoint).isdecimal() or int(checkpoint) not in kept:
            listed = ", ".join(map(str, kept))
            raise CheckpointError(
                f"{folder} kept no generator {checkpoint!r}: choose {BEST}, {LAST}, or one of the "
                f"steps {listed}."
            )
        step = int(checkpoint)
    return folder / KEPT / f"step_{step:06d}"
