"""What does a step cost as pictures and batches grow, in time and in memory?

    python benchmarks/sizes.py [--quick] [--json FILE]

The library's convolutional recipe on color pictures of 32, 64 and 128 pixels a side, with batches
of 16 to 256, in one process and in two that share the batch and talk by gloo, one thread each.
Every row is a process of its own, so that `megabytes`, the most memory that it held less what it
held before its first step, is this training's alone; with two processes it is that of one of them.
`seconds` is processor time a step, of all processes together, a mean of the four steps after the
first, of which one has the penalties. `ms_a_picture` is the same for one picture of the batch: a
level row is a cost that grows in proportion to the batch. A row that does not fit into the memory
says so and has no numbers.

Rows that the JSON file holds are not measured again.
"""

import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
import torch

from gan_tutorial import GAN, data, distributed, fit

SIDES, BATCHES, PROCESSES, STEPS = (32, 64, 128), (16, 32, 64, 128, 256), (1, 2), 5


def held() -> float:
    """Return the most memory that this process has held, in megabytes."""
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def measure(side: int, batch: int, file: Path) -> None:
    """Train a few steps in all processes of this world; the first one writes what they took."""
    torch.set_num_threads(1)
    with distributed.joined("cpu"):
        torch.manual_seed(0)
        images = data.Dataset("noise", torch.rand(batch, 3, side, side) * 2 - 1)
        gan = GAN.for_data(images)
        before, times = held(), []
        fit(gan, images, STEPS, batch_size=batch, device="cpu", progress=False, log_every=STEPS,
            callbacks=lambda run: times.append(time.process_time()))  # fmt: skip
        spent = (times[-1] - times[0]) / (STEPS - 1)
        seconds = float(distributed.average(torch.tensor(spent))) * distributed.world_size()
        if distributed.is_first():
            file.write_text(json.dumps({"seconds": seconds, "megabytes": held() - before}))


def row(side: int, batch: int, processes: int) -> dict:
    """Measure one cell of the table in fresh processes."""
    about = {"side": side, "batch": batch, "processes": processes}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "row.json"
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={processes}", __file__, "--cell", f"{side},{batch},{file}"]
        alone = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run(command, env=alone, capture_output=True, text=True)
        if done.returncode or not file.is_file():
            return {**about, "seconds": None, "megabytes": None, "reason": "it did not end"}
        found = json.loads(file.read_text())
    return {**about, **found, "ms_a_picture": 1e3 * found["seconds"] / batch}


def main() -> None:
    """Measure what is missing, print the table, and write the JSON file if asked."""
    options = report.options(__doc__, cell={"help": "for this script's own use"})
    if options.cell:
        side, batch, file = options.cell.split(",", 2)
        measure(int(side), int(batch), Path(file))
        return
    rows = []
    if options.json and options.json.is_file():
        rows = json.loads(options.json.read_text())["rows"]
    there = {(r["side"], r["batch"], r["processes"]) for r in rows}
    sides, batches = (SIDES[:1], BATCHES[:2]) if options.quick else (SIDES, BATCHES)
    print("side  batch  processes  seconds a step  ms a picture  megabytes")
    for cell in itertools.product(sides, batches, PROCESSES):
        if cell not in there:
            rows.append(row(*cell))
            report.write("sizes", rows, options.json)
        r = next(r for r in rows if (r["side"], r["batch"], r["processes"]) == cell)
        numbers = "  it did not end"
        if r["seconds"] is not None:
            numbers = f"{r['seconds']:14.3f} {r['ms_a_picture']:13.2f} {r['megabytes']:10.0f}"
        print(f"{cell[0]:4} {cell[1]:6} {cell[2]:10} {numbers}", flush=True)


if __name__ == "__main__":
    main()
