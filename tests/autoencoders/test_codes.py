import pytest
import torch

from gan_tutorial import Autoencoder, data, models
from gan_tutorial.autoencoders import CodeSampler


class Identity(Autoencoder):
    """Codes are the samples themselves, so that the fitted density can be checked."""

    def __init__(self):
        encoder = models.MLPEncoder((2,), 2, depth=0)
        generator = models.MLPGenerator(2, (2,), depth=0)
        for layer in (encoder.net[1], generator.net[0]):
            layer.weight.data, layer.bias.data = torch.eye(2), torch.zeros(2)
        super().__init__(encoder, generator)


def test_one_gaussian_on_codes_has_their_moments():
    x = torch.randn(500, 2) @ torch.tensor([[1.0, 0.5], [0.0, 0.2]]) + torch.tensor([3.0, -1.0])
    sampler = CodeSampler(Identity(), x, components=1)
    torch.testing.assert_close(sampler.means[0], x.mean(0).double(), rtol=0, atol=1e-5)
    covariance = sampler.roots[0] @ sampler.roots[0].T
    torch.testing.assert_close(covariance, x.T.cov(correction=0).double(), rtol=0, atol=1e-4)
    drawn = sampler.sample(5000)
    torch.testing.assert_close(drawn.mean(0), x.mean(0), rtol=0, atol=0.08)
    torch.testing.assert_close(drawn.T.cov(), x.T.cov(), rtol=0, atol=0.08)


def test_a_mixture_on_codes_finds_the_parts_and_their_weights():
    centers = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    part = torch.arange(600) % 6  # in proportions 3 : 2 : 1
    x = centers[torch.tensor([0, 0, 0, 1, 1, 2])[part]] + 0.1 * torch.randn(600, 2)
    sampler = CodeSampler(Identity(), x, components=3)
    drawn = sampler.sample(3000, seed=2)
    shares = torch.cdist(drawn, centers).argmin(1).bincount(minlength=3) / 3000
    torch.testing.assert_close(shares, torch.tensor([3.0, 2.0, 1.0]) / 6, rtol=0, atol=0.04)
    assert torch.cdist(drawn, centers).amin(1).max() < 1
    # which part is drawn says nothing about where in it
    for k, center in enumerate(centers):
        mean = drawn[torch.cdist(drawn, centers).argmin(1) == k].mean(0)
        torch.testing.assert_close(mean, center, rtol=0, atol=0.03)
    torch.testing.assert_close(sampler.sample(10, seed=2), drawn[:10])
    assert not torch.equal(sampler.sample(10, seed=3), drawn[:10])


def test_codes_that_do_not_vary_can_be_fitted():
    CodeSampler(Identity(), torch.zeros(20, 2), components=1).sample(3)


@pytest.mark.parametrize(("count", "components"), [(5, 6), (5, 0), (1, 1)])
def test_a_density_of_too_few_codes_is_refused(count, components):
    with pytest.raises(ValueError, match="cannot be fitted"):
        CodeSampler(Identity(), data.ring().sample(count, seed=0), components)
