import json

import pytest
import torch

from gan_tutorial import History, checkpoints, models
from gan_tutorial.models.sampling import latent_codes, sample_generator
from gan_tutorial.training.checkpoints import CheckpointError

STATE = {
    "config": {"lr": 1e-3, "name": "ring", "on": True, "none": None},
    "optimizer": {"state": {0: {"step": torch.tensor(3.0), "m": torch.randn(2, 3)}}},
    "list": [torch.arange(4), "text", [1, 2.5]],
    "empty": torch.empty(0),
    "bytes": torch.arange(5, dtype=torch.uint8),
}


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b and type(a) is type(b)


def test_round_trip_keeps_every_value_type_and_integer_key(tmp_path):
    checkpoints.save_checkpoint(tmp_path, STATE)
    assert same(checkpoints.load_checkpoint(tmp_path), STATE)


def test_views_of_one_tensor_and_channels_last_are_saved_by_value(tmp_path):
    base = torch.arange(24.0).reshape(2, 3, 2, 2)
    state = {"a": base[0], "b": base[1], "last": base.to(memory_format=torch.channels_last)}
    checkpoints.save_checkpoint(tmp_path, state)
    assert same(checkpoints.load_checkpoint(tmp_path), state)


def test_what_cannot_be_stored_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(TypeError, match="/config/net"):
        checkpoints.save_checkpoint(tmp_path, {"config": {"net": torch.nn.Linear(1, 1)}})
    assert list(tmp_path.iterdir()) == []


def test_the_one_before_is_kept(tmp_path):
    for step in (1, 2, 3):
        checkpoints.save_checkpoint(tmp_path, {"step": step})
    assert checkpoints.load_checkpoint(tmp_path) == {"step": 3}
    (tmp_path / checkpoints.PREVIOUS).rename(tmp_path / checkpoints.CHECKPOINT)
    assert checkpoints.load_checkpoint(tmp_path) == {"step": 2}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("keep", [0, 5, 60, -1])
def test_truncated_file_is_one_sentence_that_names_the_previous(tmp_path, keep):
    checkpoints.save_checkpoint(tmp_path, STATE)
    path = checkpoints.save_checkpoint(tmp_path, STATE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"truncated.*rename checkpoint\.previous") as caught:
        checkpoints.load_checkpoint(tmp_path)
    assert "\n" not in str(caught.value)


def test_foreign_files_are_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / checkpoints.CHECKPOINT
    save_file({"x": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of this library"):
        checkpoints.load_checkpoint(tmp_path)
    torch.save({"x": torch.ones(2)}, path)  # a pickle: must not be executed
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        checkpoints.load_checkpoint(tmp_path)


def test_missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="No checkpoint"):
        checkpoints.load_checkpoint(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    checkpoints.save_checkpoint(tmp_path, {"step": 1})

    def no_space(descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save_checkpoint(tmp_path, {"step": 2})
    assert checkpoints.load_checkpoint(tmp_path) == {"step": 1}


def test_differences_name_nested_added_and_removed_settings():
    saved = {"lr": 1, "net": {"width": 8, "norm": "batch"}, "old": 3}
    current = {"lr": 1, "net": {"width": 9, "norm": "batch"}, "new": 4}
    assert checkpoints.differences(saved, current) == [
        "net.width (was 8, now 9)",
        "old (was 3, now None)",
        "new (was None, now 4)",
    ]


def test_exported_generator_gives_the_same_pictures(tmp_path):
    torch.manual_seed(0)
    generator, _ = models.dcgan_pair(16, 1, 6, 4)
    generator(torch.randn(8, 6))  # move batch norm's running means
    checkpoints.export_generator(tmp_path, generator, step=7)
    z = torch.randn(3, 6)
    torch.testing.assert_close(
        checkpoints.load_generator(tmp_path)(z), generator.eval()(z), rtol=0, atol=0
    )
    assert checkpoints.read_config(tmp_path)["step"] == 7


def test_the_shipped_generator_makes_varied_pictures_and_has_its_log():
    folder = checkpoints.shipped("soccer64")
    generator = checkpoints.load_generator(folder)
    images = sample_generator(generator, latent_codes(16, generator.latent_dim))
    assert images.shape == (16, 3, 64, 64)
    green, others = images[:, 1, :8].mean(), images[:, [0, 2], :8].mean()
    assert green > others  # grass along the upper edge
    assert images.std(0).mean() > 0.2  # balls differ
    assert History.read_csv(folder / "history.csv")["step"][-1] == 3500
    with pytest.raises(ValueError, match="soccer64"):
        checkpoints.shipped("faces")


def test_export_errors_are_sentences(tmp_path):
    with pytest.raises(FileNotFoundError, match="not the folder of a run"):
        checkpoints.load_generator(tmp_path)
    checkpoints.export_generator(tmp_path, models.MLPGenerator(2, (2,), 4, 1))
    config = checkpoints.read_config(tmp_path)
    config["generator"]["width"] = 5
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="do not belong together") as caught:
        checkpoints.load_generator(tmp_path)
    assert "\n" not in str(caught.value)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="not JSON"):
        checkpoints.load_generator(tmp_path)
