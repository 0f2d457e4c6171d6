"""Data sets of other libraries, read one sample after the other.

They are known by what they can do, and none of the libraries has to be installed: those of torch
and torchvision have a length and rows by number, each a picture or a picture with its label; those
of Hugging Face give rows as dictionaries, and their ``features`` name the columns.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from .dataset import Dataset
from .pictures import UnreadablePictureError, as_bytes

__all__ = ["collected", "gives_rows"]

COLUMNS = ("image", "img", "picture", "pixel_values")  # usual names, in this order
LABELS = ("label", "labels", "class", "fine_label", "target")
NORMALIZE = "transforms.Normalize(0.5, 0.5)"


def gives_rows(data: Any) -> bool:
    """Tell whether something is a data set that gives its samples by number."""
    if isinstance(data, list | tuple | str | bytes | Mapping | IterableDataset):
        return False
    rows = hasattr(data, "__len__") and hasattr(data, "__getitem__")
    return rows and not isinstance(data, Tensor | np.ndarray)


def collected(data: Any) -> Dataset | Tensor:
    """Read every sample of a data set, once, and return them together.

    Parameters
    ----------
    data : torch.utils.data.Dataset or the like
        A row is a picture, (picture, label), or a dictionary. A picture is a tensor or array
        (C, H, W), an array of bytes (H, W) or (H, W, C), or one of Pillow's.

    Returns
    -------
    Dataset or Tensor
        With labels and the names of classes, where there are any.

    Raises
    ------
    ValueError, TypeError
        If there are none, rows hold no picture, pictures differ in size, or their range is that
        of torchvision's ToTensor.
    """
    if len(data) == 0:
        raise ValueError("The data set is empty: there is nothing to train on.")
    keys = _keys(data, data[0])
    pictures, labels = [], []
    for number in range(len(data)):
        picture, label = _parts(data[number], keys)
        pictures.append(_tensor(picture, number))
        labels.append(label)
    shapes = sorted({tuple(picture.shape) for picture in pictures})
    if len(shapes) > 1:
        sizes = ", ".join("x".join(map(str, shape)) for shape in shapes[:3])
        root = getattr(data, "root", None)
        other = "" if root is None else f", or let data.load({str(root)!r}, image_size=64) do it"
        raise ValueError(
            f"The samples differ in size ({sizes}{', ...' if len(shapes) > 3 else ''}): give the "
            "data set a transform that makes them equal, such as transforms.Compose(["
            f"transforms.Resize(64), transforms.CenterCrop(64)]){other}."
        )
    kinds = {picture.dtype for picture in pictures}
    if len(kinds) > 1:
        raise ValueError(
            f"Some samples are {' and others '.join(sorted(map(str, kinds)))}: let the data set's "
            "transform make all of one kind."
        )
    samples = torch.stack(pictures)
    if samples.dtype.is_floating_point:
        samples = samples.float()
        if samples.dim() == 4 and samples.min() >= 0 and 0.5 < samples.max() <= 1:
            raise ValueError(
                "Images lie in [-1, 1], and those of this data set in [0, 1], as ToTensor leaves "
                f"them: add {NORMALIZE} as its last transform, or leave ToTensor out."
            )
    whole = all(type(label) is int and label >= 0 for label in labels)
    if not whole:
        return Dataset("data set", samples) if samples.dtype == torch.uint8 else samples
    numbers = torch.tensor(labels)
    return Dataset(
        "data set", samples, labels=numbers, classes=_classes(data, keys, int(numbers.max()) + 1)
    )


def _keys(data: Any, row: Any) -> tuple[str, str | None] | None:
    """Return the columns of picture and label, where rows are dictionaries."""
    if not isinstance(row, Mapping):
        return None
    pictures = [name for name in COLUMNS if name in row]
    pictures += [name for name in row if name not in pictures and _is_picture(row[name])]
    if not pictures:
        raise TypeError(
            f"The rows of this data set ({', '.join(map(str, row))}) hold no picture: keep the "
            "column that does, and call it image."
        )
    return pictures[0], next((name for name in LABELS if name in row), None)


def _parts(row: Any, keys: tuple[str, str | None] | None) -> tuple[Any, Any]:
    """Return the picture of a row, and its label or None."""
    if keys is not None:
        label = None if keys[1] is None else row[keys[1]]
        return row[keys[0]], _whole(label)
    if isinstance(row, tuple | list):
        return row[0], _whole(row[1]) if len(row) > 1 else None
    return row, None


def _whole(label: Any) -> Any:
    """Return a label as an int, where it is a whole number of any kind."""
    if isinstance(label, Tensor | np.ndarray | np.generic) and np.ndim(label) == 0:
        label = label.item()
    return label if isinstance(label, int) and not isinstance(label, bool) else None


def _is_picture(value: Any) -> bool:
    return hasattr(value, "convert") or np.ndim(value) in (2, 3)


def _tensor(picture: Any, number: int) -> Tensor:
    """Return a picture as a tensor (C, H, W) of bytes or of fractions; a point as it is."""
    if hasattr(picture, "convert"):  # one of Pillow's
        return _of_pillow(picture, number)
    if isinstance(picture, Tensor):
        return picture.detach().cpu()
    array = np.asarray(picture)
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"Sample {number} is a {type(picture).__name__}: let the rows be pictures, tensors or "
            "arrays, or pairs of one and its label."
        )
    if array.ndim == 2:
        array = array[None]
    elif array.ndim == 3 and array.shape[0] not in (1, 3, 4) and array.shape[2] in (1, 3, 4):
        array = array.transpose(2, 0, 1)
    if (
        array.dtype.kind in "iu"
        and array.dtype != np.uint8
        and 0 <= array.min() <= array.max() < 256
    ):
        array = array.astype(np.uint8)  # rows of plain lists
    return torch.from_numpy(np.array(array))


def _of_pillow(picture: Any, number: int) -> Tensor:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        try:
            levels = as_bytes(np.asarray(picture), None, picture.mode == "F")
        except UnreadablePictureError as error:
            raise ValueError(f"Sample {number}: {error}.") from None
        return torch.from_numpy(levels[None])
    if picture.mode in ("1", "L"):
        return torch.from_numpy(np.array(picture.convert("L"))[None])
    transparent = "A" in picture.mode or "transparency" in picture.info
    array = np.array(picture.convert("RGBA" if transparent else "RGB"))
    return torch.from_numpy(array.transpose(2, 0, 1).copy())


def _classes(data: Any, keys: tuple[str, str | None] | None, least: int) -> tuple[str, ...]:
    """Return the names of the classes, numbers where there are none."""
    names = getattr(data, "classes", None)
    features = getattr(data, "features", None)
    if keys is not None and isinstance(features, Mapping):
        names = getattr(features.get(keys[1]), "names", names)
    if not isinstance(names, list | tuple) or len(names) < least:
        names = range(least)
    return tuple(map(str, names))
