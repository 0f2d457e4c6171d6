"""Signs of samples and data: how they are spread, and over which classes and values."""

import torch
from torch import Tensor

from ...data import Mixture
from ..case import Case, Outcome
from .looks import fakes, reals

__all__ = ["diversity", "leading_variance", "modes", "outside_the_range", "rare_share"]


def diversity(outcome: Outcome) -> float:
    """Return the mean distance of two samples, as a share of that of two training samples."""
    fake, real = fakes(outcome), reals(outcome)
    return float(torch.pdist(fake.flatten(1)).mean() / torch.pdist(real.flatten(1)).mean())


def modes(outcome: Outcome) -> float:
    """Return the share of the mixture's modes in which a sample lies."""
    from ...metrics import mode_report

    found = mode_report(outcome.sample(2500, seed=1), density_of(outcome.case))
    return found.modes / len(found.counts)


def rare_share(outcome: Outcome, label: int = 0) -> float:
    """Return the share of the rare class (or mode) among the samples, over its share in the data.

    For mixtures a sample belongs to the nearest mode, for pictures to the class that the library's
    feature network names.
    """
    data = outcome.case.data
    expected = float((torch.as_tensor(data.labels) == label).double().mean())
    samples = outcome.sample(2500, seed=1)
    return float((_classes(outcome.case, samples) == label).double().mean()) / expected


def density_of(case: Case) -> Mixture:
    """Return the mixture that the data are drawn from."""
    density = case.held_out.density
    if density is None:
        raise ValueError(f"Modes are those of a mixture, and {case.data.name!r} is none.")
    return density


def _classes(case: Case, samples: Tensor) -> Tensor:
    from ...metrics import extract, network_for

    if case.images:
        found = extract(samples.clamp(-1, 1), network_for(case.held_out)).outputs
        if "class" not in found:
            raise ValueError(f"No network of the library knows the classes of {case.data.name!r}.")
        return found["class"].argmax(1)
    return torch.cdist(samples, density_of(case).means).argmin(1)


def outside_the_range(outcome: Outcome) -> float:
    """Return how far the data's range is from [-1, 1], the range of a tanh."""
    low, high = outcome.case.data[:].aminmax()
    return float(torch.stack([(low + 1).abs(), (high - 1).abs()]).max())


def leading_variance(outcome: Outcome, directions: int = 3) -> float:
    """Return the share of the variance in the leading directions (three), before the last tanh."""
    before = fakes(outcome).flatten(1).double().clamp(-1 + 1e-6, 1 - 1e-6).atanh()
    variances = torch.linalg.svdvals(before - before.mean(0)).square()
    return float(variances[:directions].sum() / variances.sum())
