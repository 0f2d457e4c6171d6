"""Which labels are seen: the rest is taken away before anything is trained."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data import Dataset

__all__ = ["FewLabels", "hide_labels"]


@dataclass(frozen=True)
class FewLabels:
    """A data set of which few labels are known; `hide_labels` makes it.

    Attributes
    ----------
    labeled : Dataset
        The samples whose labels are known, with them.
    unlabeled : Dataset
        All samples, the labeled ones too, without labels and without factors.
    rows : Tensor of int64, shape (labels,)
        Which samples of the data set the labeled ones are.
    """

    labeled: Dataset
    unlabeled: Dataset
    rows: Tensor


def labels_of(data: Dataset) -> Tensor:
    """Return the labels of a data set, (N,), on the CPU; refuse one without."""
    if data.labels is None:
        raise ValueError(f"The data set {data.name!r} has no labels.")
    return data.labels.cpu()


def hide_labels(data: Dataset, count: int, seed: int = 0) -> FewLabels:
    """Choose `count` samples, as many of each class, and hide the labels of all others.

    With one seed, the samples of a smaller `count` are among those of a larger one. If `count` is
    no multiple of the number of classes, some classes get one more than the others.

    Parameters
    ----------
    data : Dataset
        Samples with labels. The label -1 means that it is not known: such a sample is never
        chosen.
    count : int
        Labels to keep, over all classes.
    seed : int
        Decides which.

    Returns
    -------
    FewLabels

    Raises
    ------
    ValueError
        If there are no labels, or not enough of a class, or fewer asked for than classes.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> few = hide_labels(data.load("digits"), 20, seed=0)
    >>> few.labeled.labels.bincount()
    tensor([2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    >>> few.unlabeled, few.unlabeled.labels is None
    (Dataset('digits', 1197 samples of 1x8x8), True)
    """
    if data.labels is None:
        raise ValueError(f"The data set {data.name!r} has no labels to choose from.")
    classes = len(data.classes) or int(data.labels.max()) + 1
    if not count >= classes:
        raise ValueError(f"{count} labels cannot show {classes} classes: ask for one of each.")
    generator = torch.Generator().manual_seed(seed)
    labels = data.labels.cpu()
    order = torch.randperm(len(labels), generator=generator)
    extra = torch.randperm(classes, generator=generator)[: count % classes]
    chosen = []
    for k in range(classes):
        wanted = count // classes + int(k in extra)
        rows = order[labels[order] == k][:wanted]
        if len(rows) < wanted:
            name = data.classes[k] if data.classes else str(k)
            raise ValueError(
                f"{wanted} labels of class {name} were asked for, and there are {len(rows)}."
            )
        chosen.append(rows)
    rows = torch.cat(chosen).sort().values
    part = data.subset(rows)
    return FewLabels(
        labeled=Dataset(
            data.name,
            part._samples,
            labels=part.labels,
            classes=data.classes,
            source=data.source,
        ),
        unlabeled=Dataset(data.name, data._samples, on_disk=data._on_disk, source=data.source).to(
            data.device
        ),
        rows=rows,
    )
