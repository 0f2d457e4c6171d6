"""The options of ``train``: each is named once, here, with its default, its range and its help."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from ..conditional import CONDITIONS
from ..losses import LOSSES
from ..models.augment import AUGMENTATIONS
from ..repair.masks import MASKS
from ..training import SCHEDULES, SavedRun
from ..training.checkpoints import CheckpointError, differences
from ..training.speed import PRECISIONS
from .groups import Groups
from .numbers import SEED, duration, number, whole

__all__ = ["FOLDER_SIZE", "GENERATE", "MODELS", "NO_AUGMENTATION", "TASKS", "TrainOptions"]

GENERATE = "generate"
TASKS = (GENERATE, "semi", "repair", "translate", "upscale", "distill")
NO_AUGMENTATION = "none"
FOLDER_SIZE = 64  # side of the pictures of a folder, unless another is asked for
MODELS = ("gan", "vae", "ae", "vae-gan", "flow")


def _option(
    default: Any,
    help: str,
    read: Callable[[str], Any] | None = None,
    *,
    choices: Sequence[Any] = (),
    several: bool = False,
    free: bool = False,
) -> Any:
    """Describe one option; `free` ones may change from one part of a run to the next."""
    how: dict[str, Any] = {"help": help}
    if default is False:
        how["action"] = "store_true"
    if read is not None:
        how["type"] = read
    if choices:
        how["choices"] = tuple(choices)
    if several:
        how["nargs"] = "+"
    return field(default=default, metadata={"argparse": how, "free": free})


SIZE = whole(1)
WEIGHT = number(0)


@dataclass(frozen=True)
class TrainOptions:
    """What ``train`` was told. None is left to the recipe for the kind of data."""

    task: str = _option(GENERATE, f"what to learn ({GENERATE})", choices=TASKS)
    model: str = _option("gan", "what generates (gan)", choices=MODELS)
    conditional: bool = _option(False, "learn the classes of the data, to be asked for one")
    condition: str | None = _option(
        None, "how the discriminator is told the class (projection)", choices=CONDITIONS
    )
    labels: int | None = _option(
        None, "for --task semi: labels that are seen (10 of each class)", SIZE
    )
    steps: int | None = _option(
        None, "steps in all, those before --resume included (the recipe's)", SIZE, free=True
    )
    budget: float | None = _option(
        None,
        "in place of --steps: how long to train, such as 90s, 10m or 2h, those before --resume "
        "included; a trial of some steps says how many that are",
        duration,
        free=True,
    )
    batch_size: int | None = _option(None, "samples in a batch (the recipe's)", SIZE)
    image_size: int | None = _option(None, "side of the pictures in pixels", whole(4, 4096))
    channels: int | None = _option(None, "1 for gray, 3 for color", int, choices=(1, 3))
    network: str = _option("auto", "kind of networks (auto)", choices=("auto", "mlp", "dcgan"))
    width: int | None = _option(None, "width of the networks (the recipe's)", SIZE)
    latent_dim: int | None = _option(
        None, "length of the latent code (the recipe's); 0 for repair without noise", whole(0)
    )
    loss: str | None = _option(None, "the game (relativistic)", choices=tuple(LOSSES))
    lr: float | None = _option(None, "learning rate (the recipe's)", number(0, above=True))
    r1: float | None = _option(None, "weight of the gradient penalty on real samples", WEIGHT)
    r2: float | None = _option(None, "weight of the gradient penalty on fakes", WEIGHT)
    augment: list[str] | None = _option(
        None,
        "change all that the discriminator sees, or none (translation cutout for a folder of "
        "fewer than 2,000 pictures); flip where a mirrored picture is as good",
        choices=(*AUGMENTATIONS, NO_AUGMENTATION),
        several=True,
    )
    to: str | None = _option(
        None, "for --task translate: the pictures to translate to, a folder or a data set"
    )
    paired: bool = _option(
        False, "for --task translate: files of one name in both folders show the same thing"
    )
    factor: int | None = _option(
        None, "for --task upscale: how many times as large pictures become (2)", whole(2, 16)
    )
    cycle: float | None = _option(
        None, "weight of the way there and back in translation without pairs", WEIGHT
    )
    identity: float | None = _option(
        None, "weight of leaving alone what is already of the target", WEIGHT
    )
    flow_steps: int | None = _option(
        None, "for --model flow: steps from noise to a sample (32)", whole(1, 1000)
    )
    teacher: str | None = _option(
        None, "for --task distill: folder of a run of --model flow, to be had in one step"
    )
    regression: float | None = _option(
        None, "weight of arriving where the teacher does; 0 is none", WEIGHT
    )
    masks: list[str] | None = _option(
        None, "holes to repair (center boxes strokes)", choices=tuple(MASKS), several=True
    )
    l1: float | None = _option(None, "weight of the error in repair and with pairs", WEIGHT)
    adversarial: float | None = _option(
        None, "weight of the game in repair, with pairs, and of a student; 0 is none", WEIGHT
    )
    diversity: float | None = _option(None, "reward for completions that differ", WEIGHT)
    warm_up: int | None = _option(
        None, "steps before the game begins, in repair and with pairs", whole(0)
    )
    schedule: str | None = _option(
        None, "of the learning rate (hold-cosine)", choices=tuple(SCHEDULES)
    )
    levels: float | None = _option(
        None, "value of white in pictures of 16 or 32 bits", number(0, above=True)
    )
    validation: float | None = _option(
        None,
        "share of a folder held out for validation, and as much for tests (0.1; 0 below 50 "
        "pictures)",
        number(0, 0.4),
    )
    freeze_d: int | None = _option(
        None, "lower layers of the discriminator that keep the weights of --from", whole(0)
    )
    precision: str | None = _option(
        None,
        "bf16 is faster and rounds more (fp32; bf16 for GANs of pictures from 32x32 on, where the "
        "processor has instructions for it)",
        choices=PRECISIONS,
    )
    compile: bool = _option(False, "compile the networks first", free=True)
    capture: bool = _option(False, "record whole steps as CUDA graphs: on one GPU", free=True)
    seed: int = _option(0, "decides all that is random (0)", SEED)
    device: str = _option("auto", "auto, cpu, cuda, cuda:1, mps (auto)", free=True)
    data_dir: str | None = _option(None, "folder with data files already downloaded", free=True)
    on_error: str = _option(
        "raise",
        "what to do with pictures that cannot be read (raise)",
        choices=("raise", "skip"),
        free=True,
    )
    save_every: int | None = _option(
        None, "steps between checkpoints (30 seconds)", SIZE, free=True
    )
    samples_every: int | None = _option(
        None,
        "steps between grids of samples (after some seconds, then ever longer)",
        SIZE,
        free=True,
    )
    keep_best: bool = _option(
        False,
        "measure KID on validation pictures ten times, and keep each generator: see sample "
        "--checkpoint",
        free=True,
    )
    doctor: bool = _option(False, "look at the networks now and then, and warn", free=True)

    @classmethod
    def add_to(cls, parser: argparse.ArgumentParser) -> None:
        """Add every option to a parser; what is not given stays away from its result."""
        groups = Groups(parser)
        for option in fields(cls):
            flag = "--" + option.name.replace("_", "-")
            groups.of(option.name).add_argument(
                flag, default=argparse.SUPPRESS, **option.metadata["argparse"]
            )

    @classmethod
    def told(cls, arguments: argparse.Namespace, run: SavedRun, resume: bool) -> "TrainOptions":
        """Return the options given now, else those the run was begun with, else the defaults.

        Raises
        ------
        CheckpointError
            If one that is not free differs from what the run was begun with.
        """
        names = {option.name for option in fields(cls)}
        given = {name: value for name, value in vars(arguments).items() if name in names}
        if {"steps", "budget"} <= given.keys():
            raise ValueError(
                "--steps and --budget both say how long to train: give one of them, not both."
            )
        defaults = {o.name: o.default for o in fields(cls) if o.default is not MISSING}
        stored = {}
        if resume and run.exists:
            stored = {k: v for k, v in run.about.get("options", {}).items() if k in names}
            fixed = {option.name for option in fields(cls) if not option.metadata["free"]}
            before = {name: stored.get(name, defaults[name]) for name in given if name in fixed}
            changed = differences(before, {name: given[name] for name in before})
            if changed:
                raise CheckpointError(
                    f"The run in {run.folder} was begun with other options: {', '.join(changed)}. "
                    "Resume without them, or train into another folder."
                )
        if {"steps", "budget"} & given.keys():  # the other one is that of before
            stored = {k: v for k, v in stored.items() if k not in ("steps", "budget")}
        return cls(**{**defaults, **stored, **given})

    def of_a_step(self) -> dict[str, Any]:
        """Return the arguments of `fit` that decide how long a step takes, for it and its trial."""
        return {
            "batch_size": self.batch_size,
            "seed": self.seed,
            "precision": self.precision or "fp32",
            "compile": self.compile,
            "capture": self.capture,
        }

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of the named options that have a value."""
        values = asdict(self)
        return {name: values[name] for name in names if values[name] is not None}
