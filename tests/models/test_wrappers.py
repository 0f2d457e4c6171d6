import pytest
import torch

from gan_tutorial import GAN, augment, models


def test_a_pack_is_judged_as_one():
    torch.manual_seed(0)
    inner = models.MLPDiscriminator((3, 4, 4), 16, 1)
    packed = models.Packed(inner, 3)
    x = torch.randn(6, 1, 4, 4)
    logits = packed(x)
    assert logits.shape == (2,)
    torch.testing.assert_close(logits[1:], inner(torch.cat([x[3], x[4], x[5]])[None]))


def test_packs_train_with_a_paired_loss_and_penalties():
    torch.manual_seed(0)
    generator = models.MLPGenerator(2, (2,), 8, 1)
    gan = GAN(generator, models.Packed(models.MLPDiscriminator((4,), 8, 1)), r1=0.1, r2=0.1)
    found = gan.step(torch.randn(8, 2))
    assert all(value.isfinite() for value in found.values())


def test_the_penalty_on_packs_is_the_share_of_each_sample():
    """What the docstring says: the mean over samples is 1 / pack of the norm of a whole pack."""
    torch.manual_seed(0)
    inner = models.MLPDiscriminator((4,), 8, 1).double()
    x = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    (per_sample,) = torch.autograd.grad(models.Packed(inner)(x).sum(), x)
    whole = x.detach().view(3, 4).requires_grad_()
    (per_pack,) = torch.autograd.grad(inner(whole).sum(), whole)
    expected = per_pack.square().sum(1).mean() / 2
    torch.testing.assert_close(per_sample.square().sum(1).mean(), expected)


def test_packing_tells_a_collapsed_generator_that_single_samples_do_not():
    """Data are -1 or 1; fakes are -1 or 1, too, but equal within a pack."""
    torch.manual_seed(0)
    real = torch.randint(2, (4000, 1)).float() * 2 - 1
    fake = real[::2].repeat_interleave(2, 0)

    def best_accuracy(pack):
        d = models.MLPDiscriminator((pack,), 16, 1)
        d = models.Packed(d, pack) if pack > 1 else d
        optimizer = torch.optim.Adam(d.parameters(), 0.02)
        for _ in range(150):
            a, b = d(real), d(fake)
            loss = torch.nn.functional.softplus(torch.cat([-a, b])).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return ((a > 0).float().mean() + (b <= 0).float().mean()).item() / 2

    assert best_accuracy(1) < 0.53
    assert best_accuracy(2) > 0.72  # half of the real packs differ within: 3/4 is the best there is


def test_minibatch_std_appends_the_mean_deviation_of_the_group():
    torch.manual_seed(0)
    x = torch.randn(6, 3, 4, 4)
    out = models.MinibatchStd(group=3)(x)
    assert out.shape == (6, 4, 4, 4)
    assert torch.equal(out[:, :3], x)
    for k in range(2):
        expected = x[3 * k : 3 * k + 3].std(0, correction=0).mean()
        torch.testing.assert_close(
            out[3 * k : 3 * k + 3, 3], expected.expand(3, 4, 4), atol=1e-4, rtol=0
        )


def test_minibatch_std_has_a_finite_gradient_where_all_samples_are_equal():
    x = torch.ones(4, 2, requires_grad=True)
    models.MinibatchStd()(x).sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.Packed(models.MLPDiscriminator((2,)), 1), "at least 2"),
        (lambda: models.Packed(models.MLPDiscriminator((4,)), 2)(torch.zeros(5, 2)), "multiple"),
        (lambda: models.MinibatchStd(4)(torch.zeros(6, 2)), "groups of 4"),
        (lambda: models.MLPDiscriminator((2,), norm="batch"), "none, spectral"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_wrapper_is_described_with_all_it_holds():
    d = models.Augmented(models.Packed(models.MLPDiscriminator((4,), 8, 1)), augment.Noise(0.2))
    about = models.config_of(d)
    assert about["changes"] == ["Noise(0.2)"]
    assert about["network"]["pack"] == 2
    assert about["network"]["network"]["kind"] == "MLPDiscriminator"


@pytest.mark.parametrize("depth", [1, 3])
def test_a_spectrally_normalized_mlp_cannot_be_steeper_than_one(depth):
    torch.manual_seed(0)
    d = models.MLPDiscriminator((8,), 32, depth, norm="spectral")
    for _ in range(50):  # each pass in training mode is one step of the power iteration
        d(torch.zeros(1, 8))
    d.eval()
    x = (10 * torch.randn(200, 8)).requires_grad_()
    (slope,) = torch.autograd.grad(d(x).sum(), x)
    assert slope.norm(dim=1).max() <= 1.01
    weights = [m.weight for m in d.net if isinstance(m, torch.nn.Linear)]
    for weight in weights:
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.01)
    again = models.build(models.config_of(d))
    again.load_state_dict(d.state_dict())
    torch.testing.assert_close(again.eval()(x), d(x))
