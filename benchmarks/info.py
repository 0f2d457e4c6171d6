"""Do the codes of an InfoGAN find the classes of digits, and the factors of footballs?

    python benchmarks/info.py [--quick] [--json FILE] [--data digits soccer] [--seeds 0 1 2]
                              [--seconds 12]

On digits ten categories are guessed for held-out pictures; after the best one-to-one assignment of
categories to classes, their share that is right is the accuracy. k-means with ten clusters on
pixels and a GAN whose codes are noise (information 0, guesses learned all the same) are rivals. On
plain footballs four numbers are learned: row `r2` says for each of the renderer's factors how much
of its variance a straight line through the best single code explains, on pictures on which it was
not fitted; the rival is the best of four principal components.

Settings of a method are chosen by the same measure on validation pictures (labels and factors are
used for that choice, and only for it); k-means has its best of as many starts by its own error.
All trainings take the same processor time, by a trial. Rows are written as they are measured.
"""

import json
import time

import equal
import report
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from gan_tutorial import data, fit
from gan_tutorial.gan import InfoGAN

SETTINGS = [{"lr": 1e-3, "beta1": 0.0}, {"lr": 2e-3, "beta1": 0.0}, {"lr": 2e-3, "beta1": 0.5}]
METHODS = {"InfoGAN": 1.0, "codes without information": 0.0}
CODES = {
    "digits": {"categories": 10, "continuous": 2},
    "soccer": {"categories": 0, "continuous": 4},
}
TRIAL = 200


def accuracy(labels: torch.Tensor, found: torch.Tensor) -> float:
    """Return the share that is right after the best assignment of categories to classes."""
    table = torch.zeros(10, 10).index_put((labels, found), torch.ones(len(labels)), accumulate=True)
    rows, columns = linear_sum_assignment(-table.numpy())
    return float(table[rows, columns].sum() / len(labels))


def named(factors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the factors that are numbers, each by a name."""
    return {
        "left to right": factors["center"][:, 0],
        "top to bottom": factors["center"][:, 1],
        "radius": factors["radius"],
        "light from the side": factors["light"][:, 0],
        "red of the ground": factors["ground"][:, 0],
        "green of the ground": factors["ground"][:, 1],
    }


def explained(fitted_on, measured_on) -> dict[str, float]:
    """R2 of each factor by a line through the best code; each argument is (codes, factors)."""
    (codes, truth), (others, held) = fitted_on, measured_on
    found = {}
    for name, y in truth.items():
        x = codes - codes.mean(0)
        slopes = (x * (y - y.mean())[:, None]).sum(0) / x.square().sum(0).clamp(min=1e-12)
        left = [(y - y.mean() - s * x[:, k]).square().mean().item() for k, s in enumerate(slopes)]
        k = min(range(len(left)), key=left.__getitem__)
        guess = y.mean() + slopes[k] * (others[:, k] - codes[:, k].mean())
        rest = (held[name] - guess).square().mean() / held[name].var(correction=0)
        found[name] = 1 - float(rest)
    return found


class Part:
    """One kind of data: its pictures, and what a guess of codes is worth."""

    def __init__(self, name: str, quick: bool):
        self.name = name
        if name == "digits":
            splits = {s: data.load("digits", s) for s in ("train", "validation", "test")}
            self.training = splits["train"]
            self.pictures = {s: each[:] for s, each in splits.items()}
            self.truth = {s: each.labels for s, each in splits.items()}
        else:
            self.pictures, self.truth = {}, {}
            for stream, s in enumerate(("train", "validation", "test")):
                count = 200 if quick else (4000 if s == "train" else 1000)
                made, factors = data.soccer(count, 16, "plain", seed=7, stream=stream)
                self.pictures[s], self.truth[s] = made, named(factors)
            self.training = self.pictures["train"]

    def measured(self, guess, split: str) -> dict:
        """Return what a function from pictures to codes, (labels, numbers), is worth."""
        labels, numbers = guess(self.pictures[split])
        if self.name == "digits":
            return {"accuracy": accuracy(self.truth[split], labels)}
        _, before = guess(self.pictures["train"])
        r2 = explained((before, self.truth["train"]), (numbers, self.truth[split]))
        return {"r2": r2, "mean_r2": sum(r2.values()) / len(r2)}


class Benchmark:
    def __init__(self, options):
        self.options = options
        there = options.json and options.json.is_file()
        old = json.loads(options.json.read_text()) if there else {}
        self.rows, self.steps = old.get("rows", []), old.get("steps", {})
        self.searches = {
            name: equal.Search(
                "rows", f"{what} on validation pictures, higher is better", len(SETTINGS),
                seeds=(TRIAL,), where={"data": name}, before=old.get("search", ()),
                fixed={rival: "has no setting"},
            )
            for name, what, rival in (
                ("digits", "accuracy", "k-means on pixels"),
                ("soccer", "mean R2 of the factors", "principal components"),
            )
        }  # fmt: skip

    def write(self, row: dict | None = None) -> None:
        if row is not None:
            self.rows.append(row)
            print(row, flush=True)
        entries = [search.entry() for search in self.searches.values() if search.tried]
        report.write("info", self.rows, self.options.json, steps=self.steps, search=entries)

    def has(self, part: Part, method: str, seed: int) -> bool:
        wanted = (part.name, method, seed)
        return any((r["data"], r["method"], r["seed"]) == wanted for r in self.rows)

    def task(self, part: Part, method: str, setting: dict, seed: int, steps: int) -> InfoGAN:
        torch.manual_seed(seed)
        task = InfoGAN.for_data(
            part.training, **CODES[part.name], information=METHODS[method],
            **({"width": 12} if part.name == "soccer" else {}),
            lr=setting["lr"], betas=(setting["beta1"], 0.9),
        )  # fmt: skip
        fit(task, part.training, steps, seed=seed, device="cpu", progress=False)
        return task

    def run(self, part: Part, seeds: list[int]) -> None:
        if part.name not in self.steps:
            few = 5 if self.options.quick else 30
            seconds = 0.5 if self.options.quick else self.options.seconds
            self.task(part, "InfoGAN", SETTINGS[0], 0, few)
            began = time.process_time()
            self.task(part, "InfoGAN", SETTINGS[0], 0, 3 * few)
            self.steps[part.name] = round(3 * few * seconds / (time.process_time() - began))
        steps, measure = self.steps[part.name], "accuracy" if part.name == "digits" else "mean_r2"
        for method in METHODS:
            chosen = self.searches[part.name].run(
                method, SETTINGS,
                lambda s, seed, method=method: part.measured(
                    self.task(part, method, s, seed, steps).guess, "validation"
                )[measure],
                self.write,
            )  # fmt: skip
            for seed in seeds:
                if not self.has(part, method, seed):
                    began = time.process_time()
                    task = self.task(part, method, chosen, seed, steps)
                    about = {"data": part.name, "method": method, "seed": seed}
                    seconds = round(time.process_time() - began, 1)
                    found = part.measured(task.guess, "test")
                    self.write({**about, **found, "seconds": seconds, "settings": chosen})
        self.rivals(part, seeds)

    def rivals(self, part: Part, seeds: list[int]) -> None:
        training = part.pictures["train"].flatten(1)
        for seed in seeds:
            if part.name == "digits":
                means = KMeans(10, n_init=len(SETTINGS), random_state=seed).fit(training.numpy())

                def guess(x, means=means):
                    return torch.from_numpy(means.predict(x.flatten(1).numpy())).long(), x[:, :0]

                name = "k-means on pixels"
            else:
                parts = PCA(4, random_state=seed).fit(training.numpy())

                def guess(x, parts=parts):
                    return None, torch.from_numpy(parts.transform(x.flatten(1).numpy()))

                name = "principal components"
            if not self.has(part, name, seed):
                found = part.measured(guess, "test")
                self.write({"data": part.name, "method": name, "seed": seed, **found})


def main() -> None:
    options = report.options(
        __doc__, data=CODES, seeds=3,
        seconds={"type": float, "default": 12.0, "help": "processor seconds of each training"},
    )  # fmt: skip
    torch.set_num_threads(1)
    benchmark = Benchmark(options)
    for name in options.data:
        benchmark.run(
            Part(name, options.quick), options.seeds[:1] if options.quick else options.seeds
        )


if __name__ == "__main__":
    main()
