"""The command line: train a GAN on pictures, sample from it, and look at a run.

Every error is one sentence on the standard error output and exit status 2. Set
``GAN_TUTORIAL_DEBUG=1`` to see the traceback behind it.
"""

import argparse
import io
import json
import os
import sys
import traceback
import warnings
from pathlib import Path

import torch

from . import checkpoints, data, distributed, plots, speed
from .files import write_atomically
from .gan import GAN, recipe_for
from .history import History
from .losses import LOSSES
from .sampling import latent_codes, sample_generator
from .training import SCHEDULES, fit, pick_device

__all__ = ["main"]

OPTIONS = "options.json"

# What `train` assumes when an option is not given. A value of None is left to the recipe for the
# kind of data (`GAN.for_data`).
DEFAULTS = {
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
    "schedule": "hold-cosine",
    "precision": "fp32",
    "compile": False,
    "seed": 0,
    "device": "auto",
    "data_dir": None,
    "on_error": "raise",
    "save_every": None,
    "samples_every": None,
}
# Options that replace a part of the recipe.
RECIPE = ("network", "width", "latent_dim", "loss", "lr", "r1", "r2")
# Options that may change from one part of a run to the next.
FREE = {"steps", "compile", "device", "data_dir", "save_every", "samples_every", "on_error"}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(f"{message}. See '{self.prog} --help'.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m gan_tutorial",
        description="Train a generative adversarial network on pictures and sample from it.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    train = commands.add_parser(
        "train",
        help="train a GAN on a named data set or a folder of pictures",
        description="Train a GAN. DATA is the path of a folder of pictures, or one of "
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

    sample = commands.add_parser("sample", help="draw samples from a trained generator")
    sample.add_argument("run", metavar="DIR", help="folder of the run")
    sample.add_argument("--count", type=int, default=64, help="how many (64)")
    sample.add_argument("--seed", type=int, default=0, help="decides which (0)")
    sample.add_argument("--columns", type=int, help="samples in a row of the grid")
    sample.add_argument("--out", required=True, metavar="FILE.png", help="picture to write")

    info = commands.add_parser("info", help="say what a run is and how far it got")
    info.add_argument("run", metavar="DIR", help="folder of the run")
    info.add_argument("--json", action="store_true", help="print JSON")
    return parser


# --- train -----------------------------------------------------------------------------------


def _settings(arguments: argparse.Namespace) -> dict:
    """Return the options given now, else those the run was begun with, else the defaults."""
    given = {name: value for name, value in vars(arguments).items() if name in DEFAULTS}
    stored_in = Path(arguments.out) / OPTIONS
    stored = {}
    if arguments.resume and stored_in.is_file():
        stored = json.loads(stored_in.read_text())
        before = {name: stored[name] for name in given if name not in FREE}
        changed = checkpoints.differences(before, {name: given[name] for name in before})
        if changed:
            raise checkpoints.CheckpointError(
                f"The run in {arguments.out} was begun with other options: {', '.join(changed)}. "
                "Resume without them, or train into another folder."
            )
    return {**DEFAULTS, **stored, **given}


def _load(name: str, options: dict):
    """Load the training split, at a size that the networks can make."""
    of_source = {key: options[key] for key in ("image_size", "channels", "data_dir")}
    if name not in data.NAMES:
        of_source["image_size"] = of_source["image_size"] or 64
        of_source["on_error"] = options["on_error"]
    elif of_source["image_size"] is None and options["network"] != "mlp":
        # 28x28 pictures get a border, so that a DCGAN can make them
        of_source["image_size"] = 32 if name in ("mnist", "fashion_mnist") else None
    return data.load(name, **{key: value for key, value in of_source.items() if value is not None})


def _train(arguments: argparse.Namespace) -> int:
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
    distributed.wait()  # all have read the options before the first writes them
    if distributed.world_size() == 1:
        device = pick_device(options["device"])
    samples = _load(arguments.data, options)
    recipe = recipe_for(samples.shape, options["network"])
    steps = recipe["steps"] if options["steps"] is None else options["steps"]
    batch_size = recipe["batch_size"] if options["batch_size"] is None else options["batch_size"]

    torch.manual_seed(options["seed"])
    changes = {name: options[name] for name in RECIPE if options[name] is not None}
    gan = GAN.for_data(samples, **changes)
    parameters = {
        name: sum(p.numel() for p in network.parameters()) for name, network in gan.networks.items()
    }
    first = distributed.is_first()
    message = (
        f"{len(samples):,} samples of {'x'.join(map(str, samples.shape))} from {samples.name}; "
        f"generator {parameters['generator']:,} and discriminator {parameters['discriminator']:,} "
        f"parameters; on {device}; writing to {out}"
    )
    if first:
        print(message, flush=True)
        stored = json.dumps({"data": arguments.data, **options}, indent=2)
        write_atomically(out / OPTIONS, (stored + "\n").encode())
    every = options["samples_every"] or max(1, steps // 10)

    def draw(run):
        if first and (run.step % every == 0 or run.step == run.steps):
            path = out / "samples" / f"step_{run.step:06d}.png"
            _save(run.task.sample(64 if samples.shape[1:] else 1000), path, density=samples.density)

    before = _steps_done(out)
    history = fit(
        gan,
        samples,
        steps,
        batch_size=batch_size,
        schedule=options["schedule"],
        seed=options["seed"],
        precision=options["precision"],
        compile=options["compile"],
        device=device,
        callbacks=[draw],
        out=out,
        resume=arguments.resume,
        save_every=options["save_every"],
    )
    if not first:
        return 0
    done = _steps_done(out)
    last = history.last()
    losses = ", ".join(f"{name} {last[name]:.3f}" for name in ("d_loss", "g_loss") if name in last)
    print(f"{done:,} of {steps:,} steps done; {losses}" if losses else f"{done:,} steps done")
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


def _save(samples, path: Path, density=None, columns=None) -> None:
    """Write samples as a picture: images as a grid, points as a scatter plot."""
    if samples.dim() == 4:
        plots.save_image_grid(samples, path, columns=columns)
        return
    from matplotlib.figure import Figure

    axes = Figure(figsize=(5, 5), dpi=120).subplots()
    plots.samples_2d(fake=samples, density=density, ax=axes)
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png")
    write_atomically(path, buffer.getvalue())


# --- sample and info -------------------------------------------------------------------------


def _sample(arguments: argparse.Namespace) -> int:
    if arguments.count < 1:
        raise ValueError(f"--count must be at least 1, got {arguments.count}.")
    generator = checkpoints.load_generator(arguments.run)
    codes = latent_codes(arguments.count, generator.latent_dim, arguments.seed)
    _save(sample_generator(generator, codes), Path(arguments.out), columns=arguments.columns)
    print(f"{arguments.count} samples in {arguments.out}")
    return 0


def _info(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.run)
    config = checkpoints.read_config(folder)
    generator = checkpoints.load_generator(folder)
    history = folder / "history.csv"
    facts = {
        "data": config["data"],
        "step": config["step"],
        "generator": {
            **config["generator"],
            "parameters": sum(p.numel() for p in generator.parameters()),
        },
        "training": config["training"],
        "last": History.read_csv(history).last() if history.is_file() else {},
        "files": sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()),
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return 0
    shape = "x".join(map(str, facts["data"]["shape"]))
    settings = {k: v for k, v in facts["training"].items() if k != "networks"}
    lines = {
        "data": f"{facts['data']['name']}: {facts['data']['count']:,} samples of {shape}",
        "steps": f"{facts['step']:,}",
        "generator": "{kind}, {parameters:,} parameters".format(**facts["generator"]),
        **settings,
        **{f"last {name}": f"{value:.5g}" for name, value in facts["last"].items()},
        "files": ", ".join(facts["files"]),
    }
    for name, value in lines.items():
        print(f"{name:<16} {value}")
    return 0


# --- the program -----------------------------------------------------------------------------


def _say(message, *_, **__) -> None:
    """Show a warning as one sentence, without the line of code that it came from."""
    print(f"warning: {message}", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit status.

    Parameters
    ----------
    argv : list of str, optional
        The arguments, without the program's name; those of the process by default.

    Returns
    -------
    int
        0 if all went well, 2 after an error, 130 after Ctrl-C.
    """
    commands = {"train": _train, "sample": _sample, "info": _info}
    try:
        arguments = _parser().parse_args(argv)
        with warnings.catch_warnings():
            warnings.showwarning = _say
            return commands[arguments.command](arguments)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("GAN_TUTORIAL_DEBUG"):
            traceback.print_exc()
        sentence = " ".join(str(error).split()) or type(error).__name__
        sentence = sentence.replace("on_error='skip'", "--on-error skip")
        print(f"error: {sentence}", file=sys.stderr)
        return 2
