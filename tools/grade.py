"""Grade a folder of notebooks: python tools/grade.py SUBMISSIONS [--out FOLDER].

    SUBMISSIONS/ada/ps1_games.ipynb     or     SUBMISSIONS/ada_ps1_games.ipynb

Every submission runs in a sandbox of its own. What it defines is then called from here with the
inputs of the tests; tests and expected values never enter the sandbox. Results of earlier runs are
kept, so that late submissions join them, and a submission that is graded again replaces itself.

FOLDER then holds gradebook.csv, written.csv (marks for written answers, to be filled in by hand),
feedback/STUDENT/SET.html and summary.png.
"""

import argparse
import ast
import builtins
import csv
import hashlib
import html
import json
import multiprocessing
import re
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import problem_sets
from sandbox import Ended, GiB, Limits, Remote, Sandbox, StudentError, what_is_missing
from tqdm import tqdm

LARGEST = 20 * 2**20  # bytes of a submission
NAME = re.compile(r"(?:(?P<student>.+?)[_-])?(?P<set>ps\d)[^/]*\.ipynb$", re.IGNORECASE)


@dataclass
class Mark:
    """What a graded cell was worth; score is None if a person has to say."""

    id: str
    points: float
    score: float | None
    why: str = ""


@dataclass
class Result:
    """How one submission went."""

    student: str
    set: str
    status: str = "graded"
    marks: list[Mark] = field(default_factory=list)
    cells: list[tuple[str, str, str]] = field(default_factory=list)  # source, output, error
    written: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(mark.score or 0 for mark in self.marks)

    @property
    def out_of(self) -> float:
        return sum(mark.points for mark in self.marks)

    def zero(self, status: str) -> "Result":
        """Give nothing, except for written answers, which do not run."""
        self.status = status
        for mark in self.marks:
            if mark.id not in self.written:  # a written answer can still be read
                mark.score, mark.why = 0.0, status
        return self


def submissions(folder: Path, names: dict[str, Path]) -> tuple[dict, list[str]]:
    """Return (student, set) -> file, and complaints about files that belong to nobody."""
    found: dict[tuple[str, str], Path] = {}
    complaints = []
    for path in sorted(folder.rglob("*.ipynb")):
        if path.is_symlink() or ".ipynb_checkpoints" in path.parts:
            complaints.append(f"{path}: skipped, since it is a link or a copy by the editor")
            continue
        match = NAME.match(path.name)
        inside = path.parent != folder
        student = path.relative_to(folder).parts[0] if inside else match and match["student"]
        known = match and [name for name in names if name.startswith(match["set"].lower())]
        if not student or not known or not re.fullmatch(r"[\w.-]+", student):
            complaints.append(f"{path}: not STUDENT/SET.ipynb or STUDENT_SET.ipynb, skipped")
            continue
        key = (student, known[0])
        if key in found:
            complaints.append(f"{student} has two files for {known[0]}: the newer one counts")
            path = max(path, found[key], key=lambda file: file.stat().st_mtime)
        found[key] = path
    return found, complaints


def grade(path: Path, student: str, name: str, options: dict) -> Result:
    """Grade one submission; whatever it does, a result comes back."""
    notebook = problem_sets.read(options["source"])
    values = problem_sets.variant(notebook, name, student, options["secret"])
    official = problem_sets.cells(problem_sets.with_parameters(notebook, values))
    result = Result(student, name)
    for cell in official:
        if cell.role in {"test", "written"}:
            score = None if cell.role == "written" else 0.0
            result.marks.append(Mark(cell.id, cell.points, score))
    try:
        theirs = read_submission(path)
    except ValueError as problem:
        return result.zero(str(problem))
    for mark in result.marks:
        if mark.score is None:
            copies = [source for id, _, source in theirs if id == mark.id]
            blank = next(cell.source for cell in official if cell.id == mark.id)
            answers = [copy for copy in copies if is_answer(copy, blank)]
            if answers:
                result.written[mark.id] = answers[-1]
            else:
                mark.score, mark.why = 0.0, "blank"
    try:
        with Sandbox(options["limits"], options["isolated"], options["slot"]()) as sandbox:
            for source in to_run(official, theirs):
                output, error = sandbox.run(source)
                result.cells.append((source, output, error or ""))
            judge(official, sandbox, result)
    except Ended as end:
        return result.zero(str(end))
    except Exception as error:  # of the grader, not of the grade: nobody else is to suffer
        return result.zero(f"could not be graded ({type(error).__name__}: {error})")
    return result


def is_answer(text: str, official: str) -> bool:
    return bool(text.strip()) and "Your answer here" not in text and "BEGIN SOLUTION" not in text


def read_submission(path: Path) -> list[tuple[str, bool, str]]:
    """Return (grade id, is code, source) of each cell, or say why there are none."""
    if path.stat().st_size > LARGEST:
        raise ValueError("the file is larger than 20 MiB")
    try:
        content = json.loads(path.read_bytes())
        cells = []
        for cell in content["cells"]:
            source = cell.get("source", "")
            source = source if isinstance(source, str) else "".join(source)
            marks = cell.get("metadata", {}).get("nbgrader") or {}
            cells.append((str(marks.get("grade_id", "")), cell["cell_type"] == "code", source))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a notebook") from error
    return cells


def to_run(official, theirs) -> list[str]:
    """Return what runs: the student's code in its order, and what was given as it was given."""
    given = {cell.id: cell.source for cell in official if cell.role == "given" and cell.is_code}
    tests = {cell.id for cell in official if cell.role == "test"}
    present = {id for id, _, _ in theirs}
    program = [source for id, source in given.items() if id not in present]
    for id, is_code, source in theirs:
        if is_code and id not in tests:
            program.append(given.get(id, source))
    return program


def judge(official, sandbox: Sandbox, result: Result) -> None:
    """Run the tests here, with the submission's answers as seen through the sandbox."""
    trusted: dict = {}
    for cell in official:
        if cell.role == "given" and cell.is_code:
            exec(without_magics(cell.source), trusted)
    marks = {mark.id: mark for mark in result.marks}
    for cell in official:
        if cell.role == "test":
            mark = marks[cell.id]
            mark.score, mark.why = run_test(cell, dict(trusted), sandbox)


def without_magics(source: str) -> str:
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.M)


def run_test(cell, names: dict, sandbox: Sandbox) -> tuple[float, str]:
    try:
        for name in sorted(free_names(cell.source) - set(names)):
            names[name] = sandbox.get(name)
        exec(compile(cell.source, cell.id, "exec"), names)
    except StudentError as error:
        if "NotImplementedError" in str(error):
            return 0.0, "not answered"
        return 0.0, str(error)
    except AssertionError as error:
        return 0.0, str(error).splitlines()[0][:300] if str(error) else "a test failed"
    except Ended:
        raise
    except Exception as error:  # an answer of the wrong kind, such as a text for a number
        return 0.0, f"the answer cannot be used ({type(error).__name__})"
    return cell.points, ""


def free_names(source: str) -> set[str]:
    """Return the names that a test uses and does not make."""
    tree = ast.parse(source)
    loaded = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Load}
    made = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    made |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    made |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    made |= {n.name for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and n.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return loaded - made - set(dir(builtins))


# --- Results -----------------------------------------------------------------------------------


def keep(result: Result, out: Path) -> None:
    path = out / "results" / result.set / f"{result.student}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")


def kept(out: Path) -> list[Result]:
    results = []
    for path in sorted((out / "results").glob("*/*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        data["marks"] = [Mark(**mark) for mark in data["marks"]]
        results.append(Result(**data))
    return results


def answer_key(result: Result, id: str) -> str:
    return hashlib.sha256(result.written[id].encode()).hexdigest()[:12]


def write_all(out: Path) -> list[Result]:
    """Write gradebook, list of written answers, feedback and histogram from all that is kept."""
    results = kept(out)
    by_hand = read_written(out / "written.csv")
    rows = []
    for result in results:
        for mark in result.marks:
            if mark.id in result.written:
                key = (result.student, result.set, mark.id, answer_key(result, mark.id))
                given = by_hand.get(key, "")  # of this very answer: a changed one is read again
                rows.append([*key, mark.points, given, result.written[mark.id]])
                if given.strip():
                    mark.score = min(max(float(given), 0.0), mark.points)
    with (out / "written.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "set", "part", "answer_key", "points", "mark", "answer"])
        writer.writerows([[plain(str(value)) for value in row] for row in rows])
    with (out / "gradebook.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "set", "score", "out_of", "to_be_read", "status"])
        for result in results:
            unread = sum(mark.points for mark in result.marks if mark.score is None)
            score, out_of = f"{result.score:g}", f"{result.out_of:g}"
            row = [result.student, result.set, score, out_of, f"{unread:g}", plain(result.status)]
            writer.writerow(row)
    for result in results:
        path = out / "feedback" / result.student / f"{result.set}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(feedback(result), encoding="utf-8")
    histogram(results, out / "summary.png")
    return results


def plain(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else text


def read_written(path: Path) -> dict:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(r["student"], r["set"], r["part"], r["answer_key"]): r["mark"] for r in rows}


def feedback(result: Result) -> str:
    """Return a page for the student; everything on it that the student wrote is escaped."""
    rows = "".join(
        f"<tr><td>{html.escape(mark.id)}</td>"
        f"<td>{'to be read' if mark.score is None else f'{mark.score:g}'} / {mark.points:g}</td>"
        f"<td>{html.escape(mark.why)}</td></tr>"
        for mark in result.marks
    )
    cells = "".join(
        f"<pre>{html.escape(source)}</pre><pre class=output>{html.escape(output + error)}</pre>"
        for source, output, error in result.cells
    )
    title = html.escape(f"{result.student}: {result.set}")
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}}
td,th{{padding:.2em 1em .2em 0;text-align:left;vertical-align:top}}
pre{{background:#f4f4f4;padding:.6em;overflow:auto}}pre.output{{background:none;color:#444}}</style>
<h1>{title}</h1><p><b>{result.score:g} of {result.out_of:g} points</b>
({html.escape(result.status)})</p>
<table><tr><th>Part</th><th>Points</th><th>Why</th></tr>{rows}</table>
<h2>What ran</h2>{cells}</html>
"""


def histogram(results: list[Result], path: Path) -> None:
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


def _slot() -> int:
    """Return a number that no other running worker has, for its user."""
    identity = multiprocessing.current_process()._identity
    return identity[-1] % 1000 if identity else 0


def grade_all(folder: Path, out: Path, jobs: int, **options) -> tuple[list[Result], list[str]]:
    """Grade every submission of a folder, `jobs` at a time; return all results and complaints."""
    names = options.pop("sets", None) or problem_sets.sets()
    found, complaints = submissions(folder, names)
    options = {"secret": None, "isolated": True, "limits": Limits(), "slot": _slot, **options}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "grade"])
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool:
        waiting = {
            pool.submit(grade, path, student, name, {**options, "source": names[name]})
            for (student, name), path in found.items()
        }
        for done in tqdm(as_completed(waiting), total=len(waiting), unit="notebook"):
            keep(done.result(), out)
    out.mkdir(parents=True, exist_ok=True)
    return write_all(out), complaints


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, default=Path("_build/grading"))
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (%(default)s)")
    parser.add_argument("--seconds", type=float, default=300, help="for a notebook (%(default)s)")
    parser.add_argument("--memory", type=float, default=3, help="GiB for a notebook (%(default)s)")
    parser.add_argument("--secret", help="with which the notebooks of each student were made")
    parser.add_argument(
        "--without-isolation",
        action="store_true",
        help="run the submissions unprotected, with all your rights",
    )
    arguments = parser.parse_args()
    if not arguments.submissions.is_dir():
        parser.error(f"{arguments.submissions} is not a folder")
    if not arguments.without_isolation and (why := what_is_missing()):
        print(f"Not graded: {why}. (--without-isolation would run them unprotected.)")
        return 2
    results, complaints = grade_all(
        arguments.submissions,
        arguments.out,
        arguments.jobs,
        limits=Limits(seconds=arguments.seconds, memory=int(arguments.memory * GiB)),
        isolated=not arguments.without_isolation,
        secret=arguments.secret,
    )
    print("\n".join(complaints))
    print(f"{len(results)} graded: {arguments.out / 'gradebook.csv'}")
    return 0


__all__ = ["Remote", "grade_all", "main"]

if __name__ == "__main__":
    sys.exit(main())
