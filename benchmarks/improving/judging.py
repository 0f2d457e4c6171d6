"""Measure a trained variant on pictures that it has not seen."""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor

from gan_tutorial import GAN, data, metrics

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
