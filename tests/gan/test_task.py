import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_tutorial import GAN, data, fit, losses, metrics, models
from gan_tutorial.gan import frozen, recipe_for
from gan_tutorial.models import latent_codes


def pair(seed=0):
    torch.manual_seed(seed)
    return models.mlp_pair((2,), latent_dim=3, width=8, depth=1)


def changed(before, network):
    return any(
        not torch.equal(a, b)
        for a, b in zip(before, (p.detach() for p in network.parameters()), strict=True)
    )


def snapshot(network):
    return [p.detach().clone() for p in network.parameters()]


def test_ten_steps_equal_plain_pytorch():
    """The loop a reader writes first, with binary cross-entropy, and the library: same weights."""
    g, d = pair()
    plain_g, plain_d = pair()
    x = data.ring().sample(80, seed=0)
    gan = GAN(g, d, loss="non-saturating", lr=1e-2, betas=(0.5, 0.999))
    gan.seed(7)
    opt_g = torch.optim.Adam(plain_g.parameters(), 1e-2, (0.5, 0.999))
    opt_d = torch.optim.Adam(plain_d.parameters(), 1e-2, (0.5, 0.999))
    noise = torch.Generator().manual_seed(7)
    for real in x.chunk(10):
        gan.step(real.clone())

        fake = plain_g(torch.randn(8, 3, generator=noise)).detach()
        opt_d.zero_grad()
        d_loss = bce(plain_d(real), torch.ones(8)) + bce(plain_d(fake), torch.zeros(8))
        d_loss.backward()
        opt_d.step()

        opt_g.zero_grad()
        fake = plain_g(torch.randn(8, 3, generator=noise))
        bce(plain_d(fake), torch.ones(8)).backward()
        opt_g.step()
    for ours, plain in zip(
        snapshot(g) + snapshot(d), snapshot(plain_g) + snapshot(plain_d), strict=True
    ):
        torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-7)


def plain_squared_norms(d, x):
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
    return gradient.square().sum(1)


def foreign(d):
    """The same network, of a kind that the library does not know."""
    return nn.Sequential(nn.Sequential(d, nn.Dropout(0.0)), nn.Identity())


@pytest.mark.parametrize("wrap", [nn.Module.train, foreign])
@pytest.mark.parametrize(("r1", "r2"), [(0.3, 0.7), (0.3, 0.0), (0.0, 0.7)])
def test_the_discriminator_update_with_penalties_descends_the_written_objective(r1, r2, wrap):
    g, d = pair()
    gan = GAN(g, wrap(d), loss="relativistic", r1=r1, r2=r2, lr=1e-3)
    gan.optimizers["discriminator"] = torch.optim.SGD(d.parameters(), lr=1.0)
    real = data.ring().sample(16, seed=1)
    gan.seed(3)
    fake = g(gan.latent(16)).detach()
    gan.seed(3)
    a_real, a_fake = d(real), d(fake)
    norms = {"r1": plain_squared_norms(d, real), "r2": plain_squared_norms(d, fake)}
    objective = losses.get_loss("relativistic").discriminator(a_real, a_fake)
    for name, gamma in (("r1", r1), ("r2", r2)):
        objective = objective + gamma * 0.5 * norms[name].mean()
    gradients = torch.autograd.grad(objective, list(d.parameters()))
    before = snapshot(d)
    scalars = gan.discriminator_step(real)
    for old, new, gradient in zip(before, snapshot(d), gradients, strict=True):
        torch.testing.assert_close(new, old - gradient, rtol=1e-4, atol=1e-6)
    for name, gamma in (("r1", r1), ("r2", r2)):
        if gamma:
            assert scalars[name].item() == pytest.approx(norms[name].mean().item() / 2, rel=1e-5)
        else:
            assert name not in scalars


def test_each_player_changes_only_its_own_weights():
    gan = GAN(*pair(), r1=0.1, r2=0.1)
    real = data.ring().sample(16, seed=0)
    g, d = snapshot(gan.generator), snapshot(gan.discriminator)
    gan.discriminator_step(real)
    assert changed(d, gan.discriminator)
    assert not changed(g, gan.generator)
    d = snapshot(gan.discriminator)
    gan.generator_step(real)
    assert changed(g, gan.generator)
    assert not changed(d, gan.discriminator)
    assert all(p.requires_grad for p in gan.discriminator.parameters())


def test_several_discriminator_updates_use_different_reals():
    gan = GAN(*pair(), d_steps=3)
    seen = []
    gan.discriminator_step = lambda real, fake: seen.append(real) or {}
    gan.step(torch.arange(24.0).reshape(12, 2))
    assert [len(real) for real in seen] == [4, 4, 4]
    assert torch.cat(seen).unique().numel() == 24


def test_lazy_penalties_come_every_so_many_updates_with_the_same_mean_weight():
    gan = GAN(*pair(), r1=0.1, penalty_every=4)
    real = data.ring().sample(16, seed=0)
    with_penalty = ["r1" in gan.step(real.clone()) for _ in range(8)]
    assert with_penalty == [True, False, False, False] * 2


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_moves_both_players(name):
    gan = GAN(*pair(), loss=name)
    g, d = snapshot(gan.generator), snapshot(gan.discriminator)
    scalars = gan.step(data.ring().sample(16, seed=0))
    assert changed(g, gan.generator)
    assert changed(d, gan.discriminator)
    assert all(value.isfinite() for value in scalars.values())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_wasserstein_critic_takes_the_slope_where_gain_and_penalty_balance(seed):
    """A slope s over a distance W gains s W and costs 10 (s - 1)^2: best is s = 1 + W / 20."""
    torch.manual_seed(seed)
    g, d = models.mlp_pair((2,), 2, 32, 2)
    gan = GAN(g, d, loss="wasserstein", gp=10.0, lr=(1e-5, 5e-3), d_steps=5, betas=(0.0, 0.9))
    x = data.ring().sample(1000, seed=0) + torch.tensor([3.0, 0.0])
    fit(gan, x, 100, batch_size=64, schedule="linear", progress=False, device="cpu")
    fake = gan.sample(1000, averaged=False)
    slope = (2 * losses.r1(gan.discriminator, 0.5 * (x + fake)).detach()).sqrt().item()
    distance = (x.mean(0) - fake.mean(0)).norm().item()
    assert slope == pytest.approx(1 + distance / 20, abs=0.03)


def test_samples_depend_on_the_seed_only():
    gan = GAN(*pair())
    torch.testing.assert_close(gan.sample(4, seed=1), gan.sample(9, seed=1)[:4])
    assert not torch.equal(gan.sample(4, seed=1), gan.sample(4, seed=2))
    assert latent_codes(10_000, 3).std() == pytest.approx(1, abs=0.02)


def test_recipes_by_kind_of_data():
    ring, digits = data.load("ring", count=50), data.load("digits")
    assert isinstance(GAN.for_data(ring).generator, models.MLPGenerator)
    assert GAN.for_data(digits).generator.shape == (1, 8, 8)
    balls = data.load("soccer", count=2, image_size=32)
    gan = GAN.for_data(balls, latent_dim=5, width=8, r1=3.0)
    assert isinstance(gan.generator, models.DCGANGenerator)
    assert (gan.generator.latent_dim, gan.r1) == (5, 3.0)
    with pytest.raises(ValueError, match="points"):
        GAN.for_data(ring, network="dcgan")
    with pytest.raises(ValueError, match="auto, mlp, dcgan"):
        GAN.for_data(ring, network="transformer")


@pytest.mark.slow
def test_ring_recipe_finds_the_modes_in_a_few_seconds():
    ring = data.load("ring", count=20_000)
    torch.manual_seed(0)
    gan = GAN.for_data(ring)
    fit(gan, ring, 600, batch_size=128, schedule="hold-cosine", progress=False, device="cpu")
    found = metrics.mode_report(gan.sample(1000), ring.density)
    assert found.modes >= 7
    assert found.high_quality > 0.6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"r1": -1}, "r1 must not be negative"),
        ({"d_steps": 0}, "d_steps"),
        ({"penalty_every": 0}, "penalty_every"),
        ({"loss": "bce"}, "Unknown loss"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        GAN(*pair(), **options)


def test_penalty_with_batch_norm_in_the_discriminator_is_refused():
    g, _ = pair()
    d = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    GAN(g, d)
    with pytest.raises(ValueError, match="batch norm"):
        GAN(g, d, r1=1.0)


# --- A recipe, chosen from the shape ----------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 2), (40, 1, 8, 8), (40, 1, 28, 28), (40, 3, 16, 16)])
def test_for_data_takes_a_tensor_as_well_as_a_data_set(shape):
    x = torch.rand(shape) * 2 - 1
    from_tensor = GAN.for_data(x, latent_dim=3, width=4)
    from_data = GAN.for_data(data.Dataset("mine", x), latent_dim=3, width=4)
    assert from_tensor.config() == from_data.config()
    assert from_tensor.recipe == from_data.recipe
    assert from_tensor.sample(2).shape == (2, *shape[1:])
    history = fit(from_tensor, x, 1, batch_size=4, progress=False, log_every=1)
    assert len(history) == 1


def test_what_is_given_to_for_data_stands_in_the_recipe():
    gan = GAN.for_data(data.ring().sample(9, seed=0), width=16, lr=5e-4, r1=0.0)
    assert gan.recipe.networks["width"] == 16
    assert gan.recipe.options["lr"] == 5e-4
    assert (gan.r1, gan.r2) == (0.0, 0.1)
    assert gan.recipe.batch_size == 256
    assert recipe_for((2,)).options["lr"] == 1.5e-3  # the book's own is not changed by it


@pytest.mark.parametrize("option", ["width", "latent_dim"])
def test_a_size_of_zero_is_not_taken_for_none(option):
    with pytest.raises(ValueError, match=f"{option} must be at least 1, got 0"):
        GAN.for_data(torch.rand(9, 2), **{option: 0})


def test_one_sample_is_not_taken_for_data():
    with pytest.raises(ValueError, match="first axis counts the samples"):
        GAN.for_data(torch.rand(1, 28, 28))


# --- Small print of a step --------------------------------------------------------------------


@pytest.mark.parametrize(("d_steps", "every"), [(5, 5), (5, 3), (2, 4), (1, 1)])
@pytest.mark.parametrize("penalty", ["gp", "r1", "r2"])
def test_a_penalty_is_recorded_whichever_update_it_fell_on(penalty, d_steps, every):
    gan = GAN(*pair(), loss="hinge", d_steps=d_steps, penalty_every=every, **{penalty: 1.0})
    x = data.ring().sample(64, seed=0)
    history = fit(gan, x, 8, batch_size=4, log_every=8, progress=False, device="cpu")
    assert penalty in history.columns


@pytest.mark.parametrize("raises", [False, True])
def test_frozen_leaves_the_weights_as_they_were(raises):
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    network[0].requires_grad_(False)  # frozen by the user
    try:
        with frozen(network):
            assert not any(p.requires_grad for p in network.parameters())
            if raises:
                raise RuntimeError
    except RuntimeError:
        pass
    assert [p.requires_grad for p in network.parameters()] == [False, False, True, True]


def test_layers_that_the_user_froze_are_not_trained():
    players = pair()
    for player in players:
        next(player.parameters()).requires_grad_(False)
    before = [snapshot(player) for player in players]
    fit(GAN(*players, lr=1e-2), data.ring().sample(64, seed=0), 5, progress=False, device="cpu")
    for player, weights in zip(players, before, strict=True):
        moved = [not torch.equal(p, q) for p, q in zip(player.parameters(), weights, strict=True)]
        assert moved[0] is False
        assert all(moved[2:])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
@pytest.mark.parametrize("weight", ["r1", "r2", "gp"])
def test_weights_that_are_no_numbers_are_refused(weight, value):
    with pytest.raises(ValueError, match=f"{weight} must not be negative"):
        GAN(*pair(), **{weight: value})
