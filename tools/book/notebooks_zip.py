"""Pack the notebooks of the book, with the pictures they show, for readers to take along."""

import zipfile
from pathlib import Path

from toc import ROOT, notebooks

ARCHIVE = Path("_static", "notebooks.zip")


def pack(pages: Path) -> None:
    """Write the archive into the folder of the built book, the same bytes for the same files."""
    pictures = sorted((ROOT / "book" / "_assets").rglob("*.png"))
    licenses = [ROOT / "LICENSE", ROOT / "LICENSE-prose"]
    with zipfile.ZipFile(pages / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [*notebooks(), *pictures, *licenses]:
            name = Path("gan_tutorial_notebooks", path.relative_to(ROOT)).as_posix()
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
