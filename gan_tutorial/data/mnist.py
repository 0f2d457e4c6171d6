"""MNIST and Fashion-MNIST, read from the idx files they are published in."""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .dataset import Dataset
from .download import obtain
from .streams import check_split

__all__ = ["fashion_mnist", "halves_of_test", "mnist", "read_split"]

# For each file: the sha256 of the .gz on the mirrors, and of its content where it is published
# or was computed from a file with the right first one.
MNIST: dict[str, Any] = {
    "title": "MNIST",
    "mirrors": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    "subfolders": ("mnist", "MNIST/raw"),
    "files": {
        "train-images-idx3-ubyte": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        "train-labels-idx1-ubyte": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "t10k-images-idx3-ubyte": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        "t10k-labels-idx1-ubyte": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    },
    "classes": tuple("0123456789"),
}
FASHION_MNIST: dict[str, Any] = {
    "title": "Fashion-MNIST",
    "mirrors": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    "subfolders": ("fashion_mnist", "FashionMNIST/raw"),
    "files": {
        "train-images-idx3-ubyte": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            None,
        ),
        "train-labels-idx1-ubyte": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            None,
        ),
        "t10k-images-idx3-ubyte": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            None,
        ),
        "t10k-labels-idx1-ubyte": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            None,
        ),
    },
    "classes": (
        "T-shirt",
        "trousers",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
}


def mnist(split: str = "train", data_dir: str | Path | None = None) -> Dataset:
    """Return MNIST: 70,000 handwritten digits (LeCun, Cortes and Burges 1998).

    The four files are taken from `data_dir`, from the folder in the environment variable
    GAN_TUTORIAL_DATA_DIR, from the cache, or from the mirrors, in this order. In a folder they
    may lie at the top, in ``mnist/``, or in ``MNIST/raw/``, compressed in any way gzip can or
    not at all: the checksum of their content decides.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        The 60,000 official training images, or one half each of the 10,000 official test images.
    data_dir : str or Path, optional
        Where to look first.

    Returns
    -------
    Dataset
        Images (N, 1, 28, 28), background -1 and ink up to 1; ten classes.

    Raises
    ------
    FileNotFoundError
        If the files are nowhere and no mirror gives them.
    ValueError
        If a file is not the one published.
    """
    return _load("mnist", MNIST, split, data_dir)


def fashion_mnist(split: str = "train", data_dir: str | Path | None = None) -> Dataset:
    """Return Fashion-MNIST: 70,000 pictures of clothes (Xiao, Rasul and Vollgraf 2017).

    Found like the files of `mnist`; the subfolders are ``fashion_mnist/`` and
    ``FashionMNIST/raw/``.

    Parameters
    ----------
    split : {"train", "validation", "test"}
        The 60,000 official training images, or one half each of the 10,000 official test images.
    data_dir : str or Path, optional
        Where to look first.

    Returns
    -------
    Dataset
        Images (N, 1, 28, 28), background -1; ten classes.

    Raises
    ------
    FileNotFoundError
        If the files are nowhere and no mirror gives them.
    ValueError
        If a file is not the one published.
    """
    return _load("fashion_mnist", FASHION_MNIST, split, data_dir)


def halves_of_test(split: str, count: int = 10_000) -> torch.Tensor:
    """Return which rows of the official test file make up "validation", or "test"."""
    # RandomState, unlike default_rng, promises the same numbers in every version of NumPy.
    order = np.random.RandomState(0).permutation(count)
    half = order[: count // 2] if split == "validation" else order[count // 2 :]
    return torch.from_numpy(np.sort(half))


def _load(name: str, source: dict[str, Any], split: str, data_dir: str | Path | None) -> Dataset:
    """Make a data set of one split."""
    images, labels = read_split(source, split, data_dir)
    return Dataset(name, images, labels=labels, classes=source["classes"], source=name)


def read_split(
    source: dict[str, Any], split: str, data_dir: str | Path | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the images (N, 1, 28, 28), uint8, and the labels (N,), int64, of one split."""
    check_split(split)
    part, count = ("train", 60_000) if split == "train" else ("t10k", 10_000)
    images = _read(source, f"{part}-images-idx3-ubyte", (count, 28, 28), data_dir)
    labels = _read(source, f"{part}-labels-idx1-ubyte", (count,), data_dir).to(torch.int64)
    if labels.max() >= len(source["classes"]):
        raise ValueError(f"The labels of {source['title']} name classes that it does not have.")
    if split != "train":
        rows = halves_of_test(split)
        images, labels = images[rows], labels[rows]
    return images.unsqueeze(1), labels


def _read(
    source: dict[str, Any], filename: str, shape: tuple[int, ...], data_dir: str | Path | None
) -> torch.Tensor:
    """Find one idx file, check it, and return its content as a uint8 tensor."""
    compressed_hash, content_hash = source["files"][filename]
    path = obtain(
        source["title"],
        filename + ".gz",
        source["mirrors"],
        compressed_hash,
        data_dir=data_dir,
        subfolders=source["subfolders"],
        also=(filename,),
    )
    content = _idx_bytes(path, shape)
    if content is None:
        raise ValueError(
            f"{path} is not {filename} of {source['title']}, an idx file of "
            f"{' x '.join(map(str, shape))} bytes, gzipped or not: replace it or remove it."
        )
    digest = hashlib.sha256(content).hexdigest()
    if content_hash is not None and digest != content_hash:
        raise ValueError(
            f"{path} has the form of {filename} of {source['title']} but another content "
            f"(sha256 {digest}, not {content_hash}): put the files of every data set into a "
            f"subfolder of its own, such as {source['subfolders'][0]}/."
        )
    if content_hash is None and digest in {known for _, known in MNIST["files"].values()}:
        raise ValueError(
            f"{path} belongs to MNIST, not to {source['title']}: put the files of every data set "
            f"into a subfolder of its own, such as {source['subfolders'][0]}/."
        )
    return torch.frombuffer(content, dtype=torch.uint8)[-math.prod(shape) :].reshape(shape)


def _idx_bytes(path: Path, shape: tuple[int, ...]) -> bytearray | None:
    """Return the bytes of an idx file, unpacked, or None if the file is another one."""
    # Two zeros, 8 for "unsigned bytes", the number of axes, and their lengths, big end first.
    header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
    size = len(header) + math.prod(shape)
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if packed else file as stream:
                content = bytearray(stream.read(size + 1))  # one more shows that it is too long
    except (OSError, EOFError, zlib.error):
        return None
    return content if len(content) == size and content.startswith(header) else None
