"""Whether a generator makes the classes that it is asked for, and how well it makes each.

Three questions, for every class:

- *Is it the class?* A classifier that was trained on real samples, and that the training of the
  GAN never saw, names the generated ones. Copies of one sample would pass.
- *Is it the whole class?* A classifier is trained on generated samples alone, and names real ones
  that nobody saw (Ravuri and Vinyals 2019; "GAN-train" of Shmelkov et al. 2018). It fails where
  classes are mixed up, and where variety is missing.
- *Is it like the class?* KID against held-out samples of the class alone.

Each stands beside what real training samples have in place of the generated ones.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..data.ranges import check_count
from ..metrics import Features, extract, kid
from ..models import latent_codes, sample_generator
from ..semi_supervised import Classifier, classifier_body
from ..training import fit

__all__ = ["FEWEST", "ClassRow", "ConditionalReport", "conditional_report"]

FEWEST = 20  # held-out samples of a class, below which KID says nothing of it
SEED = 2**31  # added to the seed for codes, so that they are not those of other commands' samples


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """What `conditional_report` found of one class, or of all of them together.

    Attributes
    ----------
    name : str
    held_out : int
        Real samples that nobody was trained on.
    recognized, real_recognized : float
        Share of the generated samples, and of the held-out ones, that a classifier trained on
        real samples takes for this class.
        NaN if there are none.
    taught : float
        Share of the held-out samples that a classifier takes for this class if it was trained on
        generated samples. Of one trained on as many real ones, it is `real_recognized`.
    kid, kid_spread, floor, floor_spread : float or None
        KID of the generated and of training samples of this class against the held-out ones;
        None below `FEWEST` of them.
    """

    name: str
    held_out: int
    recognized: float
    real_recognized: float
    taught: float
    kid: float | None = None
    kid_spread: float | None = None
    floor: float | None = None
    floor_spread: float | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionalReport:
    """What `conditional_report` found.

    Attributes
    ----------
    rows : tuple of ClassRow
        One a class.
    whole : ClassRow
        All held-out samples, and generated ones in the classes' shares among those for training;
        its KID is the mean over classes that have one.
    extractor : str
        What KID was measured on.
    """

    rows: tuple[ClassRow, ...]
    whole: ClassRow
    extractor: str

    def __str__(self) -> str:
        width = max(5, *(len(row.name) for row in self.rows)) + 1
        head = f"{'class':<{width}} recognized (real)  taught   KID (floor)          held out"
        lines = [head]
        for row in (*self.rows, self.whole):
            shares = f"{_share(row.recognized)} ({_share(row.real_recognized)})"
            distance = "" if row.kid is None else f"{row.kid:.4f} ({row.floor:.4f})"
            lines.append(
                f"{row.name:<{width}} {shares:<18} {_share(row.taught):<8} {distance:<20} "
                f"{row.held_out:,}"
            )
        return "\n".join(lines)


def conditional_report(
    train: Dataset,
    held_out: Dataset,
    generator: nn.Module,
    network: nn.Module | None = None,
    *,
    steps: int = 1500,
    seed: int = 0,
) -> ConditionalReport:
    """Measure how well a conditional generator makes each of its classes.

    As many samples are generated as there are for training, in the same classes.

    Parameters
    ----------
    train, held_out : Dataset
        What the generator was trained on, and real samples that it never saw, with labels for
        the generator's classes.
    generator : nn.Module
        A `ConditionalGenerator`.
    network : nn.Module, optional
        What maps samples to the features of KID; without one, the numbers themselves are
        compared.
    steps : int
        How long each of the two classifiers is trained, at least 1.
    seed : int
        Decides the samples and the classifiers.

    Returns
    -------
    ConditionalReport

    Raises
    ------
    ValueError
        If the data have no labels, or those of other classes than the generator's.
    """
    check_count("steps", steps)
    model: Any = generator
    for data in (train, held_out):
        _check_classes(data, model.classes)
    assert train.labels is not None
    assert held_out.labels is not None
    labels, truth = train.labels.cpu(), held_out.labels.cpu()
    codes = latent_codes(len(train), model.latent_dim, seed + SEED)
    made = Dataset(
        train.name,
        sample_generator(generator, codes, labels=labels),
        labels=labels,
        classes=model.classes,
    )
    on_real, on_made = (_classifier(each, steps, seed) for each in (train, made))
    named = {
        "recognized": (on_real.predict(made) == labels, labels),
        "real_recognized": (on_real.predict(held_out) == truth, truth),
        "taught": (on_made.predict(held_out) == truth, truth),
    }
    found = [
        {name: _mean(right[of == k]) for name, (right, of) in named.items()}
        for k in range(len(model.classes))
    ]
    features = [_features(each, network) for each in (held_out, made, train)]
    distances = [
        _distances(features, truth == k, labels == k, seed) for k in range(len(model.classes))
    ]
    rows = tuple(
        ClassRow(
            name=name,
            held_out=int((truth == k).sum()),
            **found[k],
            **distances[k],
        )
        for k, name in enumerate(model.classes)
    )
    measured = [each for each in distances if each]
    whole = ClassRow(
        name="all",
        held_out=len(truth),
        **{name: _mean(right) for name, (right, _) in named.items()},
        **{
            name: sum(each[name] for each in measured) / len(measured)
            for name in ("kid", "floor")
            if measured
        },
    )
    return ConditionalReport(rows=rows, whole=whole, extractor=features[0].extractor)


def _check_classes(data: Dataset, classes: tuple[str, ...]) -> None:
    if data.labels is None:
        raise ValueError(f"{data.name} has no labels: classes cannot be measured one by one.")
    if data.classes and tuple(data.classes) != classes:
        raise ValueError(
            f"{data.name} has the classes {', '.join(data.classes)}, and the generator makes "
            f"{', '.join(classes)}: give the data it was trained on."
        )


def _classifier(samples: Dataset, steps: int, seed: int) -> Classifier:
    """Train a classifier on these samples; real or generated, all else is the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        task = Classifier(classifier_body(samples), samples)
        fit(task, samples, steps, schedule="cosine", seed=seed, progress=False)
    return task


def _features(samples: Dataset, network: nn.Module | None) -> Features:
    if network is not None:
        return extract(samples, network)
    name = "pixels" if len(samples.shape) == 3 else "coordinates"
    return Features(samples.tensor().flatten(1).double(), name)


def _distances(
    features: Sequence[Features], here: Tensor, there: Tensor, seed: int
) -> dict[str, Any]:
    """KID of generated and of training samples of one class, at most as many as are held out.

    `features` are those of held-out, generated and training samples; `here` says which of the
    first belong to the class, and `there` which of the others.
    """
    held_out, made, train = features
    count = int(here.sum())
    if count < FEWEST or int(there.sum()) < FEWEST:
        return {}
    real = held_out[here]
    rows = there.nonzero().flatten()
    chosen = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))][:count]
    generated, known = (kid(real, each[chosen]) for each in (made, train))
    return {
        "kid": generated.value,
        "kid_spread": generated.spread,
        "floor": known.value,
        "floor_spread": known.spread,
    }


def _mean(right: Tensor) -> float:
    return float(right.double().mean()) if len(right) else math.nan


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"
