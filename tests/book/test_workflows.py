"""What CI runs is what a contributor runs, and what is tried here as far as it can be."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import toc
import yaml

import gan_tutorial

WORKFLOWS = sorted((toc.ROOT / ".github" / "workflows").glob("*.yml"))
CI = (".ci/prepare", "make lint", "make book", "make test")  # what .ci/run does
HERE = ("make dist", "make unit", "make newest")  # run below, or looked at


def steps(path: Path) -> list[dict]:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def matrix() -> dict:
    (path,) = (path for path in WORKFLOWS if path.name == "test.yml")
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    return workflow["jobs"]["readme"]["strategy"]["matrix"]


# Takes the environment of these tests, as it is.
READY = [f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.ready"]


def make(*arguments, **environment) -> subprocess.CompletedProcess:
    """Run make, and not as a part of the make that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=toc.ROOT, env=kept | environment, capture_output=True, text=True
    )


def test_workflows_are_of_the_form_that_the_server_reads():
    assert [path.stem for path in WORKFLOWS] == ["pages", "release", "test"]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    run = subprocess.run(
        [*command, "vendor.github-workflows", *map(str, WORKFLOWS)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_wrong_workflow_would_be_noticed(tmp_path):
    text = WORKFLOWS[-1].read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(text.replace("runs-on", "run-on"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    run = subprocess.run(
        [*command, "vendor.github-workflows", str(wrong)], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "runs-on" in run.stdout


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not installed")
def test_actionlint_finds_nothing():
    run = subprocess.run(["actionlint", *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_line_that_is_run_is_run_elsewhere_too(path):
    lines = [line for step in steps(path) for line in step.get("run", "").splitlines()]
    assert lines
    assert set(lines) <= {*CI, *HERE}, "a line that is tried nowhere but on the server"
    uses = [step["uses"] for step in steps(path) if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", use) for use in uses), uses


def test_ci_runs_lint_and_the_commands_of_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^make \w+", readme, re.M)[:2] == ["make book", "make test"]
    ci = (root / ".ci" / "run").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^(?:make|\.ci/).*", ci, re.M)) == CI


@pytest.mark.parametrize("user", ["root", "someone", "nobody"])
@pytest.mark.parametrize("system", ["debian", "other"])
def test_ci_goes_on_without_browser_and_sandbox(root, tmp_path, user, system):
    """Where neither can be installed the other checks run all the same."""
    shutil.copytree(root / ".ci", tmp_path / ".ci")
    programs = tmp_path / "bin"
    programs.mkdir()
    actions = {"make": "echo make $1", "id": f"echo {0 if user == 'root' else 1000}"}
    if system == "debian":
        actions["apt-get"] = "exit 100"
    if user == "someone":
        actions["sudo"] = '[ "$1" = -n ] && shift && "$@"'
    for name, action in actions.items():
        (programs / name).write_text(f"#!/bin/sh\n{action}\n")
        (programs / name).chmod(0o755)
    for name in ("bash", "dirname", "env"):
        (programs / name).symlink_to(shutil.which(name))
    run = subprocess.run(
        [tmp_path / ".ci" / "run"], env={"PATH": str(programs)}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    first, second, *rest = run.stdout.splitlines()
    assert first.startswith("chromium ")
    assert "no browser tests" in first
    assert "no grading tests" in second
    assert rest == ["make lint", "make book", "make test"]


def test_the_systems_and_versions_are_the_promised_ones(root, project):
    readme = (root / "README.md").read_text(encoding="utf-8")
    oldest, newest = re.search(r"Python (3\.\d+) to (3\.\d+)", readme).groups()
    assert matrix()["python"] == [oldest, newest]
    assert project["project"]["requires-python"] == f">={oldest}"
    assert matrix()["os"] == ["ubuntu-latest", "macos-latest"]
    torch = re.search(r"PyTorch (2\.\d+) to 2\.\d+", readme).group(1)
    assert f"torch>={torch}" in project["project"]["dependencies"]


def test_a_commit_passes_the_check_of_ci(root):
    text = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    ((hook,),) = (repository["hooks"] for repository in yaml.safe_load(text)["repos"])
    assert hook["entry"] in CI
    assert hook["language"] == "system"
    assert hook["pass_filenames"] is False


def test_every_target_that_is_called_exists():
    """Make knows what it would do for each, the newest torch included."""
    for line in {*CI, *HERE}:
        if line.startswith("make "):
            run = make("--dry-run", line.split()[1])
            assert run.returncode == 0, run.stderr


def test_the_unit_tests_run_with_the_newest_torch():
    said = make("--dry-run", "newest").stdout
    assert "install --upgrade torch" in said
    assert said.index("install --upgrade torch") < said.index("-m pytest")
    assert '-m "not slow"' in said


@pytest.mark.slow
def test_a_release_holds_the_library(tmp_path, project):
    """`make dist`: the code, the small networks and the license; and only under its own version."""
    folder = f"OUT={tmp_path}"
    wrong = make("dist", *READY, folder, TAG="v99.0")
    assert wrong.returncode != 0
    assert f"tag it v{gan_tutorial.__version__}" in wrong.stdout
    assert not list(tmp_path.iterdir())
    run = make("dist", *READY, folder, TAG=f"v{gan_tutorial.__version__}")
    assert run.returncode == 0, run.stderr
    names = sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".whl", ".gz"))
    stem = f"gan_tutorial-{gan_tutorial.__version__}"
    assert names == [f"{stem}-py3-none-any.whl", f"{stem}.tar.gz"]
    held = set(ZipFile(tmp_path / names[0]).namelist())
    package = toc.ROOT / "gan_tutorial"
    own = {path.relative_to(toc.ROOT).as_posix() for path in package.rglob("*.*") if path.is_file()}
    assert {name for name in own if "__pycache__" not in name} <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)
