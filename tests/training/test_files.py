"""What the system refuses is said in our words, and nothing is lost."""

import errno
import os

import pytest
import torch

from gan_tutorial import GAN, fit, models
from gan_tutorial.training import files
from gan_tutorial.training.checkpoints import load_checkpoint
from gan_tutorial.training.files import WriteError, alone_in, in_words, write_atomically


def refusing(monkeypatch, code, name="fsync"):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, name, refuse)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "the disk is full: free some room"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "can only be read from"),
        (errno.EACCES, "you may not write there"),
        (errno.EIO, "the disk reports a fault"),
    ],
)
def test_what_happened_what_is_kept_and_what_to_do(tmp_path, monkeypatch, code, said):
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")
    refusing(monkeypatch, code)
    with pytest.raises(WriteError, match=said) as caught:
        write_atomically(path, b"after")
    assert str(caught.value).endswith("The file that was there is as it was.")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a.txt"]  # no temporary file


def test_a_path_that_is_something_else(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="a part of the path is a file"):
        write_atomically(tmp_path / "file" / "a.txt", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match="it is a folder: give the name of a file"):
        write_atomically(tmp_path / "folder", b"x")
    with pytest.raises(WriteError, match="name is too long"):
        write_atomically(tmp_path / ("x" * 300), b"x")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_the_home_folder_is_meant_by_its_sign(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_atomically("~/deep/a.txt", b"x")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"x"


def test_where_a_disk_knows_no_second_names_the_previous_file_is_copied(tmp_path, monkeypatch):
    path, kept = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"before")
    refusing(monkeypatch, errno.EPERM, "link")
    write_atomically(path, b"after", keep_previous_as=kept)
    assert (path.read_bytes(), kept.read_bytes()) == (b"after", b"before")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file", "x.png"), "There is no x.png."),
        (PermissionError(13, "Permission denied", "x"), "x cannot be used: you may not write"),
        (OSError(errno.ENOSPC, "No space"), "A file cannot be written: the disk is full"),
        (OSError("as it is"), "as it is"),
    ],
)
def test_errors_of_the_system_in_words(error, said):
    assert in_words(error).startswith(said)


# --- Runs ------------------------------------------------------------------------------------


def small():
    torch.manual_seed(0)
    return GAN(*models.mlp_pair((2,), 2, 8, 1))


X = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))


def quick(steps, **options):
    return fit(small(), X, steps, batch_size=8, progress=False, device="cpu", **options)


def test_a_disk_that_fills_up_in_the_middle_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    def fill_up(run):
        if run.step == 6:
            refusing(monkeypatch, errno.ENOSPC)

    with pytest.raises(WriteError, match=r"disk is full.* stopped at step 8; .* step 4 is kept"):
        quick(20, out=tmp_path / "run", save_every=4, callbacks=fill_up)
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "run")["step"] == 4
    assert not [name for name in os.listdir(tmp_path / "run") if name.endswith(".tmp")]
    quick(20, out=tmp_path / "run", resume=True)


def test_two_runs_in_one_folder_are_one_too_many(tmp_path):
    with (
        alone_in(tmp_path / "run"),
        pytest.raises(WriteError, match="Another process is training into"),
    ):
        quick(2, out=tmp_path / "run")
    quick(2, out=tmp_path / "run")
    assert ".lock" not in os.listdir(tmp_path / "run")


@pytest.mark.parametrize("name", ["config.json", "generator.safetensors", "history.csv"])
def test_files_of_another_program_are_not_overwritten(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(RuntimeError, match="choose another folder, so that they are kept"):
        quick(2, out=tmp_path)
    assert (tmp_path / name).read_text() == "precious"
    assert os.listdir(tmp_path) == [name]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(WriteError, match="a part of the path is a file"):
        quick(2, out=tmp_path / "run")


# --- The data of a run -----------------------------------------------------------------------


def test_resuming_on_other_data_is_refused_and_on_renamed_data_is_not(tmp_path):
    from gan_tutorial import data

    quick(4, out=tmp_path)
    other = X.clone()
    other[3] += 1
    options = {"batch_size": 8, "progress": False, "device": "cpu", "out": tmp_path, "resume": True}
    with pytest.raises(RuntimeError, match=r"50 samples of tensor then, 50 others of tensor now"):
        fit(small(), other, 8, **options)
    with pytest.raises(RuntimeError, match=r"50 samples of tensor then, 60 others"):
        fit(small(), torch.cat([X, X[:10]]), 8, **options)
    with pytest.raises(RuntimeError, match=r"data.shape \(was \[2\], now \[3\]\)"):
        fit(GAN(*models.mlp_pair((3,), 2, 8, 1)), torch.randn(50, 3), 8, **options,
            data_changed=True)  # fmt: skip
    fit(small(), data.Dataset("renamed", X), 8, **options)
    fit(small(), torch.cat([X, X[:10]]), 12, **options, data_changed=True)
    fit(small(), torch.cat([X, X[:10]]), 16, **options)  # these are its data now


def test_runs_of_before_are_resumed_by_name_and_count():
    from gan_tutorial.training.identity import data_differences

    now = {"name": "a", "count": 3, "shape": [2], "content": "x"}
    assert data_differences({"name": "a", "count": 3, "shape": [2]}, now) == []
    assert data_differences({"name": "b", "count": 4, "shape": [2]}, now) == [
        "data.name (was b, now a)",
        "data.count (was 4, now 3)",
    ]


# --- Stopping, saving, starting again --------------------------------------------------------


def test_a_callback_may_stop_a_run_and_all_is_saved(tmp_path, capsys):
    def enough(run):
        if run.step == 7:
            run.stop()

    history = quick(50, out=tmp_path, callbacks=enough)
    assert history.last()["step"] == 7
    assert load_checkpoint(tmp_path)["step"] == 7
    assert "Interrupted" not in capsys.readouterr().err


def test_the_last_rows_are_kept_and_a_resumed_history_is_that_of_one_run(tmp_path):
    whole = quick(25, log_every=10)
    assert whole["step"].tolist() == [10, 20, 25]
    first = quick(14, out=tmp_path, log_every=10)
    assert first["step"].tolist() == [10, 14]
    assert "14," in (tmp_path / "history.csv").read_text().splitlines()[-1]
    again = quick(25, out=tmp_path, log_every=10, resume=True)
    assert again["step"].tolist() == [10, 20, 25]
    assert again["d_loss"].tolist() == pytest.approx(whole["d_loss"].tolist())


def test_saved_and_loaded_it_goes_on_as_if_nothing_had_happened(tmp_path):
    gan = small()
    fit(gan, X, 5, batch_size=8, progress=False, device="cpu")
    gan.save(tmp_path / "gan")
    again = GAN.load(tmp_path / "gan")
    assert again.settings == gan.settings
    for task in (gan, again):
        fit(task, X, 5, batch_size=8, progress=False, device="cpu")
    assert torch.equal(gan.sample(9), again.sample(9))
    assert GAN.load(tmp_path / "gan", lr=0.5).settings["lr"] == [0.5, 0.5]


def test_a_run_starts_from_the_weights_of_another(tmp_path):
    from gan_tutorial.training import freeze_lower, start_from

    gan = small()
    fit(gan, X, 5, batch_size=8, progress=False, device="cpu", out=tmp_path / "a")
    torch.manual_seed(1)
    other = GAN(*models.mlp_pair((2,), 2, 8, 1), lr=1e-2)
    start_from(other, tmp_path / "a")
    assert torch.equal(other.sample(5), gan.sample(5))
    assert other.steps_done == 0
    assert not other.optimizers["generator"].state
    freeze_lower(other.discriminator, 1)
    layers = [m for m in other.discriminator.modules() if isinstance(m, torch.nn.Linear)]
    before = [layer.weight.clone() for layer in layers]
    fit(other, X, 3, batch_size=8, progress=False, device="cpu")
    same = [torch.equal(a, layer.weight) for a, layer in zip(before, layers, strict=True)]
    assert same == [True] + [False] * (len(layers) - 1)
    with pytest.raises(RuntimeError, match=r"networks of .* are others: networks.generator.width"):
        start_from(GAN(*models.mlp_pair((2,), 2, 16, 1)), tmp_path / "a")
    with pytest.raises(ValueError, match="layers with weights: freeze from 0"):
        freeze_lower(other.discriminator, 50)


def test_a_generator_alone_can_be_started_from(tmp_path):
    from gan_tutorial.training import checkpoints, start_from

    gan = small()
    checkpoints.export_generator(tmp_path, gan.generator)
    other = GAN(*models.mlp_pair((2,), 2, 8, 1))
    with pytest.warns(UserWarning, match="discriminator starts from first weights"):
        start_from(other, tmp_path)
    assert torch.equal(other.sample(5), gan.sample(5))
