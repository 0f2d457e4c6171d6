"""How good is a generator after so many seconds of training?

    python benchmarks/quality.py [--data NAME ...] [--seeds N ...] [--recipes NAME ...]
        [--device DEVICE] [--seconds N] [--quick] [--json FILE]

The library's recipe for digits, footballs of 32x32 pixels and MNIST, and beside it the game and
the optimizer of the DCGAN paper on the same networks. Each run is measured four times: after an
eighth, a quarter, half and all of its budget of processor seconds on one thread, in which the
measuring itself does not count. The learning rate is held for half of the budget and then falls
to 0, so the last point is the one to compare: the earlier ones still have the full rate.

Samples are compared with the test split in the features of the library's own networks, precision
and recall with equal numbers of both. The recipe ``real`` trains nothing: it is as many training
pictures, drawn at random, and shows what a perfect generator would reach. Pictures of 32x32 are
trained in bfloat16. MNIST needs its files (`GAN_TUTORIAL_DATA_DIR`); leave it out with
``--data digits soccer``. What was tried was tried on the validation split.

On a GPU (``--device cuda``) the seconds are those of the wall clock, and whole steps are captured.

A file that exists is added to: the rows of the given data and seeds are replaced.
"""

import itertools

import report
import torch

from gan_tutorial import GAN, data, fit, metrics
from gan_tutorial.training import pick_device

# Processor seconds, fakes to measure, options of `data.load`, options of `fit`.
WORKS = {
    "digits": (16, 300, {}, {"batch_size": 64}),
    "soccer": (100, 1000, {"image_size": 32}, {"batch_size": 32, "precision": "bf16"}),
    "mnist": (240, 10_000, {"image_size": 32}, {"batch_size": 64, "precision": "bf16"}),
}
RECIPES = {
    "default": {},
    "plain": {"loss": "non-saturating", "r1": 0.0, "r2": 0.0, "lr": 2e-4, "betas": (0.5, 0.999)},
}
PARTS = (1 / 8, 1 / 4, 1 / 2, 1)


class Looks:
    """A callback of `fit`: measure the samples at some steps, and take out the time it takes."""

    def __init__(self, steps: int, measure, device: torch.device):
        self.when = {max(1, round(part * steps)) for part in PARTS}
        self.measure, self.rows, self.device = measure, [], device
        self.began, self.away = report.clock(device), 0.0

    def __call__(self, run) -> None:
        if run.step in self.when:
            arrived = report.clock(self.device)
            seconds = arrived - self.began - self.away
            self.rows.append({"steps": run.step, "seconds": seconds, **self.measure(run.task)})
            self.away += report.clock(self.device) - arrived


def measured(held_out, name: str, device: torch.device):
    """Return a function that measures pictures against the held-out ones."""
    network = metrics.load_network(name).to(device)
    real = metrics.extract(held_out, network)

    def measure(pictures) -> dict:
        fake = metrics.extract(pictures, network)
        equal = min(len(real), len(fake))
        found = metrics.manifold_report(real[:equal], fake[:equal], spread=False)
        return {
            "fid": metrics.fid(real, fake, spread=False).value,
            "precision": found.precision,
            "recall": found.recall,
        }

    return measure


def train(
    name: str,
    recipe: str,
    seed: int,
    quick: bool = False,
    device: torch.device | str = "cpu",
    seconds: float | None = None,
) -> list[dict]:
    """Train one GAN for its budget; return a row for each look at it (for ``real``, one row)."""
    budget, fakes, loading, fitting = WORKS[name]
    seconds = (seconds or budget) / (10 if quick else 1)
    device = torch.device(device)
    on_gpu = device.type == "cuda"
    samples, held_out = (data.load(name, split, **loading) for split in ("train", "test"))
    measure = measured(held_out, name, device)
    this = {"data": name, "recipe": recipe, "seed": seed, "device": device.type}
    if recipe == "real":
        rows = torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))
        return [{**this, "steps": 0, "seconds": 0.0, **measure(samples[rows[:fakes]])}]

    def run(steps: int, callbacks=()) -> None:
        torch.manual_seed(seed)
        gan = GAN.for_data(samples, **RECIPES[recipe])
        fit(gan, samples, steps, schedule="hold-cosine", seed=seed, device=device,
            capture=on_gpu, callbacks=callbacks, progress=False, **fitting)  # fmt: skip

    steps = report.steps_in(seconds, run, 400 if on_gpu else 40, device)
    looks = Looks(steps, lambda task: measure(task.sample(fakes, seed=1)), device)
    run(steps, [looks])
    return [{**this, **row} for row in looks.rows]


def main() -> None:
    """Train every combination, print the table, and write the JSON file if asked."""
    recipes = ("real", *RECIPES)
    options = report.options(
        __doc__,
        data=WORKS,
        seeds=3,
        recipes={"nargs": "+", "choices": recipes, "default": recipes},
        device={"default": "cpu", "help": "cpu, cuda (cpu)"},
        seconds={"type": float, "help": "of training, in place of those of the data"},
    )
    device = pick_device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    rows = report.kept(options)
    print(
        f"{'data':8}{'recipe':9}{'seed':>4}{'seconds':>9}{'FID':>9}{'precision':>11}{'recall':>8}"
    )
    for name, seed, recipe in itertools.product(options.data, options.seeds, options.recipes):
        for row in train(name, recipe, seed, options.quick, device, options.seconds):
            print(
                f"{name:8}{recipe:9}{seed:4}{row['seconds']:9.0f}{row['fid']:9.2f}"
                f"{row['precision']:11.2f}{row['recall']:8.2f}",
                flush=True,
            )
            rows.append(row)
        report.write("quality", rows, options.json)


if __name__ == "__main__":
    main()
