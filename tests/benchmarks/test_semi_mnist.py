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
    weight = layer.linear.parametrizations.weight.original1
    before = layer(x)
    with torch.no_grad():
        weight *= 7.0
    torch.testing.assert_close(layer(x), before)
    layer(x).square().sum().backward()
    along = (weight.grad * weight).sum(1)  # so no gradient along them
    torch.testing.assert_close(along, torch.zeros(3), atol=1e-4, rtol=0)
    assert not layer.scale.requires_grad


def test_several_batches_pass_the_body_as_they_would_one_by_one(semi):
    few = semi.hide_labels(semi.data.load("digits", image_size=28), 20)
    torch.manual_seed(0)
    body = semi.Body(noise=0.0).eval()
    body.begin(few.unlabeled[:50])
    task = semi.OnePass(body, few.labeled, semi.Generator())
    parts = few.unlabeled[:7], few.unlabeled[7:10]
    together = task.forward("body", parts)
    assert [len(each) for each in together] == [7, 3]
    for one, part in zip(together, parts, strict=True):
        torch.testing.assert_close(one, body(part), atol=1e-5, rtol=1e-5)
