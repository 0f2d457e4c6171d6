"""A zip file of pictures: a folder that is unpacked once, into the cache."""

import hashlib
import os
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

from .dataset import Dataset
from .download import cache_folder
from .folder import folder

__all__ = ["zipped"]

DONE = ".unpacked"


def zipped(path: str | Path, *, cache_dir: str | Path | None = None, **options: Any) -> Dataset:
    """Return the pictures in a zip file, as `folder` returns those in a folder.

    Parameters
    ----------
    path : str or Path
        The file. It is unpacked into the cache once; another file of this name, or the same one
        changed, is unpacked anew.
    cache_dir : str or Path, optional
        Where to; by default the cache folder of the user.
    **options
        As for `folder`.

    Returns
    -------
    Dataset
        Known by the content of its pictures: the same unpacked are the same data.

    Raises
    ------
    ValueError
        If the file is no zip file, is damaged, or asks for a password.
    OSError
        If the disk has no room for what is in it.
    """
    path = Path(path).expanduser()
    cache = Path(cache_dir).expanduser() if cache_dir else cache_folder()
    status = path.stat()
    key = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    place = cache / "archives" / hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
    if not (place / DONE).is_file():
        _unpack(path, place)

    def named(text: object) -> str:
        return str(text).replace(str(place), str(path))

    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = folder(place, cache_dir=cache_dir, **options)
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(named(error)) from None
    for warning in said:
        warnings.warn(named(warning.message), warning.category, stacklevel=3)
    found.name, found.summary = path.stem, named(found.summary)
    return found


def _unpack(path: Path, place: Path) -> None:
    """Unpack a file whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(path) as archive:
            need = sum(member.file_size for member in archive.infolist())
            free = shutil.disk_usage(place.parent).free
            if need > free:
                raise OSError(
                    f"What is in {path} takes {need / 1e9:.1f} GB in {place.parent}, where "
                    f"{free / 1e9:.1f} GB are free: unpack it elsewhere, and give the folder."
                )
            with tempfile.TemporaryDirectory(dir=place.parent) as unfinished:
                inside = Path(unfinished) / "pictures"
                inside.mkdir()
                archive.extractall(inside)  # which keeps every member within this folder
                (inside / DONE).touch()
                if place.exists():  # of an attempt that was killed
                    shutil.rmtree(place)
                os.replace(inside, place)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is no zip file, or a damaged one: {error}.") from None
    except (RuntimeError, NotImplementedError) as error:  # a password, an unknown compression
        reason = "it asks for a password" if "password" in str(error) else str(error)
        raise ValueError(f"{path} cannot be unpacked: {reason}; unpack it yourself.") from None
    except (EOFError, ValueError) as error:
        raise ValueError(f"{path} cannot be unpacked, it is damaged: {error}.") from None
