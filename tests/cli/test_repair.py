import numpy as np
import pytest
import torch
from PIL import Image
from said import failed

from gan_tutorial import checkpoints, data, fit
from gan_tutorial.cli import main
from gan_tutorial.repair import Repair

TINY = ["--width", "8", "--batch-size", "8", "--device", "cpu", "--image-size", "16"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder of a finished run of repair."""
    folder = tmp_path_factory.mktemp("repair") / "run"
    options = ["--task", "repair", "--steps", "4", "--warm-up", "2", *TINY]
    assert main(["train", "soccer", "--out", str(folder), *options]) == 0
    return folder


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ([], {}),
        (["--latent-dim", "0", "--masks", "half"], {"noise_dim": 0, "masks": ["half"]}),
        (
            ["--warm-up", "0", "--diversity", "0", "--masks", "center", "boxes"],
            {"warm_up": 0, "diversity": 0.0, "masks": ["center", "boxes"]},
        ),
    ],
)
def test_python_and_the_command_line_train_the_same(options, same, tmp_path):
    """`Repair.for_data` and ``train --task repair`` choose alike: the same weights come out."""
    arguments = ["--task", "repair", "--steps", "2", *TINY[:-2], *options]
    assert main(["train", "digits", "--out", str(tmp_path / "run"), *arguments]) == 0
    pictures = data.load("digits")
    torch.manual_seed(0)
    task = Repair.for_data(pictures, width=8, **same)
    schedule = task.recipe.schedule
    fit(task, pictures, 2, batch_size=8, schedule=schedule, device="cpu", progress=False)
    theirs = checkpoints.load_generator(tmp_path / "run").state_dict()
    for name, value in task.average["generator"].state_dict().items():
        torch.testing.assert_close(theirs[name], value, rtol=0, atol=1e-7)
    before = checkpoints.read_config(tmp_path / "run")["training"]
    assert {name: before[name] for name in task.settings} == task.settings


@pytest.fixture
def picture(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (50, 70, 4), dtype=np.uint8)).save(path)
    return path


def test_a_box_is_filled_in_several_ways_and_the_rest_stays(run, picture, tmp_path, capsys):
    out = tmp_path / "fixed.png"
    box = ["--box", "10,20,18,15"]
    assert main(["repair", str(run), str(picture), *box, "--out", str(out), "--count", "3"]) == 0
    assert "270 of 3,500 pixels" in capsys.readouterr().out
    before = np.array(Image.open(picture))
    results = [np.array(Image.open(tmp_path / f"fixed-{k}.png")) for k in (1, 2, 3)]
    outside = np.ones((50, 70), bool)
    outside[20:35, 10:28] = False
    for after in results:
        assert np.array_equal(after[outside], before[outside])
        assert (after[~outside][:, 3] == 255).all()  # so that the repair shows
    assert not np.array_equal(results[0], results[1])


def test_a_mask_does_what_its_box_does(run, picture, tmp_path):
    mask = np.zeros((50, 70), np.uint8)
    mask[20:35, 10:28] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    outs = tmp_path / "a.png", tmp_path / "b.png"
    where = ["--mask", str(tmp_path / "mask.png")], ["--box", "10,20,18,15"]
    for out, how in zip(outs, where, strict=True):
        assert main(["repair", str(run), str(picture), *how, "--out", str(out)]) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_run_shows_what_it_learns_and_can_be_resumed(run, capsys):
    assert Image.open(run / "samples" / "step_000004.png").size[0] > 100
    assert main(["info", str(run)]) == 0
    assert "UNetGenerator" in capsys.readouterr().out
    again = ["train", "soccer", "--out", str(run), "--resume", "--steps", "12"]
    assert main(again) == 0
    assert "error in the holes" in capsys.readouterr().out


def test_a_run_that_ends_in_its_warm_up_says_so(tmp_path, capsys):
    options = ["--task", "repair", "--steps", "1", *TINY]
    assert main(["train", "soccer", "--out", str(tmp_path / "run"), *options]) == 0
    assert "begins after step 1,200" in capsys.readouterr().out


def test_what_cannot_be_done_is_said_in_one_sentence(run, picture, tmp_path, capsys):
    out = ["--out", tmp_path / "x.png"]
    begin = ["repair", run, picture]
    assert "required" in failed(capsys, *begin, *out)
    assert "four whole numbers" in failed(capsys, *begin, *out, "--box", "1,2,3")
    assert "does not lie" in failed(capsys, *begin, *out, "--box", "60,40,20,20")
    assert "covers everything" in failed(capsys, *begin, *out, "--box", "0,0,70,50")
    assert "known pixels" in failed(capsys, *begin, "--out", "x.jpg", "--box", "1,2,3,4")
    box = ["--box", "1,2,3,4"]
    for count in ("0", "-3", "nan", "1.5", "inf"):
        line = failed(capsys, *begin, *out, *box, f"--count={count}")
        assert f"--count: takes a whole number from 1 to 10,000, not {count!r}" in line
    for seed in ("-1", str(2**63)):
        line = failed(capsys, *begin, *out, *box, f"--seed={seed}")
        assert "--seed: takes a whole number from 0 to" in line
    for empty in ("1,2,0,4", "1,2,3,-4"):
        assert "box is empty" in failed(capsys, *begin, *out, "--box", empty)
    assert "four whole numbers" in failed(capsys, *begin, *out, "--box", "1,2,nan,4")
    small = tmp_path / "small.png"
    Image.new("L", (5, 5)).save(small)
    assert "5x5 and the picture 70x50" in failed(capsys, *begin, *out, "--mask", small)
    Image.new("L", (70, 50)).save(small)
    assert "empty" in failed(capsys, *begin, *out, "--mask", small)
    small.write_text("no picture")
    assert "not a picture" in failed(capsys, *begin, *out, "--mask", small)
    assert "no picture" in failed(capsys, "repair", run, "none.png", *out, "--box", "1,2,3,4")
    assert not (tmp_path / "x.png").exists()


def test_runs_of_other_tasks_do_not_repair_and_repair_does_not_sample(
    run, picture, tmp_path, capsys
):
    gan = tmp_path / "gan"
    assert main(["train", "digits", "--out", str(gan), "--steps", "1", "--width", "8"]) == 0
    capsys.readouterr()
    out = ["--out", tmp_path / "x.png"]
    line = failed(capsys, "repair", gan, picture, "--box", "1,2,3,4", *out)
    assert "--task repair" in line
    assert "nothing to sample" in failed(capsys, "sample", run, *out)
    options = ["--task", "repair", "--r2", "1", "--out", tmp_path / "y"]
    assert "--r2 means nothing for --task repair" in failed(capsys, "train", "soccer", *options)
    options = ["--masks", "center", "--out", tmp_path / "y"]
    assert "--masks means nothing" in failed(capsys, "train", "soccer", *options)


def test_without_noise_there_is_one_completion(picture, tmp_path, capsys):
    run = tmp_path / "run"
    options = ["--task", "repair", "--steps", "1", "--latent-dim", "0", *TINY]
    assert main(["train", "soccer", "--out", str(run), *options]) == 0
    capsys.readouterr()
    arguments = ["repair", run, picture, "--box", "1,2,3,4", "--out", tmp_path / "x.png"]
    assert "takes no noise" in failed(capsys, *arguments, "--count", "2")
