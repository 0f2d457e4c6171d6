"""Tokenizers, generators by style, and InfoGANs on the command line."""

import shutil

import pytest
import torch
from PIL import Image
from said import failed

from gan_tutorial import GAN, checkpoints, data, fit
from gan_tutorial.autoencoders import Tokenizer
from gan_tutorial.cli import main
from gan_tutorial.gan import InfoGAN

TINY = ["--width", "4", "--batch-size", "8", "--device", "cpu", "--steps", "3"]
SETTINGS = {
    "tokenizer": [
        "--task",
        "tokenizer",
        "--codes",
        "16",
        "--warm-up",
        "1",
        "--codebook",
        "gradient",
    ],
    "style": ["--network", "style"],
    "info": [
        "--model",
        "infogan",
        "--categories",
        "4",
        "--continuous",
        "1",
        "--information",
        "0.5",
    ],
}


def by_hand(name, digits):
    """The same training in Python."""
    if name == "tokenizer":
        return Tokenizer.for_data(digits, width=4, codes=16, warm_up=1, codebook="gradient")
    if name == "style":
        return GAN.for_data(digits, network="style", width=4)
    return InfoGAN.for_data(digits, width=4, categories=4, continuous=1, information=0.5)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    for name, options in SETTINGS.items():
        assert main(["train", "digits", *TINY, *options, "--out", str(out / name)]) == 0
    return out


@pytest.mark.parametrize("name", SETTINGS)
def test_python_and_the_command_line_train_the_same(name, runs):
    digits = data.load("digits")
    torch.manual_seed(0)
    task = by_hand(name, digits)
    fit(task, digits, 3, batch_size=8, device="cpu", progress=False)
    theirs = checkpoints.load_generator(runs / name).state_dict()
    for key, value in task.average["generator"].state_dict().items():
        torch.testing.assert_close(theirs[key], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", SETTINGS)
def test_it_goes_on_and_is_sampled_and_measured(name, runs, tmp_path, capsys):
    run = str(tmp_path / name)
    shutil.copytree(runs / name, run)
    assert main(["train", "digits", "--out", run, "--resume", "--steps", "5"]) == 0
    said = capsys.readouterr().out
    assert "5 of 5 steps done" in said
    if name == "tokenizer":
        assert "perplexity" in said
        assert "of 16" in said
    assert main(["info", run]) == 0
    assert main(["sample", run, "--count", "9", "--out", str(tmp_path / "grid.png")]) == 0
    assert main(["evaluate", run, "--data", "digits", "--count", "60"]) == 0
    last = sorted((tmp_path / name / "samples").glob("[!r]*"))[-1]
    assert Image.open(last).size[0] > 60


@pytest.mark.parametrize("name", ["style", "info"])
def test_truncation_makes_samples_alike(name, runs, tmp_path):
    spread = []
    for psi in ("0", "0.5", "1"):
        files = tmp_path / psi
        command = ["sample", str(runs / name), "--count", "6", "--truncation", psi]
        assert main([*command, "--files", str(files)]) == 0
        pictures = [Image.open(path).convert("L") for path in sorted(files.iterdir())]
        rows = [torch.tensor(list(p.tobytes())).float() for p in pictures]
        spread.append(torch.stack(rows).std(0).mean().item())
    assert spread[0] == 0
    assert spread[0] < spread[1] < spread[2]


def test_what_cannot_be_trained_is_refused_in_one_sentence(tmp_path, capsys):
    begin = ["train", "digits", "--out", tmp_path / "run", *TINY]
    tokens = ["--task", "tokenizer"]
    for options, message in (
        ([*tokens, "--r2", "1"], "--r2 means nothing for --task tokenizer"),
        ([*tokens, "--latent-dim", "4"], "--latent-dim means nothing for --task tokenizer"),
        ([*tokens, "--image-size", "9"], "multiple of 2"),
        (["--codes", "4"], "--codes means nothing for --model gan"),
        (["--model", "infogan", "--categories", "1"], "2 categories or more"),
        (["--model", "infogan", "--categories", "0", "--continuous", "0"], "has codes"),
        (["--model", "vae", "--network", "style"], "choose one of auto, mlp, dcgan"),
        (["--model", "ae", "--network", "style"], "choose one of auto, mlp, dcgan"),
        (["--model", "vae-gan", "--network", "style"], "choose one of auto, mlp, dcgan"),
        (["--task", "semi", "--network", "style"], "choose one of auto, mlp, dcgan"),
        (["--network", "style", "--image-size", "7"], "8 or more"),
    ):
        assert message in failed(capsys, *begin, *options), options
    ring = ["train", "ring", *begin[2:]]
    assert "cuts up pictures" in failed(capsys, *ring, *tokens)
    assert "makes images" in failed(capsys, *ring, "--network", "style")
    assert not (tmp_path / "run").exists()


def test_classes_and_styles_go_together(tmp_path):
    run = str(tmp_path / "run")
    begin = ["train", "digits", *TINY, "--conditional", "--network", "style"]
    assert main([*begin, "--out", run]) == 0
    out = str(tmp_path / "threes.png")
    assert main(["sample", run, "--class", "3", "--count", "4", "--out", out]) == 0
