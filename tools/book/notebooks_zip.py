"""Pack the notebooks of the book for readers to take along: with pictures, results and library."""

import zipfile
from pathlib import Path

from toc import ROOT, notebooks

ARCHIVE = Path("_static", "notebooks.zip")


def pack(pages: Path, wheel: Path | None = None) -> None:
    """Write the archive into the folder of the built book, the same bytes for the same files.

    The wheel lies in the folder above the notebooks, where their first cell finds it.
    """
    pictures = sorted((ROOT / "book" / "_assets").rglob("*.png"))
    results = sorted((ROOT / "benchmarks" / "results").glob("*.*"))
    licenses = [ROOT / "LICENSE", ROOT / "LICENSE-prose"]
    files = {
        path.relative_to(ROOT).as_posix(): path
        for path in [*notebooks(), *pictures, *results, *licenses]
    }
    if wheel is not None:
        files[wheel.name] = wheel
    with zipfile.ZipFile(pages / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            info = zipfile.ZipInfo(f"gan_tutorial_notebooks/{name}")
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
