"""Places in the pages of the book: what stands at an anchor, and what the fold at the end lists.

A row of book/sources.yml is settled at a place. The page says so in one of two ways: the row's id
stands in the text at that place, or, so that no id interrupts a reader, in the fold "What the
articles say" at the end of the chapter, in an item that links to the place.
"""

import re
from pathlib import Path

import nbformat
from docutils.nodes import make_id

ID = re.compile(r"\b(?:S[0-4]|D|T)-\d\d\b")
FOLD = "What the articles say"
LINK = re.compile(r"\{(?:num)?ref\}`(?:[^`<]*<)?([\w-]+)>?`|\]\(#([\w-]+)\)")
RANGE = re.compile(r"\b(S[0-4]|D|T)-(\d\d) to \1-(\d\d)\b")


def places(page: Path) -> dict[str, str]:
    """Return anchor -> the text that a reader finds there, for every anchor of a page.

    Anchors are headings, labels, and the labels of directives. The text of a heading or of a label
    goes on to the next heading; that of an exercise to the end of its solution. The fold that lists
    what the articles say is no part of any text but its own; see `folded`.
    """
    found: dict[str, list[str]] = {}
    section: list[str] = []
    labeled: list[str] = []
    pending: list[str] = []
    below: list[list[str]] = []  # what the labels within this section have opened
    for line in _without_fold(_lines(page)):
        if heading := re.match(r"#+ +(.+)", line):
            section, labeled, below = [heading[1]], [], []
            for anchor in (make_id(re.sub(r"[*`$']", "", heading[1])), *pending):
                found.setdefault(anchor, section)
            pending = []
        elif target := re.fullmatch(r"\(([\w-]+)\)=", line.strip()):
            pending.append(target[1])
        elif pending and line.strip():  # a paragraph, a figure, a cell of code
            below.append([])
            found.update(dict.fromkeys(pending, below[-1]))
            pending = []
        if re.match(r"`{3,}\{exercise-start\}", line):
            section = labeled = []
            below = []
        if label := re.match(r":(?:label|name): *([\w-]+)", line):
            labeled = []
            found[label[1]] = labeled
        for text in {id(lines): lines for lines in (section, labeled, *below)}.values():
            text.append(line)
    return {anchor: "\n".join(lines) for anchor, lines in found.items()}


def fold(page: Path) -> list[str]:
    """Return the lines of the fold "What the articles say", options included, or none."""
    lines = _lines(page)
    start, end = _fold(lines)
    return lines[start:end]


def folded(page: Path) -> dict[str, set[str]]:
    """Return what the fold at a chapter's end lists: id -> the anchors that its items link to.

    The fold is an admonition with the title `FOLD`, a list. An item names the rows that it is
    about and links to the place that settles them; one without a link settles them itself, and
    then the anchor is the fold's own name.
    """
    lines = fold(page)
    name = next((line.split()[1] for line in lines if re.match(r":name: *\S", line)), "")
    found: dict[str, set[str]] = {}
    for item in re.split(r"^[-*] ", "\n".join(lines), flags=re.MULTILINE)[1:]:
        links = {a or b for a, b in LINK.findall(item)} or {name}
        for row in named(item):
            found.setdefault(row, set()).update(links)
    return found


def _fold(lines: list[str]) -> tuple[int, int]:
    """Return where the fold starts and where it ends, the fences included; (0, 0) without one."""
    for start, line in enumerate(lines):
        if fence := re.match(rf"(`{{3,}}|:{{3,}})\{{admonition\}} {FOLD}\s*$", line):
            rest = enumerate(lines[start + 1 :], start + 2)
            return start, next((n for n, line in rest if line.strip() == fence[1]), len(lines))
    return 0, 0


def _without_fold(lines: list[str]) -> list[str]:
    """Return the lines with those of the fold gone, except its name."""
    start, end = _fold(lines)
    name = [line for line in lines[start:end] if re.match(r":name:", line)]
    return [*lines[:start], *name, *lines[end:]]


def _lines(page: Path) -> list[str]:
    """Return the lines of a page; those of code are indented, so that no comment is a heading."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text.splitlines()
    return [
        line if cell.cell_type == "markdown" else f"    {line}"
        for cell in nbformat.reads(text, as_version=4).cells
        for line in cell.source.splitlines()
    ]


def named(text: str) -> set[str]:
    """Return the ids that a text names, one by one or as "S2-37 to S2-40"."""
    found = set(ID.findall(text))
    for prefix, first, last in RANGE.findall(text):
        found |= {f"{prefix}-{number:02d}" for number in range(int(first), int(last) + 1)}
    return found
