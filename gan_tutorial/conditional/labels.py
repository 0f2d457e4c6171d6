"""Classes: which data have them, what they are called, and which number each has."""

import difflib
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from ..data import Dataset, sample_shape

__all__ = ["FEW", "check_labels", "label_of", "labels_like"]

FEW = 20  # pictures of a class: with fewer of them it is learned by heart
LISTED = 20  # classes that a message names


def check_labels(data: Dataset | Tensor) -> tuple[str, ...]:
    """Return the names of the classes of samples that a conditional generator can learn.

    Parameters
    ----------
    data : Dataset or Tensor
        Samples; only those of a data set have labels.

    Returns
    -------
    tuple of str
        Those of the data set, or the numbers of the labels if it names none.

    Raises
    ------
    ValueError
        If there are no labels, or a label is unknown (-1) or has no name; if there is but one
        class, or a class of which there is no sample.

    Warns
    -----
    UserWarning
        If there are fewer than `FEW` samples of a class.

    Examples
    --------
    >>> from gan_tutorial import data
    >>> check_labels(data.load("digits"))
    ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
    """
    labels = data.labels if isinstance(data, Dataset) else None
    if not isinstance(data, Dataset) or labels is None:
        name = data.name if isinstance(data, Dataset) else f"A tensor of {sample_shape(data)}"
        raise ValueError(
            f"{name} has no labels, so there is no class to choose: give a data set of classes, "
            "such as digits, or a folder in which every picture lies in the subfolder of its "
            "class, of two classes or more: one folder around all is none."
        )
    if len(labels) == 0:
        raise ValueError(f"{data.name} is empty: there are no samples, and so no classes.")
    if unknown := int((labels < 0).sum()):
        raise ValueError(
            f"{unknown:,} of the {len(data):,} samples of {data.name} have no known class (label "
            "-1): leave them out."
        )
    classes = data.classes or tuple(map(str, range(int(labels.max()) + 1)))
    counts = torch.bincount(labels.cpu(), minlength=len(classes)).tolist()
    if len(counts) > len(classes):
        raise ValueError(
            f"{data.name} names {len(classes)} classes and has labels up to {len(counts) - 1}: "
            "name them all."
        )
    if len(classes) < 2:
        raise ValueError(
            f"{data.name} has one class only, {classes[0]!r}, so there is nothing to choose: train "
            "without conditions, or give samples of two classes or more."
        )
    if missing := [name for name, count in zip(classes, counts, strict=True) if not count]:
        raise ValueError(
            f"{data.name} has no training sample of {_listed(missing)}: add some, or leave the "
            f"class out."
        )
    if few := [f"{name!r} ({n})" for name, n in zip(classes, counts, strict=True) if n < FEW]:
        warnings.warn(
            f"{data.name} has fewer than {FEW} training samples of {', '.join(few[:LISTED])}: what "
            "is generated of such a class will be copies of them; add samples, or leave it out.",
            stacklevel=2,
        )
    return classes


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - LISTED} more"] if len(names) > LISTED else []
    return ", ".join([*map(repr, names[:LISTED]), *more])


def label_of(name: str, classes: Sequence[str]) -> int:
    """Return the number of a class.

    Raises
    ------
    ValueError
        If there is no class of this name; the message says which there are.

    Examples
    --------
    >>> label_of("dog", ("cat", "dog"))
    1
    """
    if name in classes:
        return list(classes).index(name)
    close = difflib.get_close_matches(name, classes, n=1)
    hint = f"did you mean {close[0]!r}? The" if close else "the"
    raise ValueError(f"There is no class {name!r}: {hint} classes are {_listed(classes)}.")


def labels_like(data: Dataset, count: int, seed: int = 0) -> Tensor:
    """Draw labels as often as they are among some samples, shape (count,).

    Of all of the samples they are the labels, in another order; of fewer, those of some.
    """
    assert data.labels is not None
    random = torch.Generator().manual_seed(seed)
    times = -(-count // len(data))
    rows = torch.cat([torch.randperm(len(data), generator=random) for _ in range(times)])[:count]
    return data.labels.cpu()[rows]
