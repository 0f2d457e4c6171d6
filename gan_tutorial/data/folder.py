"""The reader's own pictures: a folder of any pictures becomes a data set."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from .dataset import Dataset
from .download import cache_folder
from .listing import FEWEST_TO_SPLIT, EmptySplitError, Listing, list_pictures
from .picture_store import (
    Failures,
    Pictures,
    StoredPictures,
    collect_in_memory,
    content_key,
    file_key,
)
from .pictures import UnreadablePictureError, read_pictures, why_unreadable
from .ranges import check_count
from .streams import SPLITS, check_split, choose

__all__ = ["folder"]

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
    levels: float | None = None,
    validation: float | None = None,
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
        The folder; links in it are followed. What is hidden, left over by a system, the folder of
        a run, or by its name no picture (``.txt``, ``.xml``, ``.zip`` ...) is passed over; every
        other file counts as a picture. `Dataset.summary` says in one line how it was understood.
    image_size : int
        Width and height of the result in pixels.
    split : {"train", "validation", "test", "all"}
        About 80, 10 and 10 percent, or everything. Subfolders ``train`` and ``test`` or the like
        are taken at their word; else a hash of a picture's name within the folder decides where
        it belongs, so that adding pictures never moves another.
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
    levels : float, optional
        Which value is white in pictures of 16 bits, 32 bits or fractions; 0 is black. Without it
        16 bits are read where they are used, and whatever has an unknown range is an error.
    validation : float, optional
        Share of the pictures for validation, from 0 to 0.4, and as large a share for tests. By
        default a tenth, and in a folder of fewer than 50 pictures nothing, with a warning: then
        all are trained on.
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
        subfolder, the first subfolders in which they differ are the classes; else there are no
        labels. What cannot be read counts for nothing there.

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
    check_count("image_size", image_size)
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
    if levels is not None and not 0 < levels < math.inf:
        raise ValueError(f"levels is the value of white, above 0, not {levels!r}.")
    path = Path(path).expanduser()
    listing = list_pictures(path, validation)
    names = listing.names
    unreadable: Failures = {}
    if on_error == "skip":  # what cannot be opened has no say in what the classes are
        unreadable = {n: why for n in names if (why := why_unreadable(path / n)) is not None}
        if len(unreadable) == len(names):
            _report(path, unreadable, on_error, nothing_left=True)
        listing = list_pictures(path, validation, unreadable) if unreadable else listing
    chosen = _chosen(listing, split, count, seed)
    shape = (channels, image_size, image_size)

    def read(files: Sequence[str]) -> Pictures:
        return read_pictures(path, files, image_size, channels, color, levels, progress=progress)

    on_disk = len(chosen) * math.prod(shape) > memory_limit
    if on_disk:
        cache = (Path(cache_dir).expanduser() if cache_dir else cache_folder()) / "folders"
        key = file_key(path, chosen, (shape, color, levels))
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
    if failures or unreadable:
        left = set(chosen) - failures.keys()
        _report(path, {**unreadable, **failures}, on_error, nothing_left=not left)
        chosen = [name for name in chosen if name in left]
    number = {name: k for k, name in enumerate(listing.classes)}
    labels = [number[listing.class_of[name]] for name in chosen] if number else None
    return Dataset(
        path.resolve().name,
        torch.from_numpy(pixels),
        labels=None if labels is None else torch.tensor(labels),
        classes=listing.classes,
        on_disk=on_disk,
        identity=content_key(path, chosen),
        summary=listing.describe({**unreadable, **failures}),
    )


def _chosen(listing: Listing, split: str, count: int | None, seed: int) -> list[str]:
    """Return the names of the pictures to read."""
    path, total = listing.path, len(listing.names)
    chosen = listing.of_split(split)
    if listing.folded and split == "train":
        warnings.warn(
            f"{path} holds {total} pictures, fewer than {FEWEST_TO_SPLIT}: all are trained on, and "
            "none is held out to measure with. Hold some out by validation=0.1.",
            stacklevel=3,
        )
    if not chosen and listing.folded:
        raise EmptySplitError(
            f"The split {split!r} of {path} is empty: it holds {total} pictures, fewer than "
            f"{FEWEST_TO_SPLIT}, and all are trained on. Hold some out by validation=0.1, or use "
            "split='all'."
        )
    if not chosen:
        raise EmptySplitError(
            f"The split {split!r} of {path} is empty: which of its {total} files belong to it is "
            "decided by their names, so add pictures, hold out more by validation=0.2, or use "
            "another split or split='all'."
        )
    rows = choose(len(chosen), count, seed, f"the {split} split of {path}")
    return [chosen[row] for row in rows]


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
