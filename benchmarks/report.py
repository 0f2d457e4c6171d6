"""What every benchmark shares: its options, the name of the machine, and how rows are shown."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch


def options(description: str, data=(), seeds: int = 0) -> argparse.Namespace:
    """Read ``--quick``, ``--json FILE``, and where it matters which data and seeds to run."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer seeds or steps")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    if data:
        parser.add_argument("--data", nargs="+", choices=tuple(data), default=list(data))
    if seeds:
        parser.add_argument("--seeds", nargs="+", type=int, default=list(range(seeds)))
    return parser.parse_args()


def kept(options: argparse.Namespace) -> list[dict]:
    """Return the rows of the file that is there whose data and seeds are not run again."""
    if not (options.json and options.json.is_file()):
        return []
    rows = json.loads(options.json.read_text())["rows"]
    return [
        row for row in rows if row["data"] not in options.data or row["seed"] not in options.seeds
    ]


def steps_in(seconds: float, run: Callable[[int], object], few: int = 40) -> int:
    """Return how many steps of training take so many processor seconds, from a short trial."""
    run(5)  # the first steps are slower
    began = time.process_time()
    run(few)
    return max(few, round(seconds * few / (time.process_time() - began)))


def machine() -> str:
    """Name the processor, the number of cores and torch's version."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    threads = torch.get_num_threads()
    return f"{cpu}, {os.cpu_count()} cores, {threads} threads, torch {torch.__version__}"


def write(name: str, rows: list[dict], path: Path | None) -> None:
    """Write the result as JSON, if a path was asked for."""
    if path:
        result = {"name": name, "machine": machine(), "rows": rows}
        path.write_text(json.dumps(result, indent=1) + "\n")


def spread(values: list[float]) -> str:
    """Mean, and standard error if there are several values."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    return f"{mean:.3f} +- {statistics.stdev(values) / len(values) ** 0.5:.3f}"
