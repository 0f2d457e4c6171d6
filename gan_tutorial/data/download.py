"""Finding the files of published data sets: on this machine first, then from their mirrors."""

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["ENVIRONMENT", "cache_folder", "obtain", "show_progress"]

ENVIRONMENT = "GAN_TUTORIAL_DATA_DIR"


def obtain(
    title: str,
    filename: str,
    mirrors: Sequence[str],
    sha256: str,
    *,
    data_dir: str | Path | None = None,
    subfolders: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Path:
    """Return the path of one file of a data set, downloading it if it is nowhere.

    The places are looked through in this order: `data_dir`, the folder that the environment
    variable GAN_TUTORIAL_DATA_DIR names, the cache, the mirrors in turn. What comes from a
    mirror or the cache has the right checksum; what comes from the reader's own folders is for
    the caller to check.

    Parameters
    ----------
    title : str
        What messages call the data set.
    filename : str
        The file, as the mirrors name it.
    mirrors : sequence of str
        Addresses of folders, ending in a slash.
    sha256 : str
        The checksum of the file.
    data_dir : str or Path, optional
        A folder to look in first.
    subfolders : sequence of str
        Subfolders of the reader's folders to look in, before the folders themselves; the first
        one names the data set in the cache.
    also : sequence of str
        Other forms the file may have in the reader's folders, such as uncompressed.

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If the file is nowhere and no mirror gives it.
    """
    own = _own_folders(data_dir)
    for folder in own:
        for place in (*(folder / name for name in subfolders), folder):
            for name in (filename, *also):
                if (place / name).exists():
                    return place / name
    cache = cache_folder() / (subfolders[0] if subfolders else "")
    failures = []
    for mirror in mirrors:
        try:
            return _fetch(mirror + filename, sha256, cache / filename)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"{mirror} ({_reason(error)})")
    looked = f" (looked in {' and '.join(str(folder) for folder in own)})" if own else ""
    raise FileNotFoundError(
        f"{title} is not on this machine{looked}, and {filename} could not be downloaded from "
        f"{' or '.join(failures)}: get the file by other means, put it into a folder, and name "
        f"that folder in the environment variable {ENVIRONMENT}."
    )


def cache_folder() -> Path:
    """Return the folder for what need not be fetched or computed twice; it may not exist yet."""
    import pooch

    return Path(pooch.os_cache("gan_tutorial"))


def show_progress() -> bool:
    """Return whether somebody is watching: a terminal or a notebook, and TQDM_DISABLE unset."""
    watched = sys.stderr.isatty() or "ipykernel" in sys.modules
    return watched and os.environ.get("TQDM_DISABLE", "") in ("", "0")


def _own_folders(data_dir: str | Path | None) -> list[Path]:
    """Return the reader's own folders that exist."""
    folders = []
    if data_dir is not None:
        if not Path(data_dir).expanduser().is_dir():
            raise FileNotFoundError(f"data_dir names no folder: {data_dir}.")
        folders.append(Path(data_dir).expanduser())
    if os.environ.get(ENVIRONMENT):
        folder = Path(os.environ[ENVIRONMENT]).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(f"{ENVIRONMENT} names no folder: {folder}.")
        folders.append(folder)
    return folders


def _fetch(url: str, sha256: str, target: Path) -> Path:
    """Return `target`, downloaded from `url` unless it is there already and whole."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        return Path(
            pooch.retrieve(
                url,
                known_hash=f"sha256:{sha256}",
                fname=target.name,
                path=target.parent,
                downloader=pooch.HTTPDownloader(progressbar=show_progress(), timeout=30),
            )
        )
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    """Say in a few words why a download failed."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code}"
    if isinstance(error, ValueError):
        return "its checksum is wrong"
    if isinstance(error, PermissionError):
        return f"cannot write to {error.filename or cache_folder()}"
    return type(error).__name__
