"""What the tests of the book share."""

import pytest
import yaml


@pytest.fixture(scope="session")
def repository(project) -> str:
    """Return the repository's address, from the one place where it is defined."""
    return project["project"]["urls"]["Repository"]


@pytest.fixture(scope="session")
def settled(root):
    """Return what lists the rows of the articles that a page settles, or the whole book."""
    rows = yaml.safe_load((root / "book" / "sources.yml").read_text(encoding="utf-8"))
    return lambda page="": [
        row["id"] for row in rows if row["settled"].startswith(f"{page}#" if page else "")
    ]
