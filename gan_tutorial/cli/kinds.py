"""What ``train`` can train: one entry for each ``--task``, and for each ``--model`` of generation.

An entry says which task of the library is trained, which options it understands, on what it is
trained, and what there is to see of it. Everything else about a run is the same for all.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..autoencoders import VAE, VAEGAN, Autoencoder
from ..conditional import ConditionalGAN
from ..data import Dataset
from ..distillation import FlowMatching, OneStep
from ..gan import GAN
from ..repair.masks import composite
from ..repair.task import Repair
from ..semi_supervised.gan import SemiSupervisedGAN
from ..semi_supervised.labels import hide_labels
from ..training import History, SavedRun
from ..translation import PairedTranslation, UnpairedTranslation, Upscaling
from . import translating
from .options import GENERATE, NO_AUGMENTATION, TrainOptions

__all__ = ["Kind", "kind_of"]

NETWORKS = ("network", "width", "latent_dim", "lr")
GAME = ("loss", "r1", "r2")
ERROR = ("width", "lr", "loss", "r1", "l1", "adversarial", "warm_up")


class Kind:
    """A task that is made with ``for_data`` and trained on the samples themselves.

    Parameters
    ----------
    task : type of Task
        The class in the library.
    options : sequence of str
        The options of `train` that are arguments of its ``for_data``; others that only some
        tasks understand are refused.

    Attributes
    ----------
    columns : int or None
        Of the grid that `picture` fills; None for one that is about square.
    """

    columns: int | None = None

    def __init__(self, task: Any, options: Sequence[str]):
        self.task, self.options = task, tuple(options)

    def prepare(self, samples: Dataset, options: TrainOptions) -> tuple[Any, Dataset]:
        """Make the task; return it with what `fit` trains it on."""
        given = options.given(*self.options)
        given.pop("to", None)  # the samples hold it
        return self.task.for_data(samples, **given), samples

    def picture(self, task: Any, samples: Dataset) -> Tensor:
        """Return the samples that a grid shows during training."""
        return task.sample(64 if samples.shape[1:] else 1000)

    def real(self, samples: Dataset) -> Tensor | None:
        """Return samples of the data to set beside the grids; None where a grid shows them."""
        shown = min(64 if samples.shape[1:] else 1000, len(samples))
        return samples.random_subset(shown)[:].cpu()

    def outcome(self, task: Any, history: History, load_test: Callable[[], Dataset]) -> str:
        """Say in a few words how the training ended; may be empty.

        `load_test` returns the test split of the data.
        """
        last = history.last()
        losses = {name: value for name, value in last.items() if name.endswith("loss")}
        return ", ".join(f"{name} {value:.3f}" for name, value in losses.items())


class _Game(Kind):
    """A GAN, whose discriminator may see everything augmented."""

    def prepare(self, samples: Dataset, options: TrainOptions) -> tuple[Any, Dataset]:
        """Make the task; return it with what `fit` trains it on."""
        given = options.given(*self.options)
        named = given.pop("augment", [])
        policy = tuple(name for name in named if name != NO_AUGMENTATION)
        if policy and len(policy) < len(named):
            raise ValueError(
                f"--augment {NO_AUGMENTATION} is without any: leave out {NO_AUGMENTATION}, or "
                f"{' and '.join(policy)}."
            )
        if policy and not samples.shape[1:]:
            raise ValueError(f"--augment changes pictures, and {samples.name} holds points.")
        return self.task.for_data(samples, augment=policy, **given), samples


class _Conditional(_Game):
    """A GAN that is told the class of each sample."""

    columns = 8

    def picture(self, task: ConditionalGAN, samples: Dataset) -> Tensor:
        """Return samples, one row of a grid for each class, with the same codes in every row."""
        each = 8 if samples.shape[1:] else 100
        return torch.cat([task.sample(each, label=k) for k in range(len(task.classes))])


class _FewLabels(Kind):
    """A classifier of few labels: all other labels are hidden before anything is made."""

    def prepare(self, samples: Dataset, options: TrainOptions) -> tuple[Any, Dataset]:
        """Hide the labels, all but a few; return the task with samples that have none."""
        if samples.labels is None:
            raise ValueError(
                f"{samples.name} has no labels: --task semi needs a data set of classes, such as "
                "digits, or a folder whose subfolders are the classes."
            )
        given = options.given(*self.options)
        count = given.pop("labels", 10 * len(samples.classes))
        few = hide_labels(samples, count, options.seed)
        return self.task.for_data(few, **given), few.unlabeled

    def outcome(self, task: Any, history: History, load_test: Callable[[], Dataset]) -> str:
        """Say how many test samples are recognized, and from how many labels."""
        test = load_test()
        return (
            f"test accuracy {task.accuracy(test):.3f} on {len(test):,} samples, from "
            f"{len(task.labeled)} labels"
        )


class _Repair(Kind):
    """Repair: trained on clean pictures, which it damages itself."""

    def __init__(self) -> None:
        super().__init__(
            Repair,
            (
                *("width", "latent_dim", "loss", "lr", "r1"),
                *("masks", "l1", "adversarial", "diversity", "warm_up"),
            ),
        )

    def prepare(self, samples: Dataset, options: TrainOptions) -> tuple[Repair, Dataset]:
        """Make the task; return it with what `fit` trains it on."""
        given = options.given(*self.options)
        noise_dim = given.pop("latent_dim", None)
        return Repair.for_data(samples, noise_dim=noise_dim, **given), samples

    def real(self, samples: Dataset) -> None:
        """Return nothing: every other row of a grid is of the data."""

    def picture(self, task: Repair, samples: Dataset) -> Tensor:
        """Return four rows of damaged pictures, each above the repaired ones."""
        images = samples[torch.arange(32) % len(samples)].cpu()
        holes = task.pool[:: max(1, len(task.pool) // 32)][:32].cpu()
        repaired = task.complete(images, holes)
        damaged = composite(images, torch.ones_like(images), holes)
        return torch.stack(
            [damaged.unflatten(0, (4, 8)), repaired.unflatten(0, (4, 8))], 1
        ).flatten(0, 2)

    def outcome(self, task: Repair, history: History, load_test: Callable[[], Dataset]) -> str:
        """Say in a few words how the training ended."""
        last = history.last()
        words = [f"error in the holes {last['hole_l1']:.3f}"] if "hole_l1" in last else []
        if task.steps_done <= task.warm_up:
            words.append(f"the adversarial part begins after step {task.warm_up:,}")
        return ", ".join([*words, super().outcome(task, history, load_test)]).removesuffix(", ")


class _Translate(Kind):
    """Translation: trained on two sets of pictures, or on one and what is made of it."""

    columns = 8

    def real(self, samples: Dataset) -> None:
        """Return nothing: rows of a grid are of the data."""

    def picture(self, task: Any, samples: Dataset) -> Tensor:
        """Return rows of originals, each above their translations (and, of pairs, the targets)."""
        return translating.picture(task, samples)


class _Student(Kind):
    """A one-step student of a run of flow matching."""

    def prepare(self, samples: Dataset, options: TrainOptions) -> tuple[OneStep, Dataset]:
        """Make the task; return it with what `fit` trains it on."""
        given = options.given(*self.options)
        if (folder := given.pop("teacher", None)) is None:
            raise ValueError(
                "--task distill needs a teacher: give --teacher, the folder of a run of train "
                "--model flow."
            )
        with torch.random.fork_rng(devices=[]):  # networks to load are first made, at random
            teacher = SavedRun(folder).generator
        return OneStep.for_data(samples, teacher, **given), samples


KINDS: dict[str, Kind] = {
    "gan": _Game(GAN, (*NETWORKS, *GAME, "augment")),
    "conditional": _Conditional(ConditionalGAN, (*NETWORKS, *GAME, "augment", "condition")),
    "vae": Kind(VAE, NETWORKS),
    "ae": Kind(Autoencoder, NETWORKS),
    "vae-gan": Kind(VAEGAN, (*NETWORKS, *GAME)),
    "flow": Kind(FlowMatching, ("width", "lr", "flow_steps")),
    "distill": _Student(OneStep, ("width", "lr", *GAME, "adversarial", "regression", "teacher")),
    "semi": _FewLabels(SemiSupervisedGAN, (*NETWORKS, "labels")),
    "repair": _Repair(),
    "translate": _Translate(
        UnpairedTranslation, ("width", "lr", "loss", "r1", "cycle", "identity", "to")
    ),
    "paired": _Translate(PairedTranslation, (*ERROR, "to")),
    "upscale": _Translate(Upscaling, (*ERROR, "factor")),
}


def kind_of(options: TrainOptions) -> Kind:
    """Return what is to be trained; refuse options that it does not understand.

    Raises
    ------
    ValueError
        If a given option means nothing for this task; the message names it.
    """
    generates = options.task == GENERATE
    name = f"--model {options.model}" if generates else f"--task {options.task}"
    kind = KINDS[options.model if generates else options.task]
    if options.paired:
        if options.task != "translate":
            raise ValueError(f"--paired means nothing for {name}: leave it out.")
        kind, name = KINDS["paired"], f"{name} --paired"
    if not generates and options.model != "gan":
        raise ValueError(f"--model means nothing for {name}: leave it out.")
    if options.conditional:
        if name != "--model gan":
            raise ValueError(f"--conditional means nothing for {name}: leave one of them out.")
        kind, name = KINDS["conditional"], "--conditional"
    everywhere = {option for each in KINDS.values() for option in each.options}
    given = options.given(*everywhere)
    for option in sorted(set(given) - set(kind.options)):
        # the kind of network has a default, which leaves the choice to the task
        if given[option] != "auto":
            flag = "--" + option.replace("_", "-")
            raise ValueError(f"{flag} means nothing for {name}: leave it out.")
    return kind
