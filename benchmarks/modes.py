"""How many modes of a mixture does a GAN cover, how sharply, and in how many seconds?

    python benchmarks/modes.py [--quick] [--json FILE]

``ring`` and ``grid`` are the library's defaults; ``ring-published`` and ``grid-published`` follow
the protocol of Lin et al. (2018): 100,000 training points, 2,500 generated ones, standard
deviations of .01 and .05, latent codes from N(0, I) in the plane. Five seeds each (one with
--quick). The recipes are those of `GAN.for_data`, and a plain GAN of the same networks.
"""

import itertools
import time

import report
import torch

from gan_tutorial import GAN, data, fit, metrics
from gan_tutorial.gan import recipe_for

MIXTURES = {
    "ring": data.ring(),
    "grid": data.grid(),
    "ring-published": data.ring(std=0.01),
    "grid-published": data.grid(spacing=2.0, std=0.05),
}
RECIPES = {
    "default": {},
    "plain": {"loss": "non-saturating", "r1": 0.0, "r2": 0.0},
}


def train(name: str, recipe: str, seed: int) -> dict:
    """Train one GAN and measure 2,500 of its samples."""
    mixture = MIXTURES[name]
    samples = data.Dataset(name, mixture.sample(100_000, seed=seed), density=mixture)
    began = time.perf_counter()
    torch.manual_seed(seed)
    gan = GAN.for_data(samples, **RECIPES[recipe])
    sizes = recipe_for(samples.shape)
    fit(
        gan,
        samples,
        sizes["steps"],
        batch_size=sizes["batch_size"],
        schedule="hold-cosine",
        seed=seed,
        device="cpu",
        progress=False,
    )
    seconds = time.perf_counter() - began
    found = metrics.mode_report(gan.sample(2500, seed=seed + 1000), mixture)
    return {
        "data": name,
        "recipe": recipe,
        "seed": seed,
        "modes": found.modes,
        "hq": found.high_quality,
        "reverse_kl": found.reverse_kl,
        "seconds": seconds,
    }


def main() -> None:
    """Train every combination, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    seeds = range(1 if options.quick else 5)
    rows = []
    columns = ("modes", "hq", "reverse_kl", "seconds")
    print(f"{'data':15} {'recipe':8} " + " ".join(f"{column:>17}" for column in columns))
    for name, recipe in itertools.product(MIXTURES, RECIPES):
        found = [train(name, recipe, seed) for seed in seeds]
        cells = (report.spread([row[column] for row in found]) for column in columns)
        print(f"{name:15} {recipe:8} " + " ".join(f"{cell:>17}" for cell in cells), flush=True)
        rows += found
    report.write("modes", rows, options.json)


if __name__ == "__main__":
    main()
