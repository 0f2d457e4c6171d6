"""From a run, a folder, a table or an error to a report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import Tensor

from ..data import Dataset
from ..gan import GAN
from ..losses import LOSSES
from ..models import build
from ..training import History, SavedRun
from ..training.checkpoints import CheckpointError
from .checkup import check_up
from .checkup_networks import check_networks
from .findings import SICK_FROM, UNKNOWN, Finding, Report, fact
from .look import LOOKS, look_at_generator
from .numbers import findings_in_numbers
from .rules import RULES, UNKNOWN_CURE, apply_rules
from .signs import signs_of, too_few
from .table import Table, read_table

__all__ = ["diagnose"]

# What other faults lead to, too: with one of those at hand, it comes first.
EFFECTS = ("mode-collapse", "strong-d", "weak-d", "diverging-loss")


def diagnose(
    run: str | Path | History | Mapping | Exception,
    *,
    loss: str | None = None,
    task: GAN | None = None,
    data: Dataset | Tensor | None = None,
    batch_size: int = 64,
    error: Exception | str | None = None,
) -> Report:
    """Say what ails a training run, if anything does.

    Parameters
    ----------
    run : path, History, mapping or Exception
        The folder of a run, whose generator is looked at as well; the file of a history, of this
        or another program (see `read_table`); the history itself; any table of columns by name
        (`COLUMNS` lists those that are understood); or the error that ended a run.
    loss : str, optional
        The name of its loss, one of `gan_tutorial.losses.LOSSES`; a run's folder says it itself.
        Without it some signs are not looked at.
    task : GAN, optional
        With `data`: the networks, for the `check_up`.
    data : Dataset or Tensor, optional
        What the run was trained on: the samples of a folder's generator are compared with it.
    batch_size : int
        For the check-up.
    error : Exception or str, optional
        What stopped the run, where something did.

    Returns
    -------
    Report
        Columns that are missing, or hold too few values, are listed in `Report.not_looked_at`.
        Its verdict is "unknown" where nothing was found and no samples were compared with data:
        losses by themselves show no health.

    Raises
    ------
    ValueError
        If the loss is unknown, or the table cannot be read; the message says where.
    FileNotFoundError
        If there is nothing at the path.

    Examples
    --------
    Two losses that are exactly 0, from somebody's own loop:

    >>> table = {"step": range(1, 9), "d_loss": [0.0] * 8, "g_loss": [0.0] * 8}
    >>> diagnose(table, loss="non-saturating").name
    'softmax-of-one'
    """
    if loss is not None and loss not in LOSSES:
        raise ValueError(f"Unknown loss {loss!r}; choose one of {', '.join(LOSSES)}.")
    facts: list[Finding] = []
    if task is not None and data is not None:
        facts = check_up(task, data, batch_size)
        loss = loss or getattr(getattr(task, "loss", None), "name", None)
    if error is not None:
        facts += findings_in_error(error)
    if isinstance(run, Exception):
        return report_on({}, loss, facts + findings_in_error(run))
    looked: list[str] | None = None
    table: Table | None = None
    if isinstance(run, str | Path):
        path = Path(run).expanduser()
        if path.is_dir():
            saved = _open_run(path)
            named = saved.training.get("loss")
            loss = loss or (named if named in LOSSES else None)
            facts += _facts_of_config(saved.training)
            seen, looked = _look(saved, data)
            facts += seen
            table = read_table(saved.history) if len(saved.history) else Table({})
        elif not path.is_file():
            raise FileNotFoundError(
                f"There is nothing at {run}: give the folder of a run, or the file of a history."
            )
    return report_on(read_table(run) if table is None else table, loss, facts, looked)


def _open_run(folder: Path) -> SavedRun:
    """Open a saved run, if it has two players."""
    saved = SavedRun(folder)
    if "discriminator" not in saved.training.get("networks", {}):
        raise ValueError(
            f"The run in {folder} is of the kind {saved.training.get('task', 'unknown')}, which "
            "has no discriminator: the doctor looks at GANs."
        )
    return saved


def _look(saved: SavedRun, data: Dataset | Tensor | None) -> tuple[list[Finding], list[str]]:
    """Look at what a saved generator makes, if it can be built and starts from noise."""
    try:
        generator = saved.latent_generator()
    except (CheckpointError, FileNotFoundError, ValueError):  # a reader's own, or one that repairs
        return [], []
    return look_at_generator(generator, data)


def report_on(
    table: dict[str, np.ndarray],
    loss: str | None,
    facts: list[Finding],
    looked: Sequence[str] | None = None,
) -> Report:
    """Put the facts and what the rules find in a table together.

    A name that is given twice counts once, with the surer evidence. What a cause leads to stands
    behind it, and "unknown" is not said of a run of which something is known. `looked` names the
    looks at the generator (of `LOOKS`) that were taken, where there was a generator to look at.
    """
    table = table if isinstance(table, Table) else Table(table)
    signs = signs_of(table, loss) if table else {}
    ruled = findings_in_numbers(table, loss) + apply_rules(signs, loss)
    causes = [f for f in (*facts, *ruled) if f.fault not in (*EFFECTS, UNKNOWN)]
    surest = max((f.confidence for f in causes if f.confidence >= SICK_FROM), default=None)
    best: dict[str, Finding] = {}
    for finding in (*facts, *ruled):
        if surest is not None and finding.fault in EFFECTS:
            finding = replace(finding, confidence=min(finding.confidence, 0.9 * surest))
        if finding.confidence > getattr(best.get(finding.fault), "confidence", 0.0):
            best[finding.fault] = finding
    if any(f.confidence >= SICK_FROM for name, f in best.items() if name != UNKNOWN):
        best.pop(UNKNOWN, None)
    findings = list(best.values())
    rules = [rule for rule in RULES if loss is None or not rule.losses or loss in rule.losses]
    wanted = dict.fromkeys(c.sign for rule in rules for c in rule.conditions)
    looks = too_few(table, loss) if table else {}
    return Report(
        findings,
        [*(name for name in wanted if name in signs), *(looked or ())],
        [
            *(name for name in wanted if name not in signs),
            *(name for name in LOOKS if looked is not None and name not in looked),
        ],
        table,
        {name: looks[name] for name in wanted if name in looks},
    )


def _facts_of_config(training: dict) -> list[Finding]:
    """Build the networks of a run afresh, and return what can be seen of them without data."""
    options = {
        name: training[name]
        for name in ("loss", "lr", "betas", "r1", "r2", "gp", "d_steps")
        if name in training
    }
    try:
        networks = [build(training["networks"][name]) for name in ("generator", "discriminator")]
        task = GAN(*networks, **options)
    except (ValueError, TypeError):  # networks of the reader's own, or another kind of task
        return []
    return check_networks(task, training.get("batch_size", 64))


# What PyTorch and this library say when a run stops, and what was done to make them say it.
ERRORS = (
    (
        "backward through the graph a second time",
        "loss-made-once",
        "Compute the loss anew in each step.",
    ),
    (
        "modified by an inplace operation",
        "updated-too-early",
        "Finish D's update before G's loss is computed. If no optimizer steps between a loss and "
        "its backward pass, look for inplace=True, or for += on a tensor of the networks.",
    ),
    (
        "a discriminator gives one logit per sample",
        "no-flatten",
        "Flatten the sample before dense layers, and end in one number for each.",
    ),
    (
        "draw batches of equal size",
        "unequal-batches",
        "Draw as many fakes as reals.",
    ),
)


def findings_in_error(error: Exception | str) -> list[Finding]:
    """Return what the error that stopped a run gives away.

    Parameters
    ----------
    error : Exception or str
        The error, or its message.
    """
    text = " ".join(str(error).split())
    said = text if len(text) < 160 else text[:157] + "..."
    for words, fault, cure in ERRORS:
        if words in text:
            return [fact(fault, f"The run stopped: {said}", cure)]
    return [Finding(UNKNOWN, 0.9, f"The run stopped: {said}", UNKNOWN_CURE)]
