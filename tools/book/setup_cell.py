"""The first code cell of every notebook, which installs the library where it is missing.

    python tools/book/setup_cell.py [--check]

writes the cell below into every chapter and problem set; a test holds that all are the same. A
wheel that lies beside the notebook is taken first, as it does in the archive of the notebooks;
then the repository. Where neither can be installed, one sentence says what to do, and the notebook
stops there.
"""

import argparse
import sys
import tomllib
from pathlib import Path

import nbformat
from toc import ROOT, notebooks

CELL = """\
try:
    import gan_tutorial  # noqa: F401
except ImportError:  # for instance in Colab
    import subprocess
    import sys
    from pathlib import Path

    class NotInstalled(Exception):
        def _render_traceback_(self):  # what to do, and no more
            return [str(self)]

    wheels = sorted(str(file) for up in (".", "..") for file in Path(up).glob("gan_tutorial-*.whl"))
    said = []
    for source in (*wheels[-1:], "{home}/archive/main.zip"):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", source]
        run = subprocess.run(pip, capture_output=True, text=True, errors="replace")
        if run.returncode == 0:
            break
        said += [s for s in run.stderr.splitlines() if "ERROR" in s or "No module" in s]
    else:
        todo = (
            "connect to the internet, where the packages that its wheel needs are,"
            if wheels
            else "put the wheel that the book's title page offers beside this notebook"
        )
        raise NotInstalled(
            f"gan_tutorial cannot be installed: {{todo}} and run this cell again. "
            f"(pip: {{(said or ['no reason given'])[0][:200]}})"
        ) from None
"""


def address(root: Path = ROOT) -> str:
    """Return the repository's address, from the one place where it is defined."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"]["urls"]["Repository"]


def cell() -> str:
    """Return the set-up cell's text."""
    return CELL.format(home=address()).rstrip("\n")


def files() -> list[Path]:
    """Return every notebook that has the cell: chapters, appendices and problem sets."""
    return [*notebooks(), *sorted((ROOT / "exercises").glob("*.ipynb"))]


def setup_of(notebook):
    """Return the first code cell if it is a set-up cell of any time, else None."""
    first = next((c for c in notebook.cells if c.cell_type == "code"), None)
    is_setup = first is not None and first.source.startswith("try:\n    import gan_tutorial")
    return first if is_setup else None


def put(path: Path, write: bool = True) -> bool:
    """Write the cell into a notebook; return whether it was another one before.

    Raises
    ------
    ValueError
        If the notebook's first code cell is no set-up cell.
    """
    notebook = nbformat.read(path, as_version=4)
    found = setup_of(notebook)
    if found is None:
        raise ValueError(
            f"{path.name}: the first code cell does not begin with `try: import gan_tutorial`; add "
            "a cell with these two lines, and run this again"
        )
    other = found.source != cell()
    if other and write:
        found.source = cell()
        path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")
    return other


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if one differs")
    parser.add_argument("paths", type=Path, nargs="*", help="notebooks (all)")
    options = parser.parse_args()
    changed = [p.name for p in options.paths or files() if put(p, write=not options.check)]
    if changed:
        print(f"{'Other' if options.check else 'New'} set-up cell: {', '.join(changed)}")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
