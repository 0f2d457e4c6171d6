"""What the tests of the problem sets share with those of the book."""

import tomllib

import pytest


@pytest.fixture(scope="session")
def repository(root) -> str:
    """Return the repository's address."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"]["urls"]["Repository"]
