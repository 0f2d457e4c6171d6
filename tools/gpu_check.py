"""Measure on a GPU what the book says was not run: one command, at most nine minutes.

    python tools/gpu_check.py [--dry-run] [--only PART ...] [--json FILE]

It needs Python 3.12 and torch with CUDA, and of other packages only what the library itself
imports to train, and pytest; nothing is installed, and the library is that of this repository.
Every part is a process of its own with a budget in seconds, at whose end it is stopped. A part
that cannot run here is skipped, with the reason. After each part the rows so far are written to
the JSON file (``$OUT/gpu.json``, else ``_build/gpu_check/gpu.json``), and the part's own results
beside it: whatever ends the command, nothing found is lost. To let the book show them, copy it to
``benchmarks/results/gpu.json``; until then that file says of every row "not run yet".
"""

import argparse
import importlib.util
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WHOLE = 540  # seconds: nine minutes
TRAINING = 60  # seconds that MNIST is trained for
NEEDED = "torch numpy scipy sklearn PIL matplotlib tqdm safetensors pytest".split()


@dataclass(frozen=True)
class Aim:
    """One row: what is measured, and what we hope for."""

    what: str
    sign: str  # ">=" or "<="
    aim: float
    unit: str


@dataclass(frozen=True)
class Part:
    """One process: what it may cost, what it is told, and what its result says of the aims."""

    seconds: int
    file: str  # of its results
    command: Callable[[Path], list[str]]  # given the path of that file
    read: Callable[[Path], list[float | None]]  # one number for each aim, from the file
    aims: tuple[Aim, ...]
    missing: Callable[[], str | None] = lambda: None  # why it cannot run here


# --- What is run --------------------------------------------------------------------------------


def gpu_tests() -> list[str]:
    """Return the files with tests for a GPU; those of resuming and of the loop come first."""
    files = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "mark.gpu\n" in path.read_text(encoding="utf-8")
    ]
    return sorted(files, key=lambda name: not name.endswith("training/test_loop.py"))


def pytest_command(file: Path) -> list[str]:
    """Run the tests; options of plugins that may be missing are taken away."""
    options = ["-q", "-m", "gpu", "-p", "no:cacheprovider", "-o", "addopts="]
    options += ["--import-mode=importlib", f"--junitxml={file}"]
    return ["-m", "pytest", *options, *gpu_tests()]


def read_tests(file: Path) -> list[float | None]:
    """Return how many tests failed; none at all would be no success."""
    suite = ElementTree.parse(file).getroot().find("testsuite")
    assert suite is not None
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    if count["tests"] <= count["skipped"]:
        raise ValueError("no test was run")
    return [float(count["failures"] + count["errors"])]


def rows_of(file: Path) -> list[dict]:
    return json.loads(file.read_text(encoding="utf-8"))["rows"]


def benchmark(name: str, *options: str) -> Callable[[Path], list[str]]:
    """Return what gives the command of a benchmark, with these options."""
    script = str(ROOT / "benchmarks" / f"{name}.py")
    return lambda file: [script, "--device", "cuda", *options, "--json", str(file)]


def largest(rows: list[dict], column: str, **where: object) -> float | None:
    """Return the largest number of a column among some rows; None if there are none."""
    chosen = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return max((row[column] for row in chosen), default=None)


def read_step(file: Path) -> list[float | None]:
    """Return the best ratio of each work, and what captured steps gain where they are shortest."""
    rows = rows_of(file)
    ratios = [largest(rows, "ratio", work=work) for work in ("dcgan64", "wgan_gp")]
    captured, plain = (
        largest(rows, "steps_per_second", work="wgan_gp", captured=captured)
        for captured in (True, False)
    )
    return [*ratios, captured / plain if captured and plain else None]


def read_peak(file: Path) -> list[float | None]:
    share = largest(rows_of(file), "dense_share")
    return [None if share is None else 100 * share]


def processes_command(file: Path) -> list[str]:
    """Train in two processes; the first of them compares with a run of its own."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return [*launch, str(ROOT / "tools" / "gpu_processes.py"), str(file)]


def read_processes(file: Path) -> list[float | None]:
    (row,) = rows_of(file)
    return [1e6 * row["difference"], row["ratio"]]


def read_quality(file: Path) -> list[float | None]:
    """Return distance and precision after the whole budget: the last look of each seed."""
    rows = [row for row in rows_of(file) if row["recipe"] == "default"]
    last = list({row["seed"]: row for row in rows}.values())
    return [statistics.mean(row[name] for row in last) for name in ("fid", "precision")]


def no_second_device() -> str | None:
    import torch

    found = torch.cuda.device_count()
    return f"it needs two devices, and there is {found}" if found < 2 else None


def no_mnist() -> str | None:
    folder = os.environ.get("GAN_TUTORIAL_DATA_DIR")
    if folder and any((Path(folder) / "mnist").glob("train-images*")):
        return None
    return "MNIST is not here: name the folder that holds mnist/ in GAN_TUTORIAL_DATA_DIR"


PARTS = {
    "tests": Part(
        90,
        "tests.xml",
        pytest_command,
        read_tests,
        (Aim("Tests of resuming and of captured steps that fail", "<=", 0, ""),),
    ),
    "step": Part(
        150,
        "step.json",
        benchmark("step", "--works", "dcgan64", "wgan_gp"),
        read_step,
        (
            Aim("DCGAN, 64x64, batch of 64, against the plain loop", ">=", 3, "times"),
            Aim("Fully connected WGAN-GP against the plain loop", ">=", 10, "times"),
            Aim("The same, captured against not captured", ">=", 2, "times"),
        ),
    ),
    "peak": Part(
        70,
        "peak.json",
        benchmark("step", "--works", "dcgan64", "--precisions", "bf16", "--batch", "512"),
        read_peak,
        (Aim("DCGAN, 64x64, batch of 512: share of the dense bfloat16 peak", ">=", 20, "%"),),
    ),
    "processes": Part(
        60,
        "processes.json",
        processes_command,
        read_processes,
        (
            Aim("Two GPUs against one: largest difference of a weight", "<=", 10, "millionths"),
            Aim("Two GPUs against one: samples a second", ">=", 1.5, "times"),
        ),
        no_second_device,
    ),
    "quality": Part(
        160,
        "quality.json",
        benchmark(
            "quality", "--data", "mnist", "--seeds", "0", "--recipes", "default", "--unsearched",
            "--seconds", str(TRAINING),
        ),
        read_quality,
        (
            Aim(f"MNIST after {TRAINING} s of training: FID", "<=", 0.5, ""),
            Aim(f"MNIST after {TRAINING} s of training: precision", ">=", 0.78, ""),
        ),
        no_mnist,
    ),
}  # fmt: skip


# --- Running it ---------------------------------------------------------------------------------


def blank(part: str, reason: str = "not run yet") -> list[dict]:
    """Return the rows of a part that has found nothing."""
    nothing = {"device": "cuda", "found": None, "reason": reason}
    return [{"part": part, **asdict(aim), **nothing} for aim in PARTS[part].aims]


def stop(process: subprocess.Popen) -> None:
    """End a part together with what it started: it is the leader of a group of its own."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(name: str, folder: Path, seconds: float) -> list[dict]:
    """Run one part for so many seconds at most; return its rows."""
    part = PARTS[name]
    file = folder / part.file
    file.unlink(missing_ok=True)  # no number of an earlier run may pass for one of this
    if reason := part.missing():
        return blank(name, reason)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path, "TQDM_DISABLE": "1"}
    process = subprocess.Popen(
        [sys.executable, *part.command(file)], cwd=ROOT, env=environment, start_new_session=True
    )
    late = ""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        late = f"stopped after {seconds:.0f} s"
    finally:
        if process.poll() is None:
            stop(process)
    try:
        found = part.read(file)  # even of a part that was stopped: what it has written counts
    except (OSError, SyntaxError, ValueError, AssertionError, KeyError) as error:
        return blank(name, late or f"failed with status {process.returncode} ({error})")
    if process.returncode and not late:
        late = f"ended with status {process.returncode}"
    rows = zip(blank(name, late), found, strict=True)
    return [{**row, "found": value} for row, value in rows]


def shown(row: dict) -> str:
    """Return one line on a row."""
    aim = f"aim {row['sign']} {row['aim']:g} {row['unit']}".strip()
    if row["found"] is None:
        return f"  {row['what']}: {row['reason']} ({aim})"
    met = row["found"] >= row["aim"] if row["sign"] == ">=" else row["found"] <= row["aim"]
    return f"  {row['what']}: {row['found']:.3g} ({aim}, {'met' if met else 'MISSED'})"


def main(arguments: list[str] | None = None) -> int:
    """Run the parts one after the other; return 1 if a part failed, 2 if nothing can be run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="list the parts and their budgets")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=list(PARTS))
    out = Path(os.environ.get("OUT", ROOT / "_build" / "gpu_check"))
    parser.add_argument("--json", type=Path, default=out / "gpu.json", help="where rows go")
    options = parser.parse_args(arguments)
    if options.dry_run:
        for name in options.only:
            print(f"{name:10} {PARTS[name].seconds:4} s  {PARTS[name].aims[0].what}")
        print(f"{'at most':10} {sum(PARTS[name].seconds for name in options.only):4} s")
        return 0
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        print(f"The library cannot train here without {', '.join(absent)}.", file=sys.stderr)
        return 2
    import torch

    if not torch.cuda.is_available():
        print("There is no CUDA device here, and all of this is about one.", file=sys.stderr)
        return 2
    began, failed = time.monotonic(), False
    machine = f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    folder = options.json.resolve().parent
    folder.mkdir(parents=True, exist_ok=True)
    rows = {name: blank(name) for name in PARTS}
    for name in options.only:
        print(f"{name}:", flush=True)
        left = WHOLE - (time.monotonic() - began)
        rows[name] = run(name, folder, min(PARTS[name].seconds, left))
        print(*map(shown, rows[name]), sep="\n", flush=True)
        failed |= any(row["reason"] for row in rows[name]) and not PARTS[name].missing()
        result = {"name": "gpu", "machine": machine, "rows": list(chain(*rows.values()))}
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
