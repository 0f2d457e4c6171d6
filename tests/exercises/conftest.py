"""What the tests of the problem sets share with those of the book."""

import uuid

import making
import pytest
from grade import grade_all
from judging import grade
from limits import GiB, Limits
from sandbox import what_is_missing

# Of the processor, so that a busy machine changes nothing.
SHORT = Limits(cell=2, part=2, whole=40, asleep=2, memory=GiB, processes=32, judging=GiB // 2)


@pytest.fixture(scope="session")
def tiny_set(tmp_path_factory):
    """Return name -> notebook of the tiny problem set."""
    path = tmp_path_factory.mktemp("sets") / f"{making.TINY}.ipynb"
    return {making.TINY: making.save(making.tiny(), path)}


@pytest.fixture(scope="session")
def isolation() -> None:
    """Skip where submissions cannot be isolated."""
    if why := what_is_missing():
        pytest.skip(f"submissions cannot be isolated here: {why}")


@pytest.fixture(scope="session")
def grade_folder(tiny_set):
    """Return a function that grades a folder; it returns results, complaints and the token."""

    def run(folder, out, **options):
        token = uuid.uuid4().hex
        given = {"limits": SHORT, "sets": tiny_set, "token": token}
        results, said = grade_all(folder, out, **{"jobs": 2, **given, **options})
        return {result.student: result for result in results}, said, token

    return run


@pytest.fixture
def grade_one(tiny_set, tmp_path):
    """Return a function that grades one notebook of the tiny set, without a sandbox."""

    def run(notebook, student: str = "ada", **options):
        path = making.save(notebook, tmp_path / f"{student}_{making.TINY}.ipynb")
        given = {"isolated": False, "limits": SHORT, "source": tiny_set[making.TINY]}
        return grade(path, student, making.TINY, {**given, **options})

    return run
