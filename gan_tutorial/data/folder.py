"""The reader's own pictures: a folder of any pictures becomes a data set."""

import hashlib
import json
import math
import os
import shutil
import unicodedata
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from .dataset import Dataset
from .download import cache_folder, show_progress
from .pictures import UnreadablePictureError, read_picture
from .streams import SPLITS, check_count, check_split, choose

__all__ = ["folder"]

NOT_PICTURES = ("thumbs.db", "desktop.ini", "__macosx")  # left by systems, hidden there
LISTED = 10  # how many broken files a message names
AHEAD = 256  # how many files wait to be decoded, at most


def folder(
    path: str | Path,
    image_size: int = 64,
    split: str = "train",
    channels: int = 3,
    *,
    count: int | None = None,
    seed: int = 0,
    on_error: str = "raise",
    background: str = "white",
    memory_limit: int = 4 * 2**30,
    cache_dir: str | Path | None = None,
    progress: bool | None = None,
) -> Dataset:
    """Return the pictures in a folder and its subfolders, all cut to the same square.

    Any format, size and mode that Pillow reads: turned upright as the camera noted, laid on
    `background` where transparent, cut to the largest square in the middle, scaled with
    antialiasing. Of an animation the first picture counts.

    Parameters
    ----------
    path : str or Path
        The folder. Hidden files and folders in it are ignored; every other file counts as a
        picture.
    image_size : int
        Width and height of the result in pixels.
    split : {"train", "validation", "test", "all"}
        About 80, 10 and 10 percent, or everything. A hash of a picture's name within the folder
        decides where it belongs, so that adding pictures never moves another.
    channels : {3, 1}
        RGB or gray.
    count : int, optional
        Take only so many pictures of the split.
    seed : int
        Chooses which ones.
    on_error : {"raise", "skip"}
        Whether files that are broken, empty or no pictures are an error that lists them, or are
        left out with a warning that lists them.
    background : str
        What transparent pictures are laid on: any color name or code that Pillow knows.
    memory_limit : int
        In bytes. Pictures that take more are kept in a file, see Notes.
    cache_dir : str or Path, optional
        Where that file goes; by default the cache folder of the user.
    progress : bool, optional
        Whether to show a bar; by default only where somebody is watching.

    Returns
    -------
    Dataset
        Images (N, channels, image_size, image_size), kept as uint8. If every picture lies in a
        subfolder, the subfolders directly in `path` are the classes; else there are no labels.

    Raises
    ------
    FileNotFoundError
        If there is no folder `path`, or there are no files in it.
    ValueError
        If some files cannot be used and `on_error` is "raise", or all of them cannot; if the
        split is empty; if another argument is out of range.
    OSError
        If the pictures need a file and the disk has no room for it.

    Notes
    -----
    Pictures are decoded once, not in every epoch. As long as they fit in `memory_limit`, they are
    one uint8 tensor: 3 KB for a picture of 32 x 32, 48 KB for 128 x 128, so that the default
    holds 87,000 of the latter. Beyond it the same bytes go to a file in the cache, and the tensor
    is a window on that file, which the operating system pages in and out. The one `Dataset`
    serves both. The file's name is a hash of the pictures' names, sizes and times and of every
    setting, so that another run finds it, and a changed picture makes a new one.
    """
    from PIL import ImageColor

    check_split(split, (*SPLITS, "all"))
    check_count(image_size, "image_size")
    if channels not in (1, 3):
        raise ValueError(f"channels must be 3 (RGB) or 1 (gray), not {channels!r}.")
    if on_error not in ("raise", "skip"):
        raise ValueError(f"on_error must be 'raise' or 'skip', not {on_error!r}.")
    background = ImageColor.getrgb(background)[:3]
    path = Path(path).expanduser()
    names = _file_names(path)
    chosen = [name for name in names if split in ("all", _split_of(name))]
    if not chosen:
        raise ValueError(
            f"The split {split!r} of {path} is empty: which of its {len(names)} files belong to "
            "it is decided by their names, so add pictures, or use another split or split='all'."
        )

    chosen = [
        chosen[row] for row in choose(len(chosen), count, seed, f"the {split} split of {path}")
    ]
    shape = (channels, image_size, image_size)

    def decoded() -> Iterator[np.ndarray | UnreadablePictureError]:
        from tqdm.auto import tqdm

        def read(name):
            try:
                return read_picture(path / name, image_size, channels, background)
            except UnreadablePictureError as error:
                return error

        show = show_progress() if progress is None else progress
        with tqdm(desc=path.name, total=len(chosen), leave=False, disable=not show) as bar:
            for picture in _in_threads(read, chosen):
                bar.update()
                yield picture

    on_disk = len(chosen) * math.prod(shape) > memory_limit
    if on_disk:
        settings = [str(path.resolve()), shape, background]
        target = _cache_file(path, chosen, settings, cache_dir)
        pixels, failures = _to_file(decoded(), len(chosen), shape, target, on_error)
    else:
        pixels, failures = _to_memory(decoded(), len(chosen), shape)
    if failures:
        _report(path, chosen, failures, on_error)
        chosen = [name for row, name in enumerate(chosen) if row not in failures]
    labels, classes = _labels(chosen, names)
    return Dataset(
        path.resolve().name,
        torch.from_numpy(pixels),
        labels=labels,
        classes=classes,
        on_disk=on_disk,
    )


def _to_memory(decoded, count, shape):
    """Collect pictures in an array; return it, and what failed as {row: reason}."""
    pixels = np.empty((count, *shape), dtype=np.uint8)
    failures = {}
    for row, picture in enumerate(decoded):
        if isinstance(picture, UnreadablePictureError):
            failures[row] = str(picture)
        else:
            pixels[row - len(failures)] = picture
    return pixels[: count - len(failures)], failures


def _to_file(decoded, count, shape, target, on_error):
    """Collect pictures in the file `target`, unless it exists; return a window on it likewise."""
    notes = target.with_suffix(".json")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        need, free = count * math.prod(shape), shutil.disk_usage(target.parent).free
        if need > free:
            raise OSError(
                f"{count} pictures of {' x '.join(map(str, shape))} need {need / 1e9:.1f} GB in "
                f"{target.parent}, where {free / 1e9:.1f} GB are free: use a smaller image_size, "
                "take fewer with count, or name another folder with cache_dir."
            )
        unfinished = target.with_suffix(f".{os.getpid()}.tmp")
        failures = {}
        try:
            with open(unfinished, "wb") as file:
                for row, picture in enumerate(decoded):
                    if isinstance(picture, UnreadablePictureError):
                        failures[row] = str(picture)
                    else:
                        file.write(np.ascontiguousarray(picture).data)
            if len(failures) == count or (failures and on_error == "raise"):
                return np.empty((0, *shape), dtype=np.uint8), failures
            notes.write_text(json.dumps(failures))
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
    failures = {int(row): reason for row, reason in json.loads(notes.read_text()).items()}
    # "c": changes would stay in memory. Nothing changes it, but torch wants to be allowed to.
    window = np.memmap(target, np.uint8, mode="c", shape=(count - len(failures), *shape))
    return window, failures


def _cache_file(path, names, settings, cache_dir):
    """Return the file for these pictures under these settings."""
    key = hashlib.sha256(json.dumps(settings).encode())
    for name in names:
        status = os.lstat(path / name)
        key.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="replace"))
    top = cache_folder() if cache_dir is None else Path(cache_dir).expanduser()
    return top / "folders" / f"{key.hexdigest()[:32]}.u8"


def _in_threads(function, items):
    """Apply `function` to every item in several threads and yield the results in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool, warnings.catch_warnings():
        # What Pillow warns of, odd notes in a file or many pixels, is no concern of the reader.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        for start in range(0, len(items), AHEAD):
            yield from pool.map(function, items[start : start + AHEAD])


def _report(path, names, failures, on_error):
    """Raise or warn, in one sentence that lists the files that could not be read."""
    listed = [f"{names[row]} ({reason})" for row, reason in list(failures.items())[:LISTED]]
    if len(failures) > LISTED:
        listed.append(f"and {len(failures) - LISTED} more")
    message = f"{len(failures)} of {len(names)} files in {path} give no picture: " + ", ".join(
        listed
    )
    message = message.encode(errors="backslashreplace").decode()
    if len(failures) == len(names):
        raise ValueError(f"{message}; nothing is left.")
    if on_error == "raise":
        raise ValueError(f"{message}; remove them, or leave them out with on_error='skip'.")
    warnings.warn(f"{message}; they were left out.", stacklevel=3)


def _labels(chosen, names):
    """Return labels and classes from the subfolders, if every file lies in one."""
    if not all("/" in name for name in names):
        return None, ()
    classes = sorted({name.split("/")[0] for name in names})  # the same for every split
    number = {name: k for k, name in enumerate(classes)}
    return torch.tensor([number[name.split("/")[0]] for name in chosen]), tuple(classes)


def _file_names(path):
    """Return the names within `path` of all files that are not hidden, sorted, as POSIX paths."""
    if path.is_file():
        raise FileNotFoundError(f"{path} is a file: give the folder that holds the pictures.")
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {path}.")
    names = []
    for top, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not _hidden(name)]
        names += [
            (Path(top) / name).relative_to(path).as_posix() for name in files if not _hidden(name)
        ]
    if not names:
        raise FileNotFoundError(f"There are no pictures in {path} or its subfolders.")
    return sorted(names)


def _hidden(name):
    return name.startswith(".") or name.lower() in NOT_PICTURES


def _split_of(name):
    """Return the split that a file belongs to, by its name alone."""
    # The same letters can be encoded in two ways, and systems differ in which they use.
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode(errors="replace")).digest()
    percent = int.from_bytes(digest[:8], "big") % 100
    return "train" if percent < 80 else "validation" if percent < 90 else "test"
