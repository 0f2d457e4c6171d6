"""Grade many submissions side by side, each judged in a limited process of its own.

What a submission does can end its judging process, and nothing else: the part at fault gets
nothing, and a new process judges the others. Results are written as they come, so a batch that is
killed anywhere goes on from there.
"""

import hashlib
import json
import multiprocessing
import os
import resource
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

import judging
from limits import Limits
from results import Mark, Result, keep, load, place
from submissions import LARGEST, Submission
from tqdm import tqdm

TRIES = 3  # for a judging process that dies before it reaches a part
TOO_MUCH = "looking at the answer took too much memory or time"
SECONDS = 120  # of the processor, for looking at the answers of one part


# --- In the judging process ---------------------------------------------------------------------


def _judge(connection, lifeline, work: tuple) -> None:
    """Grade one submission and tell the parent, step by step."""
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    path, student, name, options, done = work
    limits = {**judging.DEFAULTS, **options}["limits"]
    data = _data_now()
    if data:
        _soft(resource.RLIMIT_DATA, data + limits.judging)
    _soft(resource.RLIMIT_CORE, 0)

    def report(what: str, news) -> None:
        if what == "begin" and hasattr(resource, "RLIMIT_CPU"):
            used = resource.getrusage(resource.RUSAGE_SELF)
            _soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + SECONDS)
        news = asdict(news) if what == "result" else news
        connection.send_bytes(json.dumps([what, news]).encode())

    result = judging.grade(path, student, name, options, done, report)
    report("end", asdict(result))


def _soft(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard == resource.RLIM_INFINITY or value <= hard:
        resource.setrlimit(kind, (value, hard))


def _data_now() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):  # no Linux
        return None


def _die_with(lifeline) -> None:
    """End as soon as the grader is gone; with this process ends the sandbox."""
    try:
        lifeline.recv_bytes()  # nothing is ever sent
    except (EOFError, OSError):
        os._exit(1)


# --- In the grader ------------------------------------------------------------------------------


@dataclass
class Job:
    """A submission that is being graded."""

    submission: Submission
    options: dict
    print_of: str
    done: dict = field(default_factory=dict)
    begun: str | None = None
    latest: dict | None = None
    tries: int = 0
    process: object = None
    connection: object = None
    lifeline: object = None  # as long as it is open, the judging process lives

    def start(self, context) -> None:
        self.connection, theirs = context.Pipe(duplex=False)
        their_end, self.lifeline = context.Pipe(duplex=False)
        s = self.submission
        work = (s.path, s.student, s.set, self.options, self.done)
        self.process = context.Process(target=_judge, args=(theirs, their_end, work))
        self.process.start()
        theirs.close()
        their_end.close()
        self.begun = None

    def hear(self) -> Result | None:
        """Take one message; return the result when there is one, and raise EOFError at an end."""
        what, news = json.loads(self.connection.recv_bytes())
        if what == "begin":
            self.begun = news
        elif what == "result":
            self.latest = news
            mark = next(m for m in news["marks"] if m["id"] == self.begun)
            self.done[self.begun] = mark["score"], mark["why"], mark["board"]
            self.begun = None
        else:
            return result_of(news)
        return None

    def died(self) -> Result | None:
        """Say what follows when the judging process is gone: a result, or None to try again."""
        self.tries += 1
        if self.begun is not None:
            self.done[self.begun] = 0.0, TOO_MUCH, {}
            return None
        if self.tries < TRIES:
            return None
        s = self.submission
        result = Result(s.student, s.set, "could not be graded: its judging process was killed")
        result.finished = False
        return result


def result_of(data: dict) -> Result:
    return Result(**{**data, "marks": [Mark(**mark) for mark in data["marks"]]})


def run(jobs: list[Job], side_by_side: int):
    """Grade all; yield (job, result) as they come."""
    context = multiprocessing.get_context("forkserver")
    sources = {job.options["source"] for job in jobs}
    heavy = ["torch"] if any(b"import torch" in path.read_bytes() for path in sources) else []
    context.set_forkserver_preload(["numpy", "batch", *heavy])  # once, and not for each
    waiting, running = deque(jobs), {}
    try:
        while waiting or running:
            while waiting and len(running) < side_by_side:
                job = waiting.popleft()
                job.start(context)
                running[job.connection] = job
            for connection in wait(list(running)):
                job = running[connection]
                try:
                    result = job.hear()
                    ended = result is not None
                except (EOFError, OSError, ValueError):
                    result, ended = job.died(), True
                if ended:
                    del running[connection]
                    connection.close()
                    job.process.join()
                    job.lifeline.close()
                    if result is None:
                        waiting.appendleft(job)
                    else:
                        yield job, result
    finally:
        for job in running.values():
            job.process.kill()
            job.process.join()


def fingerprint(submission: Submission, options: dict) -> str:
    """Return a hash of all that decides a result: file, problem set, parameters and limits."""
    try:
        size = submission.path.stat().st_size
        content = submission.path.read_bytes() if size <= LARGEST else str(size).encode()
    except OSError as error:
        content = type(error).__name__.encode()
    limits = asdict({**judging.DEFAULTS, **options}["limits"])
    rest = json.dumps([submission.student, options.get("secret"), options.get("isolated"), limits])
    whole = content + options["source"].read_bytes() + rest.encode("utf-8", "replace")
    return hashlib.sha256(whole).hexdigest()


def grade_found(found: dict, out: Path, sets: dict, jobs: int, again=None, **options) -> list[str]:
    """Grade what was found, skip what is graded already, and return what is to be said.

    ``again`` is True to grade all again, or the id of a part, of which alone the marks change.
    """
    todo, said, same = [], [], 0
    for (student, name), submission in found.items():
        mine = {"limits": Limits(), **options, "source": sets[name]}
        print_of = fingerprint(submission, mine)
        old = load(place(out, student, name))
        fresh = old is not None and old.finished and old.print_of == print_of
        done = {}
        if fresh and isinstance(again, str):
            parts = [mark.id for mark in old.marks]
            fresh = again not in parts
            kept = [m for m in old.marks if m.id not in (again, *old.written)]
            done = {m.id: (m.score, m.why, m.board) for m in kept}
        if fresh and again is not True:
            same += 1
            continue
        todo.append(Job(submission, mine, print_of, done))
    if same:
        said.append(f"{same} graded before and not changed since (--again grades them again)")
    bar = tqdm(run(todo, max(1, jobs)), total=len(todo), unit="notebook", disable=not todo)
    for job, result in bar:
        s = job.submission
        result.print_of, result.file = job.print_of, s.path.name
        result.late_days = 1.0 if s.late else 0.0
        old = load(place(out, s.student, s.set))
        if old and old.finished and result.finished and old.score != result.score:
            said.append(f"{s.student}, {s.set}: {old.score:g} points before, {result.score:g} now")
        keep(result, out)
    return said
