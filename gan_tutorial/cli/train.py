"""``train``: train a generator on a named data set or a folder of pictures."""

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from .. import data
from ..data import Dataset
from ..doctor import Doctor
from ..gan import AdversarialTask
from ..training import Run, SavedRun, Task, distributed, fit, pick_device
from ..training.checkpoints import CheckpointError
from .kinds import Kind, kind_of
from .options import FOLDER_SIZE, TrainOptions
from .output import save_samples
from .translating import load_pairs

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    train = commands.add_parser(
        "train",
        help="train on a named data set or a folder of pictures",
        description="Train a generator. DATA is the path of a folder of pictures, or one of "
        f"{', '.join(data.NAMES)}.",
    )
    train.add_argument("data", metavar="DATA", help="name of a data set, or folder of pictures")
    train.add_argument("--out", required=True, metavar="DIR", help="folder of the run")
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in DIR, with its settings; start if there is none",
    )
    TrainOptions.add_to(train)
    return train


def run(arguments: argparse.Namespace) -> int:
    """Train, in this process and in those beside it; return the exit status."""
    with distributed.joined(getattr(arguments, "device", "auto")) as device:
        return _train_on(device, arguments)


def _train_on(device: str, arguments: argparse.Namespace) -> int:
    """Train in this process, which may be one of several."""
    saved = SavedRun(arguments.out)
    if saved.exists and not arguments.resume:
        raise CheckpointError(
            f"{saved.folder} already holds a run: go on with it by --resume, or choose another "
            "--out."
        )
    before = saved.step
    options = TrainOptions.told(arguments, saved, arguments.resume)
    kind = kind_of(options)
    where = pick_device(options.device if distributed.world_size() == 1 else device)
    samples = _load(arguments.data, options)
    torch.manual_seed(options.seed)
    task, training_data = kind.prepare(samples, options)
    steps = options.steps or task.recipe.steps
    callbacks: list[Callable[[Run], None]] = [_Pictures(kind, samples, saved.folder, options)]
    if options.doctor:
        if not isinstance(task, AdversarialTask) or options.conditional:
            raise ValueError(
                "--doctor looks at GANs without conditions: use it with --model gan, and without "
                "--conditional."
            )
        callbacks.append(Doctor(held_out=_load(arguments.data, options, "validation")))
    if distributed.is_first():
        print(_plan(task, samples, where, saved.folder), flush=True)

    history = fit(
        task,
        training_data,
        options.steps,
        batch_size=options.batch_size,
        schedule=options.schedule,
        seed=options.seed,
        precision=options.precision,
        compile=options.compile,
        capture=options.capture,
        device=where,
        callbacks=callbacks,
        out=saved.folder,
        resume=arguments.resume,
        save_every=options.save_every,
        about={"data": arguments.data, "options": asdict(options)},
    )
    if not distributed.is_first():
        return 0
    done = task.steps_done
    outcome = kind.outcome(task, history, lambda: _load(arguments.data, options, "test"))
    print(f"{done:,} of {steps:,} steps done" + (f"; {outcome}" if outcome else ""))
    if done == before:
        print(f"Nothing was left to do; to train on, ask for more: --resume --steps {2 * done}")
    if done < steps:
        print(
            f"To go on: python -m gan_tutorial train {arguments.data} --out {saved.folder} --resume"
        )
        return 130
    return 0


def _load(name: str, options: TrainOptions, split: str = "train") -> Dataset:
    """Load a split of what is trained on: samples, or two sets of pictures."""
    if options.task == "translate":
        return load_pairs(name, options, split, lambda side: _load_one(side, options, split))
    return _load_one(name, options, split)


def _load_one(name: str, options: TrainOptions, split: str) -> Dataset:
    """Load a split of a named data set or of a folder of pictures."""
    of_source = options.given("image_size", "channels", "data_dir")
    if name not in data.NAMES:
        of_source = {"image_size": FOLDER_SIZE, "on_error": options.on_error, **of_source}
    if name == "soccer" and (options.task == "semi" or options.conditional):
        of_source["kinds"] = "all"
    return data.load(name, split, **of_source)


def _plan(task: Task, samples: Dataset, device: torch.device, out: Path) -> str:
    """Say what is about to be trained."""
    parameters = ", ".join(
        f"{name} {sum(p.numel() for p in network.parameters()):,}"
        for name, network in task.networks.items()
    )
    return (
        f"{len(samples):,} samples of {'x'.join(map(str, samples.shape))} from {samples.name}; "
        f"parameters: {parameters}; on {device}; writing to {out}"
    )


@dataclass
class _Pictures:
    """A callback that draws a grid of samples every so often, and at the end."""

    kind: Kind
    samples: Dataset
    out: Path
    options: TrainOptions

    def __call__(self, run: Run) -> None:
        every = self.options.samples_every or max(1, run.steps // 10)
        if distributed.is_first() and (run.step % every == 0 or run.step == run.steps):
            path = self.out / "samples" / f"step_{run.step:06d}.png"
            picture = self.kind.picture(run.task, self.samples)
            columns = self.kind.columns
            save_samples(picture, path, density=self.samples.density, columns=columns)
