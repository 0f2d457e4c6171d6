import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from gan_tutorial import checkpoints, cli, data, fit, losses, models
from gan_tutorial.autoencoders import VAE, VAEGAN, Autoencoder
from gan_tutorial.gan import GAN, AdversarialTask
from gan_tutorial.gan import recipe_for as gan_recipe_for

KINDS = (Autoencoder, VAE, VAEGAN)


def networks(kind, shape=(2,), latent_dim=3, width=8, seed=0):
    torch.manual_seed(seed)
    encoder = models.MLPEncoder(shape, latent_dim * (1 if kind is Autoencoder else 2), width, 1)
    generator, discriminator = models.mlp_pair(shape, latent_dim, width, 1)
    return [encoder, generator, discriminator][: 3 if kind is VAEGAN else 2]


def task_of(kind, **options):
    seed = options.pop("seed", 0)
    return kind(*networks(kind, seed=seed), **options)


def points(count=80):
    return data.ring().sample(count, seed=0)


def quiet_fit(task, samples, steps, **options):
    return fit(task, samples, steps, batch_size=16, progress=False, device="cpu", **options)


def weights(task):
    return [p.detach().clone() for net in task.networks.values() for p in net.parameters()]


# --- A model whose likelihood and posterior are known ----------------------------------------

STD = 0.7


class LinearModel:
    """x = W z + b + noise, in float64; q is the posterior, or moved and stretched."""

    def __init__(self, shift=0.0, stretch=1.0):
        w = torch.tensor([[1.0, 0.5], [-0.4, 0.8], [0.2, 0.0]], dtype=torch.float64)
        w = torch.linalg.qr(w)[0] * torch.tensor([1.5, 0.6])  # orthogonal columns
        b = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)
        generator = models.MLPGenerator(2, (3,), depth=0).double()
        generator.net[0].weight.data, generator.net[0].bias.data = w, b
        # p(z | x) = N(S W^T (x - b) / s^2, S), S = (I + W^T W / s^2)^-1, diagonal for this W
        covariance = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + w.T @ w / STD**2)
        to_mean = covariance @ w.T / STD**2
        encoder = models.MLPEncoder((3,), 4, depth=0).double()
        encoder.net[1].weight.data = torch.cat([to_mean, torch.zeros(2, 3)])
        log_var = covariance.diagonal().log() + math.log(stretch)
        encoder.net[1].bias.data = torch.cat([shift - to_mean @ b, log_var])
        self.vae = VAE(encoder, generator, std=STD)
        self.x = MultivariateNormal(b, torch.eye(3, dtype=torch.float64)).sample((6,))
        marginal = MultivariateNormal(b, w @ w.T + STD**2 * torch.eye(3))
        self.log_p = marginal.log_prob(self.x)
        self.posterior = MultivariateNormal((self.x - b) @ to_mean.T, covariance)
        mean, log_var = self.vae.posterior(self.x)
        self.q = MultivariateNormal(mean, torch.diag_embed(log_var.exp()))


# Two plus minus points an axis integrate quadratics against N(0, I) exactly.
CUBATURE = math.sqrt(2) * torch.cat([torch.eye(2), -torch.eye(2)]).double()


@pytest.mark.parametrize(("shift", "stretch"), [(0.0, 1.0), (0.5, 1.0), (0.0, 3.0), (-1.0, 0.2)])
def test_log_likelihood_is_elbo_plus_divergence_from_the_posterior(shift, stretch):
    model = LinearModel(shift, stretch)
    elbo = model.vae.elbo(model.x, noise=CUBATURE)
    gap = kl_divergence(model.q, model.posterior)
    torch.testing.assert_close(elbo + gap, model.log_p, rtol=0, atol=1e-6)
    assert (gap > 0.01).all() == ((shift, stretch) != (0.0, 1.0))
    drawn = model.vae.elbo(model.x.repeat(2000, 1), samples=5, seed=1).view(2000, 6)
    error = drawn.std(0) / math.sqrt(2000)
    assert ((drawn.mean(0) - elbo).abs() < 5 * error).all()


def test_with_the_exact_posterior_every_weight_is_the_likelihood():
    model = LinearModel()
    for seed in range(3):
        bound = model.vae.iwae(model.x, samples=1, seed=seed)
        torch.testing.assert_close(bound, model.log_p, rtol=0, atol=1e-6)


def test_the_importance_weighted_bound_rises_to_the_likelihood():
    model = LinearModel(shift=0.5, stretch=1.5)
    elbo = model.vae.elbo(model.x, noise=CUBATURE).mean()
    means = {}
    for samples in (1, 8, 64):
        repeats = 4096 // samples
        noise = torch.randn(samples, repeats * 6, 2, dtype=torch.float64)
        means[samples] = model.vae.iwae(model.x.repeat(repeats, 1), noise=noise).mean()
    assert means[1] == pytest.approx(elbo.item(), abs=0.1)
    assert elbo < means[8] < means[64] < model.log_p.mean() + 0.01
    many = model.vae.iwae(model.x, samples=2000)
    torch.testing.assert_close(many, model.log_p, rtol=0, atol=0.1)


def test_bounds_do_not_depend_on_the_batch_and_follow_the_seed():
    model = LinearModel(shift=0.5)
    x = model.x.repeat(100, 1)  # more than one batch of the evaluation
    elbo = model.vae.elbo(x, noise=CUBATURE)
    torch.testing.assert_close(elbo[:6], model.vae.elbo(model.x, noise=CUBATURE))
    torch.testing.assert_close(elbo[-6:], elbo[:6])
    for bound in (model.vae.elbo, model.vae.iwae):
        assert torch.equal(bound(model.x, seed=1), bound(model.x, seed=1))
        assert not torch.equal(bound(model.x, seed=1), bound(model.x, seed=2))


# --- The step --------------------------------------------------------------------------------


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_the_gradient_through_the_draw_equals_finite_differences(likelihood):
    torch.manual_seed(0)
    shape = (1, 2, 2)
    encoder = models.MLPEncoder(shape, 4, 5, 1).double()
    generator = models.MLPGenerator(2, shape, 5, 1).double()
    vae = VAE(encoder, generator, likelihood=likelihood, beta=0.7)
    x = torch.rand(3, *shape, dtype=torch.float64) * 2 - 1
    noise = torch.randn(3, 2, dtype=torch.float64)
    vae.likelihood.double()
    vae.objective(x, noise)["loss"].backward()
    h = 1e-6
    for network in vae.networks.values():
        for parameter in network.parameters():
            flat, gradient = parameter.data.view(-1), parameter.grad.view(-1)
            for i in range(len(flat)):
                value = flat[i].item()
                both = []
                for moved in (value + h, value - h):
                    flat[i] = moved
                    both.append(vae.objective(x, noise)["loss"].item())
                flat[i] = value
                assert gradient[i].item() == pytest.approx(
                    (both[0] - both[1]) / (2 * h), rel=1e-4, abs=1e-6
                )


@pytest.mark.parametrize("std", [0.5, None])
def test_ten_steps_equal_a_hand_written_loop(std):
    vae, beta, lr = task_of(VAE, std=std, beta=0.5, lr=1e-2), 0.5, 1e-2
    encoder, decoder = networks(VAE)
    log_std = torch.tensor(math.log(std or 1.0), requires_grad=std is None)
    groups = [{"params": [*encoder.parameters(), *decoder.parameters()]}]
    if std is None:
        groups.append({"params": [log_std], "lr": 10 * lr})
    optimizer = torch.optim.Adam(groups, lr)
    vae.seed(7)
    draws = torch.Generator().manual_seed(7)
    for x in points().chunk(10):
        scalars = vae.step(x)

        mean, log_var = encoder(x).split(3, dim=1)
        q = Normal(mean, (log_var / 2).exp())
        z = mean + q.stddev * torch.randn(8, 3, generator=draws)
        fits = Normal(decoder(z), log_std.exp()).log_prob(x).sum(1).mean()
        kl = kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean()
        optimizer.zero_grad()
        (beta * kl - fits).backward()
        optimizer.step()
        assert scalars["kl"].item() == pytest.approx(kl.item(), rel=1e-3)
        assert scalars["log_likelihood"].item() == pytest.approx(fits.item(), rel=1e-3)
    plain = [*encoder.parameters(), *decoder.parameters(), log_std]
    for ours, theirs in zip(weights(vae), plain, strict=True):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-6)


def test_ten_steps_of_an_autoencoder_equal_a_hand_written_loop():
    task = task_of(Autoencoder, lr=1e-2, code_penalty=0.3)
    encoder, decoder = networks(Autoencoder)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-2)
    for x in points().chunk(10):
        scalars = task.step(x)
        z = encoder(x)
        error = nn.functional.mse_loss(decoder(z), x)
        optimizer.zero_grad()
        (error + 0.15 * (z**2).mean()).backward()
        optimizer.step()
        assert scalars["error"].item() == pytest.approx(error.item(), rel=1e-4)
    for ours, theirs in zip(
        weights(task), [*encoder.parameters(), *decoder.parameters()], strict=True
    ):
        torch.testing.assert_close(ours, theirs.detach(), rtol=1e-5, atol=1e-7)


def test_each_network_of_a_vae_gan_descends_its_own_loss():
    task = task_of(VAEGAN, beta=0.3, adversarial=2.0, r1=0.1, loss="relativistic")
    for name, network in task.networks.items():
        task.optimizers[name] = torch.optim.SGD(network.parameters(), lr=1.0)
    encoder, generator, discriminator = (
        task.networks[name] for name in ("encoder", "generator", "discriminator")
    )
    task.optimizers["discriminator"].param_groups[0]["lr"] = 1e-3
    x = points(8)

    # the losses of the three, as in the docstring, by hand
    task.seed(3)
    noise, prior = task.latent(8), task.latent(8)
    mean, log_var = encoder(x).chunk(2, 1)
    z = mean + (log_var / 2).exp() * noise
    from_prior = torch.arange(8)[:, None] % 2 == 1
    fake = generator(torch.where(from_prior, prior, z.detach()))
    game = losses.get_loss("relativistic")
    l_d = game.discriminator(discriminator(x), discriminator(fake.detach()))
    l_d = l_d + 0.1 * losses.r1(discriminator, x)
    wanted_d = torch.autograd.grad(l_d, list(discriminator.parameters()))
    old_d = [p.detach().clone() for p in discriminator.parameters()]

    task.seed(3)
    scalars = task.step(x.clone())
    for before, now, slope in zip(old_d, discriminator.parameters(), wanted_d, strict=True):
        torch.testing.assert_close(now.detach(), before - 1e-3 * slope, rtol=1e-4, atol=1e-6)

    # the other two see the discriminator after its update
    start_e, start_g, _ = networks(VAEGAN)
    mean, log_var = start_e(x).chunk(2, 1)
    z = mean + (log_var / 2).exp() * noise
    fake = start_g(torch.where(from_prior, prior, z.detach()))
    hidden = discriminator.net[:-1]  # all but the last linear layer
    similarity = 0.5 * (hidden(x) - hidden(start_g(z))).square().sum(1).mean()
    kl = kl_divergence(Normal(mean, (log_var / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    l_g = similarity + 2.0 * game.generator(discriminator(x), discriminator(fake))
    for network, start, loss in (
        (encoder, start_e, 0.3 * kl + similarity),
        (generator, start_g, l_g),
    ):
        slopes = torch.autograd.grad(loss, list(start.parameters()), retain_graph=True)
        for before, now, slope in zip(
            start.parameters(), network.parameters(), slopes, strict=True
        ):
            torch.testing.assert_close(now.detach(), before.detach() - slope, rtol=1e-4, atol=1e-5)
    assert scalars["similarity"].item() == pytest.approx(similarity.item(), rel=1e-4)
    assert all(p.requires_grad for p in discriminator.parameters())


def test_the_features_of_a_convolutional_discriminator_are_its_last_map():
    discriminator = models.DCGANDiscriminator(16, 1, 4, "spectral")
    encoder, generator = models.DCGANEncoder(6, 16, 1, 4), models.DCGANGenerator(3, 16, 1, 4)
    task = VAEGAN(encoder, generator, discriminator)
    assert task.features(torch.zeros(2, 1, 16, 16)).shape == (2, 8, 4, 4)
    scalars = task.step(torch.rand(6, 1, 16, 16))
    assert all(value.isfinite() for value in scalars.values())


# --- What comes out --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_codes_reconstructions_and_samples(kind):
    task = task_of(kind)
    x = points(300)
    z = task.encode(x)
    assert z.shape == (300, 3)
    torch.testing.assert_close(task.reconstruct(x), task.decode(z))
    # evaluated piece by piece, with the same result
    torch.testing.assert_close(task.encode(x[:7]), z[:7])
    assert task.sample(5).shape == (5, 2)
    torch.testing.assert_close(task.sample(9, seed=4)[:5], task.sample(5, seed=4))
    assert not torch.equal(task.sample(5, seed=1), task.sample(5, seed=2))
    quiet_fit(task, x, 5)
    assert not torch.equal(task.reconstruct(x), task.reconstruct(x, averaged=False))
    assert task.encoder.training
    assert task.generator.training


def test_pixel_noise_has_the_decoders_std_and_keeps_the_mean():
    vae = task_of(VAE, std=0.2)
    means, noisy = vae.sample(2000), vae.sample(2000, pixel_noise=True)
    assert (noisy - means).std().item() == pytest.approx(0.2, rel=0.05)
    torch.testing.assert_close(vae.sample(3, pixel_noise=True), noisy[:3])
    assert vae.std == pytest.approx(0.2)
    shape = (1, 2, 2)
    binary = VAE(*networks(VAE, shape), likelihood="bernoulli")
    drawn = binary.sample(4000, pixel_noise=True)
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), binary.sample(4000).mean(0), rtol=0, atol=0.08)
    assert binary.std is None


def test_activity_finds_the_numbers_that_collapsed():
    encoder = models.MLPEncoder((2,), 6, depth=0)
    encoder.net[1].weight.data = torch.zeros(6, 2)
    encoder.net[1].weight.data[0] = torch.tensor([3.0, 0.0])
    encoder.net[1].weight.data[1] = torch.tensor([0.0, 0.05])  # below the threshold
    vae = VAE(encoder, models.MLPGenerator(3, (2,), 4, 1))
    x = torch.randn(500, 2)
    torch.testing.assert_close(
        vae.activity(x), torch.stack([9 * x[:, 0].var(), 0.0025 * x[:, 1].var(), torch.zeros(())])
    )
    assert vae.active_units(x) == 1
    assert vae.active_units(x, threshold=1e-3) == 2


def test_a_large_beta_makes_the_posterior_collapse():
    active = {}
    for beta in (0.01, 100.0):
        vae = task_of(VAE, beta=beta, std=0.5, lr=1e-2, ema=0.9)
        history = quiet_fit(vae, points(), 150)
        active[beta] = vae.active_units(points())
    assert active[0.01] >= 2
    assert active[100.0] == 0
    assert history["kl"][-1] < 0.01


def test_training_raises_the_bound():
    vae = task_of(VAE, lr=1e-2, ema=0.9)
    x = points(200)
    before = vae.elbo(x).mean()
    quiet_fit(vae, x, 200)
    assert vae.elbo(x).mean() > before + 1
    assert vae.std < 0.8


# --- Through the loop, and back from files ---------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(kind, tmp_path):
    whole = task_of(kind)
    quiet_fit(whole, points(), 12, schedule="cosine")

    def interrupt(run):
        run.interrupted = run.step == 5

    options = {"schedule": "cosine", "out": tmp_path}
    quiet_fit(task_of(kind), points(), 12, callbacks=[interrupt], **options)
    torch.rand(5)
    resumed = task_of(kind, seed=5)  # first weights must not matter
    quiet_fit(resumed, points(), 12, resume=True, **options)
    assert all(map(torch.equal, weights(whole), weights(resumed)))
    assert torch.equal(whole.sample(4), resumed.sample(4))
    assert torch.equal(whole.reconstruct(points()), resumed.reconstruct(points()))


def test_resume_refuses_another_likelihood(tmp_path):
    quiet_fit(task_of(VAE, beta=1.0), points(), 2, out=tmp_path)
    with pytest.raises(checkpoints.CheckpointError, match=r"beta \(was 1.0, now 2.0\)"):
        quiet_fit(task_of(VAE, beta=2.0), points(), 4, out=tmp_path, resume=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_sampled_from_the_command_line(kind, tmp_path, capsys):
    from PIL import Image

    digits = data.load("digits")
    task = kind.for_data(digits, width=16, latent_dim=4)
    quiet_fit(task, digits, 3, out=tmp_path)
    out = tmp_path / "samples.png"
    assert cli.main(["sample", str(tmp_path), "--count", "6", "--out", str(out)]) == 0
    assert Image.open(out).size[0] > 8
    assert cli.main(["info", str(tmp_path)]) == 0
    assert "MLPGenerator" in capsys.readouterr().out
    exported = checkpoints.load_generator(tmp_path)
    codes = torch.randn(5, 4)
    assert torch.equal(exported(codes), task.decode(codes))


def test_recipes_share_the_generator_of_the_gan():
    balls = data.load("soccer", count=2, image_size=16)
    for kind in KINDS:
        task = kind.for_data(balls, latent_dim=5, width=4)
        assert isinstance(task.encoder, models.DCGANEncoder)
        assert models.config_of(task.generator) == models.config_of(
            models.dcgan_pair(16, 3, 5, 4)[0]
        )
        quiet_fit(task, balls, 2)
        assert task.reconstruct(balls[:]).shape == (2, 3, 16, 16)
    assert VAE.for_data(data.load("ring", count=10)).generator.shape == (2,)
    assert VAEGAN.for_data(balls, width=4, beta=0.7).beta == 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_the_recipe_is_the_gan_s_and_what_was_chosen_instead(kind):
    digits = data.load("digits", count=4)
    task, gan = kind.for_data(digits), gan_recipe_for(digits.shape)
    assert task.recipe.networks == gan.networks
    assert (task.recipe.steps, task.recipe.batch_size) == (gan.steps, gan.batch_size)
    if kind is VAEGAN:
        assert task.recipe.options == {**gan.options, "beta": 0.1, "adversarial": 5.0}
        assert (task.beta, task.adversarial, task.r1) == (0.1, 5.0, gan.options["r1"])
    else:
        assert task.recipe.options == {}
    other = kind.for_data(digits, network="mlp", latent_dim=3, width=6, lr=0.5)
    assert other.recipe.networks["latent_dim"] == other.generator.latent_dim == 3
    assert other.recipe.networks["width"] == 6
    assert other.recipe.options["lr"] == 0.5
    assert other.optimizers["encoder"].param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_samples_may_come_as_a_data_set_a_tensor_or_an_array(kind):
    digits = data.load("digits", count=6)
    torch.manual_seed(0)
    task = kind.for_data(digits, width=6)
    ways = [task.encode, task.reconstruct]
    if kind is not Autoencoder:
        ways += [task.activity, lambda x: task.posterior(x)[1]]
    if kind is VAE:
        ways += [task.elbo, task.iwae, lambda x: task.log_likelihood(x, torch.zeros(6, 32))]
    for ask in ways:
        wanted = ask(digits[:])
        assert torch.equal(ask(digits), wanted)
        assert torch.equal(ask(digits[:].double().numpy()), wanted)
    torch.manual_seed(0)
    of_tensor = kind.for_data(digits[:], width=6)
    assert torch.equal(of_tensor.encode(digits), task.encode(digits))


def test_bfloat16_stays_close_to_float32():
    digits = data.load("digits")
    finals = []
    for precision in ("fp32", "bf16"):
        torch.manual_seed(0)
        vae = VAE.for_data(digits, width=16, likelihood="bernoulli")
        history = quiet_fit(vae, digits, 20, precision=precision, log_every=20)
        finals.append(history["loss"][-1])
    assert finals[0] != finals[1]
    assert finals[1] == pytest.approx(finals[0], rel=0.05)


# --- Refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (Autoencoder, {"code_penalty": -1}, "code_penalty must not be negative"),
        (VAE, {"likelihood": "laplace"}, "gaussian, bernoulli"),
        (VAE, {"std": 0.0}, "std must be positive"),
        (VAE, {"beta": -1}, "beta must not be negative"),
        (VAE, {"likelihood": "bernoulli"}, "end in one tanh"),  # points have none
        (VAE, {"likelihood": "bernoulli", "std": 1.0}, "Only the Gaussian"),
        (VAEGAN, {"beta": -1}, "beta must not be negative"),
        (VAEGAN, {"adversarial": -1}, "adversarial must not be negative"),
        (VAEGAN, {"loss": "bce"}, "Unknown loss"),
        (Autoencoder, {"code_penalty": math.nan}, "code_penalty .* nan"),
        (VAE, {"beta": math.nan}, "beta .* nan"),
        (VAE, {"beta": math.inf}, "beta .* inf"),
        (VAE, {"std": math.nan}, "std must be positive"),
        (VAE, {"lr": math.nan}, "learning rate"),
        (VAEGAN, {"beta": math.nan}, "beta .* nan"),
        (VAEGAN, {"adversarial": math.nan}, "adversarial .* nan"),
    ],
)
def test_refusals(kind, options, message):
    with pytest.raises(ValueError, match=message):
        task_of(kind, **options)


def test_a_vae_gan_has_only_the_options_that_it_uses():
    task = task_of(VAEGAN)
    assert isinstance(task, AdversarialTask)
    assert not isinstance(task, GAN)
    for name in ("d_steps", "reuse_fakes"):
        assert name not in task.settings
        with pytest.raises(TypeError, match=name):
            task_of(VAEGAN, **{name: 1})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, -3, math.nan])
def test_sizes_of_zero_are_refused_and_not_replaced(kind, value):
    for name in ("latent_dim", "width"):
        with pytest.raises((ValueError, TypeError), match=f"{name} must be"):
            kind.for_data(data.load("digits", count=2), **{name: value})


def test_an_encoder_that_does_not_fit_is_refused():
    encoder, generator, _ = networks(VAEGAN)
    with pytest.raises(ValueError, match=r"give 3 \(one per number of the code\), and it gives 6"):
        Autoencoder(encoder, generator)
    with pytest.raises(
        ValueError, match=r"give 6 \(a mean and a log variance each\), and it gives 3"
    ):
        VAE(networks(Autoencoder)[0], generator)
    with pytest.raises(ValueError, match="at least one hidden layer"):
        VAEGAN(encoder, generator, models.MLPDiscriminator((2,), depth=0))


def test_a_bound_needs_a_sample():
    with pytest.raises(ValueError, match="at least 1 sample"):
        task_of(VAE).elbo(points(), samples=0)
