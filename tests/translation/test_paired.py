import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_tutorial import checkpoints, data, fit, losses, models
from gan_tutorial.data import Dataset
from gan_tutorial.translation import PairedTranslation, Pairs, Upscaling, shrunk, translate

QUIET = {"progress": False, "device": "cpu", "log_every": 1}


def networks(seed=0, factor=1):
    torch.manual_seed(seed)
    unet = models.UNetGenerator(3, 8, width=4, depth=1, mask_input=False)
    return models.Translator(unet, factor), models.PatchDiscriminator(6, 4, 1)


def pairs(count=12):
    torch.manual_seed(5)
    a = torch.rand(count, 3, 8, 8) * 2 - 1
    return Pairs(Dataset("a", a), Dataset("b", -a.flip(3)))


def snapshot(network):
    return [p.detach().clone() for p in network.parameters()]


def test_steps_equal_plain_pytorch():
    (g, d), (plain_g, plain_d) = networks(), networks()
    task = PairedTranslation(g, d, lr=1e-3)
    opt_g = torch.optim.Adam(plain_g.parameters(), 1e-3, (0.5, 0.999))
    opt_d = torch.optim.Adam(plain_d.parameters(), 1e-3, (0.5, 0.999))
    both = pairs()
    for a, b in zip(both[:].chunk(3), both.target[:].chunk(3), strict=True):
        task.step((a.clone(), b.clone()))
        task.finish_step()

        fake = plain_g(a)
        opt_d.zero_grad()
        real_logits = plain_d(torch.cat([a, b], 1))
        fake_logits = plain_d(torch.cat([a, fake.detach()], 1))
        one, zero = torch.ones_like(real_logits), torch.zeros_like(real_logits)
        (bce(real_logits, one) + bce(fake_logits, zero)).backward()
        opt_d.step()
        opt_g.zero_grad()
        logits = plain_d(torch.cat([a, fake], 1))
        (bce(logits, one) + 100 * (fake - b).abs().mean()).backward()
        opt_g.step()
    for ours, plain in zip(
        snapshot(g) + snapshot(d), snapshot(plain_g) + snapshot(plain_d), strict=True
    ):
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_moves_both_players(name):
    task = PairedTranslation(*networks(), loss=name, r1=1.0)
    before = {name: snapshot(network) for name, network in task.networks.items()}
    both = pairs()
    scalars = task.step((both[:], both.target[:]))
    assert {"l1", "d_loss", "g_loss", "r1"} <= set(scalars)
    assert all(value.isfinite() for value in scalars.values())
    for name, weights in before.items():
        after = snapshot(task.networks[name])
        assert any(not torch.equal(a, b) for a, b in zip(weights, after, strict=True))
    assert all(p.requires_grad for p in task.discriminator.parameters())


def test_the_game_begins_after_the_warm_up_and_never_without_a_weight():
    both = pairs()
    late = fit(PairedTranslation(*networks(), warm_up=2), both, 4, batch_size=4, **QUIET)
    begun = [value == value for value in late["d_loss"].tolist()]
    assert begun == [False, False, True, True]
    alone = fit(PairedTranslation(*networks(), adversarial=0.0), both, 2, batch_size=4, **QUIET)
    assert "d_loss" not in alone.columns


def test_partners_stay_together():
    both = pairs()
    rows = torch.tensor([7, 2])
    a, b = PairedTranslation(*networks()).take(both, rows)
    torch.testing.assert_close(b, -a.flip(3))
    assert torch.equal(a, both[rows])


def test_it_learns_a_translation_that_is_known():
    """From dark to light: the negative of a picture."""
    torch.manual_seed(0)
    x = data.load("soccer", count=64, image_size=16)
    negatives = Pairs(x, x.map_images(lambda images: -images))
    task = PairedTranslation.for_data(negatives, width=8, adversarial=0.0, lr=5e-3)
    fit(task, negatives, 150, batch_size=16, progress=False, device="cpu")
    held_out = data.load("soccer", "test", count=16, image_size=16)[:]
    error = (task.translate(held_out) + held_out).abs().mean()
    assert error < 0.15 < 0.5 * (2 * held_out).abs().mean()


def test_upscaling_makes_its_own_pairs():
    x = data.load("soccer", count=16)
    task = Upscaling.for_data(x, width=4, factor=4, warm_up=0)
    small, large = task.take(x, torch.arange(5))
    assert torch.equal(large, x[:5])
    torch.testing.assert_close(small, shrunk(large, 4))
    history = fit(task, x, 2, batch_size=4, **QUIET)
    assert {"l1", "d_loss"} <= set(history.columns)
    assert task.translate(small).shape == large.shape


@pytest.mark.parametrize("kind", ["paired", "upscale"])
def test_a_resumed_run_is_the_whole_run_bit_for_bit(kind, tmp_path):
    def run(folder, steps, resume=False):
        options = {"r1": 0.1, "penalty_every": 3, "warm_up": 2}
        if kind == "paired":
            task, samples = PairedTranslation(*networks(), **options), pairs()
        else:
            task, samples = Upscaling(*networks(factor=2), **options), pairs().target
        fit(task, samples, steps, batch_size=4, out=folder, resume=resume, **QUIET)
        return task

    run(tmp_path / "parts", 3)
    parts, whole = run(tmp_path / "parts", 6, resume=True), run(tmp_path / "whole", 6)
    for name in whole.networks:
        for a, b in zip(
            snapshot(parts.networks[name]), snapshot(whole.networks[name]), strict=True
        ):
            assert torch.equal(a, b)
    exported = checkpoints.load_generator(tmp_path / "parts")
    x = pairs()[:3]
    torch.testing.assert_close(translate(exported, x), parts.translate(x))  # layouts differ


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PairedTranslation(*networks(), l1=-1.0), "l1 must be a finite number"),
        (lambda: PairedTranslation(*networks(), warm_up=-1), "warm_up"),
        (lambda: PairedTranslation(*networks(), lr=float("nan")), "learning rate"),
        (lambda: PairedTranslation(*networks(), betas=(0.5, 1.0)), "betas"),
        (lambda: PairedTranslation(*networks(), loss="magic"), "Unknown loss"),
        (lambda: Upscaling.for_data(pairs(), factor=1), "factor must be"),
        (lambda: Upscaling.for_data(pairs(), factor=3), "divide the side of 8"),
        (lambda: PairedTranslation.for_data(data.load("ring")), "Translation is of pictures"),
        (lambda: fit(PairedTranslation(*networks()), pairs().origin, 1), "Pairs"),
        (
            lambda: fit(
                PairedTranslation(*networks()),
                Pairs(pairs().origin, pairs(9).target),
                1,
            ),
            "a has 12 pictures and b 9",
        ),
    ],
)
def test_bad_input_gets_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()
