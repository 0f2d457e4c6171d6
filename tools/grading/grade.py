"""Grade a folder of notebooks: python tools/grading/grade.py SUBMISSIONS [--out FOLDER].

    SUBMISSIONS/ada/ps1_games.ipynb     or     SUBMISSIONS/ada_ps1_games.ipynb

or what Canvas and Moodle make of it. Every submission runs in a sandbox of its own. What it
defines is then called from outside with the inputs of the tests; tests and expected values never
enter the sandbox. Results are kept as they come, so that a batch which was killed goes on where it
ended, late submissions join the others, and one that is handed in again replaces itself.

FOLDER then holds gradebook.csv, totals.csv, questions.csv, missing.csv, written.csv (marks for
written answers, to be filled in by hand), similar.csv, feedback/STUDENT/SET.html, summary.png and,
for a set whose generators are compared, leaderboard.html and leaderboard.csv.
"""

import argparse
import sys
from pathlib import Path

import batch
import exchange
import feedback
import gradebook
import leaderboard
import problem_sets
import similar
import written
from gradebook import Policy
from limits import GiB, Limits
from results import Result, kept
from sandbox import what_is_missing
from submissions import Found, shown


def write_all(
    out: Path,
    sets: dict[str, Path] | None = None,
    policy: Policy | None = None,
    late: Path | None = None,
    known: dict[str, str] | None = None,
) -> tuple[list[Result], list[str]]:
    """Write all tables and pages from what is kept; return the results and what is to be said."""
    sets = sets or problem_sets.sets()
    out.mkdir(parents=True, exist_ok=True)
    results = kept(out)
    said = written.join(results, out)
    written.rubrics(results, out, sets)
    days = gradebook.late_days(late, results)
    said += gradebook.write_tables(results, out, policy or Policy(), days, known)
    said += similar.report(results, out, sets)
    feedback.write_all(results, out, sets)
    gradebook.histogram(results, out / "summary.png")
    said += leaderboard.write_all(results, out)
    return results, said


def grade_all(
    folder: Path, out: Path, jobs: int, again=None, sets=None, known=None, **options
) -> tuple[list[Result], list[str]]:
    """Grade every submission of a folder, `jobs` at a time; return all results and complaints."""
    sets = sets or problem_sets.sets()
    tables = {key: options.pop(key) for key in ("policy", "late") if key in options}
    found = Found(folder, sets, known)
    said = batch.grade_found(found.chosen, out, sets, jobs, again, **options)
    results, more = write_all(out, sets, known=known, **tables)
    unsure = [f"{shown(r.student)}, {r.set}: {r.status}" for r in results if not r.finished]
    return results, found.complaints + said + more + unsure


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, default=Path("_build/grading"))
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (%(default)s)")
    parser.add_argument("--seconds", type=float, default=Limits.whole,
                        help="of the processor, for a notebook (%(default)s)")  # fmt: skip
    parser.add_argument("--memory", type=float, default=3, help="GiB for a notebook (%(default)s)")
    parser.add_argument("--secret", help="with which the notebooks of each student were made")
    parser.add_argument("--again", nargs="?", const=True, metavar="PART",
                        help="grade all again, or one part, such as test-best-d")  # fmt: skip
    parser.add_argument("--roster", type=Path, help="the class: names, one a line, or a table")
    parser.add_argument(
        "--canvas", type=Path, help="a gradebook exported from Canvas, to be filled"
    )
    parser.add_argument("--moodle", type=Path, nargs="*", default=[], metavar="FILE",
                        help="grading worksheets of Moodle, ps1.csv and so on")  # fmt: skip
    parser.add_argument("--late", type=Path, help="a table: student, set, days")
    parser.add_argument("--late-percent", type=float, default=0, help="lost for each day")
    parser.add_argument("--best", type=int, help="so many sets count (all)")
    parser.add_argument(
        "--without-isolation",
        action="store_true",
        help="run the submissions unprotected, with all your rights",
    )
    arguments = parser.parse_args()
    if not arguments.submissions.is_dir():
        parser.error(f"{arguments.submissions} is not a folder")
    lowest = {"seconds": 1, "memory": 0.5, "jobs": 1, "late_percent": 0, "best": 1}
    for name, low in lowest.items():
        value = getattr(arguments, name)
        if value is not None and not value >= low:
            parser.error(f"--{name.replace('_', '-')} is {value:g}; it has to be at least {low}")
    return arguments


def main() -> int:
    arguments = parse()
    if not arguments.without_isolation and (why := what_is_missing()):
        print(f"Not graded: {why}. (--without-isolation would run them unprotected.)")
        return 2
    results, said = grade_all(
        arguments.submissions,
        arguments.out,
        arguments.jobs,
        again=arguments.again,
        known=gradebook.roster(arguments.roster) if arguments.roster else None,
        policy=Policy(arguments.late_percent, best=arguments.best),
        late=arguments.late,
        limits=Limits(whole=arguments.seconds, memory=int(arguments.memory * GiB)),
        isolated=not arguments.without_isolation,
        secret=arguments.secret,
    )
    if arguments.canvas:
        said += exchange.canvas(arguments.canvas, arguments.out, results)
    for worksheet in arguments.moodle:
        said += exchange.moodle(worksheet, arguments.out, results)
    print("\n".join(map(shown, said)))
    unread = sum(result.unread > 0 for result in results)
    print(f"{len(results)} graded, {unread} with answers to be read: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
