"""What a submission may use, and how much of it its processes have used.

Time is *processor* time, so that a busy machine costs nobody points. Behind it stand two clocks:
one for programs that sleep instead of working, and a generous one on the wall for all others.
"""

import os
import time
from dataclasses import dataclass

import psutil

GiB = 2**30
BUSY = {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP, psutil.STATUS_WAKING}


@dataclass(frozen=True)
class Limits:
    """What a submission may use; seconds are of the processor unless they say otherwise."""

    cell: float = 60  # for one cell
    part: float = 20  # for one test, if its cell does not say `seconds` in its metadata
    whole: float = 300  # for everything, with what had to run again
    start: float = 60  # to import torch and IPython
    asleep: float = 30  # seconds on the wall in which nothing of it wants a processor
    asleep_in_all: float = 150
    patience: float = 20  # seconds on the wall for each second of the processor
    memory: int = 3 * GiB  # of all its processes together
    processes: int = 64  # threads count
    scratch: int = 256 * 2**20  # bytes it may write, and as many in /dev/shm
    judging: int = 2 * GiB  # that looking at its answers may take

    def of_a_process(self) -> dict[str, int]:
        """Return what the kernel enforces for each process, at once."""
        return {
            "RLIMIT_DATA": self.memory + GiB // 2,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CPU": int(self.whole + self.start) + 5,
            "RLIMIT_FSIZE": self.scratch,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_CORE": 0,
        }


class Usage:
    """What a process and all below it have used so far: call `look` often."""

    def __init__(self, pid: int):
        self.pid = pid
        self.cpu = 0.0  # seconds
        self.asleep = 0.0
        self._sum = 0.0
        self._time = time.monotonic()

    def look(self) -> list[psutil.Process]:
        """Bring `cpu` and `asleep` up to date; return the processes."""
        try:
            first = psutil.Process(self.pid)
            processes = [first, *first.children(recursive=True)]
        except psutil.Error:
            processes = []
        total, busy = 0.0, False
        for process in processes:
            try:
                with process.oneshot():
                    total += sum(process.cpu_times()[:4])  # its own, and of children that ended
                    busy |= process.status() in BUSY
            except psutil.Error:
                continue
        # A process that nobody waited for takes its time with it: hence steps, and never down.
        step = max(0.0, total - self._sum)
        self.cpu, self._sum = self.cpu + step, total
        now = time.monotonic()
        if not busy and not step:
            self.asleep += min(now - self._time, 0.5)  # more means that we were not looking
        self._time = now
        return processes

    @staticmethod
    def memory(processes: list[psutil.Process], enough: int) -> int:
        """Return bytes in use; pages that are shared count once if otherwise it is too much."""
        resident = _sum(processes, lambda process: process.memory_info().rss)
        if resident <= enough:
            return resident
        return _sum(processes, _proportional)


def _proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except (psutil.AccessDenied, AttributeError):  # it hides, or this is no Linux
        return process.memory_info().rss


def _sum(processes, measure) -> int:
    total = 0
    for process in processes:
        try:
            total += measure(process)
        except psutil.Error:
            continue
    return total


def user_for(number: int) -> int:
    """Return a user id that no person has (Debian's policy leaves 60000 to 64999 to programs).

    The kernel counts processes by user, so two sandboxes that run at once need two.
    """
    return 60100 + (8 * os.getpid() + number) % 4800
