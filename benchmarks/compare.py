"""Which generator makes the best pictures, in what sense, from the same data in the same time?

    python benchmarks/compare.py [--data NAME ...] [--seeds N ...] [--only METHOD ...] [--quick]
                                 [--json FILE]

Everything in chapter 6 that can make a picture, on scikit-learn's digits and on footballs of 32x32
pixels: classical samplers, an autoencoder and a VAE with a mixture of Gaussians on their codes, a
VAE with two likelihoods, a VAE-GAN, a plain GAN and the book's GAN. All trained models of a data
set have the same generator (or decoder) but for the length of its code, and the same processor time
for training, on one thread: 13 seconds for digits, 40 for footballs. The learning rate is held for
half of it and then falls to 0 along a cosine.

First the search: for each method the settings of `compare_search.py`, equally many for every
method, each trained once for two fifths of the time with a seed of its own, and scored by its FID
against the validation split. Two methods that differ in how they sample only share their trainings,
and choose each for itself. Then three seeds of what was chosen, for all of the time, measured
against the test split, with equal numbers of samples and pictures, in the features of the library's
own networks. The FID is a mean over fifty draws of digits, or three of footballs, the other values
over three. `memorized` is the probability that a sample is nearer to the training set than a held-
out picture is, in features (0.5 is fair); `copies` the share nearer than 99% of these.

The table `references` holds real pictures, which are no model:

- ``real``: with seed -1 the validation split against the test split, both of which hold every class
  of digits in proportion; with other seeds one random half against the other (`fid_halves`);
- ``new pictures``: training pictures, none twice, which to the test split are new ones;
- ``copies``: training pictures drawn one by one, some of them twice; ``shifted copies`` moved by a
  pixel.

The table `first` holds an earlier run of this comparison, with the recipes' settings, unequally
searched: the hypotheses of chapter 6 were first judged by it. Its rows of
"VAE + mixture" were added later, by the same measures and with the VAE's recipe as it stands; they
were trained beside other programs, which makes a second of the processor worth less; seed 1 of
footballs had 28 seconds, and seed 2 is missing.

A file that exists is added to: what it holds, trials and rows, is not run again. Beside it stands a
picture of footballs, one row of samples for each method.
"""

import argparse
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import report
import torch
from compare_judge import SIZES, Judge
from compare_models import METHODS, REFERENCES, Settings
from compare_search import CLOSED, FIXED, TRIALS, TRIES
from PIL import Image
from torch import Tensor

TRIAL = 0.4  # share of the time that a trial takes
SEARCH_SEED = 100  # used nowhere else
SHOWN = ("real", "Gaussian mixture", "AE + mixture", "VAE", "VAE + mixture", "GAN, regularized")
PER_ROW = 12


def unsearched() -> list[dict]:
    """Return the entries of the tables that choose nothing, with the reason for each row."""
    about = {"split": "validation", "measure": "FID, lower is better", "trials": 0, "methods": {}}
    real = dict.fromkeys(("real", "new pictures", *REFERENCES), "real pictures, and no model")
    why = "an earlier run without an equal search: kept because hypotheses were first judged by it"
    others = ("AE + N(0, I)", "AE + Gaussian", "VAE with pixel noise")
    earlier = dict.fromkeys((*METHODS, *others), why)
    tables = {"references": real, "first": earlier}
    return [{"table": name, **about, "fixed": fixed} for name, fixed in tables.items()]


class Result:
    """What was found so far, and the file that holds it."""

    def __init__(self, path: Path | None):
        self.path = path
        kept = json.loads(path.read_text()) if path and path.is_file() else {}
        self.search: list[dict] = kept.get("search", unsearched())
        tables = (*SIZES, "references", "first")
        self.tables: dict[str, list[dict]] = {name: kept.get(name, []) for name in tables}

    def write(self) -> None:
        """Replace the file in one go, so that a run that is stopped leaves a whole one."""
        if self.path:
            about = {"name": "compare", "machine": report.machine(), "search": self.search}
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps({**about, **self.tables}, indent=1) + "\n")
            os.replace(part, self.path)

    def trials(self, table: str, method: str) -> dict[str, Any]:
        """Return the entry of a method in the search of a table, made if it is not there."""
        entry = next((one for one in self.search if one["table"] == table), None)
        if entry is None:
            entry = {
                "table": table, "split": "validation", "measure": "FID, lower is better",
                "trials": TRIALS, "methods": {}, "fixed": FIXED, "closed": CLOSED,
            }  # fmt: skip
            self.search.append(entry)
        return entry["methods"].setdefault(method, {"tried": [], "chosen": None})

    def has(self, table: str, **about: object) -> bool:
        return any(about.items() <= row.items() for row in self.tables[table])

    def add(self, table: str, row: dict) -> None:
        """Take up a row in the place of that of the same model and seed, print and keep it."""

        def key(row: dict) -> tuple:
            return row.get("data"), row["model"], row["seed"]

        kept = [old for old in self.tables[table] if key(old) != key(row)]
        self.tables[table] = [*kept, row]
        columns = ("fid", "kid", "precision", "recall", "sharpness", "memorized", "train_s")
        numbers = "".join(f"{row.get(c, float('nan')):10.3f}" for c in columns)
        print(f"{table:11}{row['model']:20}{row['seed']:4}{numbers}", flush=True)
        self.write()

    def show(self, model: str, pictures: Tensor) -> None:
        """Put a row of footballs into the picture beside the file."""
        if not self.path or model not in SHOWN:
            return
        place, size = self.path.with_suffix(".png"), pictures.shape[-1]
        sheet = np.full((len(SHOWN) * size, PER_ROW * size, 3), 255, np.uint8)
        if place.is_file():
            sheet = np.array(Image.open(place))
        row = pictures[:PER_ROW].permute(2, 0, 3, 1).reshape(size, -1, 3)  # side by side
        top = SHOWN.index(model) * size
        sheet[top : top + size] = ((row + 1) * 127.5).round().clamp(0, 255).byte().numpy()
        Image.fromarray(sheet).save(place, optimize=True)


class Race:
    """The search and the comparison on one kind of data."""

    def __init__(self, name: str, result: Result, quick: bool):
        self.name, self.result, self.judge = name, result, Judge(name)
        self.seconds = self.judge.seconds / (20 if quick else 1)
        self.models: dict[tuple, Any] = {}  # the latest trainings, for methods that share them

    def trained(self, method: str, settings: Settings, seconds: float, seed: int) -> Any:
        """Train, or take up what another method has just trained in the same way."""
        how = METHODS[method]
        seen = how.training(settings)
        key = (id(how.train), seconds, seed, repr(seen))
        if key not in self.models:
            self.models[key] = how.train(self.judge.train, seconds, seed, seen)
        return self.models[key]

    def sampler(self, method: str, settings: Settings, seconds: float, seed: int) -> Any:
        """Return what samples from a trained method, and the seconds that both took."""
        model, took = self.trained(method, settings, seconds, seed)
        began = time.process_time()
        sample = METHODS[method].sampler(model, self.judge.train, settings, seed)
        return sample, took + time.process_time() - began

    def choose(self, method: str) -> Settings:
        """Try what was not tried yet, and return the settings of the best score."""
        entry = self.result.trials(self.name, method)
        for settings in TRIES[self.name][method]:
            if any(done["settings"] == settings for done in entry["tried"]):
                continue
            sample, _ = self.sampler(method, settings, TRIAL * self.seconds, SEARCH_SEED)
            score = self.judge.score(sample, SEARCH_SEED)
            entry["tried"].append({"settings": settings, "score": score, "seeds": [SEARCH_SEED]})
            print(f"{self.name:11}{method:20}{score:10.3f}  {settings}", flush=True)
            self.result.write()
        entry["chosen"] = min(entry["tried"], key=lambda done: done["score"])["settings"]
        self.result.write()
        return entry["chosen"]

    def run(self, method: str, seeds: list[int]) -> None:
        """Train what was chosen from each seed, and measure it against the test split."""
        settings = {} if method in FIXED else self.choose(method)
        for seed in seeds:
            about = {"model": method, "seed": seed, "settings": settings}
            if not self.result.has(self.name, **about):
                sample, took = self.sampler(method, settings, self.seconds, seed)
                if self.name == "soccer" and seed == 0:
                    self.result.show(method, sample(PER_ROW, seed=1000))
                found = self.judge.judge(sample, seed)
                self.result.add(self.name, {**about, **found, "train_s": took})

    def references(self, seeds: list[int]) -> None:
        """Measure real pictures and copies of them."""
        if self.result.has("references", data=self.name):
            return
        for row in self.judge.real():
            self.result.add("references", {"data": self.name, **row})
        for (name, how), seed in itertools.product(REFERENCES.items(), seeds):
            model, took = how.train(self.judge.train, 0.0, seed, {})
            row = {"data": self.name, "model": name, "seed": seed, "train_s": took}
            self.result.add("references", {**row, **self.judge.judge(model.sample, seed)})


def main() -> None:
    """Search, train and measure what was asked for and is not there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the training time")
    parser.add_argument("--json", type=Path, help="write the result to this file, or add to it")
    parser.add_argument("--data", nargs="+", choices=tuple(SIZES), default=list(SIZES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=("references", *METHODS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = Result(options.json)
    for name in options.data:
        race = Race(name, result, options.quick)
        if not options.only or "references" in options.only:
            race.references(options.seeds)
        if name == "soccer":
            result.show("real", race.judge.pictures)
        for method in METHODS:
            known = method in FIXED or method in TRIES[name]
            if known and (not options.only or method in options.only):
                race.run(method, options.seeds)
    result.write()


if __name__ == "__main__":
    main()
