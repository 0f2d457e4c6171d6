"""The watch in plain loops of many kinds: what it says, and that nobody notices it."""

import random
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    dropout,
    mse_loss,
    relu,
    softplus,
)
from torch.nn.utils.parametrizations import spectral_norm

from gan_tutorial.doctor import DoctorWarning, Watch


def dense(norm=lambda layer: layer, inputs=2, *tail):
    layers = [norm(nn.Linear(inputs, 16)), nn.LeakyReLU(0.2), norm(nn.Linear(16, 1))]
    return nn.Sequential(*layers, *tail)


def points():
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))


def pictures():
    g = nn.Sequential(nn.ConvTranspose2d(4, 8, 4), nn.BatchNorm2d(8), nn.ReLU())
    return g.extend([nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Tanh()])


class NumbersItself(nn.Module):
    """Draws from every global generator, counts its calls, and keeps a running mean."""

    def __init__(self):
        super().__init__()
        self.net, self.calls = dense(), 0
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, x):
        self.calls += 1
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        x = dropout(x, 0.1) + 0.01 * random.random() + 0.01 * np.random.rand()  # noqa: NPY002
        return self.net(x + 1e-4 * self.calls + 0 * self.mean)


class WithFeatures(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = dense()

    def forward(self, x):
        return self.net(x)[:, :, None, None], x


def bce(p, y):
    return binary_cross_entropy(p, torch.full_like(p, y))


def logits(a, y):
    return binary_cross_entropy_with_logits(a, torch.full_like(a, y))


# How D's and G's losses are written in public scripts, with the name that the watch is told.
LOSSES = {
    "bce": (lambda r, f: logits(r, 1.0) + logits(f, 0.0), lambda f: logits(f, 1.0)),
    "halved": (lambda r, f: (logits(r, 1.0) + logits(f, 0.0)) / 2, lambda f: logits(f, 1.0)),
    "smoothed": (lambda r, f: logits(r, 0.9) + logits(f, 0.0), lambda f: logits(f, 1.0)),
    "flipped": (lambda r, f: logits(r, 0.0) + logits(f, 1.0), lambda f: logits(f, 0.0)),
    "probabilities": (lambda r, f: bce(r, 1.0) + bce(f, 0.0), lambda f: bce(f, 1.0)),
    "lsgan": (
        lambda r, f: mse_loss(r, torch.ones_like(r)) + mse_loss(f, torch.zeros_like(f)),
        lambda f: mse_loss(f, torch.ones_like(f)),
    ),
    "hinge": (lambda r, f: relu(1 - r).mean() + relu(1 + f).mean(), lambda f: -f.mean()),
    "wgan": (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
    "rsgan": (lambda r, f: softplus(f - r).mean(), lambda f: -f.mean()),
    "ragan": (
        lambda r, f: (logits(r - f.mean(), 1.0) + logits(f - r.mean(), 0.0)) / 2,
        lambda f: -f.mean(),
    ),
}
NAMES = {"halved": "bce", "smoothed": "bce", "flipped": "bce", "probabilities": "bce"}


def train(
    G,
    D,
    style="bce",
    watch=None,
    steps=40,
    mistakes=(),
    d_steps=1,
    lr=1e-3,
    batch=32,
    penalty=False,
):
    """One loop, written as in a hundred scripts; return all weights and what the loop drew."""
    torch.manual_seed(3), random.seed(3), np.random.seed(3)  # noqa: NPY002
    d_loss_of, g_loss_of = LOSSES[style]
    opt_g, opt_d = (torch.optim.Adam(net.parameters(), 1e-3) for net in (G, D))
    maps = isinstance(next(iter(G.children()), None), nn.ConvTranspose2d)
    for _ in range(steps):
        for _ in range(d_steps):
            real = torch.rand(batch, 1, 8, 8) * 2 - 1 if maps else torch.randn(batch, 2) * 0.3 + 1
            z = torch.randn(batch, 4, 1, 1) if maps else torch.randn(batch, 4)
            fake = G(z)
            if "keep d" not in mistakes:
                opt_d.zero_grad()
            shown = fake if "tied" in mistakes else fake.detach()
            if "mixed" in mistakes:
                on_real, on_fake = D(torch.cat([real, shown])).chunk(2)
            else:
                on_real, on_fake = (read(D(x)) for x in (real, shown))
            if "real twice" in mistakes:
                on_fake = on_real
            if "all real" in mistakes:
                d_loss = logits(on_real, 1.0) + logits(on_fake, 1.0)
            else:
                d_loss = d_loss_of(on_real, on_fake)
            whole = d_loss
            if penalty:
                x = real.clone().requires_grad_(True)
                (slope,) = torch.autograd.grad(read(D(x)).sum(), x, create_graph=True)
                whole = d_loss + 0.1 * slope.square().sum(1).mean()
            whole.backward()
            opt_d.step()
        if "keep g" not in mistakes:
            opt_g.zero_grad()
        if "shared" in mistakes:
            opt_d.zero_grad()
        made = G(z).detach().requires_grad_(True) if "cut off" in mistakes else G(z)
        g_loss = g_loss_of(read(D(made)))
        g_loss.backward()
        opt_g.step()
        if "shared" in mistakes:
            opt_d.step()
        if watch is not None:
            watch(real, fake, d_loss=d_loss, g_loss=g_loss.item())
    state = [v.clone() for net in (G, D) for v in net.state_dict().values()]
    return [*state, torch.rand(3), torch.tensor([random.random(), np.random.rand()])]  # noqa: NPY002


def read(answer):
    return answer[0] if isinstance(answer, tuple) else answer


def pair(make_d=dense, make_g=points):
    torch.manual_seed(0)
    return make_g(), make_d()


def conv(*tail):
    return nn.Sequential(
        nn.Conv2d(1, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 4), *tail
    )


KINDS = {
    "dense": (dense, points, {}),
    "DCGAN with batch norm and a sigmoid": (
        lambda: conv(nn.Sigmoid()),
        pictures,
        {"style": "probabilities"},
    ),
    "patches": (lambda: nn.Sequential(nn.Conv2d(1, 1, 4, 2, 1)), pictures, {}),
    "spectral norm, hinge": (lambda: dense(spectral_norm), points, {"style": "hinge"}),
    "critic of five steps, penalty": (
        dense,
        points,
        {"style": "wgan", "d_steps": 5, "penalty": True},
    ),
    "all generators, a counter, a buffer made anew": (NumbersItself, points, {}),
    "features beside the logit": (WithFeatures, points, {}),
    "relativistic average": (dense, points, {"style": "ragan"}),
    "a sample at a time": (dense, points, {"batch": 1}),
}


@pytest.mark.parametrize("name", KINDS)
def test_nobody_notices_it(name):
    """The same weights, buffers and random numbers with and without, bit for bit; no hook left."""
    make_d, make_g, options = KINDS[name]
    bare = pair(make_d, make_g)
    without = train(*bare, steps=20, **options)
    networks = pair(make_d, make_g)
    style = options.get("style", "bce")
    watch = Watch(*networks, loss=NAMES.get(style, style), every=3, samples=16, warn=False)
    within = train(*networks, steps=20, watch=watch, **options)
    assert all(map(torch.equal, without, within))
    watch.close()
    assert len(watch.report().table["step"]) > 1
    for network in networks:
        assert not any(m._forward_hooks or m._backward_hooks for m in network.modules())
        assert not any(p._backward_hooks for p in network.parameters())
    for one, other in zip(bare, networks, strict=True):
        assert one.training == other.training
        assert getattr(one, "calls", 0) == getattr(other, "calls", 0)
        grads = [[p.grad for p in net.parameters()] for net in (one, other)]
        assert all(map(torch.equal, *grads))


@pytest.mark.parametrize("style", LOSSES)
def test_each_usual_way_to_write_a_loss_is_recognized(style):
    tail = [nn.Sigmoid()] if style == "probabilities" else []
    networks = pair(lambda: dense(lambda x: x, 2, *tail))
    watch = Watch(*networks, loss=NAMES.get(style, style), every=4, samples=32, warn=False)
    train(*networks, style, watch)
    report = watch.report()
    assert watch.facts == {}
    assert "loss from logits" in report.looked_at
    assert bool(report.remarks) == (style == "probabilities")


@pytest.mark.parametrize(
    ("mistakes", "fault"),
    [
        (["keep g"], "stale-gradients"),
        (["keep d"], "stale-gradients"),
        (["keep g", "tied"], "stale-gradients"),
        (["shared"], "shared-update"),
        (["cut off"], "frozen-weights"),
        (["all real"], "fakes-labeled-real"),
        (["real twice"], "one-output-for-both"),
    ],
    ids=lambda value: " and ".join(value) if isinstance(value, list) else value,
)
def test_mistakes_of_the_step_are_facts(mistakes, fault):
    networks = pair()
    watch = Watch(*networks, loss="bce", every=4, samples=32, warn=False)
    train(*networks, watch=watch, mistakes=mistakes, steps=60)
    report = watch.report()
    assert report.name == fault
    assert report.findings[0].confidence == 1


def test_fakes_that_are_not_cut_off_are_a_remark_where_gradients_are_cleared():
    networks = pair()
    watch = Watch(*networks, loss="bce", every=4, samples=32, warn=False)
    train(*networks, watch=watch, mistakes=["tied"])
    assert {name: f.confidence for name, f in watch.facts.items()} == {"missing-detach": 0.3}


def test_one_batch_of_both_kinds_matters_with_batch_norm_only():
    for make_d, expected in ((conv, {"mixed-batch-norm"}), (lambda: conv()[::3], set())):
        networks = pair(make_d, pictures)
        watch = Watch(*networks, loss="bce", every=4, samples=32, warn=False)
        style = "bce"
        train(*networks, style, watch, mistakes=["mixed"], steps=12)
        assert {n for n, f in watch.facts.items() if f.confidence == 1} == expected


@pytest.mark.parametrize("loss", ["bce", "hinge", "wgan", "ragan"])
def test_a_sigmoid_before_a_loss_that_wants_none(loss):
    networks = pair(lambda: dense(lambda x: x, 2, nn.Sigmoid()))
    watch = Watch(*networks, loss=loss, every=4, samples=32, warn=False)
    train(*networks, loss, watch)
    assert watch.report().name == "double-sigmoid"


def test_it_warns_once():
    networks = pair()
    with pytest.warns(DoctorWarning) as caught:
        train(*networks, watch=Watch(*networks, "bce", every=3, samples=16), mistakes=["keep g"])
    assert len([w for w in caught if "stale-gradients" in str(w.message)]) == 1
    networks = pair()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet = Watch(*networks, "bce", every=3, samples=16, warn=False)
        train(*networks, watch=quiet, mistakes=["keep g"])


def test_looks_come_by_counting_and_cost_little():
    """The interval follows from the work of a step, and is the same in each run."""
    rows = []
    for _ in range(2):
        networks = pair(conv, pictures)
        watch = Watch(*networks, "bce", warn=False)
        train(*networks, watch=watch, steps=120)
        rows.append(watch.report().table["step"].tolist())
    assert rows[0] == rows[1]
    looks = [i for i, seen in enumerate(watch.report().table["distance"]) if seen == seen]
    assert min(np.diff(watch.report().table["step"][looks])) >= 25


@pytest.mark.parametrize("critic_steps", [1, 5])
def test_a_move_is_that_of_one_step_however_many_a_call_has(critic_steps):
    torch.manual_seed(0)
    G, D = points(), nn.Linear(2, 1)
    opt_g, opt_d = (torch.optim.SGD(net.parameters(), 1e-3) for net in (G, D))
    watch = Watch(G, D, every=1, warn=False)
    real = torch.ones(16, 2)
    for _ in range(40):
        for _ in range(critic_steps):
            fake = torch.zeros(16, 2)
            opt_d.zero_grad()
            (D(fake).mean() - D(real).mean()).backward()  # its slope is (-1, -1), always
            opt_d.step()
        opt_g.zero_grad()
        (-D(G(torch.randn(16, 4))).mean()).backward()
        opt_g.step()
        watch(real, fake)
    moved = watch._table.table()["d_move"]
    moved = moved[np.isfinite(moved)]
    size = sum(p.detach().square().sum() for p in D.parameters()).sqrt().item()
    assert moved == pytest.approx(1e-3 * 2**0.5 / size, rel=0.2)
