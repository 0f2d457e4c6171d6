"""Marks go back to Canvas and Moodle: their own tables come in, and go out filled.

Both read what they wrote, if the columns stay as they were; so only the marks are put in.
Canvas: *Grades*, *Export*, and *Import* the result. Moodle: *Download grading worksheet* of the
assignment, and *Upload grading worksheet*.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import feedback
from results import Result, write
from written import decoded, plain

SET = re.compile(r"(?:ps|problem[ _-]?set)[ _-]?0*(\d+)", re.IGNORECASE)


def canvas(path: Path, out: Path, results: list[Result]) -> list[str]:
    """Fill the columns of a Canvas gradebook whose titles name a set; return what is to be said."""
    rows, separator = _read(path)
    if not rows or "ID" not in rows[0] or "Student" not in rows[0]:
        return [
            f"{path.name} is no gradebook of Canvas (no columns Student and ID): nothing written"
        ]
    columns = {place: _number(title) for place, title in enumerate(rows[0]) if _number(title)}
    if not columns:
        return [f"{path.name}: no column's title names a problem set, such as `Problem set 1`"]
    id, name = rows[0].index("ID"), rows[0].index("Student")

    def is_theirs(student: str, row: list[str]) -> bool:
        return student.rsplit("_", 1)[-1] == row[id].strip() or student in _names(row[name])

    said = _fill(rows, columns, is_theirs, results, lambda row, place, r: _put(row, place, r))
    _write(out / "canvas.csv", rows, separator)
    return said


def moodle(path: Path, out: Path, results: list[Result]) -> list[str]:
    """Fill the worksheet of one assignment, whose file's name says of which set it is."""
    rows, separator = _read(path)
    if not rows or not {"Identifier", "Full name", "Grade"} <= set(rows[0]):
        return [
            f"{path.name} is no grading worksheet of Moodle (no columns Identifier, Full name and "
            "Grade): nothing written"
        ]
    if not (number := _number(path.stem)):
        return [f"{path.name}: call it by its problem set, such as ps1.csv: nothing written"]
    head = rows[0]
    comments = head.index("Feedback comments") if "Feedback comments" in head else None

    def is_theirs(student: str, row: list[str]) -> bool:
        of = row[head.index("Identifier")].split()[-1]
        return student.rsplit("_", 1)[-1] == of or student in _names(row[head.index("Full name")])

    def put(row: list[str], place: int, result: Result) -> None:
        _put(row, place, result)
        if comments is not None:
            row[comments] = plain(_comment(result))

    said = _fill(rows, {head.index("Grade"): number}, is_theirs, results, put)
    _write(out / f"moodle-{path.stem}.csv", rows, separator)
    return said


def _fill(rows, columns: dict[int, str], is_theirs: Callable, results, put) -> list[str]:
    """Put each result into the one row that is its student's; say where there is not just one."""
    said = []
    for place, number in columns.items():
        for result in results:
            if _number(result.set) != number:
                continue
            theirs = [row for row in rows[1:] if is_theirs(result.student, row)]
            if len(theirs) == 1:
                put(theirs[0], place, result)
            else:
                count = "no row" if not theirs else f"{len(theirs)} rows"
                said.append(f"{result.student}, {result.set}: {count} there, so no mark was put in")
    return said


def _put(row: list[str], place: int, result: Result) -> None:
    row[place] = f"{result.score:g}"


def _comment(result: Result) -> str:
    lost = [f"{m.title or m.id}: {m.score:g} of {m.points:g}. {m.why}" for m in result.marks
            if m.score is not None and m.score < m.points]  # fmt: skip
    return "\n".join([feedback.headline(result), *lost])


def _number(text: str) -> str | None:
    match = SET.search(text)
    return match and match[1]


def _names(name: str) -> set[str]:
    """Return how a name may stand: `Lovelace, Ada` is `Ada Lovelace`, and Canvas's lovelaceada."""
    last, _, first = (part.strip() for part in name.partition(","))
    usual = f"{first} {last}".strip()
    return {name.strip(), usual, re.sub(r"\W", "", f"{last}{first}").casefold()} - {""}


def _read(path: Path) -> tuple[list[list[str]], str]:
    text = decoded(path.read_bytes())
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]
    width = max(map(len, rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    if rows:
        rows[0] = [title.strip() for title in rows[0]]
    return rows, separator


def _write(path: Path, rows, separator: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    write(path, text.getvalue(), encoding="utf-8-sig")
