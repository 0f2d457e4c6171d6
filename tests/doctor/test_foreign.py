"""Histories that other programs wrote."""

import json
import math

import numpy as np
import pytest

from gan_tutorial.doctor import diagnose, read_table

STEPS, D, G = [10, 20, 30], [1.2, 0.9, 0.7], [0.8, 1.1, 1.3]


def csv_of(names, *columns, separator=","):
    rows = [names, *(map(str, row) for row in zip(*columns, strict=True))]
    return "\n".join(separator.join(row) for row in rows) + "\n"


FILES = {
    "capital.csv": csv_of(["Step", "Loss/D", "Loss/G"], STEPS, D, G),
    "epochs.csv": csv_of(["epoch", "errD", "errG"], STEPS, D, G),
    "semicolons.csv": csv_of(["iteration", "d_loss", "g_loss"], STEPS, D, G, separator=";"),
    "commas.csv": csv_of(["step", "lossD", "lossG"], STEPS, D, G, separator=";").replace(".", ","),
    "tabs.tsv": csv_of(["global_step", "disc_loss", "gen_loss"], STEPS, D, G, separator="\t"),
    "words.csv": csv_of(["step", "phase", "train/d_loss", "train/g_loss"], STEPS, "abc", D, G),
    "wandb.csv": csv_of(
        ["Step", "rosy-1 - d_loss", "rosy-1 - d_loss__MIN", "rosy-1 - g_loss"], STEPS, D, D, G
    ),
    "lightning.csv": "d_loss,epoch,g_loss,step\n"
    + "".join(f"{d},0,,{s}\n,0,{g},{s}\n" for s, d, g in zip(STEPS, D, G, strict=True)),
    "records.json": json.dumps(
        [{"step": s, "d_loss": d, "g_loss": g} for s, d, g in zip(STEPS, D, G, strict=True)]
    ),
    "columns.json": json.dumps({"history": {"Step": STEPS, "critic_loss": D, "loss_g": G}}),
    "lines.jsonl": "\n".join(
        json.dumps({"_step": 0, "step": s, "d_loss": d, "g_loss": g})
        for s, d, g in zip(STEPS, D, G, strict=True)
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_the_same_losses_from_every_program(tmp_path, name):
    path = tmp_path / name
    path.write_text(FILES[name])
    table = read_table(path)
    np.testing.assert_array_equal(table["step"], STEPS)
    np.testing.assert_array_equal(table["d_loss"], D)
    np.testing.assert_array_equal(table["g_loss"], G)


def test_curves_of_tensorboard_are_called_as_their_files_say(tmp_path):
    path = tmp_path / "run-a-tag-Loss_D.csv"
    path.write_text(csv_of(["Wall time", "Step", "Value"], [1e9, 2e9, 3e9], STEPS, D))
    np.testing.assert_array_equal(read_table(path)["d_loss"], D)
    path = tmp_path / "run-a-tag-g_loss.json"
    path.write_text(json.dumps([[1e9, s, g] for s, g in zip(STEPS, G, strict=True)]))
    np.testing.assert_array_equal(read_table(path)["g_loss"], G)


def test_losses_on_rows_of_their_own_are_joined():
    """Two optimizers that each log at their own step: every row gets the latest of both."""
    table = read_table(
        {"step": [1, 2, 3, 4], "d_loss": [1.0, None, 2.0, None], "g_loss": [None, 5.0, None, 6.0]}
    )
    np.testing.assert_array_equal(table["d_loss"], [1, 1, 2, 2])
    np.testing.assert_array_equal(table["g_loss"][1:], [5, 5, 6])
    assert math.isnan(table["g_loss"][0])
    assert table.spoiled == {}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("events.out.tfevents.1", b"\x00\x01", "event file of TensorBoard: export"),
        ("x.csv", b"\xff\xfe\x00\x01", "not a text file"),
        ("x.json", b'{"step": 3', "not JSON"),
        ("x.json", b'"hello"', "JSON, but no history"),
        ("x.csv", b"", "no column 'step'; its columns are: none"),
        ("x.csv", b"a,b\n1,2\n", "Name the column that counts the steps one of step"),
    ],
)
def test_what_is_no_history_is_refused_in_a_sentence(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said):
        read_table(path)


def test_no_file_is_dumped_into_an_error(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(",".join(f"column number {k}" for k in range(5000)))
    with pytest.raises(ValueError, match="and 4988 more") as caught:
        read_table(path)
    assert len(str(caught.value)) < 700


def test_the_doctor_reads_them(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(csv_of(["Step", "errD", "errG"], range(8), [0.0] * 8, [0.0] * 8))
    assert diagnose(path, loss="non-saturating").name == "softmax-of-one"
