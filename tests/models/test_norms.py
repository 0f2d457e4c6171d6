import pytest
import torch
from torch import nn

from gan_tutorial import models


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm1d(3),
        nn.BatchNorm2d(3),
        nn.BatchNorm3d(3),
        nn.SyncBatchNorm(3),
        nn.LazyBatchNorm1d(),
        nn.LazyBatchNorm2d(),
        nn.LazyBatchNorm3d(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_every_kind_of_batch_norm_is_found_at_any_depth(layer):
    network = nn.Sequential(nn.Identity(), nn.ModuleDict({"a": nn.Sequential(layer)}))
    assert models.has_batch_norm(network)
    assert models.batch_norms(network) == [layer]
    assert models.has_batch_norm(layer)


@pytest.mark.parametrize(
    "layer",
    [nn.LayerNorm(3), nn.GroupNorm(1, 3), nn.InstanceNorm2d(3), nn.Linear(2, 2), nn.Sequential()],
    ids=lambda layer: type(layer).__name__,
)
def test_norms_of_single_samples_are_no_batch_norm(layer):
    assert not models.has_batch_norm(layer)


def test_a_lazy_layer_is_found_before_and_after_its_first_pass():
    network = nn.Sequential(nn.LazyBatchNorm1d())
    network(torch.randn(4, 3))
    assert models.batch_norms(network) == list(network)


def test_networks_of_the_library():
    generator, discriminator = models.dcgan_pair(16, 3, 8, 8)
    assert models.has_batch_norm(generator)
    assert not models.has_batch_norm(discriminator)
    assert not models.has_batch_norm(models.UNetGenerator(width=4))
