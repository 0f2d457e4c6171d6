"""``train``: train a generator on a named data set or a folder of pictures."""

import argparse
import json
from pathlib import Path

import torch

from .. import data
from ..doctor import Doctor
from ..gan import GAN
from ..losses import LOSSES
from ..models.augment import AUGMENTATIONS
from ..repair.masks import MASKS
from ..training import SCHEDULES, checkpoints, distributed, fit, pick_device, speed
from ..training.files import write_atomically
from .kinds import GENERATE, MODELS, TASKS, kind_of
from .output import save_samples

__all__ = ["add_to", "run"]

OPTIONS = "options.json"

# What is assumed when an option is not given. A value of None is left to the recipe for the kind of
# data (`for_data` of the task).
DEFAULTS = {
    "task": GENERATE,
    "model": "gan",
    "labels": None,
    "steps": None,
    "batch_size": None,
    "image_size": None,
    "channels": None,
    "network": "auto",
    "width": None,
    "latent_dim": None,
    "loss": None,
    "lr": None,
    "r1": None,
    "r2": None,
    "augment": None,
    "masks": None,
    "l1": None,
    "adversarial": None,
    "diversity": None,
    "warm_up": None,
    "schedule": "hold-cosine",
    "precision": "fp32",
    "compile": False,
    "seed": 0,
    "device": "auto",
    "data_dir": None,
    "on_error": "raise",
    "save_every": None,
    "samples_every": None,
    "doctor": False,
}
# Options that may change from one part of a run to the next.
FREE = {
    "steps",
    "compile",
    "device",
    "data_dir",
    "save_every",
    "samples_every",
    "on_error",
    "doctor",
}


def add_to(commands) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    train = commands.add_parser(
        "train",
        help="train on a named data set or a folder of pictures",
        description="Train a generator. DATA is the path of a folder of pictures, or one of "
        f"{', '.join(data.NAMES)}.",
        argument_default=argparse.SUPPRESS,
    )
    train.add_argument("data", metavar="DATA", help="name of a data set, or folder of pictures")
    train.add_argument("--out", required=True, metavar="DIR", help="folder of the run")
    train.add_argument(
        "--resume",
        action="store_true",
        default=False,
        help="go on with the run in DIR, with its settings; start if there is none",
    )
    train.add_argument("--task", choices=(GENERATE, *TASKS), help=f"what to learn ({GENERATE})")
    train.add_argument("--model", choices=tuple(MODELS), help="what generates (gan)")
    train.add_argument(
        "--labels", type=int, help="for --task semi: labels that are seen (10 of each class)"
    )
    train.add_argument("--steps", type=int, help="steps in all, those before --resume included")
    train.add_argument("--batch-size", type=int, help="samples in a batch")
    train.add_argument("--image-size", type=int, help="side of the pictures in pixels")
    train.add_argument("--channels", type=int, choices=(1, 3), help="1 for gray, 3 for color")
    train.add_argument("--network", choices=("auto", "mlp", "dcgan"), help="kind of networks")
    train.add_argument("--width", type=int, help="width of the networks")
    train.add_argument("--latent-dim", type=int, help="length of the latent code")
    train.add_argument("--loss", choices=tuple(LOSSES), help="the game (relativistic)")
    train.add_argument("--lr", type=float, help="learning rate")
    train.add_argument("--r1", type=float, help="weight of the gradient penalty on real samples")
    train.add_argument("--r2", type=float, help="weight of the gradient penalty on fakes")
    train.add_argument(
        "--augment",
        nargs="+",
        choices=tuple(AUGMENTATIONS),
        help="change all that the discriminator sees: for few pictures",
    )
    train.add_argument(
        "--masks", nargs="+", choices=tuple(MASKS), help="holes to repair (center boxes strokes)"
    )
    train.add_argument("--l1", type=float, help="weight of the reconstruction loss in repair")
    train.add_argument("--adversarial", type=float, help="weight of the game in repair; 0 is none")
    train.add_argument("--diversity", type=float, help="reward for completions that differ (0.5)")
    train.add_argument("--warm-up", type=int, help="steps of repair before the game begins")
    train.add_argument(
        "--schedule", choices=tuple(SCHEDULES), help="of the learning rate (hold-cosine)"
    )
    train.add_argument(
        "--precision", choices=speed.PRECISIONS, help="bf16 is faster and rounds more (fp32)"
    )
    train.add_argument("--compile", action="store_true", help="compile the networks first")
    train.add_argument("--seed", type=int, help="decides all that is random (0)")
    train.add_argument("--device", help="auto, cpu, cuda, cuda:1, mps (auto)")
    train.add_argument("--data-dir", help="folder with data files already downloaded")
    train.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        help="what to do with pictures that cannot be read (raise)",
    )
    train.add_argument("--save-every", type=int, help="steps between checkpoints (30 seconds)")
    train.add_argument("--samples-every", type=int, help="steps between grids of samples (a tenth)")
    train.add_argument(
        "--doctor", action="store_true", help="look at the networks now and then, and warn"
    )
    return train


def _settings(arguments: argparse.Namespace) -> dict:
    """Return the options given now, else those the run was begun with, else the defaults."""
    given = {name: value for name, value in vars(arguments).items() if name in DEFAULTS}
    stored_in = Path(arguments.out) / OPTIONS
    stored = {}
    if arguments.resume and stored_in.is_file():
        stored = json.loads(stored_in.read_text())
        before = {name: stored.get(name, DEFAULTS[name]) for name in given if name not in FREE}
        changed = checkpoints.differences(before, {name: given[name] for name in before})
        if changed:
            raise checkpoints.CheckpointError(
                f"The run in {arguments.out} was begun with other options: {', '.join(changed)}. "
                "Resume without them, or train into another folder."
            )
    return {**DEFAULTS, **stored, **given}


def _given(options: dict, *names: str) -> dict:
    """Return those of the named options that have a value."""
    return {name: options[name] for name in names if options[name] is not None}


def _load(name: str, options: dict, split: str = "train"):
    """Load a split, at a size that the networks can make."""
    of_source = {key: options[key] for key in ("image_size", "channels", "data_dir")}
    if name not in data.NAMES:
        of_source["image_size"] = of_source["image_size"] or 64
        of_source["on_error"] = options["on_error"]
    elif of_source["image_size"] is None and options["network"] != "mlp":
        # 28x28 pictures get a border, so that a DCGAN can make them
        small = ("mnist", "fashion_mnist", "stacked_mnist")
        of_source["image_size"] = 32 if name in small else None
    if name == "soccer" and options["task"] == "semi":
        of_source["kinds"] = "all"
    return data.load(name, split, **_given(of_source, *of_source))


def run(arguments: argparse.Namespace) -> int:
    """Train, in this process and in those beside it; return the exit status."""
    with distributed.joined(getattr(arguments, "device", "auto")) as device:
        return _train_on(device, arguments)


def _train_on(device: str, arguments: argparse.Namespace) -> int:
    """Train in this process, which may be one of several."""
    out = Path(arguments.out)
    if not arguments.resume and (out / checkpoints.CHECKPOINT).exists():
        raise checkpoints.CheckpointError(
            f"{out} already holds a run: go on with it by --resume, or choose another --out."
        )
    options = _settings(arguments)
    kind = kind_of(options)
    distributed.wait()  # all have read the options before the first writes them
    if distributed.world_size() == 1:
        device = pick_device(options["device"])
    samples = _load(arguments.data, options)
    recipe = {**kind.recipe(samples, options), **_given(options, "steps", "batch_size")}
    steps = recipe["steps"]

    torch.manual_seed(options["seed"])
    task, training_data = kind.prepare(samples, options)
    parameters = ", ".join(
        f"{name} {sum(p.numel() for p in network.parameters()):,}"
        for name, network in task.networks.items()
    )
    first = distributed.is_first()
    message = (
        f"{len(samples):,} samples of {'x'.join(map(str, samples.shape))} from {samples.name}; "
        f"parameters: {parameters}; on {device}; writing to {out}"
    )
    if first:
        print(message, flush=True)
        stored = json.dumps({"data": arguments.data, **options}, indent=2)
        write_atomically(out / OPTIONS, (stored + "\n").encode())
    every = options["samples_every"] or max(1, steps // 10)

    def draw(run):
        if first and (run.step % every == 0 or run.step == run.steps):
            path = out / "samples" / f"step_{run.step:06d}.png"
            save_samples(kind.picture(task, samples), path, density=samples.density)

    callbacks = [draw]
    if options["doctor"]:
        if not isinstance(task, GAN):
            raise ValueError("--doctor looks at GANs: use it with --model gan.")
        callbacks.append(Doctor(held_out=_load(arguments.data, options, "validation")))

    before = _steps_done(out)
    history = fit(
        task,
        training_data,
        steps,
        batch_size=recipe["batch_size"],
        schedule=options["schedule"],
        seed=options["seed"],
        precision=options["precision"],
        compile=options["compile"],
        device=device,
        callbacks=callbacks,
        out=out,
        resume=arguments.resume,
        save_every=options["save_every"],
    )
    if not first:
        return 0
    done = _steps_done(out)
    outcome = kind.outcome(task, history, lambda: _load(arguments.data, options, "test"))
    print(f"{done:,} of {steps:,} steps done" + (f"; {outcome}" if outcome else ""))
    if done == before:
        print(f"Nothing was left to do; to train on, ask for more: --resume --steps {2 * done}")
    if done < steps:
        print(f"To go on: python -m gan_tutorial train {arguments.data} --out {out} --resume")
        return 130
    return 0


def _steps_done(out: Path) -> int:
    """Return how far the run in a folder got; 0 if there is none."""
    has_run = (out / checkpoints.CONFIG).is_file()
    return checkpoints.read_config(out)["step"] if has_run else 0
