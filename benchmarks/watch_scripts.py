"""Six kinds of training scripts as one finds them in public, written anew, with planted faults.

Nothing of the library's training is used here: plain networks, plain optimizers, a plain loop, with
the three lines of `gan_tutorial.doctor.Watch` in it.
"""

import copy
import itertools
import math
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    mse_loss,
    relu,
)
from torch.nn.utils.parametrizations import spectral_norm

from gan_tutorial.doctor import Watch, check_up

LATENT = 16

# --- Networks --------------------------------------------------------------------------------


def dense(sizes, act, norm=lambda layer: layer, between=None):
    """Dense layers of these sizes; `between` makes what stands behind each hidden one."""
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers.append(norm(nn.Linear(a, b)))
        if i < len(sizes) - 2:
            layers += [*([between(b)] if between else []), act()]
    return layers


class Conditional(nn.Module):
    """A network that takes a class beside its input, as an embedding joined to it."""

    def __init__(self, net, classes, width=8):
        super().__init__()
        self.net, self.embed = net, nn.Embedding(classes, width)

    def forward(self, x, y):
        return self.net(torch.cat([x.flatten(1), self.embed(y)], 1))


class Noisy(nn.Module):
    """Noise on all that a discriminator sees."""

    def __init__(self, net, size=2.0):
        super().__init__()
        self.net, self.size = net, size

    def forward(self, x, *y):
        return self.net(x + self.size * torch.randn_like(x), *y)


def networks(kind, shape, classes, thin=0):
    """Return generator and discriminator of a kind; `thin` units in G's last hidden layer."""
    size = math.prod(shape)
    tail = [nn.Tanh(), nn.Unflatten(1, shape)] if len(shape) == 3 else []
    widths = [128, 128, *([thin] if thin else [])]
    leaky = lambda: nn.LeakyReLU(0.2)  # noqa: E731
    if kind == "dcgan":
        c = shape[0]
        middle = [nn.Flatten(), nn.Linear(512, thin), nn.Linear(thin, 512)] if thin else []
        middle += [nn.Unflatten(1, (32, 4, 4))] if thin else []
        g = [nn.ConvTranspose2d(LATENT, 32, 4), nn.BatchNorm2d(32), nn.ReLU()]
        g += [*middle, nn.ConvTranspose2d(32, c, 4, 2, 1), nn.Tanh()]
        d = [nn.Conv2d(c, 32, 4, 2, 1), leaky(), nn.Conv2d(32, 32, 3, 1, 1), nn.BatchNorm2d(32)]
        d += [leaky(), nn.Conv2d(32, 1, 4), nn.Sigmoid()]
        return nn.Sequential(*g), nn.Sequential(*d)
    if kind == "conditional":
        g = Conditional(nn.Sequential(*dense([LATENT + 8, *widths, size], nn.ReLU), *tail), classes)
        return g, Conditional(nn.Sequential(*dense([size + 8, 128, 128, 1], leaky)), classes)
    between = nn.BatchNorm1d if kind in ("lsgan", "ragan") else None
    norm = spectral_norm if kind == "hinge" else lambda layer: layer
    g = nn.Sequential(*dense([LATENT, *widths, size], nn.ReLU, between=between), *tail)
    return g, nn.Sequential(nn.Flatten(), *dense([size, 128, 128, 1], leaky, norm))


# --- Losses: of D and of G, given what D says -------------------------------------------------


def cross_entropy(p, y):
    return binary_cross_entropy(p, torch.full_like(p, y))


def with_logits(a, y):
    return binary_cross_entropy_with_logits(a, torch.full_like(a, y))


LOSSES = {  # name for the watch, D's term of a real and of a fake, G's of a fake
    "dcgan": ("bce", lambda p: cross_entropy(p, 1.0), lambda p: cross_entropy(p, 0.0)),
    "conditional": ("bce", lambda a: with_logits(a, 1.0), lambda a: with_logits(a, 0.0)),
    "lsgan": (
        "lsgan",
        lambda a: 0.5 * mse_loss(a, torch.ones_like(a)),
        lambda a: 0.5 * mse_loss(a, torch.zeros_like(a)),
    ),
    "hinge": ("hinge", lambda a: relu(1 - a).mean(), lambda a: relu(1 + a).mean()),
    "wgan-gp": ("wgan-gp", lambda a: -a.mean(), lambda a: a.mean()),
    "ragan": ("ragan", None, None),
}


def d_loss_of(kind, real, fake):
    if kind == "ragan":
        pair = with_logits(real - fake.mean(), 1.0) + with_logits(fake - real.mean(), 0.0)
        return pair / 2
    _, as_real, as_fake = LOSSES[kind]
    return as_real(real) + as_fake(fake)


def g_loss_of(kind, real, fake):
    if kind == "ragan":
        pair = with_logits(real - fake.mean(), 0.0) + with_logits(fake - real.mean(), 1.0)
        return pair / 2
    if kind in ("hinge", "wgan-gp"):
        return -fake.mean()
    return LOSSES[kind][1](fake)


def gradient_penalty(discriminator, real, fake):
    u = torch.rand(len(real), *[1] * (real.dim() - 1))
    between = (u * real + (1 - u) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


# --- The script ------------------------------------------------------------------------------


@dataclass
class Result:
    """What came of a run."""

    sample: object
    report: object
    before: list = field(default_factory=list)
    stopped: str = ""


def run(kind, data, fault, seed, steps, rates, every=None):
    """Train one script with one fault in it ("" for none); return what came of it."""
    x, y, held, _ = data
    torch.manual_seed(seed)
    if fault == "tiny-data":
        x, y = x[:20], y[:20]
    if fault == "bytes-against-tanh":
        x, held = (127.5 * (part + 1) for part in (x, held))
    if fault == "unit-range-against-tanh":
        x, held = ((part + 1) / 2 for part in (x, held))
    classes = int(y.max()) + 1
    thin = (1 if len(x.shape) == 2 else 3) if fault == "bottleneck" else 0
    G, D = networks(kind, tuple(x.shape[1:]), classes, thin)
    if fault == "double-sigmoid" and kind != "dcgan":
        D = nn.Sequential(D, nn.Sigmoid()) if kind != "conditional" else D
    if fault == "double-sigmoid" and kind == "conditional":
        D.net.append(nn.Sigmoid())
    if fault == "instance-noise":
        D = Noisy(D)
    slower = {"strong-d": (0.01, 1.0), "weak-d": (1.0, 0.01)}.get(fault, (1.0, 1.0))
    lr_g, lr_d = (0.1, 0.1) if fault == "lr-too-high" else [rates["lr"] * s for s in slower]
    moved = copy.deepcopy(G) if fault == "frozen-weights" else G
    betas = (rates["beta1"], 0.9 if kind == "wgan-gp" else 0.999)
    opt_g = torch.optim.Adam(moved.parameters(), lr=lr_g, betas=betas)
    opt_d = torch.optim.Adam(D.parameters(), lr=lr_d, betas=betas)
    conditional = kind == "conditional"

    def generate(n, labels):
        z = torch.randn(n, LATENT, 1, 1) if kind == "dcgan" else torch.randn(n, LATENT)
        return G(z, labels) if conditional else G(z)

    def judge(samples, labels):
        return D(samples, labels) if conditional else D(samples)

    def batch(n=64):
        rows = torch.randint(len(x), (n,))
        return x[rows], y[rows]

    real, labels = batch()
    noise = (torch.randn(64, LATENT), labels) if conditional else None
    extra = {"noise": noise, "labels": labels} if conditional else {}
    before = check_up(G, D, real, optimizers=[opt_g, opt_d], loss=LOSSES[kind][0], **extra)
    watch = Watch(G, D, loss=LOSSES[kind][0], held_out=held, every=every, warn=False)
    stopped = ""
    try:
        for _ in range(steps):
            for _ in range(5 if kind == "wgan-gp" else 1):
                real, labels = batch(4 if fault == "unequal-batches" else 64)
                others = batch()[1] if fault == "unequal-batches" else labels
                fake = generate(64, others)
                d_loss = d_turn(kind, fault, D, judge, (real, labels), (fake, others), opt_d)
            _, wanted = batch()
            if fault != "zero-grad-g":
                opt_g.zero_grad()
            made = generate(64, wanted)
            shown = made.detach().requires_grad_(True) if fault == "detached" else made
            on_real = judge(batch()[0], None) if kind == "ragan" else None
            g_loss = g_loss_of(kind, on_real, judge(shown, wanted))
            if fault == "shared-update":
                opt_d.zero_grad()
            (-g_loss if fault == "wrong-sign" else g_loss).backward()
            opt_g.step()
            if fault == "shared-update":
                opt_d.step()
            more = {"labels": labels, "fake_labels": others} if conditional else {}
            watch(real, fake, d_loss=d_loss, g_loss=g_loss, **more)
    except (RuntimeError, ValueError) as error:
        stopped = str(error)

    @torch.no_grad()
    def sample(count):
        torch.manual_seed(1000 + seed)
        G.eval()
        labels = torch.arange(count) % classes
        made = generate(count, labels)
        made = made / 127.5 - 1 if fault == "bytes-against-tanh" else made
        return (2 * made - 1 if fault == "unit-range-against-tanh" else made), labels

    return Result(sample, watch.report(), before, stopped)


def d_turn(kind, fault, D, judge, reals, fakes, opt_d):
    """Let the discriminator take its turn; return its loss as a script would print it."""
    (real, labels), (fake, others) = reals, fakes
    if fault != "zero-grad-d":
        opt_d.zero_grad()
    fake = fake.detach()
    if fault == "mixed-batch-norm":
        said = D(torch.cat([real, fake]))
        on_real, on_fake = said[: len(real)], said[len(real) :]
    else:
        on_real, on_fake = judge(real, labels), judge(fake, others)
    if fault == "one-output-for-both":
        on_fake = on_real
    if fault == "fakes-labeled-real":
        d_loss = LOSSES[kind][1](on_real) + LOSSES[kind][1](on_fake)
    elif fault == "label-noise":
        _, as_real, as_fake = LOSSES[kind]
        d_loss = torch.zeros(())
        for said, right, wrong in ((on_real, as_real, as_fake), (on_fake, as_fake, as_real)):
            k = int((torch.rand(len(said)) < 0.4).sum())
            rest = len(said) - k
            d_loss = d_loss + (k * wrong(said[:k]) + rest * right(said[k:])) / len(said)
    elif fault == "unequal-batches":
        _, as_real, as_fake = LOSSES[kind]
        n, m = len(on_real), len(on_fake)
        d_loss = 2 * (n * as_real(on_real) + m * as_fake(on_fake)) / (n + m)
    elif fault == "double-sigmoid" and kind == "dcgan":
        d_loss = with_logits(on_real, 1.0) + with_logits(on_fake, 0.0)
    else:
        d_loss = d_loss_of(kind, on_real, on_fake)
    whole = d_loss
    if kind == "wgan-gp" and fault != "no-penalty":
        whole = d_loss + 10 * gradient_penalty(D, real, fake)
    whole.backward()
    opt_d.step()
    return d_loss
