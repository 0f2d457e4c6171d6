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


def options(description: str, data=(), seeds: int = 0, **more: dict) -> argparse.Namespace:
    """Read ``--quick``, ``--json FILE``, and where it matters which data and seeds to run.

    `more` gives further options: the name of each, and what `add_argument` is told of it.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer seeds or steps")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    if data:
        parser.add_argument("--data", nargs="+", choices=tuple(data), default=list(data))
    if seeds:
        parser.add_argument("--seeds", nargs="+", type=int, default=list(range(seeds)))
    for name, about in more.items():
        parser.add_argument(f"--{name}", **about)
    return parser.parse_args()


def clock(device: torch.device) -> float:
    """Return seconds: a CPU's own, which other programs disturb least; a GPU's by the wall clock.

    On a GPU it waits until all work so far is done.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()


def steps_in(
    seconds: float,
    run: Callable[[int], object],
    few: int = 40,
    device: torch.device | str = "cpu",
) -> int:
    """Return how many steps of training take so many seconds of `clock`, from a short trial."""
    device = torch.device(device)
    run(5)  # the first steps are slower
    began = clock(device)
    run(few)
    return max(few, round(seconds * few / (clock(device) - began)))


def machine() -> str:
    """Name the GPU if there is one, the processor, the number of cores and torch's version."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    threads = torch.get_num_threads()
    gpu = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return f"{gpu}{cpu}, {os.cpu_count()} cores, {threads} threads, torch {torch.__version__}"


def write(name: str, rows: list[dict], path: Path | None, **more: object) -> None:
    """Write the result as JSON, if a path was asked for.

    `more` are further keys, such as the ``search`` of `equal`. Those that the file has besides are
    kept: a run that adds rows does not lose how their settings were chosen.
    """
    if path:
        old = json.loads(path.read_text()) if path.is_file() else {}
        result = {**old, "name": name, "machine": machine(), **more, "rows": rows}
        path.write_text(json.dumps(result, indent=1) + "\n")


def spread(values: list[float]) -> str:
    """Mean, and standard error if there are several values."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    return f"{mean:.3f} +- {statistics.stdev(values) / len(values) ** 0.5:.3f}"
