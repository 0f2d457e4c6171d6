"""Lightning is not needed: a stand-in has the one class that is used of it."""

import sys
import types

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from gan_tutorial.doctor import lightning_watch


class Callback:
    """What a callback of Lightning inherits."""


class Module(nn.Module):
    """A module with manual optimization, as in Lightning's examples of GANs."""

    def __init__(self):
        super().__init__()
        self.G, self.D = nn.Linear(4, 2), nn.Linear(2, 1)
        self.moves = {net: torch.optim.Adam(net.parameters()) for net in (self.G, self.D)}

    def training_step(self, batch):
        fake = self.G(torch.randn(len(batch[0]), 4))
        self.moves[self.D].zero_grad()
        d_loss = softplus(-self.D(batch[0])).mean() + softplus(self.D(fake.detach())).mean()
        d_loss.backward()
        self.moves[self.D].step()
        g_loss = softplus(-self.D(fake)).mean()  # and the generator's gradients are never cleared
        g_loss.backward()
        self.moves[self.G].step()
        return {"train/d_loss": d_loss, "loss_g": g_loss}


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def stand_in(request, monkeypatch):
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    home = types.ModuleType(request.param)
    home.Callback = Callback
    if "." in request.param:
        monkeypatch.setitem(sys.modules, "lightning", types.ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, request.param, home)


@pytest.mark.usefixtures("stand_in")
def test_a_module_is_watched_from_its_own_passes(capsys):
    module = Module()
    callback = lightning_watch("G", "D", loss="bce", every=3, samples=16, warn=False)
    assert isinstance(callback, Callback)
    trainer = types.SimpleNamespace(callback_metrics={})
    callback.on_train_start(trainer, module)
    for index in range(40):
        batch = (torch.randn(16, 2), torch.zeros(16))
        callback.on_train_batch_end(trainer, module, module.training_step(batch), batch, index)
    report = callback.watch.report()
    assert report.name == "stale-gradients"
    assert {"d_loss", "g_loss", "distance", "ranked"} <= set(report.table)
    callback.on_train_end(trainer, module)
    assert "stale-gradients" in capsys.readouterr().out


@pytest.mark.usefixtures("stand_in")
def test_names_that_the_module_lacks_are_said():
    with pytest.raises(AttributeError, match="no attribute 'generator'"):
        lightning_watch().on_train_start(None, Module())


def test_without_lightning_it_says_so(monkeypatch):
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="Lightning is not installed"):
        lightning_watch()
