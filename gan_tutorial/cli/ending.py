"""What ``train`` says at its end: how good the samples are, whether all is well, what is next."""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from ..data import Dataset, EmptySplitError
from ..doctor import HEALTHY, UNKNOWN, diagnose
from ..metrics import extract, kid, network_for
from ..metrics.report import FEWEST
from ..training import SavedRun
from .features import drawn
from .loading import to_train_on
from .options import GENERATE, TrainOptions
from .output import command_line

__all__ = ["ending"]

MOST = 500  # samples of each kind: enough to see, and a matter of seconds


def ending(
    saved: SavedRun, name: str, samples: Dataset, options: TrainOptions, steps: int
) -> Iterator[str]:
    """Yield the lines about a training that is done.

    Parameters
    ----------
    saved : SavedRun
        The run.
    name : str
        Of the data, as the command was told.
    samples : Dataset
        What was trained on.
    options : TrainOptions
    steps : int
        How many were done.
    """
    if options.task != GENERATE:
        return
    pictures = len(samples.shape) == 3
    if pictures:
        yield _quality(saved, name, samples, options)
    if options.model == "gan":
        yield _health(saved, samples)
    yield "Next:"
    grid = Path(saved.folder) / "grid.png"
    yield f"  {command_line('sample', saved.folder, '--count', 64, '--out', grid)}"
    yield f"  {command_line('evaluate', saved.folder)}"
    longer = ["--resume", "--steps", 2 * steps]
    yield f"  {command_line('train', name, '--out', saved.folder, *longer)}"


def _quality(saved: SavedRun, name: str, samples: Dataset, options: TrainOptions) -> str:
    """Measure KID against held-out pictures, beside what training pictures have there."""
    held = _held_out(name, options)
    if len(held) < FEWEST:
        return (
            f"Quality: not measured, since {len(held)} pictures are held out, fewer than {FEWEST}; "
            f"give other pictures to evaluate as --data{_more_by(len(samples) + len(held))}."
        )
    network, random = network_for(samples), torch.Generator().manual_seed(0)
    count = min(len(held), len(samples), MOST)
    real = extract(held[torch.randperm(len(held), generator=random)[:count]], network)
    floor = extract(samples.random_subset(count), network)
    made = extract(drawn(saved.latent_generator(), samples, MOST, seed=0), network)
    found, least = kid(real, made), kid(real, floor)
    return (
        f"Quality: KID {found.value:.3g} ± {found.spread:.1g} against {count:,} held-out pictures, "
        f"where training pictures have {least.value:.2g} ± {least.spread:.1g}; lower is better "
        f"({made.extractor})."
    )


def _more_by(total: int) -> str:
    """Say which option would hold out enough of so many pictures, if one does."""
    # Which pictures are held out is decided by their names, so aim at half as many again.
    share = math.ceil(10 * 1.5 * FEWEST / (2 * total)) / 10
    return f", or train again with --validation {share:g}" if share <= 0.4 else ""


def _held_out(name: str, options: TrainOptions) -> Tensor:
    """Load pictures for tests, with those for validation if they are few."""
    parts: list[Tensor] = []
    for split in ("test", "validation"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they were given when the run began
                parts.append(to_train_on(name, options, split)[:])
        except EmptySplitError:
            continue
        if len(parts[0]) >= FEWEST:
            break
    return torch.cat(parts) if parts else torch.empty(0)


def _health(saved: SavedRun, samples: Dataset) -> str:
    """Let the doctor look at the run."""
    report = diagnose(saved.folder, data=samples)
    if report.name == HEALTHY:
        return f"Doctor: nothing is wrong, as far as {len(report.looked_at)} signs can tell."
    more = command_line("doctor", saved.folder)
    if report.name == UNKNOWN and not report.findings:
        return f"Doctor: there was too little to look at; {more}"
    worst = report.findings[0]
    return f"Doctor: {worst.fault}. {worst.evidence} {worst.cure} More: {more}"
