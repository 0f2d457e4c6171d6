"""How many of Stacked MNIST's 1,000 modes, how evenly, and what of the recipe does it?

    python benchmarks/stacked.py [--quick] [--json FILE] [--only METHOD ...] [--seeds N ...]
                                 [--long METHOD ...]

The protocol of Lin et al. (2018), Table 2, with our budget in place of theirs: 128,000 training
pictures, 26,000 samples, a classifier of digits that looks at each channel. All methods have the
networks of `GAN.for_data` at 32x32, batches of 64, and bfloat16 where the processor has it:

- ``default``, the recipe: relativistic loss, R1 and R2 every fourth update;
- ``plain``: non-saturating, no penalty; ``relativistic alone``: no penalty;
- ``not relativistic``: non-saturating with both penalties;
- ``R1 alone``, ``R2 alone``: relativistic with one of them;
- ``every update``, ``every 8th``: the recipe with its penalties so often. Huang et al. (2024,
  appendix) report that penalties once in eight steps do not converge at all.

Table ``rows``: each has `SECONDS` of the processor, which fix its number of steps by a trial; its
learning rate is held for half of them and then falls to 0. Rate and beta1 are searched equally
(`equal.py`): four settings each, for a quarter of the time with a seed that no row has, scored by
the KL divergence of 26,000 samples. There is no validation split to score by, for what is counted
are shares of classes, and the classifier is the same for all. Three seeds; `steps` of each look.

Table ``long``: the methods named by ``--long``, for `LONG` seconds, by the setting that was chosen.

The row called "real" is the floor: as many pictures stacked from held-out digits. Beside the JSON
file lie two pictures, of the same name and with "_real" behind it: samples of the recipe's seed 0,
chosen by nobody, and the first of the held-out stacks.

Trials and rows that the JSON file holds are not computed again, so a run can be cut in pieces.
MNIST has to be at hand: see `data.mnist`.
"""

import functools
import json

import equal
import report
import torch

from gan_tutorial import GAN, data, fit, metrics, plots
from gan_tutorial.training.speed import has_bf16

BATCH, SAMPLES = 64, 26_000
SECONDS, LONG, TRIAL = 120, 1200, 1 / 4
SEARCH_SEED = 100
TRIED = equal.grid(lr=(1e-3, 2e-3), beta1=(0.0, 0.5))
NONE = {"r1": 0.0, "r2": 0.0}
METHODS = {
    "default": {},
    "plain": {"loss": "non-saturating", **NONE},
    "relativistic alone": NONE,
    "not relativistic": {"loss": "non-saturating"},
    "R1 alone": {"r2": 0.0},
    "R2 alone": {"r1": 0.0},
    "every update": {"penalty_every": 1},
    "every 8th": {"penalty_every": 8},
}
PARTS = (1 / 8, 1 / 4, 1 / 2, 1)
PICTURES = {None: "_real", 0: ""}  # what is drawn: no seed stands for real pictures


def counted(method: str, seed: int | None, step: int, seconds: float, found, **more) -> dict:
    """Make a row of the table."""
    return {
        "data": "stacked_mnist",
        "method": method,
        "seed": seed,
        "step": step,
        "modes": found.modes,
        "kl": found.kl,
        "confidence": found.confidence,
        "seconds": seconds,
        "samples": found.samples,
        **more,
    }


def real_row(picture=None) -> dict:
    """Count the modes of real pictures; draw the first ones into a file, if asked."""
    held_out = data.load("stacked_mnist", "test", count=SAMPLES, image_size=32)
    if picture:
        plots.save_image_grid(held_out[:12], picture, columns=12, scale=1)
    found = metrics.stacked_report(held_out)
    return counted("real", None, 0, 0.0, found, right=agreement(found, held_out))


def agreement(found, held_out) -> float:
    """Share of the pictures whose three digits are all recognized."""
    return float((found.labels == held_out.labels).double().mean())


class Looks:
    """A callback of `fit` that counts modes now and then, with the clock stopped."""

    def __init__(self, method: str, seed: int, steps: int, setting: dict):
        self.method, self.seed, self.setting = method, seed, setting
        self.rows: list[dict] = []
        self.due = {max(1, round(part * steps)) for part in PARTS}
        self.device = torch.device("cpu")
        self.began = report.clock(self.device)

    def __call__(self, run) -> None:
        """Count, if it is time."""
        if run.step not in self.due:
            return
        seconds = report.clock(self.device) - self.began
        found = metrics.stacked_report(run.task.sample(SAMPLES, seed=self.seed + 1000))
        self.rows.append(
            counted(self.method, self.seed, run.step, seconds, found, settings=self.setting)
        )
        self.began = report.clock(self.device) - seconds


@functools.cache
def pictures(seed: int) -> data.Dataset:
    """Stack the training pictures."""
    return data.load("stacked_mnist", image_size=32, seed=seed)


def train(method: str, seed: int, setting: dict, seconds: float, looked: bool = True) -> tuple:
    """Train one GAN for so much processor time; return it and the rows of the looks at it."""
    stacked, device = pictures(seed), torch.device("cpu")
    betas = (setting["beta1"], 0.9)
    options = {**METHODS[method], "lr": setting["lr"], "betas": betas}

    def run(steps: int, callbacks=()) -> GAN:
        torch.manual_seed(seed)
        gan = GAN.for_data(stacked, **options)
        fit(
            gan,
            stacked,
            steps,
            batch_size=BATCH,
            schedule="hold-cosine",
            seed=seed,
            precision="bf16" if has_bf16(device) else "fp32",
            device=device,
            callbacks=callbacks,
            progress=False,
        )
        return gan

    steps = report.steps_in(seconds, run, 24)
    looks = Looks(method, seed, steps, setting)
    return run(steps, [looks] if looked else []), looks.rows


def score(method: str, setting: dict, seed: int, seconds: float) -> float:
    """Return the KL divergence after a trial."""
    gan, _ = train(method, seed, setting, TRIAL * seconds, looked=False)
    return metrics.stacked_report(gan.sample(SAMPLES, seed=seed + 1000)).kl


def main() -> None:
    """Search, train, print the table and write the JSON file if asked."""
    options = report.options(
        __doc__,
        seeds=3,
        only={"nargs": "*", "choices": tuple(METHODS), "default": list(METHODS)},
        long={"nargs": "*", "choices": tuple(METHODS), "default": []},
    )
    torch.set_num_threads(1)
    old = {}
    if options.json and options.json.is_file():
        old = json.loads(options.json.read_text())
    rows, long = list(old.get("rows", [])), list(old.get("long", []))
    measure = "KL divergence after a quarter of the time, lower is better"
    search = equal.Search(
        "rows", measure, len(TRIED), seeds=[SEARCH_SEED], before=old.get("search", []),
        fixed={"real": "real pictures, and no model"},
    )  # fmt: skip
    shrink = 20 if options.quick else 1

    def keep() -> None:
        entries = [search.entry()]
        if long:
            why = "trained longer with the setting that was chosen for the table `rows`"
            names = {row["method"] for row in long}
            entries.append(
                {
                    "table": "long", "split": "validation", "measure": measure, "trials": 0,
                    "methods": {}, "fixed": dict.fromkeys(sorted(names), why),
                }
            )  # fmt: skip
        report.write("stacked", rows, options.json, search=entries, long=long)

    def show(found: list[dict]) -> None:
        for r in found:
            seed = "" if r["seed"] is None else r["seed"]
            print(
                f"{r['method']:18} {seed:4} {r['step']:6} {r['modes']:6} {r['kl']:6.3f} "
                f"{r['confidence']:11.3f} {r['seconds']:8.0f}",
                flush=True,
            )
        keep()

    def file_of(seed: int | None):
        if options.json and seed in PICTURES:
            return options.json.with_name(f"{options.json.stem}{PICTURES[seed]}.png")
        return None

    print("method             seed   step  modes     KL  confidence  seconds")
    if not any(row["method"] == "real" for row in rows):
        rows.append(real_row(file_of(None)))
        show(rows[-1:])
    for table, methods, seconds in ((rows, options.only, SECONDS), (long, options.long, LONG)):
        for method in methods:
            tries = functools.partial(score, method, seconds=SECONDS / shrink)
            setting = search.run(method, TRIED, tries, keep)
            for seed in options.seeds[: 1 if options.quick else None]:
                if any((row["method"], row["seed"]) == (method, seed) for row in table):
                    continue
                gan, found = train(method, seed, setting, seconds / shrink)
                table.extend(found)
                if table is rows and method == "default" and file_of(seed):
                    samples = gan.sample(36, seed=1000)
                    plots.save_image_grid(samples, file_of(seed), columns=12, scale=1)
                show(found)


if __name__ == "__main__":
    main()
