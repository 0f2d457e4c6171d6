import numpy as np
import pytest
import torch
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial import checkpoints, data, fit
from gan_tutorial.cli import main
from gan_tutorial.translation import (
    Pairs,
    UnpairedTranslation,
    Upscaling,
    load_paired_folders,
)

TINY = ["--width", "4", "--batch-size", "4", "--device", "cpu", "--steps", "2"]


def write(path, count=30, mode="RGB"):
    rng = np.random.default_rng(0)
    path.mkdir()
    for i in range(count):
        levels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(levels).convert(mode).save(path / f"{i}.png")
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two folders of pictures with the same names."""
    folder = tmp_path_factory.mktemp("pictures")
    return write(folder / "a"), write(folder / "b", mode="L")


@pytest.fixture(scope="module")
def runs(folders, tmp_path_factory):
    """Folders of short runs, by what they do."""
    a, b = map(str, folders)
    out = tmp_path_factory.mktemp("runs")
    begin = ["train", a, "--image-size", "16", *TINY]
    to = ["--task", "translate", "--to", b]
    for name, options in (
        ("unpaired", to),
        ("paired", [*to, "--paired", "--warm-up", "1"]),
        ("upscale", ["--task", "upscale", "--warm-up", "1"]),
    ):
        assert main([*begin, "--out", str(out / name), *options]) == 0
    return out


@pytest.mark.parametrize("name", ["unpaired", "upscale"])
def test_python_and_the_command_line_train_the_same(name, folders, runs):
    a, b = (data.load(folder, image_size=16) for folder in folders)
    torch.manual_seed(0)
    if name == "unpaired":
        samples = Pairs(a, b)
        task = UnpairedTranslation.for_data(samples, width=4)
    else:
        task, samples = Upscaling.for_data(a, width=4, warm_up=1), a
    fit(task, samples, 2, batch_size=4, device="cpu", progress=False)
    theirs = checkpoints.load_generator(runs / name).state_dict()
    for name, value in task.average["generator"].state_dict().items():
        torch.testing.assert_close(theirs[name], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "rows"), [("unpaired", 8), ("paired", 12), ("upscale", 12)])
def test_a_grid_shows_originals_above_what_became_of_them(name, rows, runs):
    width, height = Image.open(runs / name / "samples" / "step_000002.png").size
    assert height / width == pytest.approx(rows / 8, rel=0.02)


@pytest.mark.parametrize("name", ["unpaired", "paired", "upscale"])
def test_a_run_goes_on_with_its_settings(name, folders, runs, capsys):
    capsys.readouterr()
    again = ["train", str(folders[0]), "--out", str(runs / name), "--resume", "--steps", "3"]
    assert main(again) == 0
    assert "3 of 3 steps done" in capsys.readouterr().out
    changed = [*again, "--to", "elsewhere"]
    assert "to (was" in failed(capsys, *changed)


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("unpaired", [], (16, 24)),
        ("unpaired", ["--back"], (16, 24)),
        ("paired", ["--size", "20"], (20, 30)),
        ("upscale", [], (40, 60)),
    ],
)
def test_a_picture_is_translated(name, options, size, runs, tmp_path, capsys):
    picture, out = tmp_path / "photo.png", tmp_path / "new.png"
    Image.new("RGBA", (20, 30), (90, 120, 30, 128)).save(picture)
    capsys.readouterr()
    assert main(["translate", str(runs / name), str(picture), "--out", str(out), *options]) == 0
    made = Image.open(out)
    assert (made.size, made.mode) == (size, "RGBA")
    assert made.getchannel("A").getextrema() == (128, 128)
    assert f"20x30 pixels became {size[0]}x{size[1]}" in capsys.readouterr().out


def test_there_and_back_are_two_generators(runs, tmp_path):
    picture = tmp_path / "photo.png"
    Image.new("RGB", (16, 16), (90, 120, 30)).save(picture)
    made = []
    for options in ([], ["--back"]):
        out = tmp_path / f"{len(options)}.png"
        arguments = ["translate", runs / "unpaired", picture, "--out", out, *options]
        assert main(list(map(str, arguments))) == 0
        made.append(np.asarray(Image.open(out)))
    assert (made[0] != made[1]).any()


def test_named_data_can_be_translated(tmp_path):
    begin = ["train", "soccer", "--task", "translate", "--to", "soccer", "--image-size", "16"]
    assert main([*begin, "--out", str(tmp_path / "run"), *TINY]) == 0


def test_pairs_in_python_are_those_of_the_command_line(folders):
    pairs = load_paired_folders(*folders, image_size=16)
    assert len(pairs) == len(pairs.target) == len(data.load(folders[0], image_size=16))


def test_what_cannot_be_translated_is_refused_in_one_sentence(folders, runs, tmp_path, capsys):
    a, b = folders
    out = ["--out", tmp_path / "run", *TINY]
    to = ["--task", "translate", "--to"]
    assert "give --to" in failed(capsys, "train", a, "--task", "translate", *out)
    assert "no data set and no folder" in failed(capsys, "train", a, *to, "nothing", *out)
    assert "are 3x64x64 and those of digits 1x8x8" in failed(
        capsys, "train", a, *to, "digits", *out
    )
    assert "ring" in failed(capsys, "train", "ring", *to, "ring", *out)
    assert "soccer is a data set without any" in failed(
        capsys, "train", a, *to, "soccer", "--paired", *out
    )
    assert "--on-error skip would" in failed(
        capsys, "train", a, *to, b, "--paired", "--on-error", "skip", *out
    )
    odd = write(tmp_path / "odd", 29)
    assert "in one of them only: 29.png" in failed(capsys, "train", a, *to, odd, "--paired", *out)
    assert "--paired means nothing" in failed(capsys, "train", a, "--paired", *out)
    assert "--to means nothing" in failed(capsys, "train", a, "--to", b, *out)
    assert "--l1 means nothing for --task translate" in failed(
        capsys, "train", a, *to, b, "--l1", "3", *out
    )
    assert "--cycle means nothing for --task translate --paired" in failed(
        capsys, "train", a, *to, b, "--paired", "--cycle", "3", *out
    )
    assert "--factor" in failed(capsys, "train", a, "--task", "upscale", "--factor", "1", *out)
    assert "divide the side of 16" in failed(
        capsys, "train", a, "--task", "upscale", "--factor", "3", "--image-size", "16", *out
    )
    assert not (tmp_path / "run").exists()

    picture = a / "0.png"
    new = ["--out", tmp_path / "new.png"]
    assert "knows no way back" in failed(
        capsys, "translate", runs / "paired", picture, *new, "--back"
    )
    assert "no picture" in failed(capsys, "translate", runs / "paired", tmp_path / "x.png", *new)
    assert "let it end in" in failed(
        capsys, "translate", runs / "paired", picture, "--out", tmp_path / "new.txt"
    )
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (9, 9)).save(clear)
    assert "transparency" in failed(
        capsys, "translate", runs / "paired", clear, "--out", tmp_path / "new.jpg"
    )
    assert main(["train", "digits", "--out", str(tmp_path / "plain"), *TINY]) == 0
    assert "does not translate pictures" in failed(
        capsys, "translate", tmp_path / "plain", picture, *new
    )
    assert "noise alone" in failed(capsys, "sample", runs / "paired", *new)
    assert not (tmp_path / "new.png").exists()
