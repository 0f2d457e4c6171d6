"""Tables for the instructor: gradebook, totals, questions, who is missing."""

import csv
import io
import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from results import Result, write
from written import plain

NEEDED = 5  # results, below which a correlation says nothing


@dataclass(frozen=True)
class Policy:
    """How marks become totals: late days cost, and only the best sets count."""

    late_percent: float = 0.0  # of the points reached, for each day that has begun
    most_percent: float = 100.0  # that lateness can cost
    best: int | None = None  # so many sets count; None: all

    def counted(self, result: Result, late_days: float) -> float:
        lost = min(self.late_percent * math.ceil(late_days), self.most_percent)
        return result.score * (1 - lost / 100)

    def total(self, shares: dict[str, float]) -> float:
        """Return the mean share of the sets that count, in percent."""
        count = len(shares) if self.best is None else min(self.best, len(shares))
        return 100 * mean(sorted(shares.values(), reverse=True)[:count]) if count else 0.0


def table(rows: list[list]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(
        [[plain(str(value)) for value in row] for row in rows]
    )
    return text.getvalue()


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a table of somebody else's: any separator, any encoding; keys in small letters."""
    from written import decoded

    text = decoded(path.read_bytes())
    first = text.split("\n", 1)[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    return [
        {k.strip().casefold(): (v or "").strip() for k, v in row.items() if isinstance(k, str)}
        for row in rows
    ]


def late_days(path: Path | None, results: list[Result]) -> dict[tuple[str, str], float]:
    """Return how many days late each is: by a table (student, set, days), else by its file's name.

    Canvas writes LATE into the name of a file, and not how late: that counts as one day.
    """
    days = {(r.student, r.set): r.late_days for r in results if r.late_days}
    if path is not None:
        for row in read_table(path):
            days[row["student"], row["set"]] = float(row["days"].replace(",", "."))
    return days


def roster(path: Path) -> dict[str, str]:
    """Return whatever a student goes by -> the student.

    A text file has a name in each line. A table has a column `student`; in whatever other columns
    it has, such as the name or number in Canvas or Moodle, stands what else the student goes by.

    Raises
    ------
    ValueError
        If there is no such column, or one word stands for two students.
    """
    if path.suffix.lower() in {".csv", ".tsv"}:
        rows = read_table(path)
        if rows and "student" not in rows[0]:
            raise ValueError(f"{path} has no column `student`; it has {', '.join(rows[0])}")
    else:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        rows = [{"student": unicodedata.normalize("NFC", line.strip())} for line in lines]
    known: dict[str, str] = {}
    for row in rows:
        for word in filter(None, [row["student"], *row.values()]):
            other = known.setdefault(unicodedata.normalize("NFC", word), row["student"])
            if other != row["student"]:
                raise ValueError(
                    f"{path}: {word!r} stands for {other!r} and for {row['student']!r}; give each "
                    "student words of their own, or leave that column out"
                )
    return known


def write_tables(
    results: list[Result],
    out: Path,
    policy: Policy,
    days: dict | None = None,
    known: dict[str, str] | None = None,
) -> list[str]:
    """Write gradebook.csv, totals.csv, questions.csv and missing.csv; return what is to be said."""
    days, names = days or {}, None if known is None else list(dict.fromkeys(known.values()))
    head = ["student", "set", "score", "out_of", "to_be_read", "late_days", "counted", "status"]
    rows: list[list] = [[*head, "notes"]]
    for r in results:
        late = days.get((r.student, r.set), 0.0)
        numbers = [r.score, r.out_of, r.unread, late, policy.counted(r, late)]
        notes = "; ".join(r.notes)
        rows.append([r.student, r.set, *(f"{n:g}" for n in numbers), r.status, notes])
    write(out / "gradebook.csv", table(rows))
    write(out / "totals.csv", table(totals(results, policy, days, names)))
    write(out / "questions.csv", table(questions(results)))
    if names is None:
        return []
    sets = sorted({r.set for r in results})
    there = {(r.student, r.set) for r in results}
    missing = [[n, s] for s in sets for n in names if (n, s) not in there]
    write(out / "missing.csv", table([["student", "set"], *missing]))
    strangers = sorted({r.student for r in results} - set(names))
    said = [f"{len(missing)} submissions of the roster are missing: missing.csv"] if missing else []
    return said + [f"{name} is not on the roster" for name in strangers]


def totals(results, policy: Policy, days: dict, names=None) -> list[list]:
    """Return the wide table: a row for each student, a column for each set, and the total."""
    sets = sorted({r.set for r in results})
    by = {(r.student, r.set): r for r in results}
    students = list(dict.fromkeys([*(names or []), *sorted({r.student for r in results})]))
    rows: list[list] = [["student", *sets, "total_percent", "to_be_read"]]
    for student in students:
        shares, line = dict.fromkeys(sets, 0.0), []
        for name in sets:
            result = by.get((student, name))
            if result is None:
                line.append("")
                continue
            counted = policy.counted(result, days.get((student, name), 0.0))
            shares[name] = counted / result.out_of if result.out_of else 0.0
            line.append(f"{counted:g}")
        unread = sum(by[student, name].unread for name in sets if (student, name) in by)
        rows.append([student, *line, f"{policy.total(shares):.1f}", f"{unread:g}"])
    return rows


def questions(results: list[Result]) -> list[list]:
    """Return for each part how it went: mean share, blank or full ones, and discrimination.

    Discrimination is the correlation of a part's points with those of all other parts of the set.
    """
    head = ["set", "part", "title", "points", "answers", "mean_share", "full", "none"]
    rows: list[list] = [[*head, "discrimination"]]
    for name in sorted({r.set for r in results}):
        mine = [r for r in results if r.set == name]
        for mark in mine[0].marks:
            pairs = []
            for r in mine:
                score = next((m.score for m in r.marks if m.id == mark.id), None)
                if score is not None:
                    pairs.append((score, r.score - score))
            scores = [score for score, _ in pairs]
            share = f"{mean(scores) / mark.points:.2f}" if scores and mark.points else ""
            full, none = sum(s == mark.points for s in scores), sum(s == 0 for s in scores)
            counts = [len(scores), share, full, none, correlation(pairs)]
            rows.append([name, mark.id, mark.title, f"{mark.points:g}", *counts])
    return rows


def correlation(pairs) -> str:
    from statistics import StatisticsError, correlation

    try:
        return f"{correlation(*zip(*pairs, strict=True)):.2f}" if len(pairs) >= NEEDED else ""
    except StatisticsError:  # all have the same
        return ""


def histogram(results: list[Result], path: Path) -> None:
    """Draw how the points are distributed, a panel for each set."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted({result.set for result in results})
    if not names:
        return
    fig, axes = plt.subplots(1, len(names), figsize=(3.5 * len(names), 2.8), squeeze=False)
    for ax, name in zip(axes[0], names, strict=True):
        mine = [result for result in results if result.set == name]
        top = max(result.out_of for result in mine) or 1
        ax.hist([result.score for result in mine], bins=10, range=(0, top), color="#0072b2")
        ax.set(title=name, xlabel=f"points of {top:g}", ylabel="students")
        ax.yaxis.get_major_locator().set_params(integer=True)
    fig.tight_layout()
    fig.savefig(path, dpi=120)
    plt.close(fig)
