"""A sandbox for one submission: bubblewrap, resource limits, and a line of questions and answers.

Inside there is no network, no other process, no file but Python, its packages and the library
(read-only), and one scratch folder in memory that vanishes at the end.
"""

import json
import os
import queue
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from sandbox_worker import decode, encode

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 16 * 2**20  # characters of one answer
GiB = 2**30
INSTALL = "install bubblewrap (on Debian and Ubuntu: apt-get install bubblewrap)"


@dataclass(frozen=True)
class Limits:
    """What a submission may use."""

    seconds: float = 300
    memory: int = 3 * GiB  # of all its processes together
    processes: int = 64  # threads count
    scratch: int = 256 * 2**20

    def of_a_process(self) -> dict[str, int]:
        return {
            "RLIMIT_AS": self.memory + 4 * GiB,  # torch reserves more than it uses
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CPU": int(self.seconds) + 5,
            "RLIMIT_FSIZE": self.scratch,
            "RLIMIT_NOFILE": 512,
            "RLIMIT_CORE": 0,
        }


class Ended(Exception):
    """The submission is over: out of time or memory, crashed, or speaking nonsense."""


class StudentError(Exception):
    """The student's code raised an exception; the text is its own."""


class Remote:
    """Something that lives in the sandbox; it can be called."""

    def __init__(self, sandbox: "Sandbox", thing: int, kind: str):
        self._sandbox, self._thing, self._kind = sandbox, thing, kind

    def __call__(self, *inputs, **named):
        return self._sandbox.call(self._thing, inputs, named)

    def __repr__(self) -> str:
        return f"<{self._kind} of the submission>"


class Sandbox:
    """Run a worker; use it in a `with` block, which leaves no process behind."""

    def __init__(self, limits: Limits = Limits(), isolated: bool = True, slot: int = 0):
        self.limits, self.isolated, self.slot = limits, isolated, slot
        self.reason: str | None = None

    def __enter__(self) -> "Sandbox":
        self.deadline = time.monotonic() + self.limits.seconds
        self.process = subprocess.Popen(
            self.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment(),
            start_new_session=True,
            cwd="/",
        )
        self.lines: queue.Queue = queue.Queue(maxsize=4)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._end(None)
        self.process.wait()

    # --- what is asked ---------------------------------------------------------------------

    def run(self, source: str) -> tuple[str, str | None]:
        """Run a cell; return what it printed, and its error if it stopped."""
        answer = self._ask({"do": "run", "source": source})
        output, error = answer.get("output", ""), answer.get("error")
        return str(output)[:5000], None if error is None else str(error)[:600]

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
        return self._value(self._ask(question))

    def _encode(self, value):
        if isinstance(value, Remote):
            return {"thing": value._thing}
        return encode(value)

    def _value(self, answer: dict):
        if "error" in answer:
            raise StudentError(str(answer["error"])[:600])
        try:
            return self._decode(answer["value"])
        except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
            raise Ended("it sent something that is no answer") from error

    def _decode(self, value):
        if "thing" in value:
            return Remote(self, int(value["thing"]), str(value.get("type", "thing"))[:50])
        for kind, make in (("list", list), ("tuple", tuple)):
            if kind in value:
                return make(self._decode(item) for item in value[kind])
        return decode(value)

    def _ask(self, question: dict) -> dict:
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            line = self.lines.get(timeout=max(0.0, self.deadline - time.monotonic()) + 1)
            answer = json.loads(line) if line else None
        except queue.Empty:
            answer, self.reason = None, self.reason or self._late()
        except (OSError, ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            self._end(None)
            raise Ended(self.reason or "it ended before its time")
        return answer

    # --- the processes ---------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            try:
                line = self.process.stdout.readline(LONGEST)
            except (OSError, ValueError):
                line = b""
            self.lines.put(line if line.endswith(b"\n") else b"")
            if not line.endswith(b"\n"):
                return

    def _late(self) -> str:
        return f"it ran longer than {self.limits.seconds:g} s"

    def _watch(self) -> None:
        while self.process.poll() is None:
            if time.monotonic() > self.deadline:
                return self._end(self._late())
            if self._used() > self.limits.memory:
                return self._end(f"it took more than {self.limits.memory / GiB:.2g} GiB of memory")
            time.sleep(0.05)
        return None

    def _used(self) -> int:
        used = 0
        try:
            for process in psutil.Process(self.process.pid).children(recursive=True):
                try:
                    used += process.memory_info().rss
                except psutil.Error:
                    continue
        except psutil.Error:
            pass
        return used

    def _end(self, reason: str | None) -> None:
        """Kill what runs; with bubblewrap dies the first process of the sandbox, and so all."""
        self.reason = self.reason or reason
        try:
            os.killpg(self.process.pid, 9)
        except (ProcessLookupError, PermissionError):
            self.process.kill()

    # --- the command -----------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        scratch = "/scratch" if self.isolated else "/tmp"
        library = "/library" if self.isolated else str(ROOT)
        return {
            "HOME": scratch,
            "TMPDIR": scratch,
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": library,
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "Agg",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TQDM_DISABLE": "1",
            "LANG": "C.UTF-8",
        }

    def command(self) -> list[str]:
        limits = self.limits.of_a_process()
        if not self.isolated:
            limits.pop("RLIMIT_NPROC")  # it would count all processes of this user
            return [sys.executable, str(ROOT / "tools/sandbox_worker.py"), json.dumps(limits)]
        root = os.geteuid() == 0
        command = ["bwrap", "--die-with-parent", "--new-session"]
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
        command += ["--unshare-cgroup-try"] + ([] if root else ["--unshare-user"])
        command += ["--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64"):
            path = Path("/", name)
            if path.is_symlink():
                command += ["--symlink", os.readlink(path), str(path)]
            elif path.is_dir():
                command += ["--ro-bind", str(path), str(path)]
        for path in dict.fromkeys(map(os.path.abspath, (sys.base_prefix, sys.prefix))):
            if not path.startswith("/usr"):
                for folder in reversed(Path(path).parents[:-1]):  # as root, they would be closed
                    command += ["--perms", "0755", "--dir", str(folder)]
                command += ["--ro-bind", path, path]
        command += ["--perms", "0755", "--dir", "/library"]
        command += ["--ro-bind", str(ROOT / "gan_tutorial"), "/library/gan_tutorial"]
        worker = str(ROOT / "tools/sandbox_worker.py")
        command += ["--ro-bind", worker, "/library/sandbox_worker.py"]
        command += ["--proc", "/proc", "--dev", "/dev"]
        command += ["--size", str(self.limits.scratch), "--tmpfs", "/dev/shm"]
        command += ["--perms", "1777", "--size", str(self.limits.scratch), "--tmpfs", "/scratch"]
        command += ["--chdir", "/scratch", "--remount-ro", "/dev", "--remount-ro", "/", "--"]
        if root:  # root is not bound by a number of processes: be nobody in particular
            user = str(64100 + self.slot)
            command += ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
            command += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]
        command += [
            os.path.abspath(sys.executable),
            "/library/sandbox_worker.py",
            json.dumps(limits),
        ]
        return command


PROBE = """
import os, socket
outside = [path for path in FORBIDDEN if os.path.exists(path)]
def writable(path):
    try:
        open(os.path.join(path, "x"), "w").close()
        return True
    except OSError:
        return False
found = {
    "network": any(name != "lo" for _, name in socket.if_nameindex()),
    "files": bool(outside),
    "writes": any(map(writable, ("/", "/usr", "/library", "/dev"))),
    "scratch": not writable("/scratch"),
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
    try:
        with Sandbox(Limits(seconds=60)) as sandbox:
            forbidden = [
                "/etc/passwd",
                *(str(ROOT / part) for part in ("exercises", "tools", ".git")),
            ]
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


def no_core_files() -> None:
    """Keep the grader itself from leaving anything behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
