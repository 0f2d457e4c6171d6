"""The library as a wheel, for who reads the built book where the repository cannot be reached."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from toc import ROOT

EPOCH = "315532800"  # 1980: the same bytes for the same files, whenever it is built


def build(folder: Path, root: Path = ROOT) -> Path:
    """Build the wheel into a folder, in place of any other; return its path.

    It is built as a release is, from a source archive in a folder of its own: what an earlier build
    left behind does not get in. Nothing is downloaded.

    Raises
    ------
    RuntimeError
        With what the build said, if it failed.
    """
    with TemporaryDirectory() as made:
        options = ["--quiet", "--no-build-isolation", "--offline", "--python", sys.executable]
        run = subprocess.run(
            [sys.executable, "-m", "uv", "build", *options, "--out-dir", made, str(root)],
            env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
            capture_output=True,
            text=True,
        )
        wheels = sorted(Path(made).glob("*.whl"))
        if run.returncode or len(wheels) != 1:
            raise RuntimeError(f"The library's wheel could not be built:\n{run.stderr}")
        for old in folder.glob("gan_tutorial-*.whl"):
            old.unlink()
        return Path(shutil.copy(wheels[0], folder / wheels[0].name))
