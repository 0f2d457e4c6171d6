"""The help of ``train``: its options in groups, examples, and what the recipes take."""

import argparse
from typing import Any

from ..gan.recipes import IMAGES, POINTS, SMALL_IMAGES
from ..repair.recipes import recipe_for as repair_recipe
from ..training import Recipe

__all__ = ["EXAMPLES", "Groups", "recipes"]

GROUPS = {
    "data": (
        "image_size", "channels", "labels", "validation", "levels", "on_error", "data_dir",
    ),
    "recipe (what is not given is chosen for the kind of data)": (
        "task", "model", "steps", "budget", "batch_size", "network", "width", "latent_dim",
        "loss", "lr", "r1", "r2", "augment", "schedule", "freeze_d", "seed",
    ),
    "classes": ("conditional", "condition"),
    "translation and enlarging": ("to", "paired", "factor", "cycle", "identity"),
    "one step": ("flow_steps", "teacher", "regression"),
    "repair": ("masks", "l1", "adversarial", "diversity", "warm_up"),
    "speed": ("device", "precision", "compile", "capture"),
    "output": ("save_every", "samples_every", "keep_best", "doctor"),
}  # fmt: skip
OTHERS = "more"

EXAMPLES = """\
examples:
  python -m gan_tutorial train pictures/ --out run --image-size 64 --budget 10m
  python -m gan_tutorial train pictures/ --out run --resume --budget 30m
"""


class Groups:
    """The groups of a parser's options, made when they are first needed.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """

    def __init__(self, parser: argparse.ArgumentParser):
        self.parser = parser
        self.made: dict[str, Any] = {}
        for title in GROUPS:  # in this order, whatever the order of the options
            self.made[title] = parser.add_argument_group(title)

    def of(self, option: str) -> Any:
        """Return the group to which an option is added."""
        title = next((title for title, names in GROUPS.items() if option in names), OTHERS)
        if title not in self.made:
            self.made[title] = self.parser.add_argument_group(title)
        return self.made[title]


def recipes() -> str:
    """Return a table of what `train` takes where it is not told otherwise."""
    repair = repair_recipe((3, 64, 64))
    rows = {
        "points": POINTS,
        "pictures below 16x16": SMALL_IMAGES,
        "larger pictures": IMAGES,
        "--task repair": repair,
    }
    lines = [
        "what the recipes take:",
        f"  {'':22}{'steps':>6} {'batch':>6} {'lr':>7} {'r1':>5}  rest",
    ]
    lines += [f"  {name:22}{_line(recipe)}" for name, recipe in rows.items()]
    return "\n".join(lines)


def _line(recipe: Recipe) -> str:
    options, networks = recipe.options, recipe.networks
    rest = [
        f"{name} {networks[name]}"
        for name in ("network", "width", "latent_dim")
        if name in networks
    ]
    if "masks" in options:
        rest = [f"width {networks['generator']['width']}", f"warm-up {options['warm_up']:,}"]
    lr = f"{options['lr']:g}" if "lr" in options else "0.001"
    return (
        f"{recipe.steps:>6,} {recipe.batch_size:>6} {lr:>7} {options['r1']:>5g}  "
        f"{', '.join(rest).replace('_', '-')}, {recipe.schedule}"
    )
