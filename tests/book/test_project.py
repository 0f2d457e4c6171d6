"""The project's own files agree with each other."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import metadata

import pytest
import toc
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import gan_tutorial
from gan_tutorial import cli

# Preinstalled in Colab in August 2026: the library must be satisfied with these.
COLAB = {
    "torch": "2.11.0",
    "numpy": "2.1.3",
    "scipy": "1.16.3",
    "matplotlib": "3.10.0",
    "scikit-learn": "1.6.1",
    "pillow": "11.3.0",
    "pooch": "1.9.0",
    "tqdm": "4.67.3",
    "safetensors": "0.8.0",
    "ipywidgets": "7.7.1",
}


@pytest.fixture(scope="module")
def pins(root) -> dict[str, str]:
    lines = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in lines), "pins only"
    return dict(line.split("==") for line in lines)


def test_ci_runs_lint_and_the_commands_of_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    ci = (root / ".ci" / "run").read_text(encoding="utf-8")
    documented = re.findall(r"^make \w+", readme, re.M)
    assert documented[:2] == ["make book", "make test"]
    assert re.findall(r"^make .*", ci, re.M) == ["make lint", "make book", "make test"]
    assert ci.index("chromium") < ci.index("make lint"), "the browser is there before the tests"


def test_ci_goes_on_without_a_browser(root, tmp_path):
    """Where Chromium cannot be installed the checks run all the same."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(root / ".ci" / "run", tmp_path / ".ci" / "run")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, action in {"make": "echo make $1", "apt-get": "exit 100", "id": "echo 0"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{action}\n")
        (programs / name).chmod(0o755)
    for name in ("bash", "dirname"):
        (programs / name).symlink_to(shutil.which(name))
    run = subprocess.run(
        [tmp_path / ".ci" / "run"], env={"PATH": str(programs)}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    first, *rest = run.stdout.splitlines()
    assert "no browser tests" in first
    assert rest == ["make lint", "make book", "make test"]


def test_python_of_the_readme_runs(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S)
    names: dict = {}
    exec(re.sub(r"steps=\d+", "steps=2", program), names)
    assert names["samples"].shape == (64, *names["dataset"].shape)


def test_command_lines_of_the_readme_are_understood(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^python -m gan_tutorial ([^#\n]*)", readme, re.M)
    assert len(lines) == 8
    for line in lines:
        cli.parser().parse_args(line.split())


def test_every_address_of_the_repository_is_the_same(root, repository):
    files = [*toc.pages()]
    for pattern in ("*.md", "*.yml", "*.cff", "gan_tutorial/**/*.py"):
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


def test_colab_satisfies_the_library(project):
    for line in project["project"]["dependencies"]:
        need = Requirement(line)
        assert {part.operator for part in need.specifier} == {">="}, line
        assert need.specifier.contains(COLAB[need.name]), line


def test_pins_satisfy_every_requirement(project, pins):
    asked = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
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
    for folder in ("book", "gan_tutorial", "tests", "tools", "benchmarks"):
        files += (path for path in (root / folder).rglob("*") if "__pycache__" not in path.parts)
    for path in files:
        if path.suffix in {".py", ".md", ".ipynb", ".yml", ".toml", ".txt", ".json", ".sh", ".css"}:
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(root)}: {found}"
