"""What the tests of the book share."""

import tomllib

import pytest


@pytest.fixture(scope="session")
def project(root) -> dict:
    """Return what pyproject.toml says."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def repository(project) -> str:
    """Return the repository's address, from the one place where it is defined."""
    return project["project"]["urls"]["Repository"]
