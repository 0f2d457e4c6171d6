"""Grade one submission: its program runs in a sandbox, the tests run here.

One bad part costs its own points: where a part ends the sandbox, the sandbox is started again,
and what had run before runs again, without what ended it.
"""

import ast
import builtins
import re
from pathlib import Path

import problem_sets
import written
from crossing import clean
from limits import Limits
from results import Mark, Result
from sandbox import Ended, Sandbox, StudentError
from sandbox_worker import same_luck
from submissions import read_submission

RESTARTS = 12
DEFAULTS = {"secret": None, "isolated": True, "limits": Limits(), "token": ""}


class Session:
    """A submission's program, started again where it had ended."""

    def __init__(self, program: list[str], options: dict):
        self.program, self.options, self.limits = program, options, options["limits"]
        self.cells = [(source, "", "not run") for source in program]
        self.sandbox: Sandbox | None = None
        self._bad: set[int] = set()  # the cells that ended it
        self._spent, self._slept, self._starts = 0.0, 0.0, 0

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        if self.sandbox is not None:
            self._spent += self.sandbox.usage.cpu
            self._slept += self.sandbox.usage.asleep
            self.sandbox.__exit__()
            self.sandbox = None

    def allow(self, seconds: float) -> None:
        left = self.limits.whole - self._spent - self.sandbox.usage.cpu
        if left <= 0:
            self.stop()
            raise Ended(f"the notebook used more than {self.limits.whole:g} s of the processor")
        may_sleep = self.limits.asleep_in_all - self._slept - self.sandbox.usage.asleep
        self.sandbox.allow(min(seconds, left), min(self.limits.asleep, max(may_sleep, 1.0)))

    def ready(self) -> Sandbox:
        """Return a sandbox in which all cells have run that can."""
        while self.sandbox is None:
            self._starts += 1
            if self._starts > RESTARTS:
                raise Ended(f"the notebook ended its program more than {RESTARTS} times")
            sandbox = Sandbox(
                self.limits, self.options["isolated"], self.options["token"]
            ).__enter__()
            self.sandbox = sandbox
            try:
                sandbox.run("")
            except Ended:
                self.stop()
                raise
            self._run_cells()
        return self.sandbox

    def _run_cells(self) -> None:
        for place, source in enumerate(self.program):
            if place in self._bad:
                continue
            self.allow(self.limits.cell)
            try:
                output, error = self.sandbox.run(source)
            except Ended as end:
                self._bad.add(place)
                self.cells[place] = (clean(source), "", str(end))
                return self.stop()
            self.cells[place] = (clean(source), output, error or "")
        return None


def grade(path: Path, student: str, name: str, options: dict, done=None, report=None) -> Result:
    """Grade one submission; whatever it does, a result comes back.

    Parameters
    ----------
    options : dict
        ``source``, the notebook of the set; and of `DEFAULTS` what is to be otherwise.
    done : dict, optional
        Parts that have been judged before: id -> (score, why, board).
    report : callable, optional
        It is told ``("begin", id)`` before a part, and ``("result", result)`` after it.
    """
    options, done = {**DEFAULTS, **options}, done or {}
    report = report or (lambda *_: None)
    notebook = problem_sets.read(options["source"])
    values = problem_sets.variant(notebook, name, student, options["secret"])
    official = problem_sets.cells(problem_sets.with_parameters(notebook, values))
    result = Result(student, name, file=path.name)
    for cell in official:
        if cell.role in {"test", "written"}:
            score = None if cell.role == "written" else 0.0
            result.marks.append(Mark(cell.id, cell.points, score, "not judged", cell.title))
    try:
        theirs = read_submission(path)
    except ValueError as problem:
        return result.zero(str(problem))
    if any("### BEGIN SOLUTION" in cell.source for cell in theirs):
        result.notes.append("holds the marks of the official solution (### BEGIN SOLUTION)")
    find_written(official, theirs, result)
    try:
        with Session(to_run(official, theirs), options) as session:
            judge(official, session, result, done, report)
    except Exception as error:  # of the grader, not of the grade: nobody else is to suffer
        result.finished = False
        return result.zero(f"could not be graded ({type(error).__name__}: {clean(error, 200)})")
    return result


def find_written(official, theirs, result: Result) -> None:
    marks = {mark.id: mark for mark in result.marks}
    for cell in official:
        if cell.role == "written":
            answer, note = written.find(cell.id, official, theirs)
            marks[cell.id].why = note
            if answer:
                result.written[cell.id] = clean(answer, 20_000)
            else:
                marks[cell.id].score, marks[cell.id].why = 0.0, "blank"


def to_run(official, theirs) -> list[str]:
    """Return what runs: the student's code in its order, and what was given as it was given."""
    given = {cell.id: cell.source for cell in official if cell.role == "given" and cell.is_code}
    tests = {cell.id for cell in official if cell.role == "test"}
    present = {cell.grade_id for cell in theirs}
    program = [source for id, source in given.items() if id not in present]
    for cell in theirs:
        if cell.is_code and cell.grade_id not in tests and cell.source.strip():
            program.append(given.get(cell.grade_id, cell.source))
    return program


def judge(official, session: Session, result: Result, done: dict, report) -> None:
    """Run the tests here, with the submission's answers as seen through the sandbox."""
    trusted = given_names(official)
    marks = {mark.id: mark for mark in result.marks}
    for cell in official:
        if cell.role != "test":
            continue
        mark = marks[cell.id]
        if cell.id in done:
            mark.score, mark.why, mark.board = done[cell.id]
            continue
        report("begin", cell.id)
        try:
            sandbox = session.ready()
            result.cells = session.cells
            session.allow(cell.seconds or session.limits.part)
            mark.score, mark.why = run_test(cell, dict(trusted), sandbox, mark.board)
        except Ended as end:
            mark.score, mark.why = 0.0, str(end)
            session.stop()
        report("result", result)
    result.cells = session.cells


def given_names(official) -> dict:
    """Return what the given cells define."""
    names: dict = {}
    for cell in official:
        if cell.role == "given" and cell.is_code:
            exec(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.M), names)
    return names


def run_test(cell, names: dict, sandbox, board: dict | None = None) -> tuple[float, str]:
    """Return the points of a test, and why they are not all.

    A test may leave a number from 0 to 1 in `credit`, in `reached` what was measured, and in
    `board` what the leaderboard shows of it.
    """
    try:
        for name in sorted(free_names(cell.source) - set(names)):
            names[name] = sandbox.get(name)
        same_luck()
        exec(compile(cell.source, cell.id, "exec"), names)
    except Ended:
        raise
    except MemoryError:
        return 0.0, "the answer is too large to be looked at"
    except Exception as error:
        return 0.0, clean(why(error, cell, sandbox), 600)
    if board is not None:
        board.update(names.get("board", {}))
    credit = min(max(float(names.get("credit", 1.0)), 0.0), 1.0)
    reached = clean(names.get("reached", ""), 300)
    return round(credit * cell.points, 1), reached if credit < 1 else ""


def why(error: Exception, cell, sandbox) -> str:
    """Say to a student what failed, without telling the numbers of a hidden test."""
    line = _line_of(error, cell.id)
    lines = cell.source.splitlines()
    public = problem_sets.HIDDEN not in lines[:line]
    kind = _kind(cell.source, line)
    last = getattr(sandbox, "last", "")
    if isinstance(error, StudentError):
        if error.kind == "NotImplementedError":
            return "not answered"
        if not line:
            return f"{error.text}: its cell is not there, or stopped with an error"
        said = error.said(public)
        return f"{said} (while testing: {kind})" if kind and not public else said
    returned = f" (returned: {last})" if last else ""
    if isinstance(error, AssertionError):
        text = str(error)
        if text and (text == kind or _in_test_itself(error, cell.id)):
            return f"failed: {text}{returned}"
        what = text.replace("\n", " ").strip() if public else ""
        what = what or (f"`{lines[line - 1].strip()}`" if public and line else kind)
        return f"failed: {what or 'a test with numbers that are not shown'}{returned}"
    said = type(error).__name__ + (f": {error}" if public else "")
    return f"the answer cannot be used here ({said}){returned}"


def _line_of(error: Exception, file: str) -> int:
    """Return the line of the test that was running; 0 if none was."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _in_test_itself(error: Exception, file: str) -> bool:
    """Return whether an assertion of the test failed: its text is ours, and may be read."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename == file


def _kind(source: str, line: int) -> str:
    """Return what the test at a line is about: the text of its assertion, or of the next one."""
    for node in sorted(ast.walk(ast.parse(source)), key=lambda node: getattr(node, "lineno", 0)):
        if getattr(node, "end_lineno", 0) >= line > 0:
            if isinstance(node, ast.Assert) and isinstance(node.msg, ast.Constant):
                return str(node.msg.value)
            if isinstance(node, ast.keyword) and node.arg == "msg":
                return str(getattr(node.value, "value", ""))
    return ""


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
