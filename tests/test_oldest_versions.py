"""Chapters run with the oldest versions that the library promises: torch 2.4, ipywidgets 7.7.

The environment is made anew, outside the repository, from `requirements-oldest.txt`. Where that
cannot be done, for instance offline, the test says why and is skipped. Everywhere a build of torch
for the CPU is asked for; where there is none to be had, CI (or whoever sets CI=1) takes the one of
the package index, whose libraries for GPUs are 3 GB.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PYTHONS = ">=3.11,<3.13"  # the newest for which there is a torch 2.4 is 3.12
ROOM = 12e9  # bytes on the disk for the build with all libraries
INSTALL_SECONDS = 900  # on a busy machine, too; a network that hangs is given up
CHAPTERS = ("02_minimax", "01_principles")  # the widgets; and the first networks that are trained

RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=1800).execute()
print(sum(cell.cell_type == "code" for cell in notebook.cells), "cells")
"""
VERSIONS = """
import sys
from importlib.metadata import version
print(*(version(name) for name in sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def oldest(root) -> dict[str, str]:
    """Return name -> version of the pinned set."""
    lines = (root / "requirements-oldest.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def promised(project) -> dict[str, Version]:
    """Return name -> the lower bound in pyproject.toml, of what a reader of the book has."""
    needs = [*project["project"]["dependencies"]]
    needs += project["project"]["optional-dependencies"]["metrics"]
    bounds = {}
    for need in map(Requirement, needs):
        (bound,) = need.specifier
        assert bound.operator == ">=", need
        bounds[need.name] = Version(bound.version)
    return bounds


def test_oldest_versions_are_the_promised_ones(project, oldest):
    for name, bound in promised(project).items():
        pin = Version(oldest[name])
        assert pin.release[: len(bound.release)] == bound.release, f"{name} {pin}, not {bound}"


def uv(*arguments, timeout=300) -> str | None:
    """Run uv; return None if it succeeds, or else the line that says why it does not."""
    program = shutil.which(
        "uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if program is None:
        return "uv is not installed"
    settings = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "60", "UV_SYSTEM_CERTS": "true"}
    try:
        run = subprocess.run(
            [program, "--quiet", *arguments],
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {timeout} seconds"
    return None if run.returncode == 0 else " ".join(run.stderr.split())[:300]


@pytest.fixture(scope="module")
def oldest_python(root, tmp_path_factory):
    """Make an environment of the oldest versions; return its Python."""
    folder = tmp_path_factory.mktemp("oldest")
    python = folder / "bin" / "python"
    if reason := uv("venv", "--no-python-downloads", "--python", PYTHONS, str(folder)):
        pytest.skip(f"no environment of the oldest versions: {reason}")
    install = [
        "pip",
        "install",
        "--python",
        str(python),
        "-r",
        str(root / "requirements-oldest.txt"),
    ]
    reason = uv(*install, "--torch-backend", "cpu", timeout=INSTALL_SECONDS)
    if reason and os.environ.get("CI") and shutil.disk_usage(folder).free > ROOM:
        reason = uv(*install, timeout=INSTALL_SECONDS)
    if reason:
        pytest.skip(f"the oldest versions cannot be installed (CI=1 tries harder): {reason}")
    yield python
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_chapters_run_with_the_oldest_versions(root, project, oldest, oldest_python):
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "OMP_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as in a notebook
        "IPYTHONDIR": str(oldest_python.parent / "ipython"),
        "JUPYTER_PATH": str(oldest_python.parents[1] / "share" / "jupyter"),
    }

    def run(program, *arguments):
        return subprocess.run(
            [str(oldest_python), "-c", program, *map(str, arguments)],
            env=environment,
            cwd=root / "book",
            capture_output=True,
            text=True,
        )

    names = [*promised(project)]
    found = dict(zip(names, run(VERSIONS, *names).stdout.split(), strict=True))
    assert {name: found[name].split("+")[0] for name in names} == {n: oldest[n] for n in names}
    for chapter in CHAPTERS:
        result = run(RUN, root / "book" / f"{chapter}.ipynb")
        assert result.returncode == 0, f"{chapter} with {found}:\n{result.stderr[-3000:]}"
        assert int(result.stdout.split()[-2]) > 10
