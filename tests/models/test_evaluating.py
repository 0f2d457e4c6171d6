"""Looking at a network leaves each of its parts in the mode that it was in."""

import pytest
import torch
from torch import nn

from gan_tutorial import GAN, VAE, data, metrics, models
from gan_tutorial.models.evaluating import evaluating
from gan_tutorial.semi_supervised import SemiSupervisedGAN, hide_labels


def mixed(network: nn.Module) -> list[bool]:
    """Freeze every second part of a network that is trained; return the modes of all parts."""
    network.train()
    for part in list(network.modules())[2::2]:
        part.training = False
    return modes(network)


def modes(network: nn.Module) -> list[bool]:
    return [part.training for part in network.modules()]


def test_an_error_brings_the_modes_back_too():
    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2), nn.Dropout())
    before = mixed(network)
    assert before == [True, True, False, True]

    def look():
        with evaluating(network):
            assert not any(modes(network))
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        look()
    assert modes(network) == before


def test_several_networks_at_once():
    one, two = nn.Dropout(), nn.Dropout().eval()
    with evaluating(one, two):
        assert not one.training
        assert not two.training
    assert one.training
    assert not two.training


def test_a_network_that_is_shared_stays_as_it_is_kept():
    own = data.Dataset("own", torch.rand(20, 1, 16, 16) * 2 - 1)
    network = metrics.network_for(own)
    assert not any(modes(network))
    network.train()
    metrics.load_network("natural").eval()
    metrics.extract(own, network)
    assert not any(modes(metrics.load_network("natural")))


def sampled():
    generator, _ = models.dcgan_pair(8, 1, 4, 4)
    return generator, lambda: models.sample_generator(generator, models.latent_codes(3, 4))


def measured():
    network = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(64, 3))
    pictures = torch.zeros(4, 1, 8, 8)
    return network, lambda: metrics.extract(pictures, network)


def adopted():
    generator = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 2))
    return generator, lambda: models.code_shape(generator)


def encoded():
    digits = data.load("digits", count=20)
    vae = VAE.for_data(digits)
    return vae.encoder, lambda: vae.encode(digits)


def judged():
    few = hide_labels(data.load("digits", "train"), 20)
    body = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout())
    body.outputs = 8
    task = SemiSupervisedGAN(body, few.labeled, models.MLPGenerator(4, (1, 8, 8)))
    return body, lambda: task.accuracy(few.labeled)


def kept_up():
    gan = GAN.for_data(data.load("digits", count=20))
    return gan.generator, lambda: gan.sample(3, averaged=False)


@pytest.mark.parametrize("make", [sampled, measured, adopted, encoded, judged, kept_up])
def test_looking_changes_no_mode(make):
    network, look = make()
    before = mixed(network)
    look()
    assert modes(network) == before
