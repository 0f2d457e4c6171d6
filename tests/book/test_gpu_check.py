"""The command that measures on a GPU: its plan, and what it makes of what its parts write."""

import json
import subprocess
import sys

import gpu_check
import gpu_processes
import pytest
import torch
from gpu_check import PARTS, WHOLE, blank, main, run, shown

WRITE = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('{}')"
PEAK = '{"rows": [{"dense_share": 0.1}, {"dense_share": 0.3}]}'


def with_command(monkeypatch, name, program, missing=lambda: None):
    """Let a part run this program, which is given the path of the file for its results."""
    part = PARTS[name]
    changed = gpu_check.Part(
        part.seconds, part.file, lambda file: ["-c", program, str(file)], part.read, part.aims,
        missing,
    )  # fmt: skip
    monkeypatch.setitem(PARTS, name, changed)


def test_the_plan_fits_in_nine_minutes(capsys):
    assert main(["--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    budgets = [int(line.split(" s")[0].split()[-1]) for line in lines]
    assert [line.split()[0] for line in lines[:-1]] == list(PARTS)
    assert sum(budgets[:-1]) == budgets[-1] <= WHOLE == 540


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_without_a_device_it_says_so(capsys, tmp_path):
    assert main(["--json", str(tmp_path / "gpu.json")]) == 2
    said = capsys.readouterr().err
    assert "no CUDA device" in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_is_not_installed_is_named(capsys, monkeypatch):
    monkeypatch.setattr(gpu_check, "NEEDED", ("torch", "no_such_package"))
    assert main([]) == 2
    assert "without no_such_package" in capsys.readouterr().err


def test_the_committed_rows_are_those_of_the_plan(root):
    result = json.loads((root / "benchmarks" / "results" / "gpu.json").read_text())
    planned = [row for name in PARTS for row in blank(name)]
    told = ("part", "what", "sign", "aim", "unit", "device")
    assert [{k: row[k] for k in told} for row in result["rows"]] == [
        {k: row[k] for k in told} for row in planned
    ]
    for row in result["rows"]:
        assert isinstance(row["found"], int | float) or row["reason"]
    assert result["machine"] or all(row["found"] is None for row in result["rows"])


def test_a_part_gives_its_numbers(monkeypatch, tmp_path):
    with_command(monkeypatch, "peak", WRITE.replace("{}", PEAK))
    (row,) = run("peak", tmp_path, 600)
    assert (row["found"], row["reason"], row["device"]) == (30.0, "", "cuda")
    assert "met" in shown(row)
    assert "MISSED" in shown({**row, "found": 10.0})


@pytest.mark.parametrize(
    ("program", "seconds", "found", "reason"),
    [
        ("import time; time.sleep(3600)", 0.1, None, "stopped after 0 s"),
        ("raise SystemExit(3)", 600, None, "failed with status 3"),
        (WRITE.replace("{}", PEAK) + "; raise SystemExit(3)", 600, 30.0, "ended with status 3"),
        (WRITE.replace("{}", "{"), 600, None, "failed with status 0"),
        (WRITE.replace("{}", '{"rows": []}'), 600, None, ""),
    ],
)
def test_a_part_that_fails_says_why(monkeypatch, tmp_path, program, seconds, found, reason):
    (tmp_path / "peak.json").write_text(PEAK.replace("0.3", "0.9"))  # of an earlier run
    with_command(monkeypatch, "peak", program)
    (row,) = run("peak", tmp_path, seconds)
    assert row["found"] == found
    assert reason in row["reason"]


def test_a_part_that_cannot_run_here_is_skipped(monkeypatch, tmp_path):
    with_command(monkeypatch, "peak", "raise SystemExit(3)", lambda: "it needs two devices")
    (row,) = run("peak", tmp_path, 600)
    assert row["reason"] == "it needs two devices"
    assert "it needs two devices" in shown(row)


def test_mnist_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.delenv("GAN_TUTORIAL_DATA_DIR", raising=False)  # whoever tests may have it
    assert "GAN_TUTORIAL_DATA_DIR" in gpu_check.no_mnist()
    monkeypatch.setenv("GAN_TUTORIAL_DATA_DIR", str(tmp_path))
    assert gpu_check.no_mnist()
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images-idx3-ubyte").touch()
    assert gpu_check.no_mnist() is None


def test_the_readers_take_the_right_numbers(tmp_path):
    def read(name, *rows):
        file = tmp_path / PARTS[name].file
        file.write_text(json.dumps({"rows": rows}))
        return PARTS[name].read(file)

    def row(work, captured, ratio, rate):
        return {"work": work, "captured": captured, "ratio": ratio, "steps_per_second": rate}

    one = [row("dcgan64", False, 2.0, 90), row("dcgan64", True, 3.5, 130)]
    two = [row("wgan_gp", False, 4.0, 300), row("wgan_gp", True, 12.0, 900)]
    assert read("step", *one, *two) == [3.5, 12.0, 3.0]
    assert read("step", *one) == [3.5, None, None]  # stopped in the middle
    looks = [
        {"recipe": "default", "seed": 0, "fid": fid, "precision": p}
        for fid, p in ((9.0, 0.5), (3.0, 0.8))
    ]
    assert read("quality", *looks) == [3.0, 0.8]
    assert read("processes", {"difference": 1e-7, "ratio": 1.9}) == pytest.approx([0.1, 1.9])


def test_its_tests_can_be_collected_without_plugins_and_begin_with_the_loop(root, tmp_path):
    """Here all of them are skipped, which it must not take for a success."""
    assert gpu_check.gpu_tests()[0] == "tests/training/test_loop.py"
    file = tmp_path / "tests.xml"
    command = gpu_check.pytest_command(file)
    plugins = ["-p", "no:timeout", "-p", "no:xdist", "-p", "no:nbval", "--collect-only"]
    done = subprocess.run(
        [sys.executable, *command, *plugins], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("captured_steps_are_the_plain_steps", "join_those_after_a_resume"):
        assert name in done.stdout
    file.write_text('<testsuites><testsuite tests="7" failures="0" skipped="7"/></testsuites>')
    with pytest.raises(ValueError, match="no test was run"):
        gpu_check.read_tests(file)
    file.write_text('<testsuites><testsuite tests="7" failures="2" errors="1"/></testsuites>')
    assert gpu_check.read_tests(file) == [3.0]


BARE = """
import sys

class Absent:
    names = set(sys.argv[1].split(","))
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Absent())
from gan_tutorial import GAN, data, fit
digits = data.load("digits")
fit(GAN.for_data(digits), digits, 2, batch_size=4, device="cpu", out=sys.argv[2], progress=False)
import gpu_check, gpu_processes, quality, step
"""


def test_a_bare_machine_is_enough(root, tmp_path, monkeypatch):
    absent = "ipywidgets,IPython,torchmetrics,pooch,jupyter_book,myst_nb,nbformat,yaml,prdc,skimage"
    path = f"{root}:{root / 'tools'}:{root / 'benchmarks'}"
    monkeypatch.setenv("PYTHONPATH", path)
    command = [sys.executable, "-c", BARE, absent, str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_process_of_the_comparison_is_like_itself(tmp_path):
    gpu_processes.main(tmp_path / "processes.json", large=2, steps=2, size=16, device="cpu")
    (row,) = json.loads((tmp_path / "processes.json").read_text())["rows"]
    assert (row["processes"], row["difference"]) == (1, 0.0)
    assert row["ratio"] > 0
