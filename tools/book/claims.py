"""The rows of book/sources.yml, and whether the book keeps what they promise.

A row is a claim, a defect or a technique of one of the five articles. It names the place of the
book that settles it, and, where that place computes a number, what has to hold of the number.
As a script: prints what is wrong with the rows; nothing if all is well.
"""

import ast
import functools
import json
import operator
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml
from places import FOLD, folded, named, places
from toc import ROOT, pages

DATA = Path("book", "sources.yml")
VERDICTS = {
    "claim": ("true", "true with conditions", "imprecise", "wrong", "unverifiable"),
    "defect": ("stops", "silent", "formula", "text"),
    "technique": ("full", "demo", "pointer", "none"),
}
ARTICLES = ("S0", "S1", "S2", "S3", "S4")
NUMBER = re.compile(r"[-\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Row:
    """One row; the fields are explained at the top of book/sources.yml."""

    id: str
    kind: str
    article: tuple[str, ...]
    says: str
    holds: str
    verdict: str
    settled: str
    value: str = ""
    measured: str = ""
    run: str = ""

    @property
    def page(self) -> str:
        return self.settled.partition("#")[0]

    @property
    def anchor(self) -> str:
        return self.settled.partition("#")[2]

    @property
    def keys(self) -> set[tuple[str, str]]:
        """Return page and name of each glued number that the row speaks of."""
        names = set(re.findall(r"\{([\w.-]+)\}", self.measured))
        for left, sign, right in conditions(self.value):
            names |= {operand(left)[1]} | ({operand(right)[1]} if sign != "==" else set())
        return {self.place(name) for name in names - {""}}

    def place(self, name: str) -> tuple[str, str]:
        """Return page and name of a glued number: "04_measuring.key", or "key" on its own page."""
        page, _, key = name.rpartition(".")
        return page or self.page, key


def read(root: Path = ROOT) -> list[Row]:
    """Return the rows of the data file."""
    entries = yaml.safe_load((root / DATA).read_text(encoding="utf-8"))
    return [Row(**{**entry, "article": tuple(entry["article"])}) for entry in entries]


# --- What the pages say -------------------------------------------------------------------------


def glued(page: Path) -> set[str]:
    """Return the glued names that occur in the code of a page, also in f-strings and tables."""
    if page.suffix != ".ipynb":
        return set()
    cells = nbformat.read(page, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    patterns = re.findall(r"""f["']([\w{}-]+)["']""", code)
    names = {name for _, name in re.findall(r"""(["'])([\w-]+)\1""", code)}
    return names | {name for name in patterns if re.search(r"\w\w|_", re.sub(r"{.*?}", "", name))}


def computes(names: set[str], key: str) -> bool:
    """Say whether one of the names in the code can be `key`; `{...}` in it stands for anything."""
    return any(
        re.fullmatch(re.sub(r"\\{.*?\\}", r"[\\w-]+", re.escape(name)), key) for name in names
    )


# --- What the numbers say -----------------------------------------------------------------------


def conditions(value: str) -> list[tuple[str, str, str]]:
    """Split "a < b and c > 2*d" into its comparisons."""
    parts = [part.split() for part in value.split(" and ")] if value else []
    for part in parts:
        if len(part) != 3 or part[1] not in (*COMPARE, "=="):
            raise ValueError(f"{value!r} is no list of comparisons 'a < b' joined by 'and'")
    return [tuple(part) for part in parts]


def operand(text: str) -> tuple[float, str]:
    """Split "1.5*key" into factor and key; a number has no key."""
    factor, times, key = text.rpartition("*")
    if re.fullmatch(NUMBER, text):
        return float(text), ""
    return (float(factor) if times else 1.0), key


def numbers(text: str) -> list[float]:
    """Return the numbers in a glued text: "5 to 7.5%" holds two."""
    cleaned = [found.replace("\N{MINUS SIGN}", "-").replace(",", "") for found in _found(text)]
    return [float(number) for number in cleaned]


def _found(text: str) -> list[str]:
    # a spread is no value: "0.91 ± 0.01" is 0.91
    return NUMBER.findall(re.sub(r"±\s*[\d.]+", "", text.replace("\N{NO-BREAK SPACE}", " ")))


def contradictions(row: Row, values: dict[str, str]) -> list[str]:
    """Return a sentence for each comparison of a row that the computed `values` do not bear out."""
    found = []
    for left, sign, right in conditions(row.value):
        texts = [values.get(operand(side)[1], "") for side in (left, right)]
        if sign == "==":
            holds = _plain(texts[0]) == _plain(texts[1] or right)
        else:
            sides = [
                [operand(side)[0]]
                if not operand(side)[1]
                else [operand(side)[0] * number for number in numbers(text)]
                for side, text in zip((left, right), texts, strict=True)
            ]
            holds = all(sides) and all(COMPARE[sign](a, b) for a in sides[0] for b in sides[1])
        if not holds:
            computed = ", ".join(
                f"{operand(side)[1]} is {text or 'not computed'}"
                for side, text in zip((left, right), texts, strict=True)
                if operand(side)[1] and not (sign == "==" and side == right)
            )
            found.append(
                f'{row.id}: "{row.verdict}" rests on {left} {sign} {right}, but on the page '
                f"{row.page} {computed}."
            )
    return found


def _plain(text: str) -> str:
    return text.replace(",", "").strip()


def values_of(folder: Path, page: str) -> dict[str, str] | None:
    """Return the glued texts of an executed page, from the folder of executed notebooks."""
    path = folder / "book" / f"{page}.glue.json"
    if not path.is_file():
        return None
    texts = {}
    for key, output in json.loads(path.read_text(encoding="utf-8")).items():
        text = output.get("data", {}).get("text/plain", "") if isinstance(output, dict) else ""
        texts[key] = shown(text)
    return texts


def filled(row: Row, values: dict[str, dict[str, str] | None]) -> str:
    """Return what the row has measured, with the numbers of the executed pages in it."""

    def number(match: re.Match) -> str:
        page, key = row.place(match.group(1))
        return (values.get(page) or {}).get(key, "?")

    return re.sub(r"\{([\w.-]+)\}", number, row.measured)


def shown(text: str) -> str:
    """Write a glued value as a reader sees it: no quotes, and three digits of a long fraction."""
    if re.fullmatch(r"(['\"]).*\1", text, re.S):
        return ast.literal_eval(text)  # it is a repr, in which a no-break space is four signs
    if re.fullmatch(r"-?\d+\.\d{4,}(e-?\d+)?", text):
        return f"{float(text):.3g}"
    return text


# --- Both together ------------------------------------------------------------------------------


def complaints(root: Path = ROOT, rows: list[Row] | None = None) -> list[str]:
    """Return a sentence for each row that has no verdict, no living place, or is not named there.

    The numbers are compared where the executed pages are there; see `contradictions`.
    """
    sources = {path.stem: path for path in pages(root)}

    @functools.cache
    def anchors(page: str) -> dict[str, str]:
        return places(sources[page])

    @functools.cache
    def listed(page: str) -> dict[str, set[str]]:
        return folded(sources[page])

    @functools.cache
    def names(page: str) -> set[str]:
        return glued(sources[page])

    found = []
    for row in read(root) if rows is None else rows:
        if row.verdict not in VERDICTS.get(row.kind, ()):
            found.append(f"{row.id}: {row.verdict!r} is no verdict of a {row.kind}.")
        if not row.article or not set(row.article) <= set(ARTICLES):
            found.append(f"{row.id}: {row.article} are not articles.")
        if row.page not in sources:
            found.append(f"{row.id}: there is no page {row.page!r} in _toc.yml.")
        elif row.anchor not in anchors(row.page):
            found.append(f"{row.id}: on the page {row.page} nothing is called {row.anchor!r}.")
        elif not _settles(row, anchors(row.page), listed(row.page)):
            found.append(
                f"{row.id}: {row.settled} does not name it, and no item of the fold "
                f'"{FOLD}" that links there does.'
            )
        else:
            found += [
                f"{row.id}: the page {page} glues nothing called {key!r}."
                for page, key in sorted(row.keys)
                if page not in sources or not computes(names(page), key)
            ]
    return found


def _settles(row: Row, texts: dict[str, str], listed: dict[str, set[str]]) -> bool:
    """Say whether the row's place names it, or is what the fold's item about it links to."""
    place = texts[row.anchor]
    # a heading and its label are one place
    linked = (texts.get(anchor) for anchor in listed.get(row.id, ()))
    return row.id in named(place) or place in linked


def strays(root: Path = ROOT) -> list[str]:
    """Return a sentence for each thing in a fold that leads nowhere: an id or a link."""
    settled = {row.id: row.page for row in read(root)}
    found = []
    for page in pages(root):
        listed, anchors = folded(page), places(page)
        for row, links in sorted(listed.items()):
            if settled.get(row) != page.stem:
                where = settled.get(row, "nowhere")
                found.append(f"{page.stem}: the fold lists {row}, which is settled in {where}.")
            for link in sorted(links - set(anchors)):
                found.append(f"{page.stem}: the fold links {row} to {link!r}, which is not there.")
    return found


def main() -> int:
    found = complaints() + strays()
    executed = ROOT / "_build" / "jupyter_execute"
    for row in read():
        values = values_of(executed, row.page)
        if row.value and values is not None:
            found += contradictions(row, values)
    print("\n".join(found))
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
