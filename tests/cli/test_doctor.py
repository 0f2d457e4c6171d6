import json

import pytest
from PIL import Image
from said import failed

from gan_tutorial.cli import main

TINY = ["--width", "16", "--batch-size", "16", "--device", "cpu"]


@pytest.fixture
def sick(tmp_path):
    """A table from somebody's own loop: both losses are exactly 0."""
    path = tmp_path / "mine.csv"
    path.write_text("step,d_loss,g_loss\n" + "".join(f"{i},0,0\n" for i in range(1, 10)))
    return path


def test_a_run_that_was_trained_with_the_doctor(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["train", "digits", "--out", str(out), "--steps", "500", "--doctor", *TINY]
    assert main(command) == 0
    capsys.readouterr()
    assert main(["doctor", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"memory", "diversity", "distance", "below_floor"} <= set(report["looked_at"])
    assert report["not_looked_at"] == ["slope_between", "samples beside data"]
    header = (out / "history.csv").read_text().splitlines()[0]
    assert "coverage" in header


def test_a_csv_file_in_and_a_sentence_out(sick, tmp_path, capsys):
    plot = tmp_path / "signs.png"
    command = ["doctor", str(sick), "--loss", "non-saturating", "--plot", str(plot)]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert out.startswith("softmax-of-one  [100%]")
    assert "card: 08_pitfalls.html#fault-softmax-of-one" in out
    assert "Not looked at:" in out
    assert Image.open(plot).size[0] > 200


def test_bad_input_is_refused(sick, tmp_path, capsys):
    assert "nothing at" in failed(capsys, "doctor", str(tmp_path / "none"))
    assert "no column 'step'" in _with(tmp_path, "when,loss\n1,2\n", capsys)
    assert "is not a number" in _with(tmp_path, "step,d_loss\n1,low\n", capsys)
    assert "invalid choice" in failed(capsys, "doctor", str(sick), "--loss", "mse")
    assert ".jpeg" in failed(capsys, "doctor", str(sick), "--plot", "x.jpeg")
    command = ["train", "digits", "--model", "vae", "--doctor", "--out", str(tmp_path / "v")]
    assert "looks at GANs" in failed(capsys, *command, "--steps", "5", *TINY[2:])


def _with(tmp_path, text, capsys):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    return failed(capsys, "doctor", str(path))
