import pytest
import torch
from torch import nn

from gan_tutorial import models
from gan_tutorial.models import FlowSampler, MLPDenoiser, UNetDenoiser, UNetGenerator


class Line(nn.Module):
    """Every sample arrives at one place."""

    shape = (2,)

    def forward(self, x, t):
        return torch.tensor([3.0, -1.0]).expand_as(x)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_flow_to_one_place_arrives_there_however_many_steps(steps):
    found = FlowSampler(Line(), steps)(torch.randn(5, 2))
    torch.testing.assert_close(found, torch.tensor([3.0, -1.0]).expand(5, 2))


def test_one_step_is_one_pass_through_the_network():
    network = MLPDenoiser((1, 4, 4), 16, 1)
    z = torch.randn(3, 16)
    expected = network(z.view(3, 1, 4, 4), torch.zeros(3))
    torch.testing.assert_close(FlowSampler(network, 1)(z), expected)


def test_images_are_cut_off_where_they_end_but_not_in_training():
    g = FlowSampler(MLPDenoiser((1, 2, 2), 16, 1), 2)
    z = 50 * torch.randn(20, 4)
    assert g(z).abs().max() > 1
    torch.testing.assert_close(g.eval()(z), g.train()(z).clamp(-1, 1))
    points = FlowSampler(MLPDenoiser((4,), 16, 1), 2).eval()
    assert points(z).abs().max() > 1


def test_steps_follow_the_velocity():
    network = MLPDenoiser((2,), 16, 1).double()
    z = torch.randn(3, 2, dtype=torch.float64)
    x, h = z, 1 / 4
    for t in (0.0, 0.25, 0.5, 0.75):
        time = torch.full((3,), t, dtype=torch.float64)
        x = x + h * (network(x, time) - x) / (1 - t)
    torch.testing.assert_close(FlowSampler(network, 4)(z), x)


def test_the_time_matters():
    for network in (MLPDenoiser((3, 8, 8), 16, 1), UNetDenoiser(UNetGenerator(3, 8, 4, 1))):
        x = torch.randn(2, 3, 8, 8)
        early, late = network(x, torch.zeros(2)), network(x, torch.full((2,), 0.9))
        assert (early - late).abs().max() > 1e-4
        mixed = network(x, torch.tensor([0.0, 0.9]))  # each sample its own
        torch.testing.assert_close(mixed[:1], early[:1], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(mixed[1:], late[1:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [lambda: MLPDenoiser((2,), 8, 2), lambda: UNetDenoiser(UNetGenerator(1, 8, 4, 1))],
)
def test_they_are_built_again_from_their_configuration(make):
    g = FlowSampler(make(), steps=3)
    again = models.build(models.config_of(g))
    again.load_state_dict(g.state_dict())
    z = torch.randn(2, g.latent_dim)
    assert torch.equal(again(z), g(z))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FlowSampler(Line(), 0), "1 step or more"),
        (lambda: UNetDenoiser(UNetGenerator(1, 8, 4, 1, noise_dim=2)), "told the time"),
        (lambda: UNetDenoiser(UNetGenerator(1, 8, 4, 1, mask_input=False)), "told the time"),
        (lambda: UNetDenoiser(MLPDenoiser((2,))), "told the time"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
