import itertools

import pytest
import torch

from gan_tutorial import models


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_mlp_encoder_is_the_generator_backwards():
    encoder = models.MLPEncoder((1, 8, 8), outputs=6, width=16, depth=2)
    assert encoder(torch.randn(5, 1, 8, 8)).shape == (5, 6)
    assert count(encoder) == (64 * 16 + 16) + (16 * 16 + 16) + (16 * 6 + 6)
    generator = models.MLPGenerator(6, (1, 8, 8), width=16, depth=2)
    weights = [p.shape for p in encoder.parameters() if p.dim() == 2]
    assert weights == [p.shape[::-1] for p in generator.parameters() if p.dim() == 2][::-1]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_dcgan_encoder_is_the_generator_backwards(size, channels):
    encoder = models.DCGANEncoder(10, size, channels, width=4)
    assert encoder(torch.randn(2, channels, size, size)).shape == (2, 10)
    generator = models.DCGANGenerator(10, size, channels, width=4)
    kernels = [p.shape for p in encoder.parameters() if p.dim() == 4]
    # a transposed convolution lists its channels the other way round already
    assert kernels == [p.shape for p in generator.parameters() if p.dim() == 4][::-1]


def test_dcgan_encoder_has_the_known_number_of_parameters():
    encoder = models.DCGANEncoder(100, 64, 3, 64)  # counted by hand, layer by layer
    kernels = sum(16 * a * b for a, b in itertools.pairwise([3, 64, 128, 256, 512, 100]))
    assert count(encoder) == kernels + 64 + 2 * (128 + 256 + 512) + 100


def test_outputs_are_not_bounded_and_see_every_pixel():
    for encoder in (models.MLPEncoder((1, 16, 16), 4), models.DCGANEncoder(4, 16, 1, 8, "none")):
        x = (1000 * torch.randn(8, 1, 16, 16)).requires_grad_()
        code = encoder(x)
        assert code.min() < -1
        assert code.max() > 1
        code.sum().backward()
        assert (x.grad != 0).all()


def test_samples_do_not_influence_each_other_without_batch_norm():
    x = torch.randn(4, 3, 16, 16)
    for norm in ("none", "spectral"):
        encoder = models.DCGANEncoder(5, 16, 3, 4, norm).eval()
        torch.testing.assert_close(encoder(x)[:1], encoder(x[:1]))
    encoder = models.DCGANEncoder(5, 16, 3, 4, "batch")
    assert (encoder(x)[:1] - encoder(x[:1])).abs().max() > 1e-3


@pytest.mark.parametrize(
    "encoder",
    [models.MLPEncoder((2,), 3, 5, 1), models.DCGANEncoder(7, 16, 3, 4, "none")],
    ids=["mlp", "dcgan"],
)
def test_the_configuration_builds_the_same_network(encoder):
    again = models.build(models.config_of(encoder))
    again.load_state_dict(encoder.state_dict())
    x = torch.randn(3, *encoder.shape)
    assert torch.equal(again(x), encoder(x))
    assert again.config == encoder.config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 7}, "8 or more"),
        ({"channels": 2}, "1 .gray. or 3"),
        ({"norm": "layer"}, "batch, spectral, none"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.DCGANEncoder(**arguments)


@pytest.mark.parametrize(
    "generator",
    [
        models.MLPGenerator(3, (1, 8, 8), width=16, depth=5),
        models.DCGANGenerator(3, 16, 3, 4, "none"),
    ],
)
def test_an_encoder_for_a_generator_mirrors_it(generator):
    encoder = models.encoder_for(generator, 6)
    assert encoder(torch.zeros(2, *generator.shape)).shape == (2, 6)
    assert encoder.shape == generator.shape
    depths = [len([p for p in net.parameters() if p.dim() > 1]) for net in (encoder, generator)]
    assert depths[0] == depths[1]
    assert encoder.config["width"] == generator.config["width"]


def test_a_generator_of_another_kind_has_no_mirror_image():
    with pytest.raises(ValueError, match="mirror image of a Linear"):
        models.encoder_for(torch.nn.Linear(2, 2), 4)
