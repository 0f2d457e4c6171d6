"""The project's own files agree with each other."""

import json
import re
import subprocess
import sys
from importlib.metadata import metadata

import pytest
import toc
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import gan_tutorial
from gan_tutorial import cli


def frozen(path) -> dict[str, str]:
    """Return name -> version of a file that `pip freeze` wrote."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    lines = [line for line in lines if not line.startswith("#")]
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}


@pytest.fixture(scope="module")
def colab(root) -> dict[str, str]:
    """Return what Colab has preinstalled; the file says since when."""
    return frozen(root / "tests" / "book" / "colab_freeze.txt")


@pytest.fixture(scope="module")
def pins(root) -> dict[str, str]:
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in lines), "pins only"
    return dict(line.split("==") for line in lines)


def test_python_of_the_readme_runs(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S)
    names: dict = {}
    exec(re.sub(r"steps=\d+", "steps=2", program), names)
    assert names["samples"].shape == (64, *names["dataset"].shape)


def test_command_lines_of_the_readme_are_understood(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^python -m gan_tutorial ([^#\n]*)", readme, re.M)
    assert len(lines) == 38
    for line in lines:
        cli.parser().parse_args(line.split())


def test_every_address_of_the_repository_is_the_same(root, repository):
    files = [*toc.pages()]
    for pattern in ("*.md", "*.yml", "*.cff", "gan_tutorial/**/*.py", "exercises/*.ipynb"):
        files += root.glob(pattern)
    uses = {
        address
        for path in files
        for address in re.findall(
            r"https://github\.com/[\w.-]+/gan_tutorial\b", path.read_text(encoding="utf-8")
        )
    }
    assert uses == {repository}


def test_version_is_the_cited_one(root):
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == gan_tutorial.__version__


def test_colab_satisfies_the_library(project, colab):
    for line in project["project"]["dependencies"]:
        need = Requirement(line)
        assert {part.operator for part in need.specifier} == {">="}, line
        assert need.specifier.contains(colab[need.name]), line


@pytest.fixture(scope="module")
def colab_like(colab, tmp_path_factory):
    """Return a Python in which every package of Colab seems to be installed, of that version."""
    folder = tmp_path_factory.mktemp("colab")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name, version in colab.items():
        stub = packages / f"{name.replace('-', '_')}-{version}.dist-info"
        stub.mkdir()
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (stub / "METADATA").write_text(about)
        (stub / "INSTALLER").write_text("pip\n")
        (stub / "RECORD").write_text("")
    return folder / "bin" / "python"


def resolve(python, *requirements: str) -> subprocess.CompletedProcess:
    """Let pip decide what it would install there, if it could install nothing new."""
    options = ["install", "--dry-run", "--no-index", "--quiet", "--report", "-"]
    command = [sys.executable, "-m", "pip", "--python", str(python), *options, *requirements]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_installing_in_colab_replaces_nothing(project, colab, colab_like):
    """Pip's own resolver has nothing to do: what the library needs is there, new enough."""
    run = resolve(colab_like, *project["project"]["dependencies"])
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["install"] == []
    assert len(colab) > 600


@pytest.mark.slow
def test_a_bound_above_colabs_would_be_noticed(colab_like):
    assert resolve(colab_like, "ipywidgets>=7.7").returncode == 0
    for line in ("ipywidgets>=8", "torch>=2.12", "jupyter-book>=1"):
        assert resolve(colab_like, line).returncode != 0, line


def test_pins_satisfy_every_requirement(root, project, pins):
    asked = list(project["project"]["dependencies"])
    extras = dict(project["project"]["optional-dependencies"])
    (grading,) = map(Requirement, extras.pop("grading"))  # lives in an environment of its own
    assert grading.name not in pins
    own = frozen(root / "requirements-grading.txt")
    assert grading.specifier.contains(own[grading.name])
    for extra in ("onnx", "tensorboard"):  # for programs beside the library: tests skip without
        extras.pop(extra)
    for extra in extras.values():
        asked += extra
    for need in map(Requirement, asked):
        if need.name != "gan_tutorial":
            assert need.specifier.contains(Version(pins[need.name])), need


def test_pins_allow_every_supported_python(project, pins):
    oldest = project["project"]["requires-python"].removeprefix(">=") + ".0"
    for name in pins:
        allowed = SpecifierSet(metadata(name).get("Requires-Python") or "")
        for version in (oldest, "3.12.0", "3.13.0"):
            assert allowed.contains(version), f"{name} cannot be installed on Python {version}"


def test_import_is_light():
    """`import gan_tutorial` brings in torch and numpy, and what those bring, only."""
    program = (
        "import sys, torch, numpy; before = {name.split('.')[0] for name in sys.modules};"
        "import gan_tutorial; after = {name.split('.')[0] for name in sys.modules};"
        "print(*sorted(after - before - set(sys.stdlib_module_names)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.split() == ["gan_tutorial"], run.stderr


def test_no_machine_paths(root):
    pattern = re.compile(r"(?<![\w.])/(root|home/\w+|Users/\w+|work)/")
    files = [path for path in root.glob("*") if path.is_file()]
    for folder in ("book", "gan_tutorial", "tests", "tools", "benchmarks", "exercises"):
        files += (path for path in (root / folder).rglob("*") if "__pycache__" not in path.parts)
    for path in files:
        if path.suffix in {".py", ".md", ".ipynb", ".yml", ".toml", ".txt", ".json", ".sh", ".css"}:
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(root)}: {found}"


@pytest.mark.parametrize("folder", ["gan_tutorial", "benchmarks"])
def test_no_file_outgrows_a_head(root, folder):
    sizes = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in (root / folder).rglob("*.py")
    }
    assert len(sizes) > 30
    assert {name: lines for name, lines in sizes.items() if lines > 300} == {}
