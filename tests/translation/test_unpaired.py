import pytest
import torch

from gan_tutorial import checkpoints, data, fit, losses, models
from gan_tutorial.data import Dataset
from gan_tutorial.translation import (
    Pairs,
    UnpairedTranslation,
    cycle_loss,
    identity_loss,
    translate,
)

QUIET = {"progress": False, "device": "cpu", "log_every": 1}


def task(seed=0, **options):
    torch.manual_seed(seed)
    unets = (models.UNetGenerator(3, 8, width=4, depth=1, mask_input=False) for _ in range(2))
    judges = (models.PatchDiscriminator(3, 4, 1) for _ in range(2))
    return UnpairedTranslation(*map(models.Translator, unets), *judges, **options)


def both(count=12, others=9):
    torch.manual_seed(5)
    a, b = torch.rand(count, 3, 8, 8) * 2 - 1, torch.rand(others, 3, 8, 8)
    return Pairs(Dataset("a", a), Dataset("b", b))


def snapshot(network):
    return [p.detach().clone() for p in network.parameters()]


INVERSE_MAPS = {
    "negative": (torch.neg, torch.neg),
    "mirror": (lambda x: x.flip(3), lambda x: x.flip(3)),
    "colors": (lambda x: x.roll(1, 1), lambda x: x.roll(-1, 1)),
    "cube": (lambda x: x**3, lambda x: x.sign() * x.abs() ** (1 / 3)),
}


@pytest.mark.parametrize("name", INVERSE_MAPS)
def test_the_cycle_costs_nothing_where_one_map_undoes_the_other(name):
    """However wrong they are: a cycle cannot tell a translation from a mirror image of it."""
    there, back = INVERSE_MAPS[name]
    x = torch.rand(4, 3, 6, 6) * 2 - 1
    assert cycle_loss(there, back, x).item() == pytest.approx(0, abs=1e-6)
    assert cycle_loss(back, there, x).item() == pytest.approx(0, abs=1e-6)
    assert identity_loss(there, x) > 0.1  # which the identity loss sees


def test_what_a_cycle_and_an_identity_cost():
    x = torch.rand(4, 3, 6, 6)
    assert cycle_loss(lambda x: x + 0.2, lambda x: x, x).item() == pytest.approx(0.2)
    assert cycle_loss(lambda x: 1 / 0, lambda y: y, x, gone=x).item() == 0
    assert identity_loss(lambda x: x, x).item() == 0
    assert identity_loss(lambda x: x - 0.3, x).item() == pytest.approx(0.3)


def test_the_generators_descend_the_written_objective():
    t = task(history=0, cycle=3.0, identity=2.0)
    for name in t.GENERATORS:
        t.optimizers[name] = torch.optim.SGD(t.networks[name].parameters(), lr=1.0)
    for name in t.DISCRIMINATORS:
        t.optimizers[name] = torch.optim.SGD(t.networks[name].parameters(), lr=0.0)
    g, f = (t.networks[name] for name in t.GENERATORS)
    d_b, d_a = (t.networks[name] for name in t.DISCRIMINATORS)
    a, b = both()[:4], both().target[:4]
    objective = 0.5 * (d_b(g(a)) - 1).square().mean() + 0.5 * (d_a(f(b)) - 1).square().mean()
    cycles = (f(g(a)) - a).abs().mean() + (g(f(b)) - b).abs().mean()
    identities = (g(b) - b).abs().mean() + (f(a) - a).abs().mean()
    objective = objective + 3.0 * cycles + 2.0 * identities
    weights = [*g.parameters(), *f.parameters()]
    gradients = torch.autograd.grad(objective, weights)
    before = snapshot(g) + snapshot(f)
    scalars = t.step((a, b))
    for old, new, gradient in zip(before, snapshot(g) + snapshot(f), gradients, strict=True):
        torch.testing.assert_close(new, old - gradient, rtol=1e-3, atol=1e-5)
    assert scalars["cycle"] == pytest.approx(cycles.item(), rel=1e-5)
    assert scalars["identity"] == pytest.approx(identities.item(), rel=1e-5)


def test_each_discriminator_judges_its_own_set():
    t = task(history=0)
    seen = {name: [] for name in t.DISCRIMINATORS}
    for name in t.DISCRIMINATORS:
        network = t.networks[name]
        t.fast[name] = lambda x, name=name, network=network: seen[name].append(x) or network(x)
    a, b = both()[:4], both().target[:4]
    t.step((a, b))
    assert any(torch.equal(x, b) for x in seen["discriminator"])
    assert any(torch.equal(x, a) for x in seen["inverse_discriminator"])
    assert not any(torch.equal(x, a) for x in seen["discriminator"])


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_moves_all_four(name):
    t = task(loss=name, r1=1.0)
    before = {name: snapshot(network) for name, network in t.networks.items()}
    scalars = t.step((both()[:4], both().target[:4]))
    assert all(value.isfinite() for value in scalars.values())
    assert "r1" in scalars
    for name, weights in before.items():
        after = snapshot(t.networks[name])
        assert any(not torch.equal(a, b) for a, b in zip(weights, after, strict=True))
        assert all(p.requires_grad for p in t.networks[name].parameters())


def test_targets_are_drawn_by_themselves_and_all_of_them():
    t, sets = task(), both(12, 9)
    a, b = t.take(sets, torch.arange(12))
    assert torch.equal(a, sets[:])
    drawn = torch.cat([t.take(sets, torch.arange(12))[1] for _ in range(20)]).flatten(1)
    assert len(drawn.unique(dim=0)) == 9
    assert b.shape == a.shape


def test_a_resumed_run_is_the_whole_run_bit_for_bit(tmp_path):
    """With what is stored of earlier fakes: six of them are full after two steps."""

    def run(folder, steps, resume=False):
        t = task(history=6)
        fit(t, both(), steps, batch_size=4, out=folder, resume=resume, **QUIET)
        return t

    run(tmp_path / "parts", 4)
    parts, whole = run(tmp_path / "parts", 7, resume=True), run(tmp_path / "whole", 7)
    for name in whole.networks:
        for a, b in zip(
            snapshot(parts.networks[name]), snapshot(whole.networks[name]), strict=True
        ):
            assert torch.equal(a, b)
    for name in whole.histories:
        assert torch.equal(parts.histories[name].stored, whole.histories[name].stored)
        assert parts.histories[name].filled == 6
    exported = checkpoints.load_generator(tmp_path / "parts")
    x = both()[:3]
    torch.testing.assert_close(translate(exported, x), parts.translate(x))  # layouts differ
    assert not torch.equal(parts.translate(x), parts.translate(x, back=True))


def test_a_recipe_for_the_pictures():
    balls = data.load("soccer", count=4)
    t = UnpairedTranslation.for_data(Pairs(balls, balls), width=8, cycle=3.0)
    assert (t.cycle, t.recipe.options["cycle"], t.loss.name) == (3.0, 3.0, "least-squares")
    assert t.networks["generator"].shape == (3, 32, 32)
    assert t.recipe.networks["discriminator"]["channels"] == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: task(cycle=-1.0), "cycle must be a finite number"),
        (lambda: task(identity=float("inf")), "identity must be"),
        (lambda: task(history=-1), "history"),
        (lambda: task(loss="magic"), "Unknown loss"),
        (lambda: fit(task(), both().origin, 1), "two sets"),
        (lambda: UnpairedTranslation.for_data(data.load("ring")), "is of pictures"),
    ],
)
def test_bad_input_gets_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_generators_of_other_sizes_are_refused():
    def translator(size, factor=1):
        unet = models.UNetGenerator(3, size, width=4, depth=1, mask_input=False)
        return models.Translator(unet, factor)

    judges = [models.PatchDiscriminator(3, 4, 1) for _ in range(2)]
    for there, back in ((8, 16), (8, 8)):
        with pytest.raises(ValueError, match="pictures of one size"):
            UnpairedTranslation(translator(there), translator(back, 2), *judges)
