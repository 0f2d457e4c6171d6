"""A sandbox for one submission: bubblewrap, resource limits, and a line of questions and answers.

Inside there is no network, no other process, no file but Python, its packages and the library
(read-only), and one scratch folder in memory that vanishes at the end.
"""

import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import psutil
from bubblewrap import ROOT, command, environment
from crossing import clean, described, has_nan
from limits import GiB, Limits, Usage
from sandbox_worker import decode, encode

LONGEST = 16 * 2**20  # characters of one answer
LOOKS = 0.1  # seconds between two looks at what the processes use
INSTALL = "install bubblewrap (on Debian and Ubuntu: apt-get install bubblewrap)"
_numbers = itertools.count()


class Ended(Exception):
    """The submission is over: out of time or memory, crashed, or speaking nonsense."""


class StudentError(Exception):
    """The student's code raised an exception, or gave what is no answer; all is its own words."""

    def __init__(self, kind: str, text: str = "", line: str = ""):
        self.kind, self.text, self.line = kind, text, line
        super().__init__(f"{kind}: {text}" if text else kind)

    @classmethod
    def told(cls, error) -> "StudentError":
        """Make one from what came out of the sandbox."""
        error = error if isinstance(error, dict) else {"text": error}
        words = {key: clean(error.get(key, ""), 400) for key in ("type", "text", "line")}
        kind = words["type"] if words["type"].isidentifier() else "Exception"
        return cls(kind[:40], words["text"], words["line"])

    def said(self, public: bool) -> str:
        """Return what the student may read.

        Where the inputs are hidden, the text could hold them: the type and the student's own line
        are all that is told.
        """
        where = f" in the line `{self.line}`" if self.line else ""
        return f"{self.kind}{where}" + (f": {self.text}" if public and self.text else "")


class Remote:
    """Something that lives in the sandbox; it can be called."""

    def __init__(self, sandbox: "Sandbox", thing: int, kind: str):
        self._sandbox, self._thing, self._kind = sandbox, thing, kind

    def __call__(self, *inputs, **named):
        return self._sandbox.call(self._thing, inputs, named)

    def __repr__(self) -> str:
        return f"<{self._kind} of the submission>"


class Sandbox:
    """Run a worker; use it in a `with` block, which leaves no process behind.

    `token` is put into the environment of its processes, by which they can be told from others.
    """

    def __init__(self, limits: Limits | None = None, isolated: bool = True, token: str = ""):
        self.limits, self.isolated, self.token = limits or Limits(), isolated, token
        self.reason: str | None = None
        self.last = ""  # what a call returned, in words

    def __enter__(self) -> "Sandbox":
        self.process = subprocess.Popen(
            command(self.limits, self.isolated, next(_numbers)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(self.isolated, self.token),
            start_new_session=True,
            cwd="/",
        )
        self.usage = Usage(self.process.pid)
        self.asking, self.asked = False, 0
        self.allow(self.limits.start)
        self.lines: queue.Queue = queue.Queue(maxsize=4)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._end(None)
        self.process.wait()

    def allow(self, seconds: float, asleep: float | None = None) -> None:
        """From now on it may use so much of the processor, and wait so long."""
        self.seconds = seconds
        self.asleep = self.limits.asleep if asleep is None else asleep
        self.cpu_end = self.usage.cpu + seconds
        self.asleep_end = self.usage.asleep + self.asleep
        self.wall_end = time.monotonic() + self.limits.asleep + seconds * self.limits.patience

    # --- what is asked ---------------------------------------------------------------------

    def run(self, source: str) -> tuple[str, str | None]:
        """Run a cell; return what it printed, and its error if it stopped."""
        answer = self._ask({"do": "run", "source": source})
        error = answer.get("error")
        said = None if error is None else StudentError.told(error).said(public=True)
        return clean(answer.get("output", "")), said

    def get(self, name: str):
        """Return what the submission calls by this name."""
        return self._value(self._ask({"do": "get", "name": name}))

    def call(self, thing: int, inputs, named):
        question = {
            "do": "call",
            "thing": thing,
            "inputs": [self._encode(value) for value in inputs],
            "named": {key: self._encode(value) for key, value in named.items()},
        }
        value = self._value(self._ask(question))
        self.last = described(value)
        return value

    def _encode(self, value):
        return {"thing": value._thing} if isinstance(value, Remote) else encode(value)

    def _value(self, answer: dict):
        if "error" in answer:
            raise StudentError.told(answer["error"])
        try:
            value = self._decode(answer["value"])
            nan = has_nan(value)
        except MemoryError as error:
            raise StudentError("the answer is too large to be looked at") from error
        except Exception as error:  # whatever it sent, this part is all that it costs
            raise StudentError("what it returned is no answer") from error
        if nan:
            raise StudentError("the answer is, or contains, nan")
        return value

    def _decode(self, value):
        if "thing" in value:
            return Remote(self, int(value["thing"]), str(value.get("type", "thing"))[:50])
        for kind, make in (("list", list), ("tuple", tuple)):
            if kind in value:
                return make(self._decode(item) for item in value[kind])
        return decode(value)

    def _ask(self, question: dict) -> dict:
        self.asking = True
        self.asked += 1
        try:
            question = {**question, "number": self.asked}
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            line = self.lines.get()  # `_watch` sees to it that this ends
            answer = json.loads(line) if line else None
        except (OSError, ValueError, RecursionError, MemoryError):
            answer = None
        finally:
            self.asking = False
        if not isinstance(answer, dict) or answer.get("number") != self.asked:
            self._end("it answered what was not asked" if answer else None)
            raise Ended(self.reason or "it ended before its time (a crash, or `exit`)")
        return answer

    # --- the processes ---------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            try:
                line = self.process.stdout.readline(LONGEST)
            except (OSError, ValueError, MemoryError):
                line = b""
            if line and not line.endswith(b"\n"):
                self._end("an answer was longer than 16 MiB")
            self.lines.put(line if line.endswith(b"\n") else b"")
            if not line.endswith(b"\n"):
                return

    def _watch(self) -> None:
        while self.process.poll() is None:
            asleep = self.usage.asleep
            processes = self.usage.look()
            if not self.asking:  # it is we who let it wait
                self.usage.asleep = asleep
            if why := self._too_much(processes):
                return self._end(why)
            time.sleep(LOOKS)
        self.lines.put(b"")  # a child of it may hold the pipe open
        return None

    def _too_much(self, processes) -> str | None:
        limits = self.limits
        if self.usage.cpu > self.cpu_end:
            return f"it used more than {self.seconds:.3g} s of the processor"
        if self.usage.asleep > self.asleep_end:
            return f"for {self.asleep:g} s it waited for something that did not come"
        if self.asking and time.monotonic() > self.wall_end:
            return f"it took longer than {limits.asleep + self.seconds * limits.patience:.0f} s"
        if Usage.memory(processes, limits.memory) > limits.memory:
            return f"it took more than {limits.memory / GiB:.2g} GiB of memory"
        return None

    def _end(self, reason: str | None) -> None:
        """Kill what runs; with bubblewrap dies the first process of the sandbox, and so all."""
        self.reason = self.reason or reason
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.process.kill()


PROBE = """
import os, socket
outside = [path for path in FORBIDDEN if os.path.exists(path)]
def writable(path):
    try:
        open(os.path.join(path, "x"), "w").close()
        os.remove(os.path.join(path, "x"))
        return True
    except OSError:
        return False
found = {
    "network": any(name != "lo" for _, name in socket.if_nameindex()),
    "files": bool(outside),
    "writes": any(map(writable, ("/", "/usr", "/library", "/dev"))),
    "scratch": not (writable("/scratch") and writable("/dev/shm")),
}
"""


def what_is_missing() -> str | None:
    """Return why submissions cannot be isolated here, and what to do; None if they can."""
    if not sys.platform.startswith("linux"):
        return "isolation needs Linux: grade in a virtual machine or a container"
    if shutil.which("bwrap") is None:
        return f"there is no bwrap: {INSTALL}"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "there is no setpriv: install util-linux"
    parts = ("exercises", "tools", ".git")
    forbidden = ["/etc/passwd", *(str(ROOT / part) for part in parts)]
    try:
        with Sandbox() as sandbox:
            _, error = sandbox.run(f"FORBIDDEN = {forbidden!r}\n{PROBE}")
            found = sandbox.get("found")
    except (Ended, StudentError) as problem:
        return (
            f"a sandbox does not start here ({problem}): {INSTALL}, and allow namespaces (inside a "
            "container, it has to be started with the right to make them)"
        )
    if error or any(found.values()):
        leaks = [name for name, leak in (found or {}).items() if leak]
        return f"the sandbox is not tight here ({error or ', '.join(leaks)}): grade elsewhere"
    return None


def processes_of(token: str) -> list[psutil.Process]:
    """Return the living processes of sandboxes with this token."""
    mine = []
    for process in psutil.process_iter():
        try:
            marked = process.environ().get("GRADING_TOKEN") == token
            if marked and process.status() != psutil.STATUS_ZOMBIE:
                mine.append(process)
        except psutil.Error:
            continue
    return mine
