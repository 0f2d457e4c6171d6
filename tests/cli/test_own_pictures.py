"""The reader's own pictures and files, from the command line."""

import json
import shlex

import numpy as np
import pytest
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial.cli import main
from gan_tutorial.training import SavedRun
from gan_tutorial.training.files import alone_in

TINY = ["--width", "4", "--batch-size", "8", "--device", "cpu", "--image-size", "8"]
RNG = np.random.default_rng(0)


def fill(folder, count, first=0, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for k in range(first, first + count):
        levels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(levels).save(folder / f"{k}.png")
    return folder


def done(capsys, *arguments):
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    return said.out + said.err


def facts_of(capsys, *arguments):
    """What a command prints as JSON; warnings go elsewhere."""
    capsys.readouterr()
    assert main([str(argument) for argument in [*arguments, "--json"]]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder of 120 pictures, and a run that was trained on it."""
    place = tmp_path_factory.mktemp("own")
    pictures = fill(place / "my pictures", 120)
    out = place / "a run"
    assert main(["train", str(pictures), "--out", str(out), "--steps", "4", *TINY]) == 0
    return pictures, out


# --- A folder is understood ------------------------------------------------------------------


def test_train_says_how_it_understood_the_folder(tmp_path, capsys):
    fill(tmp_path / "p" / "cats", 40)
    fill(tmp_path / "p" / "dogs", 20, seed=1)
    (tmp_path / "p" / "notes.txt").write_text("x")
    said = done(capsys, "train", tmp_path / "p", "--out", tmp_path / "run", "--steps", "1", *TINY)
    assert "60 pictures in" in said
    assert "2 classes (cats 40, dogs 20)" in said
    assert "passed over: 1 .txt" in said


def test_the_run_inside_the_data_never_becomes_data(tmp_path, capsys):
    pictures = fill(tmp_path / "p", 55)
    begin = ["train", pictures, "--out", pictures / "run", *TINY]
    done(capsys, *begin, "--steps", "2")
    assert "55 pictures" in done(capsys, *begin[:4], "--resume", "--steps", "4")


# --- No dead ends ----------------------------------------------------------------------------


def test_a_hundred_pictures_can_be_measured(trained, capsys):
    pictures, out = trained
    said = done(capsys, "evaluate", out, "--data", pictures, "--features", "pixels")
    assert "all 2" in said or "all 3" in said or "all 1" not in said
    assert "that were held out are measured" in said
    again = done(capsys, "evaluate", out, "--features", "pixels")  # the run knows its data
    assert "KID" in again


@pytest.mark.parametrize("count", [12, 30, 60])
def test_too_few_to_measure_says_what_helps_and_it_does(tmp_path, trained, capsys, count):
    pictures = fill(tmp_path / "few", count)
    out = tmp_path / "run"
    said = done(capsys, "train", pictures, "--out", out, "--steps", "2", *TINY)
    assert ("Hold some out by --validation 0.1" in said) == (count < 50)
    message = failed(capsys, "evaluate", out, "--data", pictures, "--features", "pixels")
    assert "give a folder of other pictures as --data" in message
    other, _ = trained
    facts = facts_of(capsys, "evaluate", out, "--data", other, "--features", "pixels")
    assert facts["split"] == ("all" if count >= 20 else "half of all")
    assert ("train again with --validation 0.25" in message) == (count >= 60)
    if count >= 60:
        again = tmp_path / "again"
        split = ["--validation", "0.25"]
        done(capsys, "train", pictures, "--out", again, "--steps", "2", *split, *TINY)
        assert "KID" in done(capsys, "evaluate", again, "--features", "pixels")


def test_a_folder_that_was_not_trained_on_is_used_whole(trained, tmp_path, capsys):
    _, out = trained
    other = fill(tmp_path / "other", 70, seed=5)
    facts = facts_of(capsys, "evaluate", out, "--data", other, "--features", "pixels")
    assert (facts["count"], facts["split"]) == (70, "all")


def test_two_folders_are_compared(trained, tmp_path, capsys):
    pictures, out = trained
    fake = tmp_path / "fake"
    done(capsys, "sample", out, "--count", "60", "--files", fake)
    command = ["evaluate", fake, pictures, "--image-size", "8", "--features", "pixels"]
    facts = facts_of(capsys, *command)
    rows = {row["metric"]: row for row in facts["rows"]}
    assert facts["count"] == 60
    assert rows["KID"]["value"] > rows["KID"]["floor_value"]
    assert "copies" not in rows
    same = facts_of(capsys, "evaluate", pictures, pictures, *command[3:])
    assert {row["metric"]: row for row in same["rows"]}["KID"]["value"] < rows["KID"]["value"]
    assert "is the folder of a run" in failed(capsys, "evaluate", out, pictures)


def test_evaluate_has_what_its_errors_advise(trained, tmp_path, capsys):
    _, out = trained
    other = fill(tmp_path / "other", 40)
    (other / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    command = ["evaluate", out, "--data", other, "--features", "pixels"]
    message = failed(capsys, *command)
    assert "leave them out with --on-error skip" in message
    assert "KID" in done(capsys, *command, "--on-error", "skip")
    assert "--count must be from 20 to 40" in failed(
        capsys, *command, "--on-error", "skip", "--count", "41"
    )


# --- The data of a run -----------------------------------------------------------------------


def test_a_renamed_folder_is_the_same_data_and_replaced_pictures_are_not(tmp_path, capsys):
    pictures, out = fill(tmp_path / "p", 60), tmp_path / "run"
    done(capsys, "train", pictures, "--out", out, "--steps", "2", *TINY)
    renamed = pictures.rename(tmp_path / "renamed")
    done(capsys, "train", renamed, "--out", out, "--resume", "--steps", "4")
    fill(renamed, 60, seed=9)
    resume = ["train", renamed, "--out", out, "--resume", "--steps", "6"]
    message = failed(capsys, *resume)
    assert "was begun with other data" in message
    assert "--data-changed" in message
    done(capsys, *resume, "--data-changed")
    fill(renamed, 20, 60)
    assert "others of renamed now" in failed(capsys, *resume[:-1], "8")
    done(capsys, *resume[:-1], "8", "--data-changed")
    assert "use it with --resume" in failed(
        capsys, "train", renamed, "--out", tmp_path / "new", "--data-changed"
    )


def test_another_learning_rate_goes_on_from_the_weights(trained, tmp_path, capsys):
    pictures, out = trained
    message = failed(capsys, "train", pictures, "--out", out, "--resume", "--lr", "0.01")
    assert "lr (was None, now 0.01)" in message
    new = tmp_path / "new"
    begin = ["train", pictures, "--from", out, "--out", new, "--lr", "0.01", "--device", "cpu"]
    done(capsys, *begin, "--batch-size", "8", "--steps", "3", "--freeze-d", "1")
    assert SavedRun(new).step == 3
    assert SavedRun(new).training["freeze_d"] == 1
    assert SavedRun(new).config["generator"] == SavedRun(out).config["generator"]
    done(capsys, "train", pictures, "--out", new, "--resume", "--steps", "5")
    assert "use it with --from" in failed(
        capsys, "train", pictures, "--out", tmp_path / "x", "--freeze-d", "1", *TINY
    )
    assert "are others" in failed(
        capsys, "train", pictures, "--from", out, "--out", tmp_path / "x", "--width", "8"
    )


# --- Files -----------------------------------------------------------------------------------


def test_one_file_a_sample(trained, tmp_path, capsys):
    _, out = trained
    done(capsys, "sample", out, "--count", "3", "--files", tmp_path / "s")
    names = sorted(path.name for path in (tmp_path / "s").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    assert Image.open(tmp_path / "s" / "00000.png").size == (8, 8)
    assert "not a new or empty folder" in failed(capsys, "sample", out, "--files", tmp_path / "s")
    assert "--out for one picture, --files" in failed(capsys, "sample", out)


def test_printed_commands_can_be_pasted(trained, tmp_path, capsys, monkeypatch):
    from gan_tutorial.training import Run

    pictures, _ = trained
    monkeypatch.setattr(Run, "stopping", lambda run, _: run.step == 2)
    out = tmp_path / "it's a run"
    begin = ["train", str(pictures), "--out", str(out), "--steps", "5", *TINY]
    assert main(begin) == 130
    line = capsys.readouterr().out.splitlines()[-1]
    monkeypatch.undo()
    words = shlex.split(line.removeprefix("To go on: "))
    assert words[:3] == ["python", "-m", "gan_tutorial"]
    assert main([*words[3:], "--steps", "3"]) == 0


def test_the_home_folder_is_meant_by_its_sign(trained, tmp_path, capsys, monkeypatch):
    pictures, _ = trained
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pictures").symlink_to(pictures, target_is_directory=True)
    done(capsys, "train", "~/pictures", "--out", "~/run", "--steps", "1", *TINY)
    done(capsys, "sample", "~/run", "--out", "~/grid.webp", "--files", "~/files")
    done(capsys, "info", "~/run")
    done(capsys, "doctor", "~/run", "--plot", "~/signs.png")
    for name in ("run/config.json", "grid.webp", "files/00063.png", "signs.png"):
        assert (tmp_path / name).is_file(), name
    assert Image.open(tmp_path / "grid.webp").format == "WEBP"
    assert not list(tmp_path.glob("~*"))


@pytest.mark.parametrize("name", ["thesis.tex", "config.json", "sub/photo.png"])
def test_a_folder_of_another_program_is_refused_untouched(trained, tmp_path, capsys, name):
    pictures, _ = trained
    out = tmp_path / "precious"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("precious")
    message = failed(capsys, "train", pictures, "--out", out, *TINY)
    assert "holds no run, but other files" in message
    assert [p.read_text() for p in out.rglob("*") if p.is_file()] == ["precious"]


def test_what_is_in_the_way_is_said(trained, tmp_path, capsys):
    pictures, out = trained
    (tmp_path / "file").write_text("x")
    assert "is a file: give the name of a folder" in failed(
        capsys, "train", pictures, "--out", tmp_path / "file", *TINY
    )
    assert "a part of the path is a file" in failed(
        capsys, "sample", out, "--out", tmp_path / "file" / "x.png"
    )
    (tmp_path / "x.png").mkdir()
    assert "it is a folder" in failed(capsys, "sample", out, "--out", tmp_path / "x.png")
    with alone_in(tmp_path / "busy"):
        message = failed(capsys, "train", pictures, "--out", tmp_path / "busy", *TINY)
    assert "Another process is training into" in message


def test_help_is_in_groups_with_examples_and_what_the_recipes_take(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    text = capsys.readouterr().out
    titles = "data:", "recipe", "repair:", "speed:", "output:", "examples:", "what the recipes"
    places = [text.index(f"\n{title}") for title in titles]
    assert places == sorted(places)
    assert text[text.index("\nexamples:") :].count("python -m gan_tutorial train") == 2
    assert "5,000" in text  # steps of larger pictures
    assert "more:" not in text  # every option has its group


# --- The doctor and repair -------------------------------------------------------------------


def test_the_doctor_compares_with_data(trained, tmp_path, capsys):
    pictures, out = trained
    report = facts_of(capsys, "doctor", out)
    assert "samples" in report["looked_at"]
    assert report["verdict"] != "healthy"
    report = facts_of(capsys, "doctor", out, "--data", pictures)
    assert "samples beside data" in report["looked_at"]
    (tmp_path / "log.csv").write_text("step,d_loss\n1,2\n")
    assert "give its folder" in failed(capsys, "doctor", tmp_path / "log.csv", "--data", pictures)


def test_a_repair_shows_where_a_hole_was_erased_and_never_replaces_its_original(tmp_path, capsys):
    out = tmp_path / "run"
    begin = ["train", "digits", "--task", "repair", "--steps", "2", "--warm-up", "0"]
    done(capsys, *begin, "--out", out, *TINY[:-2])
    levels = RNG.integers(0, 256, (30, 40, 2), dtype=np.uint8)
    levels[..., 1] = 255
    levels[10:16, 12:20, 1] = 0
    photo, fixed = tmp_path / "photo.png", tmp_path / "fixed.png"
    Image.fromarray(levels, "LA").save(photo)
    before = photo.read_bytes()
    said = done(capsys, "repair", out, photo, "--mask", photo, "--out", fixed)
    assert "48 transparent pixels of the hole are opaque now" in said
    after = np.array(Image.open(fixed))
    known = levels[..., 1] == 255
    assert np.array_equal(after[known], levels[known])
    assert (after[..., 1] == 255).all()
    box = ["--box", "1,2,3,4"]
    message = failed(capsys, "repair", out, photo, *box, "--out", photo)
    assert "is the file to read from" in message
    assert photo.read_bytes() == before
