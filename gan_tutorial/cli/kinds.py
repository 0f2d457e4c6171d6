"""What ``train`` can train: one entry for each ``--task``, and for each ``--model`` of generation.

An entry says which task of the library is trained, which options it understands, on what it is
trained, and what there is to see of it. Everything else about a run is the same for all.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..autoencoders import VAE, VAEGAN, Autoencoder
from ..data import Dataset
from ..gan import GAN, recipe_for
from ..models import Augmented
from ..models.augment import DiffAugment
from ..repair.masks import composite
from ..repair.task import Repair
from ..repair.task import recipe_for as repair_recipe_for
from ..semi_supervised.gan import SemiSupervisedGAN
from ..semi_supervised.labels import hide_labels
from ..training import History, Task

__all__ = ["GENERATE", "MODELS", "TASKS", "Kind", "kind_of"]

NETWORKS = ("network", "width", "latent_dim", "lr")
GAME = ("loss", "r1", "r2")


class Kind:
    """A task that is made with ``for_data`` and trained on the samples themselves.

    Parameters
    ----------
    task : type of Task
        The class in the library.
    options : sequence of str
        The options of `train` that are arguments of its ``for_data``; others that only some
        tasks understand are refused.
    """

    def __init__(self, task: type[Task], options: Sequence[str]):
        self.task, self.options = task, tuple(options)

    def recipe(self, samples, options: dict) -> dict:
        """Return ``steps`` and ``batch_size`` to use where none are given."""
        return recipe_for(samples.shape, options["network"])

    def prepare(self, samples, options: dict) -> tuple[Task, object]:
        """Make the task; return it with what `fit` trains it on."""
        given = {name: options[name] for name in self.options if options[name] is not None}
        return self.task.for_data(samples, **given), samples

    def picture(self, task: Task, samples) -> Tensor:
        """Return the samples that a grid shows during training."""
        return task.sample(64 if samples.shape[1:] else 1000)

    def outcome(self, task: Task, history: History, load_test: Callable) -> str:
        """Say in a few words how the training ended; may be empty.

        `load_test` returns the test split of the data.
        """
        last = history.last()
        losses = {name: value for name, value in last.items() if name.endswith("loss")}
        return ", ".join(f"{name} {value:.3f}" for name, value in losses.items())


class _Game(Kind):
    """A GAN, whose discriminator may see everything augmented."""

    def prepare(self, samples, options: dict) -> tuple[Task, object]:
        """Make the task; return it with what `fit` trains it on."""
        given = {name: options[name] for name in self.options if options[name] is not None}
        policy = given.pop("augment", None)
        if policy:
            if not samples.shape[1:]:
                raise ValueError(f"--augment changes pictures, and {samples.name} holds points.")
            change = DiffAugment(*policy)
            given["wrap"] = lambda discriminator: Augmented(discriminator, change)
        return self.task.for_data(samples, **given), samples


class _FewLabels(Kind):
    """A classifier of few labels: all other labels are hidden before anything is made."""

    def recipe(self, samples, options: dict) -> dict:
        """Return ``steps`` and ``batch_size`` to use where none are given."""
        recipe = recipe_for(samples.shape, options["network"])
        return {"steps": 1000 if recipe["network"] == "mlp" else 3000, "batch_size": 64}

    def prepare(self, samples, options: dict) -> tuple[Task, object]:
        """Hide the labels, all but a few; return the task with samples that have none."""
        if samples.labels is None:
            raise ValueError(
                f"{samples.name} has no labels: --task semi needs a data set of classes, such as "
                "digits, or a folder whose subfolders are the classes."
            )
        count = options["labels"] or 10 * len(samples.classes)
        few = hide_labels(samples, count, options["seed"])
        names = set(self.options) - {"labels"}
        given = {name: options[name] for name in names if options[name] is not None}
        return self.task.for_data(few, **given), few.unlabeled

    def outcome(self, task: Task, history: History, load_test: Callable) -> str:
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

    def recipe(self, samples: Dataset, options: dict[str, Any]) -> dict[str, Any]:
        """Return ``steps`` and ``batch_size`` to use where none are given."""
        recipe = repair_recipe_for(samples.shape)
        return {"steps": recipe.steps, "batch_size": recipe.batch_size}

    def prepare(self, samples: Dataset, options: dict[str, Any]) -> tuple[Repair, Dataset]:
        """Make the task; return it with what `fit` trains it on."""
        given = {name: options[name] for name in self.options}
        noise_dim = given.pop("latent_dim")  # what is None is left to the recipe
        return Repair.for_data(samples, noise_dim=noise_dim, **given), samples

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


GENERATE = "generate"
MODELS = {
    "gan": _Game(GAN, (*NETWORKS, *GAME, "augment")),
    "vae": Kind(VAE, NETWORKS),
    "ae": Kind(Autoencoder, NETWORKS),
    "vae-gan": Kind(VAEGAN, (*NETWORKS, *GAME)),
}
TASKS: dict[str, Kind] = {
    "semi": _FewLabels(SemiSupervisedGAN, (*NETWORKS, "labels")),
    "repair": _Repair(),
}


def kind_of(options: dict) -> Kind:
    """Return what is to be trained; refuse options that it does not understand.

    Raises
    ------
    ValueError
        If a given option means nothing for this task; the message names it.
    """
    task, model = options["task"], options["model"]
    name = f"--model {model}" if task == GENERATE else f"--task {task}"
    kind = MODELS[model] if task == GENERATE else TASKS[task]
    everywhere = {option for each in (*MODELS.values(), *TASKS.values()) for option in each.options}
    for option in sorted(everywhere - set(kind.options)):
        # the kind of network has a default, which leaves the choice to the task
        if options[option] not in (None, "auto"):
            flag = "--" + option.replace("_", "-")
            raise ValueError(f"{flag} means nothing for {name}: leave it out.")
    return kind
