"""One function for every data set."""

import difflib
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .archive import zipped
from .arrays import from_arrays, holds_arrays
from .cifar import cifar10
from .dataset import Dataset
from .digits import digits
from .folder import folder
from .mixtures import grid, ring, swiss_roll
from .mnist import fashion_mnist, mnist
from .ranges import check_count
from .shaping import LUMA
from .soccer import KINDS, draw, draw_factors
from .stacked import stacked_mnist
from .streams import SPLITS, check_split, choose, seed_of

__all__ = ["NAMES", "load"]

MIXTURES = {"ring": ring, "grid": grid, "swiss_roll": swiss_roll}
STORED = {"digits": digits, "mnist": mnist, "fashion_mnist": fashion_mnist, "cifar10": cifar10}
NAMES = (*MIXTURES, "soccer", *STORED, "stacked_mnist")

BLACK_EDGES = (
    "mnist",
    "fashion_mnist",
    "stacked_mnist",
)  # their background is black: a margin cannot be seen
MOST_MARGIN = 4  # pixels, of both sides together


def load(
    name_or_path: str | Path,
    split: str = "train",
    *,
    image_size: int | Sequence[int] | None = None,
    channels: int | None = None,
    count: int | None = None,
    seed: int = 0,
    data_dir: str | Path | None = None,
    **options: Any,
) -> Dataset:
    """Return a data set by its name, or the pictures in a folder or a file by its path.

    ==================  =========================  ==============================  ============
    name                samples                    train / validation / test       from
    ==================  =========================  ==============================  ============
    ``ring``            2-D points, density known  100,000 / 10,000 / 10,000       drawn
    ``grid``            2-D points, density known  100,000 / 10,000 / 10,000       drawn
    ``swiss_roll``      2-D points, density known  100,000 / 10,000 / 10,000       drawn
    ``soccer``          RGB, 32 x 32 or any size   10,000 / 2,000 / 2,000          drawn
    ``digits``          gray, 8 x 8                1,197 / 300 / 300               scikit-learn
    ``mnist``           gray, 28 x 28              60,000 / 5,000 / 5,000          download
    ``fashion_mnist``   gray, 28 x 28              60,000 / 5,000 / 5,000          download
    ``cifar10``         RGB, 32 x 32               50,000 / 5,000 / 5,000          download
    ``stacked_mnist``   RGB, 28 x 28               128,000 / 10,000 / 10,000       from MNIST
    a path              RGB, 64 x 64 or any size   about 80 / 10 / 10 percent      your pictures
    a .zip file         the same                   the same                        unpacked once
    .npy, .npz, idx     as they are, or any size   the same                        `from_arrays`
    ==================  =========================  ==============================  ============

    Splits are fixed and disjoint; of a folder of fewer than 50 pictures none is held out. A name
    wins over a folder that is called the same: write
    ``./digits`` for that one.

    Parameters
    ----------
    name_or_path : str or Path
        One of `NAMES`, or a folder, or a file that holds many pictures: .zip, .npy, .npz, or idx,
        the format of MNIST, packed by gzip or not.
    split : {"train", "validation", "test"}
        Which part; a folder also has "all".
    image_size : int or (int, int), optional
        Side of the images; of folders and files also their height and width. ``soccer`` and
        folders are drawn or read at that size.
        MNIST, Fashion-MNIST and Stacked MNIST get a black margin if they grow by no more than 4
        pixels, which keeps every stroke as it is (28 to 32 is the common case); all other changes
        are bilinear interpolation, with antialiasing when the images shrink.
    channels : {1, 3, 4}, optional
        Gray (ITU-R BT.601), RGB, or, of a folder, RGB and opacity.
    count : int, optional
        How many samples: drawn in this number, or chosen at random from the split.
    seed : int
        What is drawn, or which `count` samples are chosen.
    data_dir : str or Path, optional
        For the data sets that are downloaded: a folder to look in first.
    **options
        What the named function takes besides: ``modes``, ``std`` ... for the mixtures, ``ground``
        and ``kinds`` (names of kinds of balls, or "all") for ``soccer``, ``on_error``,
        ``background``, ``levels``, ``validation``, ``memory_limit``, ``cache_dir`` and
        ``progress`` for folders.

    Returns
    -------
    Dataset
        The mixtures come with `density`, and ``ring`` and ``grid`` with the component as label;
        ``soccer``, as 8-bit images, with `factors`, and, if `kinds` are given, the kind as label.

    Raises
    ------
    ValueError
        If the name is unknown, or a value is out of range.
    TypeError
        If an option does not apply to this data set.
    FileNotFoundError
        If a folder or the files of a data set are missing.

    Examples
    --------
    >>> load("digits", image_size=16)
    Dataset('digits', 1197 samples of 1x16x16)
    >>> ring = load("ring", "test", count=100, modes=5)
    >>> ring.density.log_prob(ring[:]).shape
    torch.Size([100])
    """
    if not isinstance(name_or_path, str | Path):
        raise TypeError(f"Give a name or a path, not {name_or_path!r}.")
    path = None if name_or_path in NAMES else _existing_path(name_or_path)
    given = {
        "image_size": image_size,
        "channels": channels,
        "count": count,
        "data_dir": data_dir,
        **options,
    }
    given = {option: value for option, value in given.items() if value is not None}
    _check_options(given, name_or_path, path)
    if path is not None:
        return _of_path(path, split, seed, given)
    if isinstance(image_size, Sequence):
        raise ValueError(
            f"image_size is one number for {name_or_path}, whose images are square, not "
            f"{image_size!r}."
        )
    if image_size is not None:
        check_count("image_size", image_size)
    if channels not in (None, 1, 3):
        raise ValueError(
            f"channels must be 3 (RGB) or 1 (gray), not {channels!r}: {name_or_path} has no "
            "opacity to keep."
        )
    check_split(split)
    if count is not None:
        check_count("count", count)
    if name_or_path in MIXTURES:
        return _from_mixture(name_or_path, split, count, seed, options)
    if name_or_path == "soccer":
        size = 32 if image_size is None else image_size
        return _resized(_footballs(split, size, count, seed, **options), None, channels)
    where = {} if data_dir is None else {"data_dir": data_dir}
    if name_or_path == "stacked_mnist":
        return _resized(stacked_mnist(split, count=count, seed=seed, **where), image_size, channels)
    data = STORED[str(name_or_path)](split, **where)
    if count is not None:
        rows = choose(len(data), count, seed, f"the {split} split of {name_or_path}")
        data = data.subset(torch.from_numpy(rows))
    return _resized(data, image_size, channels)


def _of_path(path: Path, split: str, seed: int, given: dict[str, Any]) -> Dataset:
    """Return the pictures in a folder, or in a file that holds many."""
    if path.is_file() and holds_arrays(path):
        given.pop("on_error", None)  # such a file can be read whole, or not at all
        return from_arrays(path, split, seed=seed, **given)
    if path.is_file() and path.suffix.lower() == ".zip":
        return zipped(path, split=split, seed=seed, **given)
    return folder(path, split=split, seed=seed, **given)


def _existing_path(name_or_path: str | Path) -> Path:
    """Return a path that exists, or raise an error that says what would have been possible."""
    path = Path(name_or_path).expanduser()
    if path.exists():
        return path
    if isinstance(name_or_path, Path) or any(sign in name_or_path for sign in "/\\~"):
        raise FileNotFoundError(f"There is no folder {name_or_path}.")
    close = difflib.get_close_matches(name_or_path.lower().replace("-", "_"), NAMES, n=1)
    hint = f"did you mean {close[0]!r}? Otherwise g" if close else "g"
    raise ValueError(
        f"There is no data set and no folder {name_or_path!r}: {hint}ive one of "
        f"{', '.join(NAMES)}, or the path of a folder of pictures."
    )


def _check_options(given: dict[str, Any], name: str | Path, path: Path | None) -> None:
    """Refuse options that mean nothing for this data set."""
    takes = ["count", "seed"]
    if path is not None or name not in MIXTURES:
        takes += ["image_size", "channels"]
    if path is not None and path.is_file() and holds_arrays(path):
        name = f"A file of numbers such as {path}"
        takes += ["on_error", "levels", "validation"]
    elif path is not None:
        name = f"A folder such as {path}"
        takes += ["on_error", "background", "levels", "validation"]
        takes += ["memory_limit", "cache_dir", "progress"]
    elif name in MIXTURES:
        takes += inspect.signature(MIXTURES[name]).parameters
    elif name == "soccer":
        takes += ["ground", "kinds"]
    elif name != "digits":
        takes += ["data_dir"]
    for option in given:
        if option not in takes:
            raise TypeError(f"{name} has no option {option!r}; it takes {', '.join(takes)}.")


def _from_mixture(
    name: str, split: str, count: int | None, seed: int, options: dict[str, Any]
) -> Dataset:
    """Draw points from a mixture, from another stream for each split."""
    density = MIXTURES[name](**options)
    if count is None:
        count = 100_000 if split == "train" else 10_000
    points, components = density.sample_with_components(
        count, seed=seed_of(seed, SPLITS.index(split))
    )
    if name == "swiss_roll":  # its components only serve to define it
        return Dataset(name, points, density=density, source=name)
    classes = tuple(str(k) for k in range(len(density)))
    return Dataset(name, points, labels=components, classes=classes, density=density, source=name)


def _footballs(
    split: str,
    size: int,
    count: int | None,
    seed: int,
    ground: str = "grass",
    kinds: Sequence[str] | None = None,
) -> Dataset:
    """Draw footballs as 8-bit images, from another stream for each split."""
    if count is None:
        count = 10_000 if split == "train" else 2_000
    kinds = KINDS if kinds == "all" else kinds
    factors = draw_factors(count, ground, seed, SPLITS.index(split), kinds)
    images = torch.empty(count, 3, size, size, dtype=torch.uint8)
    for start in range(0, count, 1024):
        rows = slice(start, start + 1024)
        part = draw({name: values[rows] for name, values in factors.items()}, size, ground)
        images[rows] = part.add_(1).mul_(127.5).round_()
    if kinds is None:
        return Dataset("soccer", images, factors=factors, source="soccer")
    number = torch.tensor([kinds.index(kind) if kind in kinds else -1 for kind in KINDS])
    labels = number[factors["kind"]]
    return Dataset(
        "soccer",
        images,
        labels=labels,
        classes=tuple(kinds),
        factors=factors,
        source="soccer",
    )


def _resized(data: Dataset, size: int | None, channels: int | None) -> Dataset:
    """Return `data` with images of another size or number of channels."""
    old_channels, _, old_size = data.shape
    size = old_size if size is None else size
    channels = old_channels if channels is None else channels
    if (channels, size) == (old_channels, old_size):
        return data
    margin = size - old_size

    def change(images: Tensor) -> Tensor:
        if channels < old_channels:
            images = (images * torch.tensor(LUMA)[:, None, None]).sum(dim=1, keepdim=True)
        if data.source in BLACK_EDGES and 0 < margin <= MOST_MARGIN:
            near, far = margin // 2, margin - margin // 2
            images = functional.pad(images, (near, far, near, far), value=-1.0)
        elif margin:
            images = functional.interpolate(
                images, size=(size, size), mode="bilinear", align_corners=False, antialias=True
            )
        return images.expand(-1, channels, -1, -1)

    return data.map_images(change)
