"""Rows of the history for other programs."""

import importlib.util
import sys
from types import SimpleNamespace

import pytest
import torch

from gan_tutorial import GAN, fit, models
from gan_tutorial.cli import main
from gan_tutorial.training.logs import LOGS, Log, TensorBoard, WandB, logger

X = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))


class Kept(Log):
    def __init__(self):
        super().__init__()
        self.rows, self.events = [], []

    def open(self, run):
        self.events.append("open")

    def write(self, step, values):
        self.rows.append((step, values))

    def finish(self):
        self.events.append("finish")


def train(log, steps, out=None, **options):
    torch.manual_seed(0)
    gan = GAN(*models.mlp_pair((2,), 2, 8, 1), r1=0.1, penalty_every=4)
    size = {"batch_size": 8, "log_every": 3, "progress": False, "device": "cpu"}
    history = fit(gan, X, steps, callbacks=log, out=out, **size, **options)
    log.close()
    return history


@pytest.mark.parametrize("steps", [2, 9, 10])
def test_every_row_comes_once_and_the_last_at_the_end(steps):
    log = Kept()
    history = train(log, steps)
    assert [step for step, _ in log.rows] == history["step"].tolist()
    assert [values["d_loss"] for _, values in log.rows] == history["d_loss"].tolist()
    assert all(value == value for _, values in log.rows for value in values.values())
    assert log.events == ["open", "finish"]
    log.close()
    assert log.events == ["open", "finish"]


def test_a_run_that_goes_on_hands_on_what_is_new(tmp_path):
    train(Kept(), 6, tmp_path / "run")
    log = Kept()
    train(log, 12, tmp_path / "run", resume=True)
    assert [step for step, _ in log.rows] == [9, 12]


class FakeWandB:
    def __init__(self):
        self.began, self.rows, self.ended = None, {}, 0

    def init(self, **options):
        self.began = options
        return SimpleNamespace(
            log=lambda values, step: self.rows.update({step: values}), finish=self.end
        )

    def end(self):
        self.ended += 1


def test_weights_and_biases_gets_settings_and_rows(monkeypatch):
    fake = FakeWandB()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    train(WandB(project="x"), 6)
    assert fake.began["project"] == "x"
    assert fake.began["config"]["training"]["batch_size"] == 8
    assert list(fake.rows) == [3, 6]
    assert fake.ended == 1


@pytest.mark.skipif(not importlib.util.find_spec("tensorboard"), reason="no tensorboard")
def test_tensorboard_can_read_the_rows(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    history = train(TensorBoard(tmp_path / "t"), 6)
    found = EventAccumulator(str(tmp_path / "t"))
    found.Reload()
    read = found.Scalars("d_loss")
    assert [each.step for each in read] == [3, 6]
    assert [each.value for each in read] == pytest.approx(history["d_loss"].tolist())


@pytest.mark.parametrize("name", LOGS)
def test_what_is_not_installed_is_said_before_the_training(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=f"{name} is not installed: pip install"):
        logger(name, tmp_path)
    command = ["train", "ring", "--out", str(tmp_path / "run"), "--log", name, "--steps", "2"]
    assert main(command) == 2
    assert "is not installed" in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()
