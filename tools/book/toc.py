"""The pages of the book, in reading order, as `_toc.yml` lists them.

As a script: prints the paths of the notebooks, one a line.
"""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def pages(root: Path = ROOT) -> list[Path]:
    """Return the source file of every page; name the entry that has none."""
    toc = yaml.safe_load((root / "_toc.yml").read_text())
    found = []
    for name in _names(toc):
        matches = [p for p in (root / f"{name}.ipynb", root / f"{name}.md") if p.is_file()]
        if len(matches) != 1:
            raise FileNotFoundError(
                f"_toc.yml lists '{name}', for which there must be exactly one of "
                f"{name}.ipynb and {name}.md; there are {len(matches)}."
            )
        found += matches
    return found


def notebooks(root: Path = ROOT) -> list[Path]:
    """Return the pages that are executed."""
    return [page for page in pages(root) if page.suffix == ".ipynb"]


def _names(entry) -> list[str]:
    """Collect the values of `root:` and `file:` at any depth, in order."""
    if isinstance(entry, list):
        return [name for item in entry for name in _names(item)]
    if not isinstance(entry, dict):
        return []
    names = [entry[key] for key in ("root", "file") if key in entry]
    return names + [name for value in entry.values() for name in _names(value)]


if __name__ == "__main__":
    try:
        print("\n".join(str(path.relative_to(ROOT)) for path in notebooks()))
    except FileNotFoundError as error:
        sys.exit(str(error))
