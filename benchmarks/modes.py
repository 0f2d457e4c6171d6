"""How many modes of a mixture does a GAN cover, how sharply, and in how many seconds?

    python benchmarks/modes.py [--quick] [--json FILE] [--data NAME ...] [--seeds N ...]
                               [--recipes NAME ...]

``ring-published`` and ``grid-published`` follow the protocol of Lin et al. (2018): 100,000 training
points, 2,500 generated ones, standard deviations of .01 and .05, latent codes from N(0, I) in the
plane. Points come from the averaged generator as it is: none are rejected, and latent codes are not
truncated.

Four recipes. ``default`` is that of `GAN.for_data`, 3,000 steps; ``plain`` a GAN of the same
networks with the non-saturating loss and no penalty. ``minute`` is what can be had in about a
minute of one core against the paper's 400,000 steps, one configuration for both mixtures: networks
of 64 units, a generator of 8 layers, fakes that serve both updates, points divided by their
standard deviation, 15,000 steps. ``plain, a minute`` is the plain GAN of those networks in that
time: its steps come from a trial of both.

Rate and beta1 are searched equally (`equal.py`): each recipe tries the settings of `TRIED` on both
mixtures with a seed that no row has, and takes the one with the most good points times the share of
modes covered. A mixture has no splits: its density is known, and every score is against it.

Five seeds each, ten of ``minute``; --quick takes one, and a hundredth of the steps. Rows that the
JSON file holds already are not computed again, nor are trials, and each is written at once, so a
run can be cut in pieces. `seconds` is the processor's time of training, on one thread.

An earlier form of this table had no search, and two configurations of ``minute``, one for each
mixture, found in some thirty single trials: .955 of good points on the ring and .944 on the grid.
"""

import functools
import itertools
import json
import time

import equal
import report
import torch
from torch import Tensor

from gan_tutorial import GAN, data, fit, metrics, models
from gan_tutorial.gan import recipe_for
from gan_tutorial.training import Recipe

MIXTURES = {
    "ring-published": data.ring(std=0.01),
    "grid-published": data.grid(spacing=2.0, std=0.05),
}
PLAIN = {"loss": "non-saturating", "r1": 0.0, "r2": 0.0}
RECIPES = {"default": {}, "plain": PLAIN, "minute": {}, "plain, a minute": PLAIN}
SEEDS = {"default": 5, "plain": 5, "minute": 10, "plain, a minute": 5}
TRIED = equal.grid(lr=(5e-4, 1.5e-3), beta1=(0.0, 0.5))
SEARCH_SEED = 100
POINTS, SAMPLES = 100_000, 2500
MINUTE_STEPS, TRIAL_STEPS = 15_000, 300


def measure(samples: Tensor, name: str) -> dict:
    """Return the three columns of the published table for these samples of a mixture."""
    found = metrics.mode_report(samples, MIXTURES[name])
    return {"modes": found.modes, "hq": found.high_quality, "reverse_kl": found.reverse_kl}


def points(name: str, seed: int, scale: float = 1.0) -> data.Dataset:
    """Draw the training points of a mixture, all divided by `scale`."""
    return data.Dataset(name, MIXTURES[name].sample(POINTS, seed=seed) / scale)


def in_a_minute(recipe: str) -> bool:
    """Return whether a recipe is one of the two of a minute."""
    return recipe.endswith("minute")


def configured(recipe: str, setting: dict) -> Recipe:
    """Return a recipe with its networks, its game, and one setting tried."""
    betas = (setting["beta1"], 0.9)
    options = {**RECIPES[recipe], "lr": setting["lr"], "betas": betas}
    if not in_a_minute(recipe):
        return recipe_for((2,)).changed(options=options)
    return recipe_for((2,)).changed(
        networks={"width": 64, "generator_depth": 8},
        options={**options, "reuse_fakes": True},
        steps=MINUTE_STEPS,
    )


def fitted(recipe: Recipe, samples: data.Dataset, seed: int, steps: int) -> GAN:
    """Train a GAN by a recipe."""
    torch.manual_seed(seed)
    gan = GAN(*models.pair_for((2,), **recipe.networks), **recipe.options)
    gan.recipe = recipe
    fit(gan, samples, steps, seed=seed, device="cpu", progress=False)
    return gan


@functools.cache
def steps_of(recipe: str) -> int:
    """Return how many steps a recipe takes: its own, or as many as ``minute`` has the time for."""
    if recipe != "plain, a minute":
        return configured(recipe, TRIED[0]).steps
    samples = points("ring-published", SEARCH_SEED)
    seconds = []
    for which in ("minute", recipe):
        fitted(configured(which, TRIED[0]), samples, 0, 20)  # the first steps are slower
        began = time.process_time()
        fitted(configured(which, TRIED[0]), samples, 0, TRIAL_STEPS)
        seconds.append(time.process_time() - began)
    return round(MINUTE_STEPS * seconds[0] / seconds[1])


def train(name: str, recipe: str, seed: int, setting: dict, quick: bool = False) -> dict:
    """Train one GAN and measure 2,500 of its samples."""
    samples = points(name, seed)
    scale = float(samples[:].std()) if in_a_minute(recipe) else 1.0
    samples = points(name, seed, scale)
    steps = steps_of(recipe) // (100 if quick else 1)
    began = time.process_time()
    gan = fitted(configured(recipe, setting), samples, seed, steps)
    seconds = time.process_time() - began
    found = measure(gan.sample(SAMPLES, seed=seed + 1000) * scale, name)
    about = {"data": name, "recipe": recipe, "seed": seed, "steps": steps, "settings": setting}
    return {**about, **found, "seconds": seconds}


def score(recipe: str, setting: dict, seed: int, quick: bool = False) -> float:
    """Return the share of good points times that of modes covered, as a mean of both mixtures."""
    values = []
    for name, mixture in MIXTURES.items():
        row = train(name, recipe, seed, setting, quick)
        values.append(row["hq"] * row["modes"] / len(mixture.means))
    return sum(values) / len(values)


def wanted(names, seeds, recipes=tuple(RECIPES), quick: bool = False) -> list[tuple]:
    """List data, recipe and seed of every row about these data, seeds and recipes."""
    return [
        (name, recipe, seed)
        for name, recipe in itertools.product(names, recipes)
        for seed in list(seeds)[: 1 if quick else None]
        if seed < SEEDS[recipe]
    ]


def place(row: dict) -> tuple[int, int, int]:
    """Return where a row belongs in the file: by data, then recipe, then seed."""
    return list(MIXTURES).index(row["data"]), list(RECIPES).index(row["recipe"]), row["seed"]


def show(rows: list[dict]) -> None:
    """Print the table: means and standard errors over the seeds."""
    columns = ("modes", "hq", "reverse_kl", "seconds")
    print(f"{'data':15} {'recipe':15} seeds " + " ".join(f"{column:>17}" for column in columns))
    for name, recipe in itertools.product(MIXTURES, RECIPES):
        found = [row for row in rows if (row["data"], row["recipe"]) == (name, recipe)]
        if found:
            cells = (report.spread([row[column] for row in found]) for column in columns)
            cells = " ".join(f"{cell:>17}" for cell in cells)
            print(f"{name:15} {recipe:15} {len(found):5} {cells}", flush=True)


def main() -> None:
    """Search, compute the rows that are missing, print the table and write it if asked."""
    options = report.options(
        __doc__, MIXTURES, max(SEEDS.values()),
        recipes={"nargs": "+", "choices": tuple(RECIPES), "default": list(RECIPES)},
    )  # fmt: skip
    torch.set_num_threads(1)
    old = {}
    if options.json and options.json.is_file():
        old = json.loads(options.json.read_text())
    rows = list(old.get("rows", []))
    search = equal.Search(
        "rows", "share of good points times that of modes, of both mixtures, higher is better",
        len(TRIED), seeds=[SEARCH_SEED], before=old.get("search", []),
    )  # fmt: skip

    def keep() -> None:
        rows.sort(key=place)
        report.write("modes", rows, options.json, search=[search.entry()])

    done = {(row["data"], row["recipe"], row["seed"]) for row in rows}
    for what in wanted(options.data, options.seeds, options.recipes, options.quick):
        name, recipe, seed = what
        if what in done:
            continue
        tries = functools.partial(score, recipe, quick=options.quick)
        setting = search.run(recipe, TRIED, tries, keep)
        rows.append(train(name, recipe, seed, setting, options.quick))
        print(rows[-1], flush=True)
        keep()
    show(rows)


if __name__ == "__main__":
    main()
