import capturing
import pytest


@pytest.fixture
def on_cpu(monkeypatch):
    """Let `fit` capture steps on a CPU, in graphs that this returns."""
    return capturing.capture_on_cpu(monkeypatch)
