"""What every test starts from: one thread, no screen, fresh random numbers."""

import os
import tomllib
from pathlib import Path

# Before torch is imported: tests run side by side, and small networks are fastest on one thread.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TQDM_DISABLE", "1")  # bars would stand among what commands say

import pytest
import torch


@pytest.fixture(autouse=True)
def _seeded():
    """Make a test's random numbers independent of the tests that ran before it."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's root."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def project(root) -> dict:
    """Return what pyproject.toml says."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
