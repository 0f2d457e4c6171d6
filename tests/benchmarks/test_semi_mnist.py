"""The networks of the K+1 GAN on MNIST."""

import importlib

import pytest
import torch


@pytest.fixture
def semi(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("semi_mnist")


def test_every_layer_begins_with_mean_0_and_standard_deviation_1(semi):
    torch.manual_seed(0)
    body, pictures = semi.Body(noise=0.5).eval(), torch.rand(400, 1, 28, 28) * 2 - 1
    body.begin(pictures)
    x = pictures
    for layer in body.net:
        x = layer(x)
        if isinstance(layer, semi.Normalized):
            torch.testing.assert_close(x.mean(0), torch.zeros(x.shape[1]), atol=1e-4, rtol=0)
            torch.testing.assert_close(x.std(0), torch.ones(x.shape[1]), atol=1e-3, rtol=0)


def test_a_layer_says_the_same_whatever_the_length_of_its_weights(semi):
    torch.manual_seed(0)
    layer, x = semi.Normalized(5, 3), torch.randn(4, 5)
    before = layer(x)
    with torch.no_grad():
        layer.direction *= 7.0
    torch.testing.assert_close(layer(x), before)
    layer(x).square().sum().backward()
    along = (layer.direction.grad * layer.direction).sum(1)  # so no gradient along them
    torch.testing.assert_close(along, torch.zeros(3), atol=1e-4, rtol=0)
    assert not layer.scale.requires_grad
