"""One submission must not harm another: what hostile programs get, and what they cost."""

import csv
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import making
import pytest
import sandbox_worker
from making import answered, save, with_cell
from sandbox import processes_of

# However busy the machine is: what runs here has limits of its own.
pytestmark = pytest.mark.timeout(3600)

NEVER = "import time\ntime.sleep(10_000)"

# In one part: that part gets nothing, and all others keep their 5 or 4 points.
IN_A_PART = {
    "loop": ("minus", "def minus(column):\n    while True:\n        pass"),
    "sleep": ("minus", f"def minus(column):\n    {NEVER.replace(chr(10), '; ')}"),
    "exit": ("minus", "def minus(column):\n    import os; os._exit(0)"),
    "crash": ("minus", "def minus(column):\n    import ctypes; ctypes.string_at(0)"),
    "killer": ("minus", "def minus(column):\n    import os\n    os.kill(-1, 9); os.kill(1, 9)\n"
               "    os.kill(os.getpid(), 9)"),
    "memory": ("minus", "def minus(column):\n    blocks = []\n    while True:\n"
               "        blocks.append(bytearray(b'x' * 2**27))"),
    "fork-bomb": ("minus", "def minus(column):\n    import os\n    while True:\n        try:\n"
                  "            os.fork()\n        except OSError:\n            pass"),
    "broadcast": ("minus", "def minus(column):\n    import numpy as np\n"
                  "    return np.zeros((1, 250_000))"),
    "flood": ("minus", "def minus(column):\n    return 'x' * 2**25"),
    "forged": ("minus", "def minus(column):\n    import os\n    for fd in range(3, 30):\n"
               "        try:\n            os.write(fd, b'{\"value\": {\"list\": 7}}\\n')\n"
               "        except OSError:\n            pass"),
    "surrogate": ("minus", "def minus(column):\n    return '\\ud800'"),
    "surrogate-error": ("minus", "def minus(column):\n    raise ValueError('\\ud800' * 9)"),
    "no-text": ("minus", "def minus(column):\n    class Odd(Exception):\n"
                "        def __str__(self):\n            raise SystemExit\n    raise Odd"),
    "nan": ("minus", "def minus(column):\n    return column * float('nan')"),
    "infinite": ("minus", "def minus(column):\n    return column * float('inf')"),
    "itself": ("minus", "def minus(column):\n    values = []\n    values.append(values)\n"
               "    return values"),
    "huge-number": ("minus", "def minus(column):\n    return 10 ** 20_000"),
    "a-class": ("minus", "def minus(column):\n    return object"),
    "nan-in-list": ("path", "def path(steps):\n"
                    "    return [0.0] + [float('nan')] * steps"),
}  # fmt: skip

# In a cell of its own: it costs nothing, since no part depends on it.
IN_A_CELL = {
    "cell-loop": "while True:\n    pass",
    "cell-exit": "import os\nos._exit(1)",
    "cell-quit": "quit()\nraise SystemExit",
    "cell-error": "1 / 0",
    "cell-syntax": "def best_d(p, q, share:\n    return 1",
    "cell-surrogate": "print('\\ud800', '\\x1b[31mred')\nraise KeyError('\\udfff')",
    "cell-odd-text": "x = '\ud800'",
    "cell-signals": "import signal\nfor n in (2, 15, 24):\n    signal.signal(n, signal.SIG_IGN)",
    "cell-shell": "!rm -rf / ; kill -9 -1",
    "cell-import": "import nothing_like_this, math\nfrom google.colab import drive\nmath.pi",
    "writer": "open({outside!r}, 'w').write('I was here')",
    "socket": "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)",
    "reader": "print(open({source!r}).read())",
    "workers": "import multiprocessing as mp\nwith mp.get_context('fork').Pool(2) as pool:\n"
    "    print('sum', sum(pool.map(abs, [-1, -2])))\nopen('/dev/shm/x', 'w').write('shared')",
    "shared-memory": "import os, time\nblock = bytearray(b'x' * 2**27)\n"
    "for _ in range(12):\n    if not os.fork():\n        time.sleep(0.5)\n        os._exit(0)",
}


@pytest.fixture(scope="module")
def batch(isolation, tiny_set, grade_folder, tmp_path_factory):
    """Grade them all once, honest ones among them; return what came out."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    folder, out = tmp_path_factory.mktemp("submissions"), tmp_path_factory.mktemp("out")
    outside = folder.parent / "outside.txt"
    source = str(tiny_set[making.TINY])
    facts = {"{outside!r}": repr(str(outside)), "{source!r}": repr(source),
             "{port}": str(listener.getsockname()[1])}  # fmt: skip

    def submit(student: str, notebook) -> None:
        save(notebook, folder / f"{student}_{making.TINY}.ipynb")

    submit("ada", answered())
    submit("zoe", answered(twice="def twice(x):\n    return x + x"))
    for student, (part, program) in IN_A_PART.items():
        submit(student, answered(**{part: program}))
    for student, program in IN_A_CELL.items():
        for key, value in facts.items():
            program = program.replace(key, value)
        submit(student, with_cell(answered(), program))
    submit("odd-words", answered(why="\ud800 \x1b[31m=1+1\r=2"))
    (folder / f"png_{making.TINY}.ipynb").write_bytes(b"\x89PNG not JSON at all")
    (folder / f"deep_{making.TINY}.ipynb").write_text("[" * 50_000)
    (folder / f"list_{making.TINY}.ipynb").write_text('{"cells": [3, {"cell_type": 4}]}')

    before = {path: path.read_bytes() for path in folder.iterdir()}
    results, said, token = grade_folder(folder, out)
    try:
        listener.accept()
        connected = True
    except TimeoutError:
        connected = False
    listener.close()
    untouched = before == {path: path.read_bytes() for path in folder.iterdir()}
    return {
        "results": results, "said": said, "out": out, "token": token, "folder": folder,
        "untouched": untouched and not outside.exists() and not connected,
    }  # fmt: skip


@pytest.mark.parametrize("student", ["ada", "zoe"])
def test_honest_ones_get_their_marks(batch, student):
    result = batch["results"][student]
    assert (result.score, result.unread, result.out_of) == (7, 3, 10), result


@pytest.mark.parametrize("student", IN_A_PART)
def test_one_bad_part_costs_its_own_points(batch, student):
    result = batch["results"][student]
    part = IN_A_PART[student][0]
    lost = [mark for mark in result.marks if mark.score == 0]
    assert [mark.id for mark in lost] == [f"test-{part}"], result.marks
    assert lost[0].why
    assert result.unread == 3
    assert result.finished


@pytest.mark.parametrize("student", IN_A_CELL)
def test_a_bad_cell_costs_what_depends_on_it(batch, student):
    result = batch["results"][student]
    assert (result.score, result.unread) == (7, 3), (result.marks, result.cells)


@pytest.mark.parametrize("student", ["png", "deep", "list"])
def test_what_is_no_notebook_gets_nothing_and_says_so(batch, student):
    assert batch["results"][student].score == 0
    assert batch["results"][student].status == "not a notebook"


def test_reasons_are_given(batch):
    def why(student):
        return next(m.why for m in batch["results"][student].marks if m.score == 0)

    assert "more than 2 s of the processor" in why("loop")
    assert "waited for something" in why("sleep")
    assert "ended before its time" in why("exit")
    assert "nan" in why("nan")
    assert "too large" in why("broadcast")
    assert "Error" in why("huge-number")
    for student in ("memory", "fork-bomb"):
        assert any(word in why(student) for word in ("emory", "processor", "ended")), why(student)


def test_what_works_in_colab_works_here(batch):
    said = str(batch["results"]["workers"].cells)
    assert "sum 3" in said
    assert "Error" not in said
    assert "not installed here" in str(batch["results"]["cell-import"].cells)
    assert not [error for _, _, error in batch["results"]["shared-memory"].cells if error]


def test_nothing_outside_is_touched_or_seen(batch):
    assert batch["untouched"]
    for student in ("writer", "socket", "reader"):
        errors = " ".join(error for _, _, error in batch["results"][student].cells)
        assert "Error" in errors, student
        assert "BEGIN HIDDEN" not in str(batch["results"][student].cells)


def test_no_process_is_left(batch):
    """The kernel may take a moment for it; only processes with this run's token are looked at."""
    end = time.monotonic() + 60
    while (left := processes_of(batch["token"])) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left


def test_tables_and_pages_can_be_read(batch):
    out = batch["out"]
    count = len(batch["results"])
    assert len(list(out.glob(f"feedback/*/{making.TINY}.html"))) == count
    for path in out.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "\x1b" not in text
    with (out / "gradebook.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == count
    assert (out / "summary.png").stat().st_size > 1000


def test_again_changes_nothing(batch, grade_folder):
    """A second run grades nothing again; results and tables stay byte for byte."""
    out = batch["out"]
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.suffix != ".png"}
    results, said, _ = grade_folder(batch["folder"], out, token="")
    assert any("graded before" in line for line in said)
    assert len(results) == len(batch["results"])
    assert before == {p: p.read_bytes() for p in before}


ENDLESS = """
import json, os, subprocess, sys
from pathlib import Path
worker = subprocess.Popen(
    [sys.executable, sys.argv[1], json.dumps({"RLIMIT_CPU": 300}), str(os.getpid())],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
)
ask = {"do": "run", "source": "while True: pass", "number": 1}
worker.stdin.write(json.dumps(ask).encode() + b"\\n")
worker.stdin.flush()
print(worker.pid, flush=True)
os._exit(0)  # as a grader that is killed: it tells its worker nothing
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_worker_outside_of_a_sandbox_ends_with_its_grader():
    died = subprocess.run(
        [sys.executable, "-c", ENDLESS, sandbox_worker.__file__],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    pid = int(died.stdout)
    while (used := _processor_seconds(pid)) is not None:
        assert used < 60, "it goes on, though nobody listens"
        time.sleep(0.1)


def _processor_seconds(pid: int) -> float | None:
    """What a process has used; None if it has ended."""
    try:
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    if numbers[0] == "Z":
        return None
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
