"""What ``train`` says at its end, and the generators that it keeps on the way."""

import json
import re
import shlex

import numpy as np
import pytest
import torch
from PIL import Image
from said import failed_after_warnings as failed

from gan_tutorial import checkpoints
from gan_tutorial.cli import main
from gan_tutorial.training import SavedRun

TINY = ["--width", "4", "--batch-size", "8", "--device", "cpu"]


def done(capsys, *arguments):
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def pictures(folder, count, side=16, seed=0):
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for k in range(count):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(
            folder / f"{k}.png"
        )
    return folder


# --- How good, whether all is well, what is next ----------------------------------------------


def test_the_end_says_how_good_beside_the_floor_and_what_is_next(tmp_path, capsys):
    out = tmp_path / "it's a run"
    lines = done(capsys, "train", "digits", "--out", out, "--steps", "4", *TINY).splitlines()
    (quality,) = [line for line in lines if line.startswith("Quality: ")]
    found = re.search(
        r"KID (\S+) ± (\S+) against 300 held-out pictures, where training pictures have (\S+) ± "
        r"(\S+); lower is better \(digits-32@",
        quality,
    )
    value, spread, floor, floor_spread = map(float, found.groups())
    assert value - 5 * spread > floor + 5 * floor_spread
    assert [line for line in lines if line.startswith("Doctor: ")]
    commands = [shlex.split(line) for line in lines[lines.index("Next:") + 1 :]]
    assert [words[3] for words in commands] == ["sample", "evaluate", "train"]
    for words in commands:
        assert words[:3] == ["python", "-m", "gan_tutorial"]
        done(capsys, *words[3:])
    assert (out / "grid.png").is_file()
    assert SavedRun(out).step == 8


def test_a_collapsed_generator_is_named_at_the_end(tmp_path, capsys):
    still = ["--lr", "1e-12", "--latent-dim", "1", *TINY]
    said = done(capsys, "train", "digits", "--out", tmp_path / "r", "--steps", "2", *still)
    assert re.search(r"Doctor: mode-collapse\. .* More: python -m gan_tutorial doctor", said)


def test_points_and_other_tasks_end_without_a_measure_of_pictures(tmp_path, capsys):
    said = done(capsys, "train", "ring", "--out", tmp_path / "ring", "--steps", "2", *TINY)
    assert "Quality" not in said
    assert "Next:" in said
    said = done(
        capsys,
        *("train", "digits", "--task", "semi", "--labels", "20", "--steps", "2"),
        *("--out", tmp_path / "semi", *TINY),
    )
    assert "Next:" not in said


def test_few_pictures_are_not_measured_and_it_says_what_helps(tmp_path, capsys):
    own = pictures(tmp_path / "p", 60)
    begin = ["train", own, "--image-size", "16", "--steps", "2", *TINY]
    said = done(capsys, *begin, "--out", tmp_path / "run")
    assert "Quality: not measured" in said
    advice = re.search(r"train again with (--validation) (0\.\d)", said)
    said = done(capsys, *begin, "--out", tmp_path / "more", *advice.groups())
    assert re.search(r"Quality: KID .* held-out pictures.*natural-64@\w+ of 16x16 enlarged", said)
    command = next(line for line in said.splitlines() if "evaluate" in line)
    done(capsys, *shlex.split(command)[3:])


# --- The best generator -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    out = tmp_path_factory.mktemp("kept") / "run"
    begin = ["train", "digits", "--out", str(out), "--steps", "40", "--lr", "0.01", *TINY]
    assert main([*begin, "--keep-best"]) == 0
    return out


def test_the_best_is_the_one_with_the_lowest_kid_and_training_is_as_without(kept, tmp_path):
    plain = tmp_path / "plain"
    begin = ["train", "digits", "--out", str(plain), "--steps", "40", "--lr", "0.01", *TINY]
    assert main(begin) == 0
    with_it, without = (checkpoints.load_generator(f).state_dict() for f in (kept, plain))
    assert all(torch.equal(with_it[name], without[name]) for name in with_it)
    scores = {step: found["KID"] for step, found in SavedRun(kept).kept.items()}
    assert list(scores) == [*range(4, 41, 4)]
    assert SavedRun(kept, "best").config["step"] == min(scores, key=scores.get)


def test_every_verb_takes_a_checkpoint(kept, tmp_path, capsys):
    grids = {}
    for which in ("last", "best", "4", "40"):
        grids[which] = tmp_path / f"{which}.png"
        done(capsys, "sample", kept, "--checkpoint", which, "--out", grids[which])
    assert grids["last"].read_bytes() == grids["40"].read_bytes() != grids["4"].read_bytes()
    assert json.loads(done(capsys, "info", kept, "--checkpoint", "4", "--json"))["step"] == 4
    assert "4 (KID " in done(capsys, "info", kept)
    values = {}
    for which in ("4", "40"):
        facts = json.loads(done(capsys, "evaluate", kept, "--checkpoint", which, "--json"))
        values[which] = {row["metric"]: row["value"] for row in facts["rows"]}["KID"]
    assert values["4"] != values["40"]
    for verb in ("sample", "info", "evaluate"):
        extra = ["--out", tmp_path / "x.png"] if verb == "sample" else []
        message = failed(capsys, verb, kept, "--checkpoint", "5", *extra)
        assert "choose best, last, or one of the steps 4, 8" in message
        message = failed(capsys, verb, kept, "--checkpoint", "first", *extra)
        assert "takes best, last or the number of a step, not 'first'" in message


def test_what_cannot_be_chosen_by_is_refused_before_anything_is_written(tmp_path, capsys):
    own, out = pictures(tmp_path / "p", 60), tmp_path / "run"
    keep = ["--out", out, "--steps", "2", "--keep-best", *TINY]
    message = failed(capsys, "train", own, "--image-size", "16", *keep)
    assert "20 pictures for validation or more" in message
    few = pictures(tmp_path / "few", 20)
    assert "holds out none" in failed(capsys, "train", few, "--image-size", "16", *keep)
    assert "holds points" in failed(capsys, "train", "ring", *keep)
    message = failed(capsys, "train", "digits", "--task", "semi", *keep)
    assert "use it without --task" in message
    assert not out.exists()
