"""Writing files so that a crash never leaves half of one behind."""

import os
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(
    path: str | Path, content: bytes, keep_previous_as: Path | None = None
) -> None:
    """Write `content` to `path` whole or not at all.

    The bytes go to a temporary file beside `path`, reach the disk, and only then take its name.

    Parameters
    ----------
    path : str or Path
        The file; its folder is made if there is none.
    content : bytes
        What to write.
    keep_previous_as : Path, optional
        A second name, in the same folder, under which the file that was there before is kept. At
        no moment is `path` missing or incomplete.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_over in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that was killed
        left_over.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if keep_previous_as is not None and path.exists():
        keep_previous_as.unlink(missing_ok=True)
        os.link(path, keep_previous_as)
    os.replace(temporary, path)
