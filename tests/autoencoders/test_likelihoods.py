import itertools
import math

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from gan_tutorial import models
from gan_tutorial.autoencoders.likelihoods import (
    Bernoulli,
    Gaussian,
    kl_to_prior,
    log_normal,
    reparametrize,
)


def test_divergence_in_closed_form_equals_torch_and_an_average_of_draws():
    mean, log_var = torch.randn(5, 3), torch.randn(5, 3)
    q = Independent(Normal(mean, (0.5 * log_var).exp()), 1)
    prior = Independent(Normal(torch.zeros(3), torch.ones(3)), 1)
    closed = kl_to_prior(mean, log_var)
    torch.testing.assert_close(closed, kl_divergence(q, prior))
    z = reparametrize(mean, log_var, torch.randn(100_000, 5, 3))
    log_ratio = log_normal(z, mean, log_var) - log_normal(z, 0.0, 0.0)
    error = log_ratio.std(0) / math.sqrt(len(z))
    assert ((log_ratio.mean(0) - closed).abs() < 5 * error).all()


def test_log_normal_equals_torch():
    x, mean, log_var = torch.randn(3, 4, 5).unbind(0)
    wanted = Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(-1)
    torch.testing.assert_close(log_normal(x, mean, log_var), wanted)


def test_gaussian_likelihood_equals_torch_and_is_best_at_the_root_mean_square():
    x, mean = torch.randn(2, 6, 1, 4, 4).unbind(0)
    wanted = Normal(mean, 0.3).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(Gaussian(0.3)(x, mean), wanted)
    learned = Gaussian()
    learned.log_std.data = (x - mean).square().mean().sqrt().log()
    learned(x, mean).sum().backward()
    assert learned.log_std.grad.item() == pytest.approx(0, abs=1e-4)
    assert not Gaussian(0.3).log_std.requires_grad


def test_bernoulli_likelihood_equals_torch_and_sums_to_one():
    generator = models.MLPGenerator(3, (1, 4, 4), 8, 1)
    z, x = torch.randn(6, 3), torch.randint(0, 2, (6, 1, 4, 4)) * 2.0 - 1
    likelihood = Bernoulli()
    logits = likelihood.decoder(generator)(z)
    white = torch.distributions.Bernoulli(probs=(generator(z) + 1) / 2)
    wanted = white.log_prob((x + 1) / 2).sum((1, 2, 3))
    torch.testing.assert_close(likelihood(x, logits), wanted, rtol=1e-4, atol=1e-4)
    every = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=4)))
    total = likelihood(every, torch.randn(4).expand(16, 4)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-5)


def test_bernoulli_still_learns_where_the_tanh_is_flat():
    # the decoder is sure of white, with a tanh of exactly 1, and the pixel is black
    layer = nn.Linear(1, 1)
    layer.weight.data[:], layer.bias.data[:] = 0.0, 20.0
    generator = nn.Module()
    generator.net = nn.Sequential(layer, nn.Tanh())
    z, black = torch.ones(1, 1), -torch.ones(1, 1)
    assert generator.net(z).item() == 1.0
    (-Bernoulli()(black, Bernoulli().decoder(generator)(z))).sum().backward()
    assert layer.bias.grad.item() == pytest.approx(2.0)  # d softplus(2 a) / d a
