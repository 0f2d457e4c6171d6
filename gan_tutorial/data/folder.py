"""The reader's own pictures: a folder of any pictures becomes a data set."""

import hashlib
import math
import os
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from .dataset import Dataset
from .download import cache_folder
from .picture_store import Failures, Pictures, StoredPictures, collect_in_memory, file_key
from .pictures import UnreadablePictureError, read_pictures
from .streams import SPLITS, check_count, check_split, choose

__all__ = ["folder"]

NOT_PICTURES = ("thumbs.db", "desktop.ini", "__macosx")  # left by systems, hidden there
SOUND: set[str] = (
    set()
)  # what folders looked like, by `file_key`, when every file in them could be read
LISTED = 10  # how many broken files a message names


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
        left out with a warning that lists them. For "raise" the other splits are looked through
        too, unless `count` is given or `memory_limit` is passed, so that what is wrong with a
        folder shows at once.
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
        If some files cannot be read and `on_error` is "raise", or none can; if the split is
        empty; if another argument is out of range.
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
    try:
        color = ImageColor.getrgb(background)[:3]
    except (ValueError, AttributeError, TypeError):
        raise ValueError(
            f"background must be the name or code of a color, such as 'white' or '#204060', "
            f"not {background!r}."
        ) from None
    path = Path(path).expanduser()
    names = _file_names(path)
    chosen = [name for name in names if split in ("all", _split_of(name))]
    if not chosen:
        raise ValueError(
            f"The split {split!r} of {path} is empty: which of its {len(names)} files belong to "
            "it is decided by their names, so add pictures, or use another split or split='all'."
        )
    rows = choose(len(chosen), count, seed, f"the {split} split of {path}")
    chosen = [chosen[row] for row in rows]
    shape = (channels, image_size, image_size)

    def read(files: Sequence[str]) -> Pictures:
        return read_pictures(path, files, image_size, channels, color, progress=progress)

    on_disk = len(chosen) * math.prod(shape) > memory_limit
    if on_disk:
        cache = (Path(cache_dir).expanduser() if cache_dir else cache_folder()) / "folders"
        key = file_key(path, chosen, (shape, color))
        store = StoredPictures(cache, key, len(chosen), shape)
        pixels, failures = store.fill_and_open(read(chosen), keep_partial=on_error == "skip")
    else:
        pixels, failures = collect_in_memory(read(chosen), len(chosen), shape)
        if on_error == "raise" and count is None and (key := file_key(path, names)) not in SOUND:
            others = sorted(set(names) - set(chosen))
            failures |= {
                n: str(p) for n, p in read(others) if isinstance(p, UnreadablePictureError)
            }
            if not failures:
                SOUND.add(key)
    if failures:
        _report(path, failures, on_error, nothing_left=failures.keys() >= set(chosen))
        chosen = [name for name in chosen if name not in failures]
    labels, classes = _labels(chosen, names)
    return Dataset(
        path.resolve().name,
        torch.from_numpy(pixels),
        labels=labels,
        classes=classes,
        on_disk=on_disk,
    )


def _report(path: Path, failures: Failures, on_error: str, nothing_left: bool) -> None:
    """Raise or warn, in one sentence that lists the files that could not be read."""
    listed = [f"{name} ({reason})" for name, reason in sorted(failures.items())[:LISTED]]
    if len(failures) > LISTED:
        listed.append(f"and {len(failures) - LISTED} more")
    count = f"{len(failures)} files" if len(failures) > 1 else "1 file"
    message = f"{count} in {path} cannot be read as pictures: {', '.join(listed)}"
    message = message.encode(errors="backslashreplace").decode()  # names can hold any bytes
    if nothing_left:
        raise ValueError(f"{message}; no picture is left.")
    if on_error == "raise":
        raise ValueError(f"{message}; remove them, or leave them out with on_error='skip'.")
    warnings.warn(f"{message}; left out.", stacklevel=3)


def _labels(
    chosen: Sequence[str], names: Sequence[str]
) -> tuple[torch.Tensor | None, tuple[str, ...]]:
    """Return labels and classes from the subfolders, if every file lies in one."""
    if not all("/" in name for name in names):
        return None, ()
    classes = sorted({name.split("/")[0] for name in names})  # the same for every split
    number = {name: k for k, name in enumerate(classes)}
    return torch.tensor([number[name.split("/")[0]] for name in chosen]), tuple(classes)


def _file_names(path: Path) -> list[str]:
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


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in NOT_PICTURES


def _split_of(name: str) -> str:
    """Return the split that a file belongs to, by its name alone."""
    # The same letters can be encoded in two ways, and systems differ in which they use.
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode(errors="replace")).digest()
    percent = int.from_bytes(digest[:8], "big") % 100
    return "train" if percent < 80 else "validation" if percent < 90 else "test"
