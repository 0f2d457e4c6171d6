"""Writing files so that a crash never leaves half of one behind, and failures say what to do."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["WriteError", "alone_in", "in_words", "write_atomically"]


class WriteError(OSError):
    """A file that could not be written; the message says why, what is kept, and what to do."""


_FULL = (errno.ENOSPC, errno.EDQUOT)
_REASONS = {
    **dict.fromkeys(_FULL, "the disk is full: free some room, or write to another disk"),
    errno.EFBIG: "the file is too large for this disk: write to another one",
    errno.EROFS: "the disk can only be read from: write to another place",
    errno.EACCES: "you may not write there: choose a folder of your own",
    errno.EPERM: "you may not write there: choose a folder of your own",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another name",
    errno.EEXIST: "a part of the path is a file, not a folder: choose another name",
    errno.EISDIR: "it is a folder: give the name of a file",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.EMFILE: "too many files are open: close other programs",
    errno.EIO: "the disk reports a fault: write to another one",
}


def in_words(error: OSError) -> str:
    """Say in our words what the system refused.

    Examples
    --------
    >>> in_words(OSError(errno.ENOSPC, "No space left on device", "a.png"))
    'a.png cannot be written: the disk is full: free some room, or write to another disk.'
    """
    if isinstance(error, WriteError) or error.errno is None:
        return str(error)
    what = f"{error.filename}" if error.filename is not None else "A file"
    if isinstance(error, FileNotFoundError):
        return f"There is no {what}."
    verb = "written" if error.errno in (*_FULL, errno.EROFS) else "used"
    reason = _REASONS.get(error.errno, error.strerror or type(error).__name__)
    return f"{what} cannot be {verb}: {reason}."


def write_atomically(
    path: str | Path, content: bytes, keep_previous_as: Path | None = None
) -> None:
    """Write `content` to `path` whole or not at all.

    The bytes go to a temporary file beside `path`, reach the disk, and only then take its name.

    Parameters
    ----------
    path : str or Path
        The file; its folder is made if there is none, and ``~`` is the reader's home.
    content : bytes
        What to write.
    keep_previous_as : Path, optional
        A second name, in the same folder, under which the file that was there before is kept. At
        no moment is `path` missing or incomplete.

    Raises
    ------
    WriteError
        If the system refuses: the disk is full, a folder is read-only, a part of the path is a
        file. What was there before is as it was, and no temporary file is left.
    """
    path = Path(path).expanduser()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    there = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = path.exists()
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        for left_over in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that was killed
            left_over.unlink(missing_ok=True)
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if keep_previous_as is not None and there:
                _keep(path, keep_previous_as)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        kept = " The file that was there is as it was." if there and not path.is_dir() else ""
        raise WriteError(f"{path} cannot be written: {reason}.{kept}") from error


def _keep(path: Path, name: Path) -> None:
    """Give a file a second name; where the disk knows no second names, copy it."""
    name.unlink(missing_ok=True)
    try:
        os.link(path, name)
    except OSError as error:
        if error.errno in _FULL:
            raise
        shutil.copy2(path, name)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from training into the same folder at the same time.

    Raises
    ------
    WriteError
        If one is at it already, or the folder cannot be made. The lock of a process that was
        killed is gone with it.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise WriteError(
            f"Another process is training into {folder}: wait for it, or choose another folder."
        ) from None
    except NotImplementedError:  # a disk without locks
        yield
        return
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise WriteError(f"The run's folder {folder} cannot be used: {reason}.") from error
    try:
        yield
    finally:
        lock.release()
        (folder / ".lock").unlink(missing_ok=True)
