"""Answers in words: found wherever a student put them, read by a person, kept whatever happens.

Only the exact stub is blank. `written.csv` goes through spreadsheets, which change encoding,
separator, numbers and keys that look like numbers: it is read with all of that in mind.
"""

import csv
import hashlib
import io
import re
import shutil
import time
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import problem_sets
from results import Result, write

STUB = "*Your answer here.*"
COLUMNS = ["key", "student", "set", "part", "points", "mark", "comment", "note", "answer"]
ASIDE = "[from another cell]\n"


# --- To find an answer --------------------------------------------------------------------------


def find(id: str, official, theirs) -> tuple[str, str]:
    """Return a student's answer to a written part, and what a person should know about it.

    The answer is what stands in the cells of that part (a cell that was split keeps its id, or
    loses it), in new cells up to the next cell that was handed out, or, if there is nothing, in
    whatever text of the notebook was not handed out.
    """
    given = {squeezed(cell.source) for cell in official if cell.role != "written"}
    marked = [place for place, cell in enumerate(theirs) if id in (cell.grade_id, cell.id)]
    answers = unique(own_words(theirs[place].source) for place in marked)
    if not marked:
        marked = [p for p, cell in enumerate(theirs) if cell.source.strip().startswith(STUB)]
    near = unique(_around(id, official, theirs, given, marked))
    near = [text for text in near if text not in answers]
    if answers and near:
        return "\n\n".join(
            answers + [ASIDE + text for text in near]
        ), "with text of cells around it"
    if answers or near:
        return "\n\n".join(answers or near), "" if answers else "stood in a cell of its own"
    anywhere = unique(own_words(c.source) for c in theirs if _is_new_text(c, official, given))
    if anywhere:
        return "\n\n".join(anywhere), "the cell is blank; this is other text of the notebook"
    return "", "blank"


def own_words(source: str) -> str:
    """Return an answer without the stub, which may stand above it."""
    lines = [line for line in source.splitlines() if line.strip() != STUB]
    return "\n".join(lines).strip()


def squeezed(text: str) -> str:
    return " ".join(text.split())


def unique(texts) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _is_new_text(cell, official, given) -> bool:
    ids = {c.id for c in official if c.id}
    new = not cell.is_code and cell.grade_id not in ids and squeezed(cell.source) not in given
    return new and not re.match(r"#+ [^\n]*$", cell.source.strip())  # no mere heading


def _around(id: str, official, theirs, given, marked) -> list[str]:
    """Return the new texts between the cells that were handed out before and after the part."""
    order = [cell.id or squeezed(cell.source) for cell in official]
    mine = next(place for place, cell in enumerate(official) if cell.id == id)
    known = {squeezed(c.source): squeezed(c.source) for c in official if not c.id}

    def name(cell) -> str:
        return cell.grade_id if cell.grade_id in order else known.get(squeezed(cell.source), "")

    before, after = set(order[:mine]) - {""}, set(order[mine + 1 :]) - {""}
    begin = max((p for p, c in enumerate(theirs) if name(c) in before), default=-1)
    if marked:
        begin = max((p for p, c in enumerate(theirs[: marked[0]]) if name(c) in before), default=-1)
    end = min((p for p, c in enumerate(theirs) if p > begin and name(c) in after), default=None)
    between = [c for p, c in enumerate(theirs) if begin < p < (end or len(theirs))]
    return [
        own_words(c.source)
        for p, c in enumerate(between)
        if _is_new_text(c, official, given) and id not in (c.grade_id, c.id)
    ]


# --- The table ----------------------------------------------------------------------------------


@dataclass
class Row:
    """What a person wrote about an answer."""

    mark: str = ""
    comment: str = ""
    cells: dict = field(default_factory=dict)  # the whole row, as it was read


@dataclass
class Table:
    """`written.csv` as it was found."""

    rows: dict[str, Row] = field(default_factory=dict)
    separator: str = ","
    complaint: str = ""


def key_of(result: Result, part: str) -> str:
    """Return the key of an answer; it begins with a letter, so that it stays a text."""
    words = "\0".join([result.student, result.set, part, result.written[part]])
    return "k" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:14]


def read(path: Path) -> Table:
    """Return the marks of a table as a spreadsheet may have left it."""
    if not path.is_file():
        return Table()
    text = decoded(path.read_bytes())
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator))
    names = {(name or "").strip().casefold() for name in (rows[0] if rows else ())}
    if rows and not {"key", "mark"} <= names:
        return Table(
            separator=separator,
            complaint=f"{path.name} has no columns `key` and `mark` any more: it is left as it is, "
            "no mark is read from it, and written-new.csv is written instead",
        )
    table = Table(separator=separator)
    for row in rows:
        row = {(k or "").strip().casefold(): v for k, v in row.items() if isinstance(v, str)}
        if key := row.get("key", "").strip():
            table.rows[key] = Row(row.get("mark", "").strip(), row.get("comment", "").strip(), row)
    return table


def decoded(content: bytes) -> str:
    """Return the text of a file that a spreadsheet wrote, in whatever encoding."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def number(mark: str, points: float) -> tuple[float | None, str]:
    """Return the points that a person meant, and what is to be said about it.

    ``4,5``, ``4/5`` (four fifths of the points), ``80%`` and ``4 points`` are understood.
    """
    text = unicodedata.normalize("NFKC", mark).strip().strip("'\"").replace(",", ".")
    text = re.sub(r"\s*(points?|pts?\.?|punkte?|p)$", "", text, flags=re.I).replace("\u2044", "/")
    match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?|\.\d+)\s*(%|/\s*(\d+(?:\.\d+)?))?", text)
    if match is None or (match[3] and float(match[3]) == 0):
        return None, f"the mark {mark!r} is no number from 0 to {points:g}: not counted"
    value = Fraction(match[1])
    if match[2]:
        value = value / (100 if match[2] == "%" else Fraction(match[3])) * Fraction(points)
    value = float(value)
    if not 0 <= value <= points:
        clamped = min(max(value, 0.0), points)
        return clamped, f"the mark {mark!r} is outside 0 to {points:g}: {clamped:g} counts"
    return value, ""


def join(results: list[Result], out: Path) -> list[str]:
    """Put the marks of `written.csv` into the results, write it again, and return complaints."""
    path = out / "written.csv"
    found = read(path)
    complaints, lines, seen = [found.complaint] if found.complaint else [], [], set()
    for result in results:
        for mark in (mark for mark in result.marks if mark.id in result.written):
            key = key_of(result, mark.id)
            seen.add(key)
            row, note = found.rows.get(key, Row()), mark.why
            typed = row.mark
            if row.mark:
                value, said = number(row.mark, mark.points)
                if said:
                    complaints.append(f"{result.student}, {result.set}, {mark.id}: {said}")
                elif re.search("[/%\u2044]", row.mark):  # which a spreadsheet takes for a date
                    typed = f"{value:g}".replace(".", "," if found.separator == ";" else ".")
                mark.score = mark.score if value is None else value
            mark.why = row.comment
            words = [key, result.student, result.set, mark.id, f"{mark.points:g}"]
            lines.append([*words, typed, row.comment, note, result.written[mark.id]])
    lost = [row for key, row in found.rows.items() if key not in seen and row.mark + row.comment]
    for row in lost:
        row.cells["note"] = "of an answer that was changed or is gone: not counted"
        lines.append([row.cells.get(name, "") for name in COLUMNS])
    if lost:
        complaints.append(f"{path.name} keeps {len(lost)} marks of answers that have changed since")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", delimiter=found.separator)
    writer.writerow(COLUMNS)
    writer.writerows([[plain(str(value)) for value in line] for line in lines])
    replace(path.with_name("written-new.csv") if found.complaint else path, text.getvalue())
    return complaints


def replace(path: Path, text: str) -> None:
    """Write a table that people edit: what was there before is kept beside it."""
    if path.is_file():
        if path.read_bytes() == text.encode("utf-8-sig"):
            return
        folder = path.parent / "backups"
        folder.mkdir(exist_ok=True)
        now, count = time.strftime("%Y-%m-%d-%H%M%S"), 0
        while (copy := folder / f"{path.stem}-{now}-{count}{path.suffix}").exists():
            count += 1
        shutil.copy2(path, copy)
    write(path, text, encoding="utf-8-sig")  # with the mark by which spreadsheets know UTF-8


FORMULA = re.compile("(^|[\r\n;,\t|])([=+\\-@\t\uff1d\uff0b\uff0d\uff20])")


def plain(text: str) -> str:
    """Return text of which no spreadsheet makes a formula, at whatever it splits the text."""
    before = None
    while before != text:  # the first may hide a second
        before, text = text, FORMULA.sub(r"\1'\2", text)
    return text


def rubrics(results: list[Result], out: Path, names: dict[str, Path]) -> None:
    """Write for those who mark what each written part is worth."""
    lines = []
    for name in sorted({result.set for result in results} & set(names)):
        for cell in problem_sets.cells(problem_sets.read(names[name])):
            if cell.role == "written":
                lines += [f"## {name}, {cell.id} ({cell.points:g} points): {cell.title}", ""]
                lines += [f"- {line}" for line in cell.rubric] + [""]
    write(out / "rubrics.md", "\n".join(lines))
