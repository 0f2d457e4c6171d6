"""Which advice improves a GAN? Each piece alone, at equal compute and after an equal search.

    python benchmarks/advice.py [--quick] [--json FILE] [--data digits footballs] [--minutes M]

``digits``: scikit-learn's 8x8 digits, fully connected networks. ``footballs``: 4,000 balls of 32x32
pixels that the library draws, convolutional networks. Two starting points: ``plain``, the
non-saturating game with Adam, a constant rate and the latest weights, and ``modern``, the
library's recipe (relativistic loss, R1 and R2, rate held and then lowered, average of the
weights). Every variant changes one thing in one of them (`improving/advised.py`).

Equal search (`equal.py`): every variant, the starting points too, tries six settings, its learning
rate and beta1 (or momentum) among them, with a seed that no row has; the best FID on the
validation split is taken. Variants that only sample otherwise from the same training (with or
without the average of the weights) search by themselves on those trainings.

Equal compute: every training gets the processor time of `BUDGET` steps of the plain GAN, about 30
seconds of one core of the machine named in the result. What a step costs is timed once for each
variant, in short turns with the plain GAN, so that whatever else the machine does disturbs both;
the fastest turns count, and all trainings of a variant take the same number of steps.

Reported is the *test* split: FID, precision and recall in the features of the library's own
networks, means over three draws of as many samples. `memorized` is the probability that a sample is
nearer to the training set than a test picture is, `gap` the mean logit of training pictures minus
that of validation pictures, in standard deviations of the latter.

An earlier version of this table, with two seconds a training and without a search of most rates,
was looked at on the test split of the digits before this one was made.

A file that exists is added to: what it holds, costs, trials and rows, is not done again.
"""

import json
import math
import time
from collections.abc import Callable

import report
import torch
from equal import Search
from improving.advised import TRIALS, VARIANTS, WHERE, Variant, drawn, train
from improving.judging import Judge
from improving.parts import part_of

from gan_tutorial import GAN, data
from gan_tutorial.training import NonFiniteError

BUDGET = {"digits": 5_500, "footballs": 750}  # steps of the plain GAN
SEARCH_SEED = 100
SEEDS = {"start": range(5)}  # five for the two starting points, three for the rest
MEASURE = "FID on the validation split, lower is better"


class Trainings:
    """All trainings on one data set; variants that share a run are measured on the same one."""

    def __init__(self, where: str, quick: bool, costs: dict[str, float]):
        self.where, self.costs = where, costs
        if where == "digits":
            splits = [data.load("digits", split) for split in ("train", "validation", "test")]
        else:
            splits = [data.load("soccer", count=4000)]
            splits += [data.load("soccer", split, count=1000) for split in ("validation", "test")]
        self.samples, validation, test = splits
        self.judge = Judge(self.samples, validation, test)
        self.budget = BUDGET[where] // (200 if quick else 1)
        self.variants = [v for v in VARIANTS if where in v.where]
        self.plain = next(v for v in self.variants if v.key == "plain: plain GAN")
        self.shared = {self.source(v).key for v in self.variants if v.same_run}
        self.kept: dict[str, tuple[GAN, data.Dataset, float]] = {}  # trainings of those

    def steps(self, variant: Variant) -> int:
        """Return for how many steps the time of the budget lasts."""
        key = f"{self.where}, {self.source(variant).key}"
        if key not in self.costs:
            self.costs[key] = self._timed(self.source(variant))
        return max(1, round(self.budget / self.costs[key]))

    def source(self, variant: Variant) -> Variant:
        """Return the variant whose trainings this one samples from."""
        if variant.same_run is None:
            return variant
        return next(
            v for v in self.variants if (v.base, v.name) == (variant.base, variant.same_run)
        )

    def _timed(self, variant: Variant, pairs: int = 8, few: int = 12) -> float:
        if variant is self.plain:
            return 1.0
        best: dict[str, float] = {}
        for _ in range(pairs):
            for each in (self.plain, variant):
                began = time.process_time()
                train(each, each.settings[0], self.samples, 0, few)
                took = time.process_time() - began
                best[each.key] = min(took, best.get(each.key, took))
        return best[variant.key] / best[self.plain.key]

    def run(self, variant: Variant, setting: dict, seed: int) -> tuple[GAN, data.Dataset, float]:
        """Train; return the task, what it was trained on and the processor seconds it took."""
        source = self.source(variant)
        name = json.dumps([source.key, setting, seed])
        if name in self.kept:
            return self.kept[name]
        steps, samples = self.steps(variant), part_of(self.samples, variant.count, seed)
        began = time.process_time()
        gan = train(source, setting, samples, seed, steps)
        made = gan, samples, time.process_time() - began
        if source.key in self.shared:
            self.kept[name] = made
        return made

    def measured(
        self, variant: Variant, gan: GAN, samples: data.Dataset, seed: int
    ) -> dict[str, float]:
        """Return what is measured on samples of a trained task."""
        found = self.judge.measure(lambda count: drawn(gan, variant, count, seed), samples)
        return {**found, "gap": self.judge.gap(gan, samples)}


def main() -> None:
    """Search for the settings of every variant, then run them."""
    minutes = {"type": float, "default": 1e9, "help": "stop at the next save after these"}
    options = report.options(__doc__, data=WHERE, minutes=minutes)
    until = time.monotonic() + 60 * options.minutes
    stored = options.json and options.json.exists()
    before = json.loads(options.json.read_text()) if stored else {}
    rows, costs = before.get("rows", []), before.get("costs", {})
    searches: dict[str, Search] = {
        where: Search(
            "rows", MEASURE, TRIALS, seeds=[SEARCH_SEED], where={"data": where},
            before=before.get("search", []),
        )
        for where in WHERE
    }  # fmt: skip

    def save() -> None:
        entries = [search.entry() for search in searches.values() if search.tried]
        report.write("advice", rows, options.json, search=entries, costs=costs)
        if time.monotonic() > until:
            raise SystemExit("The time that was given is over; the file goes on where it stopped.")

    for where in options.data:
        trainings = Trainings(where, options.quick, costs)
        chosen = choose(trainings, searches[where], save)
        report_rows(trainings, chosen, rows, save)


def choose(trainings: Trainings, search: Search, save: Callable[[], None]) -> dict[str, dict]:
    """Let every variant try its settings; return the one that each of them takes."""
    chosen = {}
    for variant in trainings.variants:

        def score(setting: dict, seed: int, variant: Variant = variant) -> float:
            try:
                gan, samples, seconds = trainings.run(variant, setting, seed)
                value = trainings.measured(variant, gan, samples, seed)["fid_validation"]
            except NonFiniteError:
                value, seconds = math.nan, math.nan
            print(
                f"{trainings.where:10} {variant.key:36} {value:8.2f} {seconds:6.1f} s  {setting}",
                flush=True,
            )
            return value

        chosen[variant.key] = search.run(variant.key, variant.settings, score, save)
    return chosen


def report_rows(
    trainings: Trainings, chosen: dict[str, dict], rows: list[dict], save: Callable[[], None]
) -> None:
    """Train every variant with its setting and several seeds, seed by seed."""
    where = trainings.where
    done = {(row["data"], row["variant"], row["seed"]) for row in rows}
    for seed in range(5):
        for variant in trainings.variants:
            if seed not in SEEDS.get(trainings.source(variant).topic, range(3)):
                continue
            if (where, variant.key, seed) in done:
                continue
            setting = chosen[variant.key]
            row = {
                "data": where, "variant": variant.key, "base": variant.base,
                "topic": variant.topic, "name": variant.name, "seed": seed,
                "steps": trainings.steps(variant), "settings": setting,
            }  # fmt: skip
            try:
                gan, samples, seconds = trainings.run(variant, setting, seed)
                row |= {"seconds": seconds, **trainings.measured(variant, gan, samples, seed)}
            except NonFiniteError:
                row["diverged"] = True
            rows.append(row)
            fid = row.get("fid", math.nan)
            print(f"{where:10} {variant.key:36} seed {seed}  FID {fid:8.2f}", flush=True)
            save()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
