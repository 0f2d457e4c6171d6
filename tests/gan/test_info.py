import math

import pytest
import torch
from torch import nn

from gan_tutorial import checkpoints, data, fit, models
from gan_tutorial.gan import InfoGAN
from gan_tutorial.models import InfoDiscriminator, InfoGenerator, sample_generator
from gan_tutorial.models.info import entropy_of_codes, log_likelihood_of_codes

QUIET = {"progress": False, "device": "cpu", "log_every": 1}
CODES = {"categories": 3, "continuous": 2}


def task(seed=0, **options):
    torch.manual_seed(seed)
    g, d = models.mlp_pair((2,), 8, 16, 2)
    return InfoGAN(InfoGenerator(g, **CODES), InfoDiscriminator(d, **CODES), **options)


class Shows(nn.Module):
    """A generator that shows what it gets."""

    shape = (8,)
    latent_dim = 8

    def forward(self, z):
        return z


def test_codes_are_uniform_and_reach_the_network():
    g = InfoGenerator(Shows(), **CODES)
    z = torch.randn(20_000, 8, generator=torch.Generator().manual_seed(0))
    labels, numbers = g.codes(z)
    share = torch.bincount(labels) / len(labels)
    torch.testing.assert_close(share, torch.full((3,), 1 / 3), rtol=0, atol=0.02)
    assert numbers.abs().max() <= 1
    # the moments of a uniform number in [-1, 1]
    torch.testing.assert_close(numbers.mean(0), torch.zeros(2), rtol=0, atol=0.02)
    torch.testing.assert_close(numbers.var(0), torch.full((2,), 1 / 3), rtol=0, atol=0.02)
    seen = g(z)
    assert torch.equal(seen[:, :3].argmax(1), labels)
    torch.testing.assert_close(seen[:, :3].sum(1), torch.ones(len(z)))
    torch.testing.assert_close(seen[:, 3:5], numbers)
    assert torch.equal(seen[:, 5:], z[:, 5:])
    torch.testing.assert_close(g.make(labels, numbers, z[:, 5:]), seen)


def test_the_bound_of_a_noisy_channel():
    """A label comes through, or becomes any other: I(c; x) is known, and the best Q attains it."""
    k, keeps, count = 4, 0.7, 40_000
    torch.manual_seed(0)
    labels = torch.randint(k, (count,))
    shift = torch.where(torch.rand(count) < keeps, 0, torch.randint(1, k, (count,)))
    x = (labels + shift) % k
    flips = (1 - keeps) / (k - 1)
    information = math.log(k) + keeps * math.log(keeps) + (1 - keeps) * math.log(flips)
    nothing = torch.zeros(count, 0)

    def bound(table):
        found = log_likelihood_of_codes(table.log()[x], labels, nothing, k)
        return (found + entropy_of_codes(k, 0)).item()

    true = torch.full((k, k), flips).fill_diagonal_(keeps)
    assert bound(true) == pytest.approx(information, abs=0.02)
    assert bound(torch.full((k, k), 1 / k)) == pytest.approx(0, abs=1e-5)  # knows nothing
    for seed in range(5):  # no other guess exceeds it
        torch.manual_seed(seed)
        assert bound(torch.rand(k, k).add(0.01).softmax(1)) < information + 0.02


def test_the_likelihood_of_numbers_is_the_normal_one():
    numbers, mean, log_var = torch.randn(3, 6, 2).unbind()
    found = log_likelihood_of_codes(
        torch.cat([mean, log_var], 1), torch.zeros(6, dtype=torch.long), numbers, 0
    )
    normal = torch.distributions.Normal(mean, (0.5 * log_var).exp())
    torch.testing.assert_close(found, normal.log_prob(numbers).sum(1).mean())
    # what is told exactly is worth no more than a standard deviation of exp(-3)
    exact = torch.cat([numbers, torch.full_like(numbers, -50.0)], 1)
    found = log_likelihood_of_codes(exact, torch.zeros(6, dtype=torch.long), numbers, 0)
    assert found.item() == pytest.approx(2 * (3 - 0.5 * math.log(2 * math.pi)))


def test_both_players_descend_the_written_objectives():
    t = task(information=0.5, loss="hinge")
    g, d = t.generator, t.discriminator
    for name, lr in (("generator", 1.0), ("discriminator", 0.1)):
        t.optimizers[name] = torch.optim.SGD(t.networks[name].parameters(), lr=lr)
    x = torch.randn(8, 2)
    t.seed(3)
    z, again = t.latent(8), t.latent(8)
    t.seed(3)
    fake = g(z).detach()
    of_d = (1 - d(x)).relu().mean() + (1 + d(fake)).relu().mean() - 0.5 * t.bound(fake, z)
    wanted = [
        p.detach() - 0.1 * slope
        for p, slope in zip(
            d.parameters(), torch.autograd.grad(of_d, list(d.parameters())), strict=True
        )
    ]
    before = [p.detach().clone() for p in g.parameters()]
    t.step(x)
    for new, right in zip(d.parameters(), wanted, strict=True):
        torch.testing.assert_close(new.detach(), right, rtol=1e-4, atol=1e-6)
    after = [p.detach().clone() for p in g.parameters()]
    with torch.no_grad():
        for p, old in zip(g.parameters(), before, strict=True):
            p.copy_(old)
    fake = g(again)
    slopes = torch.autograd.grad(-d(fake).mean() - 0.5 * t.bound(fake, again), list(g.parameters()))
    for old, new, slope in zip(before, after, slopes, strict=True):
        torch.testing.assert_close(new, old - slope, rtol=1e-4, atol=1e-6)


def test_it_finds_three_clumps_and_never_exceeds_the_entropy():
    torch.manual_seed(0)
    centers = torch.tensor([[0.0, 1.0], [0.9, -0.5], [-0.9, -0.5]])
    truth = torch.arange(600) % 3
    x = centers[truth] + 0.05 * torch.randn(600, 2)
    g, d = models.mlp_pair((2,), 8, 48, 2)
    codes = {"categories": 3, "continuous": 0}
    t = InfoGAN(
        InfoGenerator(g, **codes), InfoDiscriminator(d, **codes), r1=0.1, r2=0.1, lr=2e-3,
        betas=(0.0, 0.9),
    )  # fmt: skip
    history = fit(t, x, 400, batch_size=64, schedule="cosine", **QUIET)
    assert max(history["information"]) <= math.log(3) + 1e-5
    assert history.last()["information"] > 0.9 * math.log(3)
    labels, numbers = t.guess(x)
    assert numbers.shape == (600, 0)
    table = torch.zeros(3, 3).index_put((truth, labels), torch.ones(600), accumulate=True)
    assert table.max(1).values.sum() > 590  # each clump has a category
    assert len(set(table.argmax(1).tolist())) == 3


def test_a_resumed_run_is_the_whole_run_bit_for_bit(tmp_path):
    def run(folder, steps, resume=False):
        t = task(r1=0.1)
        points = data.ring().sample(40, seed=0)
        fit(t, points, steps, batch_size=8, out=folder, resume=resume, **QUIET)
        return t

    run(tmp_path / "parts", 3)
    parts, whole = run(tmp_path / "parts", 6, resume=True), run(tmp_path / "whole", 6)
    for name, network in parts.networks.items():
        other = whole.networks[name].state_dict()
        assert all(torch.equal(v, other[k]) for k, v in network.state_dict().items())
    exported = checkpoints.load_generator(tmp_path / "parts")
    z = torch.randn(4, 8)
    torch.testing.assert_close(
        sample_generator(exported, z), sample_generator(parts.average["generator"], z)
    )
    assert exported.categories == 3


def test_refusals():
    digits = data.load("digits")
    for options, message in (
        ({"categories": 1}, "2 categories or more"),
        ({"categories": 0, "continuous": 0}, "has codes"),
        ({"continuous": -1}, "has codes"),
        ({"information": -1.0}, "information"),
    ):
        with pytest.raises(ValueError, match=message):
            InfoGAN.for_data(digits, **options)
    with pytest.raises(ValueError, match="no room for noise"):
        InfoGenerator(models.MLPGenerator(12, (2,)), 10, 2)
    g, d = models.mlp_pair((2,), 8, 16, 2)
    with pytest.raises(ValueError, match="same codes"):
        InfoGAN(InfoGenerator(g, **CODES), InfoDiscriminator(d, 4, 2))
    with pytest.raises(ValueError, match="same codes"):
        InfoGAN(g, d)
