"""What does a second process bring, and what does it cost?

    python benchmarks/processes.py [--quick] [--json FILE]

The library's recipes for 28x28 pictures (fully connected) and for 32x32 ones (convolutional),
trained by `fit` in one process and, under ``torchrun``, in two that talk by gloo, one thread each.
The batch is 64 in all (key `share` "of 64"), or 64 a process ("each 64").

`processor_ms` is processor time of all processes per sample, which other programs disturb least;
what it has more with two processes is work that one does not have: copying, adding, waiting for
messages. `samples_per_second` is by the wall clock, and says how fast a machine is only if
nothing else runs on it: where more processes wanted a core than there are cores when the benchmark
began, it is left out (null), the result has ``"busy": true``, and it is to be run again.

The messages are counted where they are sent: how many a step, and how many bytes. From these
the book computes on paper what 8 to 64 devices would do.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import report
import torch
import torch.distributed as dist

from gan_tutorial import GAN, data, distributed, fit

WORKS = {"mlp28": ((1, 28, 28), "mlp", 120), "dcgan32": ((3, 32, 32), "dcgan", 12)}
BATCH = 64


class Messages:
    """Count the all-reduces of a run, and the bytes in them."""

    def __init__(self) -> None:
        self.count, self.bytes, self.send = 0, 0, dist.all_reduce

    def __call__(self, tensor: torch.Tensor, *rest: object, **options: object) -> object:
        if tensor.numel() > 1:  # a single number is a question, not a gradient
            self.count += 1
            self.bytes += tensor.numel() * tensor.element_size()
        return self.send(tensor, *rest, **options)


class Clocks:
    """A callback of `fit`: both clocks after the first half of the steps, and at the end."""

    def __init__(self, steps: int, messages: Messages):
        self.when, self.messages = (steps // 2, steps), messages
        self.seen: list[tuple[float, float, int, int]] = []

    def __call__(self, run) -> None:
        if run.step in self.when:
            counts = (self.messages.count, self.messages.bytes)
            self.seen.append((time.perf_counter(), time.process_time(), *counts))


def train(work: str, batch: int, steps: int) -> dict | None:
    """Train one work in all processes of this world; the first one returns what it took."""
    shape, network, _ = WORKS[work]
    torch.manual_seed(0)
    images = data.Dataset(work, torch.rand(512, *shape) * 2 - 1)
    messages = Messages()
    dist.all_reduce = messages
    clocks = Clocks(steps, messages)
    gan = GAN.for_data(images, network=network)
    fit(gan, images, steps, batch_size=batch, device="cpu", log_every=steps, callbacks=clocks,
        progress=False)  # fmt: skip
    dist.all_reduce = messages.send
    began, ended = clocks.seen
    wall, processor, sent, size = (b - a for a, b in zip(began, ended, strict=True))
    counted = steps - steps // 2
    processes = distributed.world_size()
    spent = float(distributed.average(torch.tensor(processor))) * processes  # of all of them
    return {
        "work": work,
        "processes": processes,
        "batch": batch,
        "processor_ms": 1e3 * spent / (counted * batch),
        "samples_per_second": counted * batch / wall,
        "messages_per_step": sent / counted,
        "bytes_per_step": size / counted,
        "weights": sum(p.numel() for net in gan.networks.values() for p in net.parameters()),
    }


def worker(quick: bool, file: Path) -> None:
    """Measure every work in this world of processes."""
    torch.set_num_threads(1)
    rows = []
    with distributed.joined("cpu"):
        processes = distributed.world_size()
        for work, (_, _, steps) in WORKS.items():
            for share in ("of 64", "each 64")[:processes]:
                batch = BATCH * (processes if share == "each 64" else 1)
                rows.append({"share": share, **train(work, batch, steps // (4 if quick else 1))})
        if distributed.is_first():
            file.write_text(json.dumps(rows))


def world(processes: int, quick: bool) -> list[dict]:
    """Start so many processes, and return their rows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={processes}", __file__, "--worker", str(file)]
        alone = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        subprocess.run(command + ["--quick"] * quick, check=True, env=alone)
        return json.loads(file.read_text())


def wanted() -> float:
    """Return how many processes have wanted a core lately, or infinity if that is unknown."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("inf")


def main() -> None:
    """Measure one and two processes, print the table, and write the JSON file if asked."""
    options = report.options(__doc__, worker={"type": Path, "help": "for this script's own use"})
    if options.worker:
        worker(options.quick, options.worker)
        return
    torch.set_num_threads(1)
    busy = wanted() > 0.5  # before this benchmark adds its own
    rows = [row for processes in (1, 2) for row in world(processes, options.quick)]
    print("work     processes  share    ms a sample  samples/s  messages  MB a step")
    for row in rows:
        if busy:
            row["samples_per_second"] = None
        rate = "left out" if busy else f"{row['samples_per_second']:.0f}"
        print(
            f"{row['work']:8} {row['processes']:9}  {row['share']:8} {row['processor_ms']:11.2f} "
            f"{rate:>10} {row['messages_per_step']:9.0f} {row['bytes_per_step'] / 1e6:10.2f}"
        )
    again = {"run_again": "on an idle machine, for the wall clock"} if busy else {}
    report.write("processes", rows, options.json, busy=busy, **again)


if __name__ == "__main__":
    main()
