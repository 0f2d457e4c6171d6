"""Execute the notebooks of the book, several at a time, into a cache that Sphinx reads.

A cached result counts only as long as the notebook's cells, the library, the pinned packages
and the Python version are those it was made with: editing the library re-executes the book.
"""

import asyncio
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

# What a notebook's output depends on beside its own cells.
INPUTS = ("gan_tutorial/**/*", "benchmarks/results/*.json", "requirements.txt")


@dataclass
class Result:
    """How one notebook went: `error` is None when it ran to the end."""

    path: Path
    seconds: float
    cached: bool = False
    error: str | None = None


def fingerprint(root: Path) -> str:
    """Hash everything but the notebooks themselves that their outputs depend on."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted({path for pattern in INPUTS for path in root.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"\n{path.relative_to(root).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def open_cache(root: Path):
    """Open the cache of executed notebooks, emptied when the library has changed."""
    folder = root / "_build" / ".jupyter_cache"
    cache = get_cache(folder)
    stamp, current = folder / "made_with.sha256", fingerprint(root)
    if not stamp.is_file() or stamp.read_text() != current:
        cache.clear_cache()
        folder.mkdir(parents=True, exist_ok=True)
        stamp.write_text(current)
    return cache


def execute(root: Path, paths: Iterable[Path], jobs: int, timeout: int) -> list[Result]:
    """Bring every notebook's outputs into the cache; stop on Ctrl-C with no kernel left behind."""
    cache = open_cache(root)
    done, waiting = [], []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        try:
            seconds = cache.match_cache_notebook(notebook).data["execution_seconds"]
            done.append(Result(path, seconds, cached=True))
        except KeyError:
            waiting.append((path, notebook))
    print(f"Notebooks: {len(done) + len(waiting)}; to execute: {len(waiting)}", flush=True)
    if waiting:
        done += asyncio.run(_execute_all(root, waiting, jobs, timeout, cache))
    return done


async def _execute_all(root, waiting, jobs, timeout, cache) -> list[Result]:
    free = asyncio.Semaphore(jobs)
    total = sum(len(code_cells(notebook)) for _, notebook in waiting)
    running: dict[str, str] = {}
    me = asyncio.current_task()

    with tqdm(total=total, unit="cell", disable=None, dynamic_ncols=True) as bar:

        def progress(name: str, position: str | None, finished: int = 0) -> None:
            # nbclient's own handler knows one kernel only; ours ends them all.
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, me.cancel)
            running.pop(name, None)
            if position:
                running[name] = position
            bar.set_postfix_str(", ".join(" ".join(item) for item in running.items()))
            bar.update(finished)

        async def one(path, notebook) -> Result:
            async with free:
                result = await _execute_one(root, path, notebook, timeout, progress)
            progress(path.stem, None)
            if result.error is None:
                data = {"execution_seconds": result.seconds}
                bundle = CacheBundleIn(notebook, str(path), data=data)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            verdict = "FAILED" if result.error else "ran"
            bar.write(f"  {path.relative_to(root)}: {verdict} in {result.seconds:.0f} s")
            return result

        return await asyncio.gather(*(one(path, notebook) for path, notebook in waiting))


async def _execute_one(root, path, notebook, timeout, progress: Callable) -> Result:
    code = code_cells(notebook)
    position, current = "", notebook.cells[0]

    def started(cell, cell_index) -> None:
        nonlocal position, current
        position, current = f"{code.index(cell_index) + 1}/{len(code)}", cell
        progress(path.stem, position)

    def ended(cell, cell_index, execute_reply) -> None:
        progress(path.stem, position, finished=1)

    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=timeout,
        extra_arguments=["--log-level=ERROR"],  # errors only
        record_timing=False,  # time stamps would change the key under which the result is found
        on_cell_execute=started,
        on_cell_executed=ended,
    )
    start, error = time.perf_counter(), None
    try:
        await client.async_execute(cwd=str(path.parent), env=kernel_environment(root))
    except CellExecutionError as failure:
        error = failure.traceback
    except CellTimeoutError:
        error = f"{current.source}\n\nThis cell ran longer than {timeout} s."
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # we ended it: Ctrl-C
            raise asyncio.CancelledError from None
        error = f"{current.source}\n\nThe kernel died in this cell; was there enough memory?"
    if error:
        error = f"{path.relative_to(root)}, code cell {position}:\n\n{error}"
    return Result(path, time.perf_counter() - start, error=error)


def code_cells(notebook) -> list[int]:
    """Return the indices of the cells that are run."""
    return [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]


def kernel_environment(root: Path) -> dict[str, str]:
    """Return what a kernel runs with: the library importable, one thread, no progress bars."""
    python_path = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(python_path),
        "OMP_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
    }
