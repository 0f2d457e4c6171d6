"""Keeping decoded pictures: in memory as long as they fit, else in a file of raw bytes."""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from .pictures import UnreadablePictureError

__all__ = ["StoredPictures", "collect_in_memory", "content_key", "file_key"]

Pictures = Iterable[tuple[str, np.ndarray | UnreadablePictureError]]
Failures = dict[str, str]  # the name of each file that gave no picture, and why


def collect_in_memory(
    pictures: Pictures, count: int, shape: tuple[int, ...]
) -> tuple[np.ndarray, Failures]:
    """Collect `count` or fewer pictures in one uint8 array; return what failed besides."""
    pixels = np.empty((count, *shape), dtype=np.uint8)
    failures = {}
    for row, (name, picture) in enumerate(pictures):
        if isinstance(picture, UnreadablePictureError):
            failures[name] = str(picture)
        else:
            pixels[row - len(failures)] = picture
    return pixels[: count - len(failures)], failures


class StoredPictures:
    """A file of decoded pictures, and beside it a note of the files that gave none.

    Parameters
    ----------
    cache : Path
        The folder for it.
    key : str
        Names the file: the same for the same pictures under the same settings.
    count : int
        How many pictures are expected.
    shape : tuple of int
        (channels, height, width).
    """

    def __init__(self, cache: Path, key: str, count: int, shape: tuple[int, ...]):
        self.path = cache / f"{key}.u8"
        self.notes = cache / f"{key}.json"
        self.count, self.shape = count, shape

    def fill_and_open(self, pictures: Pictures, keep_partial: bool) -> tuple[np.ndarray, Failures]:
        """Write the file unless it exists, and return a window on it and what failed.

        Where some pictures failed and `keep_partial` is not set, or all did, no file is kept and
        the window is empty.
        """
        failures = {} if self.path.exists() else self._write(pictures, keep_partial)
        if not self.path.exists():
            return np.empty((0, *self.shape), dtype=np.uint8), failures
        failures = json.loads(self.notes.read_text())
        shape = (self.count - len(failures), *self.shape)
        # "c": a change would stay in memory. There is none, but torch wants it to be possible.
        return np.memmap(self.path, np.uint8, mode="c", shape=shape), failures

    def _write(self, pictures: Pictures, keep_partial: bool) -> Failures:
        """Write the file whole or not at all; return what failed."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        need, free = self.count * math.prod(self.shape), shutil.disk_usage(self.path.parent).free
        if need > free:
            raise OSError(
                f"{self.count} pictures of {' x '.join(map(str, self.shape))} need "
                f"{need / 1e9:.1f} GB in {self.path.parent}, where {free / 1e9:.1f} GB are free: "
                "use a smaller image_size or count, or name another folder with cache_dir."
            )
        failures = {}
        unfinished = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with open(unfinished, "wb") as file:
                for name, picture in pictures:
                    if isinstance(picture, UnreadablePictureError):
                        failures[name] = str(picture)
                    else:
                        file.write(picture.tobytes())
            if not failures or (keep_partial and len(failures) < self.count):
                self.notes.write_text(json.dumps(failures))
                os.replace(unfinished, self.path)
        finally:
            unfinished.unlink(missing_ok=True)
        return failures


def file_key(folder: Path, names: Sequence[str], settings: tuple = ()) -> str:
    """Return a hash of the names, sizes and times of files, and of the settings."""
    key = hashlib.sha256(json.dumps([str(folder.resolve()), *settings]).encode())
    for name in names:
        status = os.lstat(folder / name)
        line = f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0"
        key.update(line.encode(errors="surrogateescape"))
    return key.hexdigest()[:32]


def content_key(folder: Path, names: Sequence[str]) -> str:
    """Return a hash of what is in files, in this order, whatever they and their folder are called.

    Of each file its size and three pieces count, the first, the middle and the last 4 KB: enough
    to notice another picture, without reading a hundred thousand a second time.
    """
    key = hashlib.sha256()
    for name in names:
        with open(folder / name, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            key.update(size.to_bytes(8, "big"))
            for place in (0, size // 2, max(0, size - 4096)):
                file.seek(place)
                key.update(file.read(4096))
    return key.hexdigest()[:32]
