"""Measure a trained variant, and keep the rows."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import report
import torch
from torch import Tensor

from gan_tutorial import GAN, data, metrics

from .training import cost, part_of, run
from .variants import BASES, SHARED, VARIANTS, Change

DRAWS = 3


class Judge:
    """Held-out pictures of one kind, and what is measured against them."""

    def __init__(self, train: data.Dataset, validation: data.Dataset, test: data.Dataset):
        self.network = metrics.network_for(train)
        self.held = validation
        self.validation, self.test = (
            metrics.extract(split, self.network) for split in (validation, test)
        )

    def measure(
        self, sample: Callable[[int], Tensor], trained_on: data.Dataset, draws: int = DRAWS
    ) -> dict:
        """Draw samples several times and return means of what is measured."""
        count = min(len(self.test), len(self.validation))
        fakes = metrics.extract(sample(draws * count), self.network)
        seen = metrics.extract(trained_on, self.network)
        found = []
        for k in range(draws):
            part = fakes[k * count : (k + 1) * count]
            manifold = metrics.manifold_report(self.test, part, spread=False)
            found.append(
                {
                    "fid": metrics.fid(self.test, part, spread=False).value,
                    "fid_validation": metrics.fid(self.validation, part, spread=False).value,
                    "precision": manifold.precision,
                    "recall": manifold.recall,
                    "memorized": metrics.memorization(seen, self.test, part).closer,
                }
            )
        return {key: statistics.fmean(row[key] for row in found) for key in found[0]}

    @torch.no_grad()
    def gap(self, gan: GAN, trained_on: data.Dataset) -> float:
        """Mean logit of training pictures minus that of others, in standard deviations."""
        seen, unseen = (gan.discriminator(s.random_subset(100)[:]) for s in (trained_on, self.held))
        return ((seen.mean() - unseen.mean()) / unseen.std()).item()


class Rows:
    """The rows of a file, to which new ones are added and written at once."""

    def __init__(self, name: str, path: Path | None, minutes: float):
        self.name, self.path = name, path
        self.rows = json.loads(path.read_text())["rows"] if path and path.is_file() else []
        self.until = time.monotonic() + 60 * minutes

    def find(self, **wanted: object) -> list[dict]:
        """Return the rows with these values."""
        return [r for r in self.rows if all(r.get(k) == v for k, v in wanted.items())]

    def add(self, **row: object) -> None:
        """Keep a row and print it."""
        self.rows.append(row)
        print(
            f"{row['data']:9}{row['base']:7} {row['variant']:34} {row['seed']:4} "
            f"{row['steps']:6} {row['seconds']:5.1f} s  FID {row['fid']:7.2f} "
            f"({row['fid_validation']:.2f})  {row['precision']:.2f} {row['recall']:.2f}",
            flush=True,
        )
        report.write(self.name, self.rows, self.path)

    def late(self) -> bool:
        """Say whether the time that was given is over."""
        return time.monotonic() > self.until


def digits_run(
    rows: Rows,
    judge: Judge,
    samples: data.Dataset,
    base: str,
    topic: str,
    name: str,
    change: Change,
    seed: int,
    budget: float,
    **more: object,
) -> None:
    """Train and measure one variant with one seed, and those that share its run."""
    trained_on = part_of(samples, change.count, seed)
    steps = max(1, round(budget / cost(samples, base, change)))
    began = time.process_time()
    gan = run(trained_on, base, change, seed, steps)
    took = time.process_time() - began
    gap = judge.gap(gan, trained_on)

    def add(base: str, topic: str, name: str, change: Change) -> None:
        averaged = change.averaged
        if averaged is None:
            averaged = BASES["plain" if base == "plain" else "modern"][2]
        torch.manual_seed(seed)  # for noise within the generator
        found = judge.measure(
            lambda count: gan.sample(count, seed=1000 + seed, averaged=averaged), trained_on
        )
        row = {"data": "digits", "base": base, "topic": topic, "variant": name, "seed": seed}
        rows.add(**row, **more, steps=steps, seconds=took, **found, gap=gap)

    add(base, topic, name, change)
    for (other_base, other), source in SHARED.items():
        if source == (base, name) and not more:
            for (other_topic, n), other_change in VARIANTS[other_base].items():
                if n == other:
                    add(other_base, other_topic, n, other_change)
