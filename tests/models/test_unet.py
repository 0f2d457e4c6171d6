import pytest
import torch

from gan_tutorial.models import PatchDiscriminator, UNetGenerator, build, config_of


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"channels": 1, "size": 8, "width": 4, "depth": 1},
        {"size": 64, "width": 4, "depth": 4, "noise_dim": 3},
        {"width": 4, "mask_input": False},
    ],
)
def test_a_generator_completes_pictures_of_its_size_and_of_others(options):
    g = UNetGenerator(**options)
    channels, side, _ = g.shape
    for size in ((side, side), (g.multiple * 3, side)):
        drawn = g(torch.randn(2, channels, *size), torch.ones(2, 1, *size))
        assert drawn.shape == (2, channels, *size)
        assert drawn.abs().max() <= 1


def test_every_part_of_the_input_reaches_every_output_pixel():
    torch.manual_seed(0)
    g = UNetGenerator(width=4, noise_dim=2)
    known = torch.randn(1, 3, 32, 32, requires_grad=True)
    mask = torch.ones(1, 1, 32, 32, requires_grad=True)
    z = torch.randn(1, 2, requires_grad=True)
    g(known, mask, z)[0, :, 16, 16].sum().backward()
    for part in (known, mask, z):
        assert part.grad.abs().max() > 0
    assert known.grad[0, :, 0, 0].abs().sum() > 0  # a corner speaks to the middle


def test_without_mask_input_the_mask_changes_nothing():
    torch.manual_seed(0)
    x = torch.randn(1, 3, 32, 32)
    masks = torch.ones(1, 1, 32, 32), torch.zeros(1, 1, 32, 32)
    for told in (True, False):
        g = UNetGenerator(width=4, mask_input=told)
        first, second = (g(x, mask) for mask in masks)
        assert torch.equal(first, second) is not told


def test_pictures_do_not_mix():
    torch.manual_seed(0)
    g, d = UNetGenerator(width=4), PatchDiscriminator(width=4, norm="spectral").eval()
    x, m = torch.randn(3, 3, 32, 32), torch.ones(3, 1, 32, 32)
    assert torch.allclose(g(x, m)[1:2], g(x[1:2], m[1:2]), atol=1e-6)
    assert torch.allclose(d(x)[1:2], d(x[1:2]), atol=1e-6)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_logit_sees_a_patch_of_the_stated_reach(depth):
    torch.manual_seed(0)
    d = PatchDiscriminator(width=4, depth=depth)
    x = torch.randn(1, 3, 128, 128, requires_grad=True)
    logits = d(x)
    assert logits.shape == (1, 128 >> depth, 128 >> depth)
    middle = logits.shape[-1] // 2
    logits[0, middle, middle].backward()
    rows, columns = x.grad[0].abs().sum(0).nonzero().T
    assert int(rows.max() - rows.min()) + 1 == int(columns.max() - columns.min()) + 1 == d.reach


def test_networks_are_built_again_from_their_configuration():
    for network in (UNetGenerator(1, 16, 4, 2, 5, False), PatchDiscriminator(1, 4, 1, "spectral")):
        config = config_of(network)
        again = build(config)
        again.load_state_dict(network.state_dict())
        assert config_of(again) == config


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: UNetGenerator(channels=2), "1 .gray. or 3"),
        (lambda: UNetGenerator(size=36), "multiple of 8"),
        (lambda: UNetGenerator(depth=0), "at least 1"),
        (lambda: UNetGenerator(noise_dim=-1), "at least 0"),
        (lambda: PatchDiscriminator(norm="batch"), "Unknown norm"),
        (lambda: PatchDiscriminator(depth=0), "at least 1"),
    ],
)
def test_bad_arguments_get_one_sentence(make, what):
    with pytest.raises(ValueError, match=what):
        make()
