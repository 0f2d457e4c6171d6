import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_folders_of_the_machine(monkeypatch, tmp_path_factory):
    """Keep the reader's own data and cache out of the tests."""
    monkeypatch.delenv("GAN_TUTORIAL_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


REPOSITORY = Path(__file__).parents[2]
PLACES = [Path(os.environ.get("GAN_TUTORIAL_DATA_DIR", REPOSITORY / "data"))]
PLACES += [REPOSITORY.parent / "shared" / "data"]


@pytest.fixture(scope="session")
def real_data():
    """Return the folder that holds the real MNIST, or skip the test."""
    for place in PLACES:
        if any((place / "mnist").glob("t10k-images*")):
            return place
    pytest.skip("the real MNIST is not here: name its folder in GAN_TUTORIAL_DATA_DIR")
