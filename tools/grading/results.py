"""What comes out of grading, and how it is kept: a file for each submission, written as it comes.

A file is written beside its place and then moved there, so that a grader which is killed leaves
whole results only, and the next run goes on where this one ended.
"""

import hashlib
import json
import os
import re
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Mark:
    """What a graded cell was worth; score is None if a person has to say."""

    id: str
    points: float
    score: float | None
    why: str = ""
    title: str = ""
    board: dict = field(default_factory=dict)  # what was measured, for the leaderboard


@dataclass
class Result:
    """How one submission went."""

    student: str
    set: str
    status: str = "graded"
    marks: list[Mark] = field(default_factory=list)
    cells: list[tuple[str, str, str]] = field(default_factory=list)  # source, output, error
    written: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # for the instructor
    file: str = ""
    print_of: str = ""  # of file, problem set and options: the same needs no second grading
    late_days: float = 0.0
    finished: bool = True  # False: the grader failed, so the next run tries again

    @property
    def score(self) -> float:
        return sum(mark.score or 0 for mark in self.marks)

    @property
    def out_of(self) -> float:
        return sum(mark.points for mark in self.marks)

    @property
    def unread(self) -> float:
        """Return the points of what a person has still to read."""
        return sum(mark.points for mark in self.marks if mark.score is None)

    def zero(self, status: str) -> "Result":
        """Give nothing, except for written answers, which do not run."""
        self.status = status
        for mark in self.marks:
            if mark.id not in self.written:  # a written answer can still be read
                mark.score, mark.why = 0.0, status
        return self


def safe(name: str) -> str:
    """Return a file name for a student: never the same for two, on any file system.

    A name of small ASCII letters, digits and ``.-_`` stays; every other gets a hash behind it,
    since systems differ in what they take for equal (`Ada` and `ada`, two ways to write é).
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*", name) and len(name) <= 60:
        return name
    plain = re.sub(r"[^\w-]+", "_", unicodedata.normalize("NFC", name))[:40].strip("_")
    return f"{plain}~{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:60]}.{os.getpid()}")
    with beside.open("w", encoding=encoding, newline="", errors="replace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def place(out: Path, student: str, name: str) -> Path:
    return out / "results" / name / f"{safe(student)}.json"


def keep(result: Result, out: Path) -> None:
    write(place(out, result.student, result.set), json.dumps(asdict(result), indent=1))


def load(path: Path) -> Result | None:
    """Return what is kept in a file; None if there is nothing to be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["marks"] = [Mark(**mark) for mark in data["marks"]]
        return Result(**data)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def kept(out: Path) -> list[Result]:
    """Return all results; one that cannot be read is as if it had not been graded."""
    found = [load(path) for path in sorted((out / "results").glob("*/*.json"))]
    return [result for result in found if result is not None]
