"""How good is a generator after so many seconds of training?

    python benchmarks/quality.py [--data NAME ...] [--seeds N ...] [--recipes NAME ...]
        [--device DEVICE] [--seconds N] [--unsearched] [--quick] [--json FILE]

Two games on the same networks, for digits, footballs of 32x32 pixels and MNIST: ``default``, the
library's (relativistic, with penalties), and ``plain``, the DCGAN paper's (non-saturating, none).
First the search, equal for both (`equal.py`): the settings of `TRIED`, rate and beta1, each for a
quarter of the budget with a seed that no row has, scored by the FID to the validation split. Then
each run is measured four times: after an eighth, a quarter, half and all of its budget of processor
seconds on one thread, in which the measuring itself does not count. The learning rate is held for
half of the budget and then falls to 0, so the last point is the one to compare: the earlier ones
still have the full rate. Pictures of 32x32 are trained in bfloat16 where the processor has it.

Samples are compared with the test split in the features of the library's own networks, precision
and recall with equal numbers of both, and once more (the columns that end in ``_other``) in those
of a network that the library does not ship and whose like nothing was tuned on: `judge` trains it
here, on the classes of the training split (footballs: on five kinds of balls), in twenty seconds.

The recipe ``real`` trains nothing: it is as many training pictures, drawn at random, and shows what
a perfect generator would reach. MNIST needs its files (`GAN_TUTORIAL_DATA_DIR`); leave it out with
``--data digits soccer``. Looks at the test split before: an earlier form of this table had no
search; its rates were the recipe's and the paper's.

On a GPU (``--device cuda``) the seconds are those of the wall clock, and whole steps are captured.
``--unsearched`` takes the recipe's rate and the paper's instead of searching.

Trials and rows that the file holds are not computed again, and each is written at once.
"""

import functools
import itertools
import json

import equal
import report
import torch
from torch.nn import functional

from gan_tutorial import GAN, data, fit, metrics
from gan_tutorial.metrics.networks import FeatureNetwork
from gan_tutorial.training import pick_device
from gan_tutorial.training.speed import has_bf16

# Processor seconds, fakes to measure, options of `data.load`, batch.
WORKS = {
    "digits": (16, 300, {}, 64),
    "soccer": (100, 1000, {"image_size": 32}, 32),
    "mnist": (240, 10_000, {"image_size": 32}, 64),
}
RECIPES = {
    "default": {},
    "plain": {"loss": "non-saturating", "r1": 0.0, "r2": 0.0},
}
TRIED = equal.grid(lr=(5e-4, 1e-3, 2e-3), beta1=(0.0, 0.5))
UNSEARCHED = {"default": {}, "plain": {"lr": 2e-4, "beta1": 0.5}}
TRIAL, SEARCH_SEED = 1 / 4, 100
PARTS = (1 / 8, 1 / 4, 1 / 2, 1)


class Looks:
    """A callback of `fit`: measure the samples at some steps, and take out the time it takes."""

    def __init__(self, steps: int, measure, device: torch.device):
        self.when = {max(1, round(part * steps)) for part in PARTS}
        self.measure, self.rows, self.device = measure, [], device
        self.began, self.away = report.clock(device), 0.0

    def __call__(self, run) -> None:
        """Measure, if it is time."""
        if run.step in self.when:
            arrived = report.clock(self.device)
            seconds = arrived - self.began - self.away
            self.rows.append({"steps": run.step, "seconds": seconds, **self.measure(run.task)})
            self.away += report.clock(self.device) - arrived


@functools.cache
def judge(name: str) -> FeatureNetwork:
    """Train a small network on the classes of the training split; return it as the other judge."""
    options = {"kinds": "all", "count": 6000} if name == "soccer" else {}
    pictures = data.load(name, "train", **WORKS[name][2], **options)
    torch.manual_seed(5)
    layers = [(24, 1), (48, 2)] if name == "digits" else [(24, 2), (48, 2), (96, 2)]
    heads = {"class": len(pictures.classes)}
    network = FeatureNetwork(pictures.shape, layers, 48, heads).train()
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    steps = 600 if name == "digits" else 900
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(pictures), (64,))
        logits = network.predict(network(pictures[rows]))["class"]
        loss = functional.cross_entropy(logits, pictures.labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.name = f"{name}, trained by benchmarks/quality.py"
    return network.eval().requires_grad_(False)


def measured(held_out, name: str, device: torch.device):
    """Return a function that measures pictures against the held-out ones."""
    networks = {"": metrics.load_network(name).to(device), "_other": judge(name).to(device)}
    reals = {end: metrics.extract(held_out, network) for end, network in networks.items()}

    def measure(pictures) -> dict:
        found = {}
        for end, network in networks.items():
            real, fake = reals[end], metrics.extract(pictures, network)
            equally = min(len(real), len(fake))
            manifold = metrics.manifold_report(real[:equally], fake[:equally], spread=False)
            found[f"fid{end}"] = metrics.fid(real, fake, spread=False).value
            found[f"precision{end}"], found[f"recall{end}"] = manifold.precision, manifold.recall
        return found

    return measure


class Work:
    """One data set, with its budget, on one device."""

    def __init__(self, name: str, device: torch.device, seconds: float | None, quick: bool):
        self.name, self.device = name, device
        budget, self.fakes, loading, self.batch = WORKS[name]
        self.seconds = (seconds or budget) / (10 if quick else 1)
        parts = ("train", "validation", "test")
        self.train, self.validation, self.test = (data.load(name, p, **loading) for p in parts)
        rounded = self.train.shape[-1] >= 32 and has_bf16(device)
        self.precision = "bf16" if rounded else "fp32"

    def fitted(self, recipe: str, setting: dict, seed: int, seconds: float, measure=None) -> GAN:
        """Train one GAN for its budget; `measure` is called at the looks at it."""
        options = {**RECIPES[recipe], **{k: v for k, v in setting.items() if k != "beta1"}}
        if "beta1" in setting:
            options["betas"] = (setting["beta1"], 0.9)
        on_gpu = self.device.type == "cuda"

        def run(steps: int, callbacks=()) -> GAN:
            torch.manual_seed(seed)
            gan = GAN.for_data(self.train, **options)
            fit(gan, self.train, steps, schedule="hold-cosine", seed=seed, device=self.device,
                batch_size=self.batch, precision=self.precision, capture=on_gpu,
                callbacks=callbacks, progress=False)  # fmt: skip
            return gan

        steps = report.steps_in(seconds, run, 400 if on_gpu else 40, self.device)
        return run(steps, [measure(steps)] if measure else [])

    def score(self, recipe: str, setting: dict, seed: int) -> float:
        """Return the FID to the validation split after a trial, in the library's features."""
        gan = self.fitted(recipe, setting, seed, TRIAL * self.seconds)
        network = metrics.load_network(self.name)
        real = metrics.extract(self.validation, network)
        fake = metrics.extract(gan.sample(self.fakes, seed=1), network)
        return metrics.fid(real, fake, spread=False).value

    def rows(self, recipe: str, setting: dict, seed: int) -> list[dict]:
        """Train and return a row for each look; for ``real``, one row and no training."""
        measure = measured(self.test, self.name, self.device)
        this = {"data": self.name, "recipe": recipe, "seed": seed, "device": self.device.type}
        if recipe == "real":
            rows = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(seed))
            found = measure(self.train[rows[: self.fakes]])
            return [{**this, "steps": 0, "seconds": 0.0, **found}]
        made: list[Looks] = []

        def look(steps: int) -> Looks:
            sampled = lambda task: measure(task.sample(self.fakes, seed=1))  # noqa: E731
            made.append(Looks(steps, sampled, self.device))
            return made[-1]

        self.fitted(recipe, setting, seed, self.seconds, look)
        about = {"settings": setting, "precision_of_numbers": self.precision}
        return [{**this, **about, **row} for row in made[-1].rows]


def main() -> None:
    """Search, train every combination, print the table, and write the JSON file if asked."""
    recipes = ("real", *RECIPES)
    options = report.options(
        __doc__,
        data=WORKS,
        seeds=3,
        recipes={"nargs": "+", "choices": recipes, "default": recipes},
        device={"default": "cpu", "help": "cpu, cuda (cpu)"},
        seconds={"type": float, "help": "of training, in place of those of the data"},
        unsearched={"action": "store_true", "help": "take the recipe's rate and the paper's"},
    )
    device = pick_device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    old = {}
    if options.json and options.json.is_file():
        old = json.loads(options.json.read_text())
    rows = list(old.get("rows", []))
    searches = {
        name: equal.Search(
            "rows", "FID in the library's features after a quarter of the time, lower is better",
            len(TRIED), seeds=[SEARCH_SEED], where={"data": name}, before=old.get("search", []),
            fixed={"real": "has no setting"},
        )
        for name in WORKS
    }  # fmt: skip

    def keep() -> None:
        entries = [each.entry() for each in searches.values() if each.tried]
        report.write("quality", rows, options.json, search=entries)

    print(f"{'data':8}{'recipe':9}{'seed':>4}{'seconds':>9}{'FID':>9}{'precision':>11}{'recall':>8}"
          f"{'FID, other judge':>18}{'precision':>11}{'recall':>8}")  # fmt: skip
    for name in options.data:
        work = Work(name, device, options.seconds, options.quick)
        for recipe, seed in itertools.product(options.recipes, options.seeds):
            if any((r["data"], r["recipe"], r["seed"]) == (name, recipe, seed) for r in rows):
                continue
            setting: dict = {}
            if options.unsearched:
                setting = UNSEARCHED.get(recipe, {})
            elif recipe != "real":
                tries = functools.partial(work.score, recipe)
                setting = searches[name].run(recipe, TRIED, tries, keep)
            for row in work.rows(recipe, setting, seed):
                print(
                    f"{name:8}{recipe:9}{seed:4}{row['seconds']:9.0f}{row['fid']:9.2f}"
                    f"{row['precision']:11.2f}{row['recall']:8.2f}{row['fid_other']:18.2f}"
                    f"{row['precision_other']:11.2f}{row['recall_other']:8.2f}",
                    flush=True,
                )
                rows.append(row)
            keep()


if __name__ == "__main__":
    main()
