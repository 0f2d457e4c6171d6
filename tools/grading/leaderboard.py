"""The leaderboard: whose generator comes nearest to pictures that nobody was shown.

A test of a problem set leaves in `board` what it measured; this makes a page of it for the class,
by the names that students chose for it, and a table with their own names for the instructor. Two
whose distances differ by no more than their spreads allow share a place.
"""

import base64
import html
import io
import math
from dataclasses import dataclass
from pathlib import Path

from crossing import clean
from feedback import STYLE
from gradebook import table
from results import Result, write

ALIAS = 24  # characters of a chosen name
APART = 2.0  # standard errors by which two distances have to differ
ROW = 8  # samples
SCALE = 4  # screen pixels of a pixel
NUMBERS = ("kid", "spread", "copies", "closer")
HEAD = ["set", "place", "student", "alias", *NUMBERS, "admitted", "points"]
MORE = (
    ".picture img{image-rendering:pixelated;display:block;max-width:100%;height:auto}"
    ".rival td{font-style:italic} td:nth-child(2){white-space:normal}"
    "td:nth-child(3){overflow-wrap:normal}"
)
SAID = (
    "KID to pictures that nobody was shown, ± its standard error; lower is better, and other real "
    "pictures are at about 0, a little above or below. A place counts the generators that are "
    "better by more than two standard errors of the difference, so places are shared. Copies of "
    "the training pictures, and what is as near to them, have no place."
)


@dataclass(frozen=True)
class Row:
    """One generator: whose, and what was measured of it."""

    student: str
    set: str
    alias: str
    kid: float
    spread: float
    copies: float
    closer: float
    admitted: bool
    points: float
    pictures: tuple = ()
    rivals: tuple = ()  # (name, kid, spread) of what is shown beside the class

    def better_than(self, other: "Row") -> bool:
        return self.kid + APART * math.hypot(self.spread, other.spread) < other.kid


def rows(results: list[Result]) -> list[Row]:
    """Return a row for each result that was measured, the best first, copies last."""
    found = []
    for result in results:
        for mark in result.marks:
            if board := mark.board:
                found.append(
                    Row(
                        result.student,
                        result.set,
                        alias(board.get("alias", "")),
                        *(float(board[key]) for key in NUMBERS),
                        bool(board["admitted"]),
                        mark.score or 0.0,
                        tuple(board.get("pictures", ())),
                        tuple(map(tuple, board.get("rivals", ()))),
                    )
                )
    return sorted(found, key=lambda row: (row.set, not row.admitted, row.kid, row.student))


def alias(chosen) -> str:
    """Return a name that a student chose, as one short line."""
    return " ".join(clean(chosen, ALIAS).split()) or "no name"


def places(mine: list[Row]) -> list[int | None]:
    """Return the place of each: one more than the generators that are surely better."""
    admitted = [row for row in mine if row.admitted]
    return [
        1 + sum(other.better_than(row) for other in admitted) if row.admitted else None
        for row in mine
    ]


def write_all(results: list[Result], out: Path) -> list[str]:
    """Write leaderboard.html and leaderboard.csv, if a set has one; return what is to be said."""
    found = rows(results)
    if not found:
        return []
    by_set = {name: [row for row in found if row.set == name] for name in {r.set for r in found}}
    lines, sections = [HEAD], []
    for name, mine in sorted(by_set.items()):
        placed = list(zip(places(mine), mine, strict=True))
        sections.append(_section(name, placed))
        for place, row in placed:
            numbers = [f"{getattr(row, key):.4f}" for key in NUMBERS]
            lines.append([name, place or "", row.student, row.alias, *numbers,
                          "yes" if row.admitted else "no", f"{row.points:g}"])  # fmt: skip
    write(out / "leaderboard.csv", table(lines))
    write(out / "leaderboard.html", _page("".join(sections)))
    return [f"{len(found)} generators are compared: leaderboard.html"]


def _page(body: str) -> str:
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Leaderboard</title>
<style>{STYLE}{MORE}</style><h1>Leaderboard</h1><p>{html.escape(SAID)}</p>
{body}</html>
"""


def _section(name: str, placed: list[tuple[int | None, Row]]) -> str:
    rivals = [(kid, _rival(what, kid, spread)) for what, kid, spread in placed[0][1].rivals]
    lines = [(row.kid if place else math.inf, _line(place, row)) for place, row in placed]
    body = "".join(text for _, text in sorted([*lines, *rivals], key=lambda line: line[0]))
    return (
        f"<h2>{html.escape(name)}</h2><table><tr><th>Place</th><th>Name</th><th>KID</th>"
        f"<th>Samples</th></tr>{body}</table>"
    )


def _line(place: int | None, row: Row) -> str:
    value = _value(row.kid, row.spread) if place else "copies"
    shown = _picture(row.pictures, row.alias)
    return (
        f"<tr><td>{place or '&ndash;'}</td><td>{html.escape(row.alias)}</td><td>{value}</td>"
        f"<td class=picture>{shown}</td></tr>"
    )


def _value(kid: float, spread: float) -> str:
    return f"{kid:.3f}&nbsp;±&nbsp;{spread:.3f}"


def _rival(what: str, kid: float, spread: float) -> str:
    cells = ("", html.escape(what), _value(kid, spread), "")
    return f"<tr class=rival>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _picture(pictures, alias: str) -> str:
    """Return samples, eight in a row, as an image within the page."""
    if not pictures:
        return ""
    import numpy as np
    from PIL import Image

    tiles = [np.pad(np.asarray(picture, "uint8"), 1) for picture in pictures]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % ROW)
    sheet = np.block([tiles[start : start + ROW] for start in range(0, len(tiles), ROW)])
    size = (sheet.shape[1] * SCALE, sheet.shape[0] * SCALE)
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    alt = html.escape(f"{len(pictures)} samples of {alias}", quote=True)
    return f'<img alt="{alt}" width={size[0]} height={size[1]} src="data:image/png;base64,{data}">'
