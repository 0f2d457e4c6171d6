import itertools

import pytest
import torch

from gan_tutorial import models


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_mlp_shapes_ranges_and_counts():
    g, d = models.mlp_pair((1, 8, 8), latent_dim=16, width=32, depth=2)
    x = g(100 * torch.randn(5, 16))
    assert x.shape == (5, 1, 8, 8)
    assert x.abs().max() <= 1
    assert d(x).shape == (5,)
    assert count(g) == (16 * 32 + 32) + (32 * 32 + 32) + (32 * 64 + 64)
    assert count(d) == (64 * 32 + 32) + (32 * 32 + 32) + (32 + 1)


def test_points_are_not_bounded():
    torch.manual_seed(0)
    g, _ = models.mlp_pair((2,), latent_dim=4)
    assert g(1000 * torch.randn(64, 4)).abs().max() > 1


def test_depth_zero_is_linear():
    d = models.MLPDiscriminator((2,), depth=0)
    x, y = torch.randn(3, 2), torch.randn(3, 2)
    torch.testing.assert_close(d(x + y) - d(y), d(x) - d(torch.zeros(3, 2)))


def penalties(norms):
    """R1, and the penalty of a critic, of which the second is not a polynomial."""
    return {"r1": 0.5 * norms.mean(), "gp": (norms.sqrt() - 1).square().mean()}


@pytest.mark.parametrize("kind", ["r1", "gp"])
@pytest.mark.parametrize(("shape", "depth"), [((2,), 0), ((2,), 3), ((1, 4, 4), 2)])
def test_the_gradient_as_a_product_is_that_of_autograd_and_so_is_the_penaltys(kind, shape, depth):
    torch.manual_seed(0)
    d = models.MLPDiscriminator(shape, width=16, depth=depth).double()
    assert d.has_gradient
    weights = list(d.parameters())
    x = torch.randn(8, *shape, dtype=torch.float64)
    logits, gradients = d.with_gradient(x)
    leaf = x.clone().requires_grad_()
    plain = d(leaf)
    (expected,) = torch.autograd.grad(plain.sum(), leaf, create_graph=True)
    assert gradients.shape == x.shape
    torch.testing.assert_close(logits, plain, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients, expected, rtol=1e-12, atol=1e-12)

    found, by_autograd = (
        torch.autograd.grad(
            penalties(g.flatten(1).square().sum(1))[kind] + a.square().mean(), weights
        )
        for a, g in ((logits, gradients), (plain, expected))
    )
    for ours, theirs in zip(found, by_autograd, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12)


def test_the_penaltys_gradient_as_a_product_is_that_of_finite_differences():
    torch.manual_seed(1)
    d = models.MLPDiscriminator((2,), width=8, depth=3).double()
    x = torch.randn(5, 2, dtype=torch.float64)

    def penalty(*weights):
        for layer, weight in zip([m for m in d.net if hasattr(m, "weight")], weights, strict=True):
            del layer.weight
            layer.weight = weight
        return penalties(d.with_gradient(x)[1].square().sum(1))["gp"]

    weights = [m.weight.detach().clone().requires_grad_() for m in d.net if hasattr(m, "weight")]
    for layer in (m for m in d.net if hasattr(m, "weight")):
        del layer.weight
        layer.weight = None
    assert torch.autograd.gradcheck(penalty, weights)


def test_the_gradient_at_a_corner_is_that_of_autograd():
    d = models.MLPDiscriminator((2,), width=4, depth=2)
    x = torch.zeros(3, 2)  # no bias at the start: every unit is at its corner
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(d(leaf).sum(), leaf)
    assert torch.equal(d.with_gradient(x)[1], expected)


def test_a_network_that_was_changed_leaves_its_gradient_to_autograd():
    d = models.MLPDiscriminator((2,), width=4, depth=2)
    hook = d.register_forward_hook(lambda *_: None)
    assert not d.has_gradient
    hook.remove()
    assert d.has_gradient
    d.net.append(torch.nn.Sigmoid())
    assert not d.has_gradient

    class Shifted(models.MLPDiscriminator):
        def forward(self, x):
            return super().forward(x + 1)

    assert not Shifted((2,)).has_gradient


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 32, 64, 128])
def test_dcgan_shapes_at_every_size(size, channels):
    g, d = models.dcgan_pair(size, channels, latent_dim=10, width=4)
    x = g(torch.randn(2, 10))
    assert x.shape == (2, channels, size, size)
    assert x.abs().max() <= 1
    assert d(x).shape == (2,)


def test_the_papers_networks_have_the_known_number_of_parameters():
    # 64x64 color images, 100 latent numbers, width 64, batch norm: counted by hand, layer by layer
    g, d = models.dcgan_pair(64, 3, 100, 64, discriminator_norm="batch")
    widths = [100, 512, 256, 128, 64, 3]
    kernels = sum(16 * a * b for a, b in itertools.pairwise(widths))
    assert count(g) == kernels + 2 * (512 + 256 + 128 + 64) == 3_576_704
    widths = [3, 64, 128, 256, 512, 1]
    kernels = sum(16 * a * b for a, b in itertools.pairwise(widths))
    assert count(d) == kernels + 2 * (128 + 256 + 512) == 2_765_568


def test_discriminator_sees_where_pixels_are():
    # Shuffled pixels must change the logit; without a flatten, a per-pixel discriminator fails.
    torch.manual_seed(0)
    x = torch.rand(4, 1, 32, 32) * 2 - 1
    shuffled = x.flatten(2)[:, :, torch.randperm(1024)].reshape(x.shape)
    for d in (models.DCGANDiscriminator(32, 1, 8), models.MLPDiscriminator((1, 32, 32))):
        assert (d(x) - d(shuffled)).abs().max() > 1e-3


def test_samples_do_not_influence_each_other_without_batch_norm():
    torch.manual_seed(0)
    x = torch.randn(4, 3, 16, 16)
    for norm in ("none", "spectral"):
        d = models.DCGANDiscriminator(16, 3, 8, norm).eval()
        torch.testing.assert_close(d(x)[:1], d(x[:1]))
    d = models.DCGANDiscriminator(16, 3, 8, "batch")
    assert (d(x)[:1] - d(x[:1])).abs() > 1e-3


def test_spectral_norm_bounds_every_layer():
    torch.manual_seed(0)
    d = models.DCGANDiscriminator(16, 1, 4, "spectral")
    for _ in range(30):  # each pass is one power iteration
        d(torch.randn(1, 1, 16, 16))
    convolutions = [m for m in d.modules() if isinstance(m, torch.nn.Conv2d)]
    for layer in convolutions:
        largest = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
        assert largest.item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("before", "after", "side"), [(1, 1, 1), (3, 8, 5), (16, 3, 4)])
def test_upsampling_in_one_go_equals_the_two_layers_it_replaces(before, after, side, layout):
    torch.manual_seed(0)
    one = models.UpsampleConv2d(before, after).to(memory_format=layout)
    two = torch.nn.Sequential(
        torch.nn.Upsample(scale_factor=2, mode="nearest"),
        torch.nn.Conv2d(before, after, 3, padding=1),
    )
    two[1].load_state_dict(one.state_dict())
    x = torch.randn(4, before, side, side, requires_grad=True)
    results = []
    for layer, parameters in ((one, one.parameters()), (two, two.parameters())):
        y = layer(x)
        results.append([y, *torch.autograd.grad(y.square().mean(), [x, *parameters])])
    for ours, reference in zip(*results, strict=True):
        torch.testing.assert_close(ours, reference, rtol=1e-5, atol=1e-5)


def test_enlarging_draws_no_checkerboard_on_a_flat_map():
    torch.manual_seed(0)
    flat = torch.ones(1, 4, 6, 6)
    enlarged = models.UpsampleConv2d(4, 2)(flat)[..., 2:-2, 2:-2]
    assert enlarged.std(dim=(2, 3)).max() < 1e-6
    transposed = torch.nn.ConvTranspose2d(4, 2, 4, 2, 1)(flat)[..., 2:-2, 2:-2]
    assert transposed.std(dim=(2, 3)).min() > 1e-2


@pytest.mark.parametrize("norm", ["batch", "spectral", "none"])
def test_a_generator_that_enlarges_has_the_same_shapes_and_fewer_weights(norm):
    resize = models.DCGANGenerator(10, 32, 3, 8, norm, up="resize")
    transposed = models.DCGANGenerator(10, 32, 3, 8, norm)
    assert resize(torch.randn(2, 10)).shape == (2, 3, 32, 32)
    assert count(resize) < count(transposed)
    again = models.build(models.config_of(resize))
    again.load_state_dict(resize.state_dict())
    with pytest.raises(ValueError, match="transposed, resize"):
        models.DCGANGenerator(up="bilinear")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 4}, "8 or more; got 4"),
        ({"channels": 2}, "1 .gray. or 3"),
        ({"norm": "layer"}, "batch, spectral, none"),
    ],
)
def test_refusals(arguments, message):
    for kind in (models.DCGANGenerator, models.DCGANDiscriminator):
        with pytest.raises(ValueError, match=message):
            kind(**arguments)


def test_networks_are_rebuilt_from_their_configuration():
    for network in (*models.mlp_pair((2,), 3, 5, 1), *models.dcgan_pair(16, 3, 7, 4)):
        again = models.build(models.config_of(network))
        again.load_state_dict(network.state_dict())
        assert models.config_of(again) == models.config_of(network)


def test_a_foreign_network_is_described_but_not_built():
    config = models.config_of(torch.nn.Linear(2, 3))
    assert config == {"kind": "Linear", "parameters": 9}
    with pytest.raises(ValueError, match="Linear"):
        models.build(config)


@pytest.mark.parametrize(("size", "framed"), [(8, 8), (20, 32), (28, 32), (31, 32), (33, 64)])
def test_a_side_between_two_powers_of_two_gets_a_border(size, framed):
    """G draws the next power of two and keeps its middle; D sees the picture in a black frame."""
    torch.manual_seed(0)
    g, d = models.dcgan_pair(size, 1, 5, 4)
    torch.manual_seed(0)
    whole_g, whole_d = models.dcgan_pair(framed, 1, 5, 4)
    z = torch.randn(3, 5)
    x, whole = g(z), whole_g(z)
    assert g.shape == d.shape == (1, size, size)
    before = (framed - size) // 2
    middle = slice(before, before + size)
    assert torch.equal(x, whole[:, :, middle, middle])
    in_frame = torch.full_like(whole, -1.0)
    in_frame[:, :, middle, middle] = x
    torch.testing.assert_close(d(x), whole_d(in_frame))
    assert models.build(models.config_of(g))(z).shape == x.shape
    assert models.encoder_for(g, 7)(x).shape == (3, 7)
    assert models.one_by_one(models.DCGANDiscriminator(size, 1, 4))


@pytest.mark.parametrize("options", [{"latent_dim": 0}, {"width": 0}, {"width": -4}])
@pytest.mark.parametrize(("shape", "network"), [((2,), "mlp"), ((1, 16, 16), "dcgan")])
def test_pairs_of_impossible_sizes_are_refused(options, shape, network):
    with pytest.raises(ValueError, match="must be at least 1, got"):
        models.pair_for(shape, network, **{"latent_dim": 4, "width": 4} | options)
