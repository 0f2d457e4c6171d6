"""What `compare.py` and `floor.py` measure of pictures, and against which."""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from gan_tutorial import data, metrics

# Training pictures, held-out pictures of each split, processor seconds, and how many draws of
# samples a FID is the mean of: of 300 digits it varies by a quarter.
SIZES = {"digits": (1197, 300, 13.0, 50), "soccer": (4000, 1000, 40.0, 3)}
DRAWS, HALVES = 3, 10  # the slower measures are means over the first DRAWS sets of samples


class Judge:
    """Held-out pictures of one kind, and all that is measured against them."""

    def __init__(self, name: str):
        count, held_out, self.seconds, self.draws = SIZES[name]
        drawn = {"count": count} if name == "soccer" else {}
        self.train = data.load(name, **drawn)
        sets = [data.load(name, split, count=held_out) for split in ("validation", "test")]
        self.network = metrics.network_for(self.train)
        self.validation, self.test = (metrics.extract(s, self.network) for s in sets)
        self.pictures = sets[1][:]  # of the test split
        self.sharp = [metrics.sharpness(s[:]).value for s in sets]
        self.trained_on = metrics.extract(self.train, self.network)
        values = torch.cat([self.validation.values, self.test.values])
        self.name, self.count = name, held_out
        self.halves = [halves(values, self.test.extractor, seed) for seed in range(HALVES)]

    def score(self, sample: Callable[..., Tensor], seed: int) -> float:
        """Return the FID against the validation pictures: the mean over some draws."""
        draws = 20 if self.name == "digits" else 1
        fakes = metrics.extract(sample(draws * self.count, seed=2000 + seed), self.network)
        parts = (fakes[k * self.count : (k + 1) * self.count] for k in range(draws))
        return statistics.fmean(distance(self.validation, part) for part in parts)

    def compare(self, fake: metrics.Features) -> dict:
        """Measure one set of samples, given as features, against the test split."""
        manifold = metrics.manifold_report(self.test, fake)
        copied = metrics.memorization(self.trained_on, self.test, fake)
        return {
            "kid": metrics.kid(self.test, fake, subsets=20).value,
            "precision": manifold.precision,
            "recall": manifold.recall,
            "memorized": copied.closer,
            "copies": copied.copies,
        }

    def compare_all(self, draws: list[metrics.Features], halves: bool) -> dict:
        """Measure several sets of samples, and return means."""
        bare = [metrics.Features(draw.values, draw.extractor) for draw in draws]
        found = [self.compare(draw) for draw in draws[:DRAWS]]
        means = {
            "fid": statistics.fmean(distance(self.test, draw) for draw in bare),
            **{key: statistics.fmean(row[key] for row in found) for key in found[0]},
        }
        if halves:
            means["fid_halves"] = statistics.fmean(
                distance(self.halves[k % HALVES][0], bare[k % len(bare)])
                for k in range(max(HALVES, len(bare)))
            )
        return means

    def real(self) -> list[dict]:
        """Measure held-out pictures against each other, and training pictures, none twice."""
        fid = distance(self.test, self.validation)
        one_set = {"fid": fid, **self.compare(self.validation), "sharpness": self.sharp[0]}
        rows = [{"model": "real", "seed": -1, **one_set}]
        for seed, (one_half, other) in enumerate(self.halves):
            manifold = metrics.manifold_report(one_half, other)
            rows.append(
                {
                    "model": "real",
                    "seed": seed,
                    "fid_halves": distance(one_half, other),
                    "precision": manifold.precision,
                    "recall": manifold.recall,
                    "sharpness": statistics.fmean(self.sharp),
                }
            )
        return rows + self.new()

    def new(self) -> list[dict]:
        """Measure sets of training pictures, none twice: to the test split they are new."""
        rows = []
        for seed in range(DRAWS):
            random = torch.Generator().manual_seed(1000 + seed)
            draws = [self.trained_on[self.choose(random)] for _ in range(self.draws)]
            row = {"model": "new pictures", "seed": seed, **self.compare_all(draws, True)}
            del row["memorized"], row["copies"]  # all of them are, and it says nothing
            rows.append(row)
        return rows

    def choose(self, random: torch.Generator) -> Tensor:
        """Choose training pictures, none twice, as independently as a generator draws."""
        order = torch.randperm(len(self.train), generator=random)
        if self.name != "digits":
            return order[: self.count]
        # The split holds every class in proportion. What is left of it after some draws is not
        # chance: so first each picture's class, then a picture of that class.
        labels = self.train.labels
        drawn = labels[torch.randint(len(labels), (self.count,), generator=random)]
        counts = drawn.bincount(minlength=10).tolist()
        return torch.cat([order[labels[order] == k][:n] for k, n in enumerate(counts)])

    def judge(self, sample: Callable[..., Tensor], seed: int, halves: bool = False) -> dict:
        """Draw samples several times, measure each draw, and return the means.

        With `halves` also against ten random halves of all held-out pictures.
        """
        began = time.process_time()
        drawn = sample(self.draws * self.count, seed=1000 + seed)
        sample_s = (time.process_time() - began) / len(drawn) * 1000
        fakes = metrics.extract(drawn, self.network)
        parts = [fakes[k * self.count : (k + 1) * self.count] for k in range(self.draws)]
        return {
            **self.compare_all(parts, halves),
            "sharpness": metrics.sharpness(drawn).value,
            "sample_s": sample_s,
        }


def halves(values: Tensor, extractor: str, seed: int) -> list[metrics.Features]:
    """Split features at random into two halves."""
    order = torch.randperm(len(values), generator=torch.Generator().manual_seed(seed))
    return [metrics.Features(half, extractor) for half in values[order].chunk(2)]


def distance(one: metrics.Features, other: metrics.Features) -> float:
    """Return the Frechet distance of two sets of features."""
    return metrics.fid(one, other, spread=False).value
