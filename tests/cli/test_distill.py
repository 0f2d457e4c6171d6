import shutil

import pytest
import torch
from said import failed

from gan_tutorial import checkpoints, data, fit
from gan_tutorial.cli import main
from gan_tutorial.distillation import FlowMatching, OneStep

TINY = ["--width", "8", "--batch-size", "8", "--device", "cpu", "--steps", "3"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of a teacher and of its student."""
    out = tmp_path_factory.mktemp("runs")
    begin = ["train", "digits", *TINY]
    assert main([*begin, "--model", "flow", "--out", str(out / "teacher")]) == 0
    distill = ["--task", "distill", "--teacher", str(out / "teacher")]
    assert main([*begin, *distill, "--out", str(out / "student")]) == 0
    return out


def test_python_and_the_command_line_train_the_same(runs):
    digits = data.load("digits")
    torch.manual_seed(0)
    teacher = FlowMatching.for_data(digits, width=8)
    fit(teacher, digits, 3, batch_size=8, device="cpu", progress=False)
    torch.manual_seed(0)
    student = OneStep.for_data(digits, teacher.average["generator"], width=8)
    fit(student, digits, 3, batch_size=8, device="cpu", progress=False)
    for name, task in (("teacher", teacher), ("student", student)):
        theirs = checkpoints.load_generator(runs / name)
        assert theirs.steps == (32 if name == "teacher" else 1)
        for key, value in task.average["generator"].state_dict().items():
            torch.testing.assert_close(theirs.state_dict()[key], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["teacher", "student"])
def test_both_go_on_and_are_sampled_and_measured(name, runs, tmp_path, capsys):
    run = str(tmp_path / name)
    shutil.copytree(runs / name, run)
    assert main(["train", "digits", "--out", run, "--resume", "--steps", "5"]) == 0
    assert "5 of 5 steps done" in capsys.readouterr().out
    assert main(["sample", run, "--count", "9", "--out", str(tmp_path / "grid.png")]) == 0
    measure = ["evaluate", run, "--data", "digits", "--count", "60"]
    assert main(measure) == 0


def test_what_cannot_be_distilled_is_refused_in_one_sentence(runs, tmp_path, capsys):
    begin = ["train", "digits", "--task", "distill", "--out", tmp_path / "run", *TINY]
    assert "give --teacher" in failed(capsys, *begin)
    assert "not the folder of a run" in failed(capsys, *begin, "--teacher", tmp_path)
    assert main(["train", "digits", "--out", str(tmp_path / "plain"), *TINY]) == 0
    assert "learns from a flow" in failed(capsys, *begin, "--teacher", tmp_path / "plain")
    assert "give the data it was trained on" in failed(
        capsys, "train", "ring", *begin[2:], "--teacher", runs / "teacher"
    )
    nothing = ["--teacher", runs / "teacher", "--regression", "0", "--adversarial", "0"]
    assert "learns from nothing" in failed(capsys, *begin, *nothing)
    assert "--r1 means nothing for --model flow" in failed(
        capsys, "train", "digits", "--model", "flow", "--out", tmp_path / "run", "--r1", "1"
    )
    assert not (tmp_path / "run").exists()
