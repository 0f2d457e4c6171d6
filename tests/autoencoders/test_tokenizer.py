import pytest
import torch
from torch import nn

from gan_tutorial import checkpoints, data, fit
from gan_tutorial.autoencoders import Tokenizer, tokenizer_recipe
from gan_tutorial.models import PatchDiscriminator, VectorQuantizer, sample_generator

QUIET = {"progress": False, "device": "cpu", "log_every": 1, "schedule": "constant"}
TINY = {"width": 4, "codes": 8}


def balls(count=32):
    return data.load("soccer", count=count, image_size=8)


def tokenizer(seed=0, **options):
    torch.manual_seed(seed)
    return Tokenizer.for_data(balls(), **{**TINY, "warm_up": 0, **options})


class Places(nn.Module):
    """A decoder that shows the codes themselves: pictures of one pixel with `dim` channels."""

    latent_dim = 1

    def __init__(self, codes, dim, learned):
        super().__init__()
        self.quantizer = VectorQuantizer(codes, dim, learned, decay=0.9)
        self.net = nn.Identity()
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)  # Adam wants one

    def decode(self, tokens):
        return self.net(self.quantizer.vectors(tokens).movedim(-1, 1))

    def note(self, tokens):
        pass


class Whole(nn.Module):
    """An encoder that says what it sees."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return x * self.scale.detach() + 0 * self.scale


@pytest.mark.parametrize("learned", ["ema", "gradient"])
def test_a_codebook_of_k_codes_learns_k_points_without_error(learned):
    torch.manual_seed(0)
    points = torch.randn(5, 3)
    x = points.repeat(40, 1)[:, :, None, None]
    task = Tokenizer(
        Whole(), Places(5, 3, learned), PatchDiscriminator(3, 4, 1), adversarial=0.0, lr=5e-2,
        revive=0.5,
    )  # fmt: skip
    fit(task, x, 250, batch_size=64, **{**QUIET, "schedule": "linear"})
    found = task.reconstruct(x, averaged=False)
    assert (found - x).abs().max().item() < (1e-5 if learned == "ema" else 2e-2)
    assert task.used(x, averaged=False) == 1.0
    # one code fewer cannot
    fewer = Tokenizer(
        Whole(), Places(4, 3, learned), PatchDiscriminator(3, 4, 1), adversarial=0.0, lr=1e-2,
    )  # fmt: skip
    fit(fewer, x, 150, batch_size=64, **QUIET)
    assert (fewer.reconstruct(x, averaged=False) - x).abs().max().item() > 0.1


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_encoder_and_decoder_descend_the_written_objective(codebook):
    task = tokenizer(codebook=codebook, adversarial=0.0, commitment=0.3)
    x = balls()[:8]
    task.step(x)  # lays out the codebook
    for name in ("encoder", "generator"):
        task.optimizers[name] = torch.optim.SGD(task.networks[name].parameters(), lr=1.0)
    q = task.generator.quantizer
    z = task.encoder(x)
    tokens = q.nearest(z.movedim(1, -1).flatten(0, 2)).view(8, 4, 4)
    # with respect to a decoder's input that is a leaf: the slope that is passed on to z
    e = q.codebook[tokens].movedim(-1, 1)
    shown = e.detach().requires_grad_()
    error = (x - task.generator.net(shown)).square().mean()
    (slope,) = torch.autograd.grad(error, shown, retain_graph=True)
    objective = (slope * z).sum() + 0.3 * (z - e.detach()).square().mean()
    of_encoder = torch.autograd.grad(objective, list(task.encoder.parameters()), retain_graph=True)
    before = [p.detach().clone() for p in task.encoder.parameters()]
    codes = q.codebook.detach().clone()
    of_codes = 2 * (codes[tokens] - z.detach().movedim(1, -1)) / z.numel()
    wanted = codes.index_add(0, tokens.flatten(), of_codes.flatten(0, 2), alpha=-1.0)
    task.step(x)
    for old, new, gradient in zip(before, task.encoder.parameters(), of_encoder, strict=True):
        torch.testing.assert_close(new.detach(), old - gradient, rtol=1e-4, atol=1e-6)
    if codebook == "gradient":  # the error does not move codes: it passes them by
        torch.testing.assert_close(q.codebook.detach(), wanted, rtol=1e-4, atol=1e-6)


def test_the_adaptive_weight_balances_the_slopes_at_the_last_layer():
    task = tokenizer(adversarial=0.7)
    x = balls()[:8]
    task.step(x)
    z = task.encoder(x)
    _, e = task.quantize(z)
    fake = task.generator.net(e)
    error, game = (x - fake).square().mean(), -task.judge(fake).mean()
    weight = task.game_weight(error, game)
    last = task.generator.net[-2].weight
    a, b = (torch.autograd.grad(s, last, retain_graph=True)[0].norm() for s in (error, game))
    assert (weight * b / a).item() == pytest.approx(0.7, rel=1e-3)
    fixed = tokenizer(adversarial=0.7, adaptive=False)
    assert fixed.game_weight(error, game).item() == pytest.approx(0.7)


def test_the_game_begins_after_the_warm_up():
    task = tokenizer(warm_up=2, r1=0.1, penalty_every=1)
    before = [p.clone() for p in task.discriminator.parameters()]
    history = fit(task, balls(), 2, batch_size=8, **QUIET)
    assert "d_loss" not in history.last()
    pairs = zip(before, task.discriminator.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    last = fit(task, balls(), 3, batch_size=8, **QUIET).last()
    assert {"d_loss", "g_loss", "real_logit", "fake_logit", "game_weight", "r1"} <= set(last)


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_a_resumed_run_is_the_whole_run_bit_for_bit(tmp_path, codebook):
    def run(folder, steps, resume=False):
        task = tokenizer(codebook=codebook, r1=0.5)
        fit(task, balls(), steps, batch_size=8, out=folder, resume=resume, **QUIET)
        return task

    run(tmp_path / "parts", 3)
    parts, whole = run(tmp_path / "parts", 6, resume=True), run(tmp_path / "whole", 6)
    for name, network in parts.networks.items():
        other = whole.networks[name].state_dict()
        for key, value in network.state_dict().items():
            assert torch.equal(value, other[key]), key
    # the exported decoder has its codebook, and is sampled like any other generator
    exported = checkpoints.load_generator(tmp_path / "parts")
    tokens = parts.encode(balls()[:4])
    torch.testing.assert_close(exported.decode(tokens), parts.decode(tokens))
    z = torch.randn(4, exported.latent_dim)
    torch.testing.assert_close(
        sample_generator(exported, z), sample_generator(parts.average["generator"], z)
    )


def test_samples_are_drawn_as_often_as_tokens_were_met():
    task = tokenizer()
    generator = task.generator
    share = torch.tensor([0.5, 0.0, 0.25, 0.25, 0, 0, 0, 0])
    generator.met.copy_(share.expand(16, 8))
    drawn = generator.tokens(torch.randn(4000, 16, generator=torch.Generator().manual_seed(0)))
    found = torch.bincount(drawn.flatten(), minlength=8) / drawn.numel()
    torch.testing.assert_close(found, share, rtol=0, atol=0.01)
    for _ in range(1000):  # what is met again and again becomes certain
        generator.note(torch.full((2, 4, 4), 3))
    assert (generator.tokens(torch.randn(5, 16)) == 3).all()


def test_recipes_and_refusals():
    assert tokenizer_recipe((1, 8, 8)).networks["generator"]["depth"] == 1
    assert (
        tokenizer_recipe((3, 32, 32), codebook="gradient").networks["generator"]["learned"]
        == "gradient"
    )
    ring = data.load("ring", count=8)
    for samples, options, message in (
        (ring, {}, "cuts up pictures"),
        (torch.zeros(4, 1, 9, 9), {}, "multiple of 2"),
        (torch.zeros(4, 1, 18, 18), {}, "multiple of 4"),
        (balls(), {"codes": 0}, "codes must be"),
        (balls(), {"width": 0}, "width must be"),
        (balls(), {"codebook": "magic"}, "choose ema, gradient"),
        (balls(), {"commitment": -1.0}, "commitment"),
        (balls(), {"revive": 1.0}, "revive"),
        (balls(), {"warm_up": -1}, "warm_up"),
    ):
        with pytest.raises(ValueError, match=message):
            Tokenizer.for_data(samples, **options)
    with pytest.raises(ValueError, match="from 0 to 7"):
        tokenizer().decode(torch.full((1, 4, 4), 8))
