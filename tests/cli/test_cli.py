import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial import (
    GAN,
    VAE,
    VAEGAN,
    Autoencoder,
    checkpoints,
    data,
    fit,
    repair,
    semi_supervised,
)
from gan_tutorial.cli import main
from gan_tutorial.gan import recipes
from gan_tutorial.training import SavedRun

TINY = ["--width", "8", "--batch-size", "8", "--device", "cpu"]


@pytest.fixture
def run(tmp_path):
    """A folder of a finished run on the ring."""
    folder = tmp_path / "run"
    assert main(["train", "ring", "--out", str(folder), "--steps", "20", *TINY]) == 0
    return folder


@pytest.fixture
def pictures(tmp_path):
    """A folder of color pictures of mixed sizes and modes."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(30):
        height, width = rng.integers(20, 60, 2)
        mode = ("RGB", "L", "RGBA")[i % 3]
        shape = (height, width) if mode == "L" else (height, width, len(mode))
        picture = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8), mode)
        picture.save(folder / f"{i}.png")
    return folder


def test_train_writes_a_run_that_can_be_sampled_and_described(run, tmp_path, capsys):
    assert (run / "samples" / "step_000020.png").is_file()
    grid = tmp_path / "grid.png"
    assert main(["sample", str(run), "--count", "5", "--out", str(grid)]) == 0
    assert Image.open(grid).size[0] > 100
    capsys.readouterr()
    assert main(["info", str(run), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["step"] == 20
    assert facts["data"]["name"] == "ring"
    assert "history.csv" in facts["files"]
    assert main(["info", str(run)]) == 0
    assert "ring" in capsys.readouterr().out


@pytest.mark.parametrize("model", ["gan", "vae", "ae", "vae-gan"])
def test_every_model_trains_resumes_and_samples(model, tmp_path, capsys):
    out, grid = tmp_path / "run", tmp_path / "grid.png"
    begin = ["train", "digits", "--model", model, "--out", str(out), "--steps", "10", *TINY]
    assert main(begin) == 0
    assert main(["train", "digits", "--out", str(out), "--resume", "--steps", "20"]) == 0
    assert "20 of 20 steps done; " in capsys.readouterr().out
    assert main(["sample", str(out), "--out", str(grid)]) == 0
    assert (out / "samples" / "step_000020.png").is_file()


@pytest.mark.parametrize("name", ["digits", "soccer"])
def test_a_classifier_of_few_labels_trains_resumes_and_is_tested(name, tmp_path, capsys):
    out, grid = tmp_path / "run", tmp_path / "grid.png"
    begin = ["train", name, "--task", "semi", "--labels", "20", "--out", str(out), *TINY]
    begin += ["--image-size", "8", "--network", "mlp"]
    assert main([*begin, "--steps", "10"]) == 0
    assert main(["train", name, "--out", str(out), "--resume", "--steps", "20"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"20 of 20 steps done; test accuracy 0\.\d{3} on [\d,]+ samples", said)
    assert said.count("from 20 labels") == 2
    assert main(["sample", str(out), "--out", str(grid)]) == 0
    capsys.readouterr()
    assert main(["info", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["training"]["labeled"]["count"] == 20
    assert facts["training"]["task"] == "SemiSupervisedGAN"


def test_few_labels_need_labels(tmp_path, pictures, capsys):
    begin = ["--task", "semi", "--out", str(tmp_path / "run"), *TINY]
    assert "has no labels" in failed(capsys, "train", str(pictures), *begin)
    assert "9 labels cannot show" in failed(capsys, "train", "digits", *begin, "--labels", "9")
    assert "--labels means nothing" in failed(
        capsys, "train", "digits", "--out", str(tmp_path / "run"), "--labels", "50"
    )
    assert "--r1 means nothing for --task semi" in failed(
        capsys, "train", "digits", *begin, "--r1", "1"
    )


def test_few_pictures_can_be_augmented_and_a_resumed_run_stays_so(pictures, tmp_path, capsys):
    out = tmp_path / "run"
    begin = ["train", str(pictures), "--out", str(out), "--image-size", "16", *TINY]
    assert main([*begin, "--steps", "2", "--augment", "translation", "cutout"]) == 0
    about = checkpoints.read_config(out)["training"]["networks"]["discriminator"]
    assert about["changes"] == ["DiffAugment('translation', 'cutout')"]
    assert main(["train", str(pictures), "--out", str(out), "--steps", "4", "--resume"]) == 0
    capsys.readouterr()
    other = ["--resume", "--augment", "color"]
    assert "augment" in failed(capsys, "train", str(pictures), "--out", str(out), *other)
    points = ["train", "ring", "--out", str(tmp_path / "points"), "--augment", "color"]
    assert "ring holds points" in failed(capsys, *points)


def test_options_of_another_model_are_refused(tmp_path, capsys):
    begin = ["train", "digits", "--model", "vae", "--out", str(tmp_path / "run")]
    assert "--r1 means nothing for --model vae" in failed(capsys, *begin, "--r1", "1")
    assert "--loss means nothing" in failed(capsys, *begin, "--loss", "hinge")
    assert not (tmp_path / "run").exists()


def test_samples_depend_on_their_seed(run, tmp_path):
    pictures = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        out = tmp_path / f"{name}.png"
        assert main(["sample", str(run), "--seed", str(seed), "--out", str(out)]) == 0
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_resume_needs_no_options_and_equals_one_long_run(tmp_path):
    begin = ["train", "ring", "--seed", "3", "--schedule", "constant", *TINY]
    assert main([*begin, "--out", str(tmp_path / "whole"), "--steps", "30"]) == 0
    assert main([*begin, "--out", str(tmp_path / "parts"), "--steps", "12"]) == 0
    again = ["train", "ring", "--out", str(tmp_path / "parts"), "--resume", "--steps", "30"]
    assert main(again) == 0
    whole, parts = (
        checkpoints.load_generator(tmp_path / name).state_dict() for name in ("whole", "parts")
    )
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_resuming_a_finished_run_says_how_to_go_on(run, capsys):
    assert main(["train", "ring", "--out", str(run), "--resume"]) == 0
    assert "--steps 40" in capsys.readouterr().out


def test_resume_refuses_other_options_by_name(run, capsys):
    message = failed(
        capsys, "train", "ring", "--out", str(run), "--resume", "--lr", "0.5", "--seed", "0"
    )
    assert "lr (was None, now 0.5)" in message
    assert "seed" not in message
    message = failed(capsys, "train", "grid", "--out", str(run), "--resume", "--steps", "40")
    assert "data.name (was ring, now grid)" in message


def test_a_run_is_not_overwritten(run, capsys):
    assert "--resume" in failed(capsys, "train", "ring", "--out", str(run))


def test_own_pictures_with_a_broken_one_among_them(pictures, tmp_path, capsys):
    (pictures / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    begin = ["train", str(pictures), "--out", str(tmp_path / "run"), "--steps", "3", *TINY]
    assert "torn.png" in failed(capsys, *begin)
    assert main([*begin, "--on-error", "skip", "--image-size", "32"]) == 0
    assert "torn.png" in capsys.readouterr().err
    out = tmp_path / "grid.png"
    assert main(["sample", str(tmp_path / "run"), "--out", str(out)]) == 0
    assert Image.open(out).mode == "RGB"
    assert checkpoints.load_generator(tmp_path / "run").shape == (3, 32, 32)


def test_errors_are_one_sentence(tmp_path, run, capsys):
    out = ["--out", str(tmp_path / "x")]
    assert "ring" in failed(capsys, "train", "rign", *out)
    assert "digits" in failed(capsys, "train", "imagenet", *out)
    assert "steps" in failed(capsys, "train", "ring", *out, "--steps", "0")
    assert "--steps" in failed(capsys, "train", "ring", *out, "--steps", "many")
    assert "8 or more" in failed(
        capsys, "train", "digits", *out, "--image-size", "7", "--network", "dcgan"
    )
    assert "device" in failed(capsys, "train", "ring", *out, "--device", "abacus").lower()
    capture = ["--device", "cpu", "--capture"]
    assert "only on a CUDA device" in failed(capsys, "train", "digits", *out, *capture)
    assert "--out" in failed(capsys, "train", "ring")
    assert "not the folder of a run" in failed(capsys, "sample", str(tmp_path), *out)
    assert "--count" in failed(capsys, "sample", str(run), *out, "--count", "0")
    assert "COMMAND" in failed(capsys)
    damaged = run / "checkpoint.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    message = failed(capsys, "train", "ring", "--out", str(run), "--resume", "--steps", "30")
    assert "truncated" in message
    assert "checkpoint.previous.safetensors" in message


def test_divergence_is_an_error_and_keeps_the_checkpoint(tmp_path, capsys):
    out = tmp_path / "run"
    message = failed(
        capsys, "train", "ring", "--out", str(out), "--lr", "1e30", "--steps", "50", *TINY
    )
    assert "became" in message
    assert checkpoints.load_checkpoint(out)["step"] == 0


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "gan_tutorial", "train", "nothing", "--out", "x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


KILLING = """
import os, random, signal, sys, time
import safetensors.torch, torch, tqdm.auto
from gan_tutorial import GAN, checkpoints, data, fit, models

torch.set_num_threads(1)
still = torch.nn.Parameter(torch.zeros(1))
still.grad = torch.zeros(1)
torch.optim.Adam([still]).step()  # what a first step imports is imported once, before the children

def train(steps, **options):
    torch.manual_seed(0)
    gan = GAN(*models.mlp_pair((2,), 2, 8, 1), r1=0.1, lr=1e-3)
    x = data.ring().sample(200, seed=0)
    fit(gan, x, steps, batch_size=8, progress=False, device="cpu", **options)
    return gan

folder, moments = sys.argv[1], random.Random(0)

def saved():
    there = os.path.exists(os.path.join(folder, "checkpoint.safetensors"))
    return checkpoints.load_checkpoint(folder)["step"] if there else 0

for kill in range(10):
    before = saved()
    child = os.fork()
    if child == 0:
        train(100_000, out=folder, resume=True, save_every=1)
        os._exit(1)
    while kill and saved() == before:  # only the first may die before it has saved a step
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child has ended by itself"
        time.sleep(0.01)
    time.sleep(moments.uniform(0.0, 0.05))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL

step = saved()
killed, whole = train(step + 5, out=folder, resume=True), train(step + 5)
same = all(torch.equal(a, b) for a, b in zip(killed.generator.parameters(),
                                             whole.generator.parameters(), strict=True))
print(step, same, len(os.listdir(folder)))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_ten_kills_at_random_moments_lose_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    step, same, files = done.stdout.split()
    assert int(step) >= 9
    assert same == "True"
    assert int(files) == 5  # nothing half-written is left over


# --- Numbers have ranges, and what fails leaves nothing behind --------------------------------


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[(name, value) for name in ("width", "batch-size", "steps") for value in ("0", "-4", "x")],
        *[(name, value) for name in ("save-every", "samples-every") for value in ("0", "1.5")],
        *[("labels", "0"), ("latent-dim", "-1"), ("warm-up", "-1"), ("image-size", "0")],
        *[("lr", value) for value in ("0", "nan", "-1", "inf")],
        *[(name, value) for name in ("r1", "r2", "l1") for value in ("nan", "-0.1", "inf")],
        *[("seed", value) for value in ("-1", "100000000000000000", "0.5")],
    ],
)
def test_numbers_out_of_range_are_refused_by_name(tmp_path, capsys, option, value):
    out = tmp_path / "run"
    message = failed(capsys, "train", "digits", "--out", str(out), f"--{option}", value)
    assert f"argument --{option}: takes a" in message
    assert repr(value) in message
    assert not out.exists()


@pytest.mark.parametrize("option", ["--count", "--columns"])
def test_no_samples_and_no_columns_are_refused(run, tmp_path, capsys, option):
    arguments = ["sample", str(run), "--out", str(tmp_path / "x.png"), option, "0"]
    assert "takes a whole number from 1 on, not '0'" in failed(capsys, *arguments)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--latent-dim", "0"],
        ["--model", "vae", "--doctor"],
        ["--network", "dcgan"],
        ["--device", "abacus"],
    ],
)
def test_a_start_that_fails_does_not_stand_in_the_way_of_the_next(tmp_path, capsys, wrong):
    begin = ["train", "ring", "--out", str(tmp_path / "run"), "--steps", "2", *TINY]
    failed(capsys, *begin, *wrong)
    assert not (tmp_path / "run").exists()
    assert main([*begin, "--resume"]) == 0


def test_python_and_the_command_line_train_the_same(tmp_path):
    """The same recipe, the same steps, the same weights, for every task there is."""
    digits = data.load("digits")
    few = semi_supervised.hide_labels(digits, 100)
    balls = data.load("soccer", image_size=16)
    cases = {
        "gan": (GAN, digits, digits, ["digits"]),
        "vae": (VAE, digits, digits, ["digits", "--model", "vae"]),
        "ae": (Autoencoder, digits, digits, ["digits", "--model", "ae"]),
        "vae-gan": (VAEGAN, digits, digits, ["digits", "--model", "vae-gan"]),
        "semi": (
            semi_supervised.SemiSupervisedGAN, few, few.unlabeled, ["digits", "--task", "semi"],
        ),
        "repair": (
            repair.Repair, balls, balls, ["soccer", "--image-size", "16", "--task", "repair"],
        ),
    }  # fmt: skip
    for name, (kind, source, samples, arguments) in cases.items():
        torch.manual_seed(0)
        task = kind.for_data(source, width=4)
        fit(task, samples, 3, device="cpu", progress=False)
        out = tmp_path / name
        begin = ["train", *arguments, "--out", str(out), "--steps", "3", "--width", "4"]
        assert main([*begin, "--device", "cpu"]) == 0
        saved = SavedRun(out)
        assert saved.training["batch_size"] == task.recipe.batch_size, name
        assert saved.training["schedule"] == task.recipe.schedule == "hold-cosine", name
        for key, value in task.average["generator"].state_dict().items():
            assert torch.equal(saved.generator.state_dict()[key], value), (name, key)


def test_without_a_number_of_steps_the_recipe_says_how_many(tmp_path, monkeypatch, capsys):
    short = replace(recipes.SMALL_IMAGES, steps=3, batch_size=8)
    monkeypatch.setattr(recipes, "SMALL_IMAGES", short)
    assert main(["train", "digits", "--out", str(tmp_path), "--width", "4", "--device", "cpu"]) == 0
    assert "3 of 3 steps done" in capsys.readouterr().out
    assert SavedRun(tmp_path).training["batch_size"] == 8


@pytest.mark.parametrize("name", ["s.jpg", "s.JPEG", "s.webp", "s.gif", "s.tif", "s.bmp", "s.png"])
def test_a_picture_is_what_its_name_says(run, tmp_path, name):
    assert main(["sample", str(run), "--count", "3", "--out", str(tmp_path / name)]) == 0
    kinds = {"jpg": "JPEG", "tif": "TIFF"}
    suffix = name.split(".")[1].lower()
    with Image.open(tmp_path / name) as picture:
        assert picture.format == kinds.get(suffix, suffix.upper())


@pytest.mark.parametrize("name", ["s.txt", "s", "s.safetensors"])
def test_a_picture_of_no_known_kind_is_not_written(run, tmp_path, capsys, name):
    out = tmp_path / name
    assert "let it end in one of .png" in failed(capsys, "sample", str(run), "--out", str(out))
    assert not out.exists()
