import pytest
import torch

from gan_tutorial import GAN, checkpoints, data, fit
from gan_tutorial.models import (
    MappingNetwork,
    ModulatedConv2d,
    StyleGenerator,
    build,
    config_of,
    latent_codes,
    sample_generator,
)

QUIET = {"progress": False, "device": "cpu", "log_every": 1, "schedule": "constant"}


def generator(seed=0, size=16, **options):
    torch.manual_seed(seed)
    g = StyleGenerator(8, size, width=4, **options)
    with torch.no_grad():  # noise has no strength at first
        for level in g.stairs:
            level.strength.fill_(0.1)
    return g


@pytest.mark.parametrize("kernel", [1, 3])
def test_demodulated_maps_have_variance_one_whatever_the_style(kernel):
    torch.manual_seed(0)
    layer = ModulatedConv2d(8, 16, 4, kernel)
    with torch.no_grad():
        layer.conv.weight.mul_(7.0)  # nor does the size of the weights matter
        styles = 5 * torch.randn(3, 4)
        out = layer(torch.randn(3, 8, 80, 80), styles)[:, :, 1:-1, 1:-1]
        loud = ModulatedConv2d(8, 16, 4, kernel, demodulate=False)(torch.randn(3, 8, 9, 9), styles)
    variance = out.var((2, 3))  # of each map of each picture, over its places
    torch.testing.assert_close(variance, torch.ones(3, 16), rtol=0, atol=0.15)
    assert variance.mean().item() == pytest.approx(1, abs=0.02)
    assert loud.var().item() > 2


@pytest.mark.parametrize("up", [False, True])
def test_it_is_the_convolution_with_modulated_weights(up):
    """As the paper writes it: a kernel of its own for each picture."""
    torch.manual_seed(0)
    layer = ModulatedConv2d(3, 5, 4, up=up)
    x, w = torch.randn(2, 3, 6, 6), torch.randn(2, 4)
    found = layer(x, w)
    for k in range(2):
        kernel = layer.conv.weight * layer.style(w[k])[None, :, None, None]
        kernel = kernel / kernel.square().sum((1, 2, 3), keepdim=True).sqrt()
        shown = x[k : k + 1]
        if up:
            shown = torch.nn.functional.interpolate(shown, scale_factor=2)
        wanted = torch.nn.functional.conv2d(shown, kernel, padding=1)
        torch.testing.assert_close(found[k : k + 1], wanted, rtol=1e-4, atol=1e-5)


def test_the_mapping_sees_directions_and_keeps_sizes():
    torch.manual_seed(0)
    f, z = MappingNetwork(32, 64, depth=6), torch.randn(500, 32)
    torch.testing.assert_close(f(z), f(3 * z), rtol=1e-3, atol=1e-4)
    assert f(z).square().mean().item() == pytest.approx(1, rel=0.5)


@pytest.mark.parametrize(("size", "levels"), [(8, 2), (16, 3), (28, 4), (32, 4)])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_configuration(size, levels, channels):
    g = StyleGenerator(8, size, channels, width=3)
    z = torch.randn(2, 8)
    assert g(z).shape == (2, channels, size, size)
    assert g.levels == levels
    again = build(config_of(g))
    again.load_state_dict(g.state_dict())
    assert torch.equal(g.eval()(z), again.eval()(z))


def test_a_code_gives_one_sample_and_training_draws_noise():
    g, z = generator(mixing=0.0), torch.randn(3, 8)
    assert not torch.equal(g(z), g(z))
    g.eval()
    assert torch.equal(g(z), g(z))
    torch.testing.assert_close(g(z)[1:2], g(z[1:2]), rtol=1e-4, atol=1e-5)
    before = g(z)
    with torch.no_grad():
        for level in g.stairs:
            level.strength.zero_()
    assert (g(z) - before).abs().max() > 1e-3


def test_mixing_takes_coarse_from_one_and_fine_from_the_other():
    g = generator(size=32).eval()
    a, b = g.styles(torch.randn(4, 8)), g.styles(torch.randn(4, 8))
    assert torch.equal(g.mix(a, b, 0), b)
    assert torch.equal(g.mix(a, b, 4), a)
    mixed = g.mix(a, b, 2)
    assert torch.equal(mixed[:, :2], a[:, :2])
    assert torch.equal(mixed[:, 2:], b[:, 2:])

    def coarse(styles):
        """The colors that the first two resolutions add."""
        h = g.constant.expand(len(styles), -1, -1, -1)
        found = []
        for k in range(2):
            h, colors = g.stairs[k](h, styles[:, k], g.stairs[k].still)
            found.append(colors)
        return found

    for one, other in zip(coarse(mixed), coarse(a), strict=True):
        torch.testing.assert_close(one, other)
    assert (g.draw(mixed) - g.draw(a)).abs().max() > 1e-3
    with pytest.raises(ValueError, match="from 0 to 4"):
        g.mix(a, b, 5)


def test_training_mixes_the_share_that_it_is_told():
    g = generator(size=32, mixing=0.3)
    styles = g.styles(torch.randn(4000, 8))
    mixed = g._mixed(styles)
    assert torch.equal(mixed[:, 0], styles[:, 0])  # the coarsest is always one's own
    other = (mixed[:, -1] != styles[:, -1]).any(1)
    assert other.float().mean().item() == pytest.approx(0.3, abs=0.03)
    torch.testing.assert_close(mixed[other][:, -1], styles.roll(1, 0)[other][:, -1])


def test_truncation():
    g = generator().eval()
    z = torch.randn(6, 8)
    mean = g.mean_style()
    whole = g.mapping(latent_codes(4096, 8)).mean(0)
    torch.testing.assert_close(mean, whole)
    middle = g.draw(mean.expand(1, g.levels, -1))
    g.truncation = 0.0
    torch.testing.assert_close(g(z), middle.expand(6, -1, -1, -1), rtol=1e-4, atol=1e-5)
    spread = []
    for psi in (0.25, 0.5, 1.0):
        g.truncation = psi
        spread.append(g(z).var(0).mean().item())
        w = g.styles(z, psi)[:, 0]
        torch.testing.assert_close(w - mean, psi * (g.mapping(z) - mean), rtol=1e-4, atol=1e-5)
    assert spread == sorted(spread)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 4}, "8 or more"),
        ({"channels": 2}, "gray"),
        ({"width": 0}, "width must be"),
        ({"depth": 0}, "depth must be"),
        ({"mixing": 1.5}, "from 0 to 1"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        StyleGenerator(**options)


def test_only_three_by_three_doubles():
    with pytest.raises(ValueError, match="3x3"):
        ModulatedConv2d(2, 2, 2, kernel=1, up=True)


def test_a_gan_with_it_resumes_bit_for_bit_and_is_exported(tmp_path):
    balls = data.load("soccer", count=16, image_size=8)

    def run(folder, steps, resume=False):
        torch.manual_seed(0)
        gan = GAN.for_data(balls, network="style", width=4)
        fit(gan, balls, steps, batch_size=8, out=folder, resume=resume, **QUIET)
        return gan

    run(tmp_path / "parts", 2)
    parts, whole = run(tmp_path / "parts", 4, resume=True), run(tmp_path / "whole", 4)
    other = whole.generator.state_dict()
    for key, value in parts.generator.state_dict().items():
        assert torch.equal(value, other[key]), key
    z = torch.randn(4, parts.generator.latent_dim)
    torch.testing.assert_close(
        sample_generator(checkpoints.load_generator(tmp_path / "parts"), z),
        sample_generator(parts.average["generator"], z),
    )


def test_a_gan_takes_a_generator_in_place_of_the_recipes():
    balls = data.load("soccer", count=4, image_size=16)
    g = generator()
    gan = GAN.for_data(balls, generator=g)
    assert gan.generator is g
    assert gan.discriminator.shape == g.shape
    with pytest.raises(ValueError, match="not both"):
        GAN.for_data(balls, generator=generator(), latent_dim=8)
    with pytest.raises(ValueError, match="make it for these data"):
        GAN.for_data(balls, generator=generator(size=32))
