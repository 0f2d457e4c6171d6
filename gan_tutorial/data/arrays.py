"""Pictures that lie in one file as numbers: NumPy's .npy and .npz, and the idx files of MNIST."""

import hashlib
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .dataset import Dataset
from .idx import is_idx, read_idx
from .listing import (
    FEWEST_TO_SPLIT,
    HELD_OUT,
    SPLIT_NAMES,
    EmptySplitError,
    check_share,
    split_by_name,
)
from .pictures import UnreadablePictureError, as_bytes
from .shaping import shaped
from .streams import SPLITS, check_split, choose

__all__ = ["from_arrays", "holds_arrays"]

LABELS = re.compile("label|target|class|^y|_y", re.IGNORECASE)
Part = tuple[np.ndarray, np.ndarray | None]  # pictures, and their labels


def holds_arrays(path: Path) -> bool:
    """Tell whether a file holds numbers in one of the formats that are read here."""
    return path.suffix.lower() in (".npy", ".npz") or is_idx(path)


def from_arrays(
    path: str | Path,
    split: str = "train",
    *,
    image_size: int | Sequence[int] | None = None,
    channels: int | None = None,
    count: int | None = None,
    seed: int = 0,
    levels: float | None = None,
    validation: float | None = None,
) -> Dataset:
    """Return the pictures that lie in one file as numbers.

    Parameters
    ----------
    path : str or Path
        A .npy or .npz file, or an idx file, packed by gzip or not. Its array of pictures is
        (N, H, W), (N, H, W, C) or (N, C, H, W) with C of 1, 3 or 4. A .npz file may hold labels, an
        array of N whole numbers, and both once for each split, with ``train``, ``val`` or ``test``
        in the names. Beside an idx file ``...images-idx3...`` its labels are looked for as
        ``...labels-idx1...``, and beside ``train...`` the test pictures as ``t10k...`` or
        ``test...``.
    split : {"train", "validation", "test", "all"}
        As for `folder`; where the file has no splits, the number of a picture decides.
    image_size : int or (int, int), optional
        As for `folder`; without it the pictures keep their size.
    channels : {1, 3, 4}, optional
        By default as many as there are.
    count, seed
        Take only so many pictures of the split, and which.
    levels : float, optional
        Which value is white; 0 is black. Bytes, and fractions from -1 to 1, need none.
    validation : float, optional
        As for `folder`.

    Raises
    ------
    ValueError
        If the file holds no pictures, several kinds of them, objects that only a program could
        read, or numbers of an unknown range.
    """
    path = Path(path).expanduser()
    check_split(split, (*SPLITS, "all"))
    share = check_share(validation)
    parts = _parts(path)
    total = sum(len(pictures) for pictures, _ in parts.values())
    folded = validation is None and total < FEWEST_TO_SPLIT and len(parts) == 1
    share = 0.0 if folded else HELD_OUT if share is None else share
    chosen = _of_split(parts, split, share)
    if not sum(len(rows) for _, rows in chosen):
        why = (
            f"it holds {total} pictures, fewer than {FEWEST_TO_SPLIT}"
            if folded
            else "none is in it"
        )
        raise EmptySplitError(
            f"The split {split!r} of {path} is empty: {why}. Hold some out by validation=0.2, or "
            "use split='all'."
        )
    images, labels = _collected(path, parts, chosen, levels)
    if count is not None:
        rows = torch.from_numpy(choose(len(images), count, seed, f"the {split} split of {path}"))
        images, labels = images[rows], None if labels is None else labels[rows]
    digest = hashlib.sha256(images.numpy().tobytes()).hexdigest()[:32]
    size = "x".join(map(str, images.shape[2:]))
    images = shaped(images, image_size, channels)
    classes = () if labels is None else tuple(map(str, range(_classes(parts))))
    held = {each: sum(len(rows) for _, rows in _of_split(parts, each, share)) for each in SPLITS}
    return Dataset(
        path.name.split(".")[0],
        images,
        labels=labels,
        classes=classes,
        identity=digest,
        summary=f"{total:,} pictures of {size} in {path}"
        + (f"; {len(classes)} classes" if classes else "")
        + f"; {held['train']:,} to train on, {held['validation']:,} held out for validation and "
        f"{held['test']:,} for tests.",
    )


def _parts(path: Path) -> dict[str, Part]:
    """Return the pictures and labels of each split that a file has; "" where it has none."""
    if path.suffix.lower() in (".npy", ".npz"):
        return _of_numpy(path)
    parts = {"": _of_idx(path)}
    if path.name.startswith("train"):
        for name in ("t10k", "test"):
            beside = path.with_name(path.name.replace("train", name, 1))
            if beside.is_file():
                return {"train": parts[""], "test": _of_idx(beside)}
    return parts


def _of_idx(path: Path) -> Part:
    pictures, labels = read_idx(path), None
    beside = path.with_name(
        path.name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    )
    for each in (beside, beside.with_suffix(""), beside.with_name(beside.name + ".gz")):
        if each != path and each.is_file() and is_idx(each):
            labels = read_idx(each)
            break
    if labels is not None and labels.shape != (len(pictures),):
        raise ValueError(f"{each} holds {len(labels):,} labels for {len(pictures):,} pictures.")
    return _oriented(path, "", pictures), labels


def _of_numpy(path: Path) -> dict[str, Part]:
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            arrays = {"": file}
        else:
            with file:
                arrays = {name: file[name] for name in file.files}
    except (ValueError, EOFError, zipfile.BadZipFile, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ValueError(
            f"{path} cannot be read as NumPy's numbers: {str(error) or 'it is empty'}."
        ) from None
    pictures = {name: array for name, array in arrays.items() if array.ndim in (3, 4)}
    if not pictures:
        shapes = ", ".join(f"{name or 'it'} {array.shape}" for name, array in arrays.items())
        raise ValueError(
            f"{path} holds no pictures, which are (N, H, W), (N, H, W, C) or (N, C, H, W), but "
            f"{shapes}."
        )
    splits = {name: _split_in(name) for name in pictures} if len(pictures) > 1 else {}
    if len(pictures) == 1:
        splits = dict.fromkeys(pictures, "")
    if None in splits.values() or len(set(splits.values())) < len(splits):
        raise ValueError(
            f"{path} holds several arrays of pictures ({', '.join(pictures)}): leave one, or name "
            "them by splits, such as x_train and x_test."
        )
    return {
        str(splits[name]): (_oriented(path, name, array), _labels(arrays, name, len(array)))
        for name, array in pictures.items()
    }


def _split_in(name: str) -> str | None:
    """Return which split an array's name speaks of."""
    words = re.split(r"[^a-z]+", name.lower())
    return next((SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES), None)


def _labels(arrays: dict[str, np.ndarray], pictures: str, count: int) -> np.ndarray | None:
    """Return the labels that belong to an array of pictures, if there are any."""
    for name, array in arrays.items():
        one_each = array.shape in ((count,), (count, 1)) and array.dtype.kind in "iu"
        same = _split_in(name) == _split_in(pictures)
        if one_each and same and LABELS.search(name):
            return array.reshape(count)
    return None


def _oriented(path: Path, name: str, pictures: np.ndarray) -> np.ndarray:
    """Return pictures as (N, C, H, W)."""
    what = f"{path} ({name})" if name else f"{path}"
    if pictures.ndim not in (3, 4) or 0 in pictures.shape:
        raise ValueError(f"{what} holds no pictures: its shape is {pictures.shape}.")
    if pictures.ndim == 3:
        if pictures.shape[2] in (1, 3, 4):
            raise ValueError(
                f"{what} has the shape {pictures.shape} of a single picture, and one is not enough."
            )
        return pictures[:, None]
    first, last = pictures.shape[1] in (1, 3, 4), pictures.shape[3] in (1, 3, 4)
    if first == last:
        raise ValueError(
            f"{what} has the shape {pictures.shape}, and pictures are (N, H, W, C) or "
            "(N, C, H, W) with C of 1, 3 or 4."
        )
    return pictures if first else pictures.transpose(0, 3, 1, 2)


def _of_split(parts: dict[str, Part], split: str, share: float) -> list[tuple[str, np.ndarray]]:
    """Return which rows of which part make up a split."""
    found = []
    for own, (pictures, _) in parts.items():
        rows = np.arange(len(pictures))
        if split != "all" and own in ("", "train"):
            # what has no part of its own is taken from the pictures to train on
            drawn = np.array([split_by_name(str(row), share) for row in rows])
            there = np.isin(
                drawn, [each for each in SPLITS if each not in parts or each == "train"]
            )
            rows = rows[np.where(there, drawn, "train") == split]
        elif split not in ("all", own):
            continue
        found.append((own, rows))
    return found


def _collected(
    path: Path,
    parts: dict[str, Part],
    chosen: list[tuple[str, np.ndarray]],
    levels: float | None,
) -> tuple[Tensor, Tensor | None]:
    """Return the chosen pictures as bytes or float32 in [-1, 1], and their labels."""
    shapes = {parts[part][0].shape[1:] for part, _ in chosen}
    if len(shapes) > 1:
        raise ValueError(f"The splits of {path} hold pictures of different sizes.")
    pictures = np.concatenate([parts[part][0][rows] for part, rows in chosen])
    labeled = all(parts[part][1] is not None for part, _ in chosen)
    labels = None
    if labeled:
        each = [np.asarray(parts[part][1])[rows] for part, rows in chosen]
        labels = torch.from_numpy(np.concatenate(each).astype(np.int64))
        if labels.min() < 0:
            raise ValueError(f"Labels in {path} count from 0, and one is {int(labels.min())}.")
    return torch.from_numpy(np.ascontiguousarray(_scaled(path, pictures, levels))), labels


def _scaled(path: Path, pictures: np.ndarray, levels: float | None) -> np.ndarray:
    """Return numbers as bytes, or as float32 in [-1, 1]."""
    if levels is None and pictures.dtype == np.uint8:
        return pictures
    if pictures.dtype == bool:
        return pictures.astype(np.uint8) * 255
    if pictures.dtype.kind not in "iuf":
        raise ValueError(f"{path} holds {pictures.dtype}, and pictures are numbers.")
    least, most = pictures.min(), pictures.max()
    if levels is None and pictures.dtype.kind == "f" and -1 <= least < 0 and most <= 1:
        return pictures.astype(np.float32)
    if levels is None and pictures.dtype.kind in "iu" and least >= 0 and 64 < most <= 255:
        levels = 255
    try:
        return as_bytes(pictures, levels, pictures.dtype.kind == "f")
    except UnreadablePictureError as error:
        raise ValueError(f"{path} cannot be read: {error}.") from None


def _classes(parts: dict[str, Part]) -> int:
    """Return how many classes the labels of all splits speak of."""
    return 1 + max(int(labels.max()) for _, labels in parts.values() if labels is not None)
