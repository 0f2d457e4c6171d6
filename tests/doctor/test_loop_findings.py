"""What a watch finds in networks, optimizers and losses; whole loops are in test_loop.py."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from gan_tutorial.doctor import Watch


def dense(inputs=2):
    return nn.Sequential(nn.Linear(inputs, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))


def pair(make_d=dense):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2)), make_d()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda G, D: [torch.optim.Adam([*G.parameters(), *D.parameters()], 1e-3)] * 2, "shared"),
        (lambda G, D: [torch.optim.Adam(net.parameters(), 0.5) for net in (G, D)], "lr-too-high"),
        (lambda G, D: [torch.optim.Adam([*G[0].parameters()], 1e-3),
                       torch.optim.Adam(D.parameters(), 1e-3)], "frozen-weights"),
    ],
    ids=["one optimizer for both", "rates of a half", "a layer in no optimizer"],
)  # fmt: skip
def test_optimizers_are_found_by_their_steps(change, fault):
    G, D = pair()
    opt_g, opt_d = change(G, D)
    watch = Watch(G, D, loss="bce", every=4, samples=32, warn=False)
    for _ in range(30):
        real, fake = torch.randn(32, 2), G(torch.randn(32, 4))
        opt_d.zero_grad()
        (softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()).backward()
        opt_d.step()
        opt_g.zero_grad()
        softplus(-D(fake)).mean().backward()
        opt_g.step()
        watch(real, fake)
    assert watch.report().name.startswith(fault)


def test_the_rules_of_the_doctor_apply():
    """A generator that makes one point: collapse is read off the samples."""
    G, D = pair()
    watch = Watch(G, D, every=4, samples=32, warn=False)
    for _ in range(60):
        watch(torch.randn(32, 2), 1e-3 * torch.randn(32, 2), d_loss=1.4, g_loss=0.7)
    assert any(f.fault == "frozen-weights" for f in watch.report().findings)
    assert np.nanmax(watch.report().table["diversity"]) < 0.1
    assert "memory" in watch.report().not_looked_at


def test_losses_that_are_lost_are_a_finding_and_missing_ones_are_not():
    for losses, lost in (({"d_loss": float("nan"), "g_loss": 1.0}, True), ({}, False)):
        watch = Watch(*pair(), every=4, warn=False)
        for _ in range(12):
            watch(torch.randn(16, 2), torch.randn(16, 2), **losses)
        assert ("not-finite" in {f.fault for f in watch.report().findings}) == lost


def test_a_discriminator_with_labels_is_asked_with_them_and_said_to_need_them():
    class Labeled(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.embed = dense(inputs=4), nn.Embedding(3, 2)

        def forward(self, x, y):
            return self.net(torch.cat([x, self.embed(y)], 1))

    for given in ({}, {"labels": torch.arange(16) % 3}):
        watch = Watch(*pair(Labeled), every=2, samples=16, warn=False)
        for _ in range(20):
            watch(torch.randn(16, 2), torch.randn(16, 2), **given)
        report = watch.report()
        assert ("ranked" in report.table) == bool(given)
        assert any("could not be asked" in line for line in report.remarks) != bool(given)


def test_bad_input_is_refused():
    G, D = pair()
    with pytest.raises(TypeError, match="and a str was given"):
        Watch(G, "D")
    with pytest.raises(ValueError, match="two networks are one"):
        Watch(G, G)
    with pytest.raises(ValueError, match="Unknown loss 'bec': choose one of"):
        Watch(G, D, loss="bec")
    with pytest.raises(ValueError, match="at least 1, not 0"):
        Watch(G, D, every=0)
    with pytest.raises(ValueError, match="no held-out"):
        Watch(G, D, held_out=torch.zeros(0, 2))
    with pytest.raises(ValueError, match="more than 6"):
        Watch(G, D, samples=3)
    watch, x = Watch(G, D), torch.randn(8, 2)
    with pytest.raises(RuntimeError, match="seen no step"):
        watch.report()
    with pytest.raises(TypeError, match="a list was given"):
        watch([1, 2], x)
    with pytest.raises(ValueError, match="at least one sample"):
        watch(x[:0], x)
    with pytest.raises(ValueError, match=r"shape \(2,\) and a fake \(3,\)"):
        watch(x, torch.randn(8, 3))
    with pytest.raises(ValueError, match=r"d_loss has the shape \(8,\)"):
        watch(x, x, d_loss=torch.rand(8))
    with pytest.raises(TypeError, match="a str was given"):
        watch(x, x, g_loss="1.3")
    assert watch.calls == 0
