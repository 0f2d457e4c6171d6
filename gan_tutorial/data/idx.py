"""Files in the format of MNIST: a head that tells the axes, and then the numbers."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

__all__ = ["is_idx", "read_idx"]

# The third byte of the head, and what the numbers are; the most significant byte comes first.
KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PACKED = b"\x1f\x8b"  # what gzip begins with


def is_idx(path: Path) -> bool:
    """Tell whether a file begins as one in this format does, packed by gzip or not."""
    try:
        head = _content(path, 4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in KINDS and 1 <= head[3] <= 4


def read_idx(path: Path) -> np.ndarray:
    """Return the numbers of a file.

    Raises
    ------
    ValueError
        If it is in another format, or holds more or fewer numbers than its head says.
    """
    try:
        content = _content(path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} cannot be unpacked: {error}.") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in KINDS:
        raise ValueError(f"{path} is no idx file.")
    kind, axes = np.dtype(KINDS[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"{path} is cut off.")
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) - start != kind.itemsize * int(np.prod(shape, dtype=np.int64)):
        raise ValueError(
            f"{path} says that it holds {' x '.join(map(str, shape))} numbers, and holds "
            f"{(len(content) - start) // kind.itemsize:,}: it is cut off, or another kind of file."
        )
    return np.frombuffer(content, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def _content(path: Path, most: int = -1) -> bytes:
    with open(path, "rb") as file:
        packed = file.read(2) == PACKED
        file.seek(0)
        if not packed:
            return file.read(most)
        with gzip.GzipFile(fileobj=file) as stream:
            return stream.read(most)
