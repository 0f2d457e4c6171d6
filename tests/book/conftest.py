"""What the tests of the book share."""

import pytest


@pytest.fixture(scope="session")
def repository(project) -> str:
    """Return the repository's address, from the one place where it is defined."""
    return project["project"]["urls"]["Repository"]
