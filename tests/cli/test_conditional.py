import functools
import json

import numpy as np
import pytest
import torch
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial import checkpoints, data, fit
from gan_tutorial.cli import main, per_class
from gan_tutorial.conditional import ConditionalGAN, conditional_report

TINY = ["--width", "8", "--batch-size", "8", "--device", "cpu"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder of a finished conditional run on digits."""
    folder = tmp_path_factory.mktemp("conditional") / "run"
    begin = ["train", "digits", "--conditional", "--out", str(folder), "--steps", "4", *TINY]
    assert main(begin) == 0
    return folder


def folder_of(path, **counts):
    """A folder of pictures, one subfolder a class."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (path / name).mkdir(parents=True)
        for i in range(count):
            levels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(levels).save(path / name / f"{i}.png")
    return path


@pytest.mark.parametrize("condition", ["projection", "auxiliary"])
def test_python_and_the_command_line_train_the_same(condition, tmp_path):
    out = tmp_path / "run"
    begin = ["train", "digits", "--conditional", "--condition", condition, "--out", str(out)]
    assert main([*begin, "--steps", "3", *TINY]) == 0
    digits = data.load("digits")
    torch.manual_seed(0)
    task = ConditionalGAN.for_data(digits, condition=condition, width=8)
    fit(task, digits, 3, batch_size=8, device="cpu", progress=False)
    theirs = checkpoints.load_generator(out).state_dict()
    for name, value in task.average["generator"].state_dict().items():
        torch.testing.assert_close(theirs[name], value, rtol=0, atol=1e-7)


def test_a_run_goes_on_and_stays_conditional(tmp_path, capsys):
    out = tmp_path / "run"
    begin = ["train", "digits", "--conditional", "--out", str(out), "--steps", "2", *TINY]
    assert main([*begin, "--augment", "translation"]) == 0
    assert main(["train", "digits", "--out", str(out), "--resume", "--steps", "4"]) == 0
    assert "4 of 4 steps done" in capsys.readouterr().out
    assert checkpoints.load_generator(out).classes == tuple("0123456789")
    other = ["train", "digits", "--out", out, "--resume", "--condition", "auxiliary"]
    assert "condition (was None, now auxiliary)" in failed(capsys, *other)
    shown = Image.open(out / "samples" / "step_000004.png")
    assert shown.size[0] > 0


def test_a_class_is_sampled_by_its_name(run, tmp_path, capsys):
    pictures = {}
    for label in ("3", "8"):
        out = tmp_path / f"{label}.png"
        arguments = ["sample", str(run), "--class", label, "--count", "16", "--out", str(out)]
        assert main(arguments) == 0
        assert f"16 samples of class {label} in" in capsys.readouterr().out
        pictures[label] = np.asarray(Image.open(out))
    assert (pictures["3"] != pictures["8"]).any()
    assert main(["sample", str(run), "--count", "16", "--out", str(tmp_path / "all.png")]) == 0
    assert "of the 10 classes in turn" in capsys.readouterr().out


def test_info_lists_the_classes_with_their_training_samples(run, capsys):
    capsys.readouterr()
    assert main(["info", str(run)]) == 0
    (line,) = [t for t in capsys.readouterr().out.splitlines() if t.startswith("classes")]
    assert "0 (118), 1 (121)" in line
    assert main(["info", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"]["9"] == 120


def test_every_class_is_evaluated_by_itself(run, capsys, monkeypatch):
    short = functools.partial(conditional_report, steps=200)
    monkeypatch.setattr(per_class, "conditional_report", short)
    arguments = ["evaluate", str(run), "--data", "digits", "--split", "validation"]
    assert main([*arguments, "--per-class", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found["classes"]] == list("0123456789")
    assert sum(row["held_out"] for row in found["classes"]) == 300
    assert found["all"]["real_recognized"] > 0.8
    assert found["all"]["recognized"] < 0.5  # of four steps
    assert found["features"].startswith("digits-32@")
    assert main([*arguments, "--count", "60", "--json"]) == 0  # and all of them together
    assert json.loads(capsys.readouterr().out)["count"] == 60


def test_footballs_are_conditioned_on_their_kind(tmp_path, capsys):
    out = tmp_path / "run"
    size = ["--image-size", "16", "--steps", "2"]
    assert main(["train", "soccer", "--conditional", "--out", str(out), *size, *TINY]) == 0
    assert "band" in checkpoints.load_generator(out).classes
    grid = tmp_path / "grid.png"
    assert main(["sample", str(out), "--class", "band", "--out", str(grid)]) == 0
    capsys.readouterr()
    measure = ["evaluate", str(out), "--data", "soccer", "--features", "pixels", "--count", "60"]
    assert main([*measure, "--json"]) == 0
    assert "pixels" in capsys.readouterr().out


def test_a_folder_of_class_folders(tmp_path, capsys):
    pictures = folder_of(tmp_path / "zoo", cat=40, dog=40)
    out = tmp_path / "run"
    begin = ["train", str(pictures), "--conditional", "--image-size", "16", *TINY]
    assert main([*begin, "--out", str(out), "--steps", "2"]) == 0
    assert checkpoints.load_generator(out).classes == ("cat", "dog")
    assert "did you mean 'dog'?" in failed(
        capsys, "sample", out, "--class", "dogs", "--out", tmp_path / "x.png"
    )


def test_classes_that_cannot_be_learned_are_refused_in_one_sentence(tmp_path, capsys):
    flat = folder_of(tmp_path / "flat", cat=30)
    begin = ["--conditional", "--image-size", "16", "--steps", "2", "--out", tmp_path / "run"]
    assert "one folder around all is none" in failed(capsys, "train", flat, *begin, *TINY)
    assert "has no labels" in failed(capsys, "train", flat / "cat", *begin, *TINY)
    assert "has no labels" in failed(capsys, "train", "swiss_roll", *begin[:1], *begin[-2:])
    assert not (tmp_path / "run").exists()


def test_a_class_of_three_pictures_is_told_of_in_one_sentence(tmp_path, capsys):
    zoo = folder_of(tmp_path / "zoo", cat=40, dog=40, owl=3)
    begin = ["train", zoo, "--conditional", "--image-size", "16", "--steps", "2", *TINY]
    assert main([str(word) for word in (*begin, "--out", tmp_path / "run")]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: zoo has fewer than 20 training samples of 'owl'")


def test_options_that_do_not_go_together(run, tmp_path, capsys):
    out, plain = tmp_path / "run", tmp_path / "plain"
    begin = ["train", "digits", "--out", out]
    assert "--condition means nothing for --model gan" in failed(
        capsys, *begin, "--condition", "auxiliary"
    )
    assert "--conditional means nothing for --model vae" in failed(
        capsys, *begin, "--conditional", "--model", "vae"
    )
    assert "--conditional means nothing for --task semi" in failed(
        capsys, *begin, "--conditional", "--task", "semi"
    )
    assert "without conditions" in failed(capsys, *begin, "--conditional", "--doctor")
    assert not out.exists()
    assert main(["train", "digits", "--out", str(plain), "--steps", "2", *TINY]) == 0
    assert "knows no classes" in failed(
        capsys, "sample", plain, "--class", "3", "--out", tmp_path / "x.png"
    )
    measure = ["--data", "digits", "--per-class"]
    assert "knows no classes" in failed(capsys, "evaluate", plain, *measure)
    assert "--count means nothing" in failed(capsys, "evaluate", run, *measure, "--count", "60")
    assert "no class 'ten'" in failed(
        capsys, "sample", run, "--class", "ten", "--out", tmp_path / "x.png"
    )
    assert "the generator makes 0, 1" in failed(
        capsys, "evaluate", run, "--data", folder_of(tmp_path / "zoo", cat=40, dog=40),
        "--per-class", "--features", "pixels",
    )  # fmt: skip
