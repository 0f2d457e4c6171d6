"""The first cell of every notebook: it installs the library, or says in a sentence what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pytest
import setup_cell
import toc
import wheel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebooks_zip import pack

import gan_tutorial

WHEEL = f"gan_tutorial-{gan_tutorial.__version__}-py3-none-any.whl"
HIDE = "import sys\nsys.modules['gan_tutorial'] = None  # as if it were not installed"
PIP = """
import json, os, sys
with open(os.environ["PIP_LOG"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if any(word in sys.argv[-1] for word in os.environ["PIP_REFUSES"].split()):
    sys.stderr.write("WARNING: again\\n" * 5 + "ERROR: git clone did not run\\n" + "noise\\n" * 9)
    sys.exit(1)
"""  # fmt: skip


@pytest.fixture
def run_cell(tmp_path, monkeypatch):
    """Return a function that runs the cell where pip is ours; it returns outputs and calls."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(PIP)
    folder = tmp_path / "take_along" / "book"
    folder.mkdir(parents=True)

    def run(*wheels: str, refuses: str = "", hidden: bool = True):
        for name in wheels:
            (folder / name).touch()
        notebook = new_notebook()
        sources = [HIDE if hidden else "", setup_cell.cell(), "print('went on')"]
        notebook.cells = [new_code_cell(source) for source in sources]
        environment = {"PYTHONPATH": str(tmp_path), "PIP_LOG": str(tmp_path / "log"),
                       "PIP_REFUSES": refuses}  # fmt: skip
        client = NotebookClient(notebook, timeout=1800, startup_timeout=1800, kernel_name="python3")
        failed = False
        try:
            client.execute(cwd=str(folder), env={**os.environ, **environment})
        except CellExecutionError:
            failed = True
        log = tmp_path / "log"
        calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return notebook.cells, [call[-1] for call in calls], failed

    return run


def test_all_set_up_cells_are_the_same():
    other = [path.name for path in setup_cell.files() if setup_cell.put(path, write=False)]
    assert not other, "python tools/book/setup_cell.py writes the cell into all notebooks"
    assert len(setup_cell.files()) >= 20


def test_nothing_is_installed_where_the_library_is(run_cell):
    cells, calls, failed = run_cell(hidden=False)
    assert (calls, failed) == ([], False)
    assert not cells[1].outputs


def test_the_repository_is_taken_where_there_is_no_wheel(run_cell, repository):
    cells, calls, failed = run_cell()
    assert calls == [f"{repository}/archive/main.zip"]
    assert not failed
    assert not cells[1].outputs
    assert cells[2].outputs[0].text == "went on\n"


@pytest.mark.parametrize("place", ["", "../"], ids=["beside", "above"])
def test_a_wheel_that_lies_there_is_taken(place, run_cell):
    cells, calls, failed = run_cell(f"{place}{WHEEL}", refuses="main.zip")
    assert calls == [f"{place}{WHEEL}"]
    assert not failed
    assert not cells[1].outputs


def test_the_repository_is_asked_where_the_wheel_cannot_be_installed(run_cell, repository):
    _, calls, failed = run_cell(WHEEL, refuses=".whl")
    assert calls == [WHEEL, f"{repository}/archive/main.zip"]
    assert not failed


@pytest.mark.parametrize(
    ("wheels", "todo"),
    [((), "put the wheel that the book's title page offers beside"), ([WHEEL], "connect to")],
    ids=["no wheel", "a wheel without its packages"],
)
def test_one_sentence_says_what_to_do_and_the_notebook_stops(wheels, todo, run_cell):
    cells, _, failed = run_cell(*wheels, refuses="main.zip .whl")
    assert failed
    assert not cells[2].outputs
    (output,) = cells[1].outputs
    (line,) = output.traceback
    assert todo in line
    assert "run this cell again. (pip: ERROR: git clone did not run)" in line
    assert "noise" not in line
    assert "\n" not in line


def test_the_script_changes_that_cell_alone(tmp_path):
    path = tmp_path / "page.ipynb"
    old = "try:\n    import gan_tutorial\nexcept ImportError:\n    %pip install nowhere"
    cells = [new_markdown_cell("# Title"), new_code_cell(old, metadata={"tags": ["hide-input"]})]
    nbformat.write(new_notebook(cells=[*cells, new_code_cell("1 + 1")]), path)
    before = nbformat.read(path, as_version=4)
    assert setup_cell.put(path, write=False)
    assert nbformat.read(path, as_version=4) == before
    assert setup_cell.put(path)
    after = nbformat.read(path, as_version=4)
    assert after.cells[1].source == setup_cell.cell()
    before.cells[1].source = after.cells[1].source
    assert after == before
    assert not setup_cell.put(path)


def test_a_notebook_without_the_cell_is_named(tmp_path):
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")]), tmp_path / "page.ipynb")
    with pytest.raises(ValueError, match=r"page\.ipynb: the first code cell"):
        setup_cell.put(tmp_path / "page.ipynb")


# --- The wheel ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder of a built book with nothing in it but the wheel and the archive."""
    pages = tmp_path_factory.mktemp("pages")
    (pages / "_static").mkdir()
    (pages / "_static" / "gan_tutorial-0.0.1-py3-none-any.whl").touch()
    pack(pages, wheel.build(pages / "_static"))
    return pages


@pytest.mark.slow
def test_the_wheel_holds_the_whole_library(root, built):
    (found,) = (built / "_static").glob("*.whl")
    assert found.name == WHEEL
    with ZipFile(found) as archive:
        held = {name for name in archive.namelist() if name.startswith("gan_tutorial/")}
    tracked = {
        path.relative_to(root).as_posix()
        for path in (root / "gan_tutorial").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == tracked


@pytest.mark.slow
def test_the_wheel_is_always_the_same(built, tmp_path):
    first = (built / "_static" / WHEEL).read_bytes()
    assert wheel.build(tmp_path).read_bytes() == first


@pytest.mark.slow
def test_the_archive_holds_the_wheel_where_the_notebooks_find_it(built):
    with ZipFile(built / "_static" / "notebooks.zip") as archive:
        names = set(archive.namelist())
        assert (
            archive.read(f"gan_tutorial_notebooks/{WHEEL}")
            == (built / "_static" / WHEEL).read_bytes()
        )
    assert {f"gan_tutorial_notebooks/book/{path.name}" for path in toc.notebooks()} <= names
    assert "gan_tutorial_notebooks/benchmarks/results/advice.json" in names


@pytest.mark.slow
def test_the_wheel_is_installed_without_a_network_where_its_packages_are(built, tmp_path):
    """Not a stub: pip itself, in an environment that has this one's packages but for ours."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    for path in Path(nbformat.__file__).parents[1].iterdir():
        if "gan_tutorial" not in path.name:
            (packages / path.name).symlink_to(path)
    (tmp_path / WHEEL).write_bytes((built / "_static" / WHEEL).read_bytes())
    program = f"{setup_cell.cell()}\nimport gan_tutorial\nprint(gan_tutorial.__file__)"
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    run = subprocess.run(
        [str(environment / "bin" / "python"), "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**clean, "PIP_NO_INDEX": "1"},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(packages / "gan_tutorial" / "__init__.py")


def test_a_wheel_that_cannot_be_built_says_why(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(RuntimeError, match="wheel could not be built"):
        wheel.build(tmp_path, tmp_path)


def test_the_pages_offer_this_wheel(root):
    for page in ("book/intro.md", "README.md"):
        text = (root / page).read_text(encoding="utf-8")
        assert WHEEL in text, f"{page}: the wheel has the version in its name"
