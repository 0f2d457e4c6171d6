"""``train``: train a generator on a named data set or a folder of pictures."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch

from .. import data
from ..data import Dataset
from ..doctor import Doctor
from ..gan import AdversarialTask
from ..training import (
    Run,
    SavedRun,
    Task,
    distributed,
    fit,
    freeze_lower,
    pick_device,
    start_from,
)
from ..training.checkpoints import CheckpointError
from . import chosen
from .ending import ending
from .forecast import Forecast, forecast
from .grids import Grids
from .groups import EXAMPLES, recipes
from .keeping import KeepBest
from .kinds import kind_of
from .loading import held_out_for_choice, held_out_or_none, to_train_on
from .options import GENERATE, TrainOptions
from .output import command_line

__all__ = ["add_to", "run"]

# Of a run from which another starts: what makes its networks what they are.
OF_NETWORKS = (
    "task",
    "model",
    "network",
    "width",
    "latent_dim",
    "image_size",
    "channels",
    "augment",
)


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    train = commands.add_parser(
        "train",
        help="train on a named data set or a folder of pictures",
        description="Train a generator. DATA is the path of a folder of pictures, or one of "
        f"{', '.join(data.NAMES)}.",
        epilog=f"{EXAMPLES}\n{recipes()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("data", metavar="DATA", help="name of a data set, or folder of pictures")
    train.add_argument("--out", required=True, metavar="DIR", help="folder of the run")
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in DIR, with its settings; start if there is none",
    )
    train.add_argument(
        "--data-changed",
        action="store_true",
        help="with --resume: go on although pictures were added, removed or replaced",
    )
    train.add_argument(
        "--from",
        dest="start",
        metavar="RUN",
        help="begin with the weights of another run, its kind and size of networks; optimizers "
        "and steps start anew: for another learning rate, or other pictures",
    )
    TrainOptions.add_to(train)
    return train


def run(arguments: argparse.Namespace) -> int:
    """Train, in this process and in those beside it; return the exit status."""
    with distributed.joined(getattr(arguments, "device", "auto")) as device:
        return _train_on(device, arguments)


def _train_on(device: str, arguments: argparse.Namespace) -> int:
    """Train in this process, which may be one of several."""
    saved = _folder_for(arguments)
    before = saved.step
    going_on = arguments.resume and saved.exists
    options = _told(arguments, saved)
    kind = kind_of(options)
    where = pick_device(options.device if distributed.world_size() == 1 else device)
    samples = to_train_on(arguments.data, options)
    begun = going_on or bool(arguments.start and SavedRun(arguments.start).exists)
    options, choice = chosen.by_data(options, samples, where, begun=begun)
    torch.manual_seed(options.seed)
    task, training_data = kind.prepare(samples, options)
    if arguments.start and not going_on:
        start_from(task, arguments.start)
    if options.freeze_d is not None:
        if "discriminator" not in task.networks:
            raise ValueError("--freeze-d is about a discriminator, and this task has none.")
        freeze_lower(task.networks["discriminator"], options.freeze_d)
        task.settings["freeze_d"] = options.freeze_d
    grids = Grids(kind, samples, saved.folder, options.samples_every)
    callbacks: list[Callable[[Run], None]] = [grids, Forecast()]
    callbacks += _watching(task, arguments.data, options)
    _say(_plan(task, samples, where, saved.folder), choice)

    steps = options.steps or task.recipe.steps
    per_step = chosen.trial(task, training_data, options, where, steps - before)
    if options.budget is not None and options.steps is None and per_step is not None:
        spent = saved.history.last().get("seconds", 0.0) if going_on else 0.0
        options, line = chosen.by_time(options, per_step, before, spent)
        steps = options.steps or steps
        _say(line)
    if per_step is not None:
        _say(forecast(steps - before, per_step, samples.shape, where, options))

    history = fit(
        task,
        training_data,
        options.steps,
        schedule=options.schedule,
        device=where,
        callbacks=callbacks,
        out=saved.folder,
        resume=arguments.resume,
        data_changed=arguments.data_changed,
        save_every=options.save_every,
        about={
            "data": _place(arguments.data),
            "options": asdict(options),
            "from": str(arguments.start or saved.about.get("from", "")),
        },
        **options.of_a_step(),
    )
    if not distributed.is_first():
        return 0
    grids.draw(task, task.steps_done)  # of a run that was interrupted, too
    done = task.steps_done
    outcome = kind.outcome(task, history, lambda: to_train_on(arguments.data, options, "test"))
    print(f"{done:,} of {steps:,} steps done" + (f"; {outcome}" if outcome else ""))
    if done == before:
        print(f"Nothing was left to do; to train on, ask for more: --resume --steps {2 * done}")
    if done < steps:
        again = command_line("train", arguments.data, "--out", saved.folder, "--resume")
        print(f"To go on: {again}")
        return 130
    if done > before:
        for line in ending(SavedRun(arguments.out), arguments.data, samples, options, done):
            print(line, flush=True)
    return 0


def _watching(task: Task, name: str, options: TrainOptions) -> list[Callable[[Run], None]]:
    """Return the callbacks that were asked for and look at the networks.

    Raises
    ------
    ValueError
        If they cannot look at this task, or not at these data.
    """
    watching: list[Callable[[Run], None]] = []
    if options.keep_best:
        if options.task != GENERATE:
            raise ValueError(
                "--keep-best measures what is made of noise alone: use it without --task."
            )
        watching.append(KeepBest(held_out_for_choice(name, options)))
    if options.doctor:
        if not isinstance(task, AdversarialTask) or options.conditional:
            raise ValueError(
                "--doctor looks at GANs without conditions: use it with --model gan, and without "
                "--conditional."
            )
        watching.append(Doctor(held_out=held_out_or_none(name, options)))
    return watching


def _say(*lines: str) -> None:
    """Print lines that are not empty, from the first process."""
    if distributed.is_first():
        print(*filter(None, lines), sep="\n", flush=True)


def _folder_for(arguments: argparse.Namespace) -> SavedRun:
    """Return the folder of the run, if nothing in it would be overwritten.

    Raises
    ------
    CheckpointError
        If it holds a run that is not to be resumed, or anything else.
    """
    saved = SavedRun(arguments.out)
    if saved.exists and not arguments.resume:
        raise CheckpointError(
            f"{saved.folder} already holds a run: go on with it by --resume, or choose another "
            "--out."
        )
    if arguments.data_changed and not arguments.resume:
        raise ValueError("--data-changed is about a run that goes on: use it with --resume.")
    if saved.folder.is_file():
        raise ValueError(f"--out {saved.folder} is a file: give the name of a folder.")
    if saved.folder.is_dir() and not saved.exists:
        there = sorted(path.name for path in saved.folder.iterdir() if path.name[0] != ".")
        if there:
            listed = ", ".join(there[:3]) + (", ..." if len(there) > 3 else "")
            raise ValueError(
                f"--out {saved.folder} holds no run, but other files ({listed}): choose a new or "
                "empty folder, so that nothing is overwritten."
            )
    return saved


def _told(arguments: argparse.Namespace, saved: SavedRun) -> TrainOptions:
    """Return the options: those given, those of the run, those of the run it starts from."""
    going_on = arguments.resume and saved.exists
    if arguments.start and not going_on:
        stored = SavedRun(arguments.start).about.get("options", {})
        for name in OF_NETWORKS:
            if name in stored and not hasattr(arguments, name):
                setattr(arguments, name, stored[name])
    options = TrainOptions.told(arguments, saved, arguments.resume)
    if options.freeze_d and not (arguments.start or saved.about.get("from")):
        raise ValueError("--freeze-d keeps the weights of another run: use it with --from.")
    return options


def _place(name: str) -> str:
    """Return where data are, wherever the next command is given."""
    return name if name in data.NAMES else str(Path(name).expanduser().resolve())


def _plan(task: Task, samples: Dataset, device: torch.device, out: Path) -> str:
    """Say what is about to be trained."""
    parameters = ", ".join(
        f"{name} {sum(p.numel() for p in network.parameters()):,}"
        for name, network in task.networks.items()
    )
    understood = f"{samples.summary}\n" if samples.summary else ""
    return understood + (
        f"{len(samples):,} samples of {'x'.join(map(str, samples.shape))} from {samples.name}; "
        f"parameters: {parameters}; on {device}; writing to {out}"
    )
