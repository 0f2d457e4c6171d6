import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from gan_tutorial import models
from gan_tutorial.models import (
    AuxiliaryDiscriminator,
    ConditionalGenerator,
    ProjectionDiscriminator,
    split_last,
)

DISCRIMINATORS = {
    "mlp": lambda: models.MLPDiscriminator((3, 8, 8), 16, 2),
    "dcgan": lambda: models.DCGANDiscriminator(16, 3, 4),
    "framed": lambda: models.DCGANDiscriminator(12, 3, 4),
    "spectral": lambda: models.DCGANDiscriminator(16, 3, 4, "spectral").eval(),
}


def samples(network, count=5):
    return torch.randn(count, *network.shape)


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_a_projection_adds_the_inner_product_with_the_vector_of_the_class(kind):
    plain = DISCRIMINATORS[kind]()
    d = ProjectionDiscriminator(plain, 4)
    x, y = samples(plain), torch.tensor([0, 1, 2, 3, 1])
    hidden, _ = split_last(plain)
    features = hidden(x).flatten(1)
    for i in range(5):
        inner = features[i] @ d.embed.weight[y[i]]
        torch.testing.assert_close(d(x, y)[i], plain(x)[i] + inner, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
def test_a_projection_is_a_last_layer_for_each_class(kind):
    plain = DISCRIMINATORS[kind]()
    d = ProjectionDiscriminator(plain, 3)
    x = samples(plain)
    told = d(x, torch.full((5,), 2))
    _, last = split_last(plain)
    with torch.no_grad():
        last[0].weight += d.embed.weight[2].view_as(last[0].weight)
    torch.testing.assert_close(told, plain(x), rtol=1e-5, atol=1e-5)


def test_the_best_projection_is_the_log_ratio_of_the_densities():
    """Unit Gaussians around m_y and n_y: log p(x|y) / q(x|y) = (m - n) x - (m^2 - n^2) / 2."""
    m, n = torch.tensor([-1.0, 0.5, 2.0]), torch.tensor([0.0, 1.0, 0.5])
    plain = models.MLPDiscriminator((1,), 2, 1).double()
    plain.net = nn.Sequential(nn.Flatten(), nn.Linear(1, 2), nn.Identity(), nn.Linear(2, 1))
    plain.double()
    with torch.no_grad():  # the features are x and 1
        plain.net[1].weight.copy_(torch.tensor([[1.0], [0.0]]))
        plain.net[1].bias.copy_(torch.tensor([0.0, 1.0]))
    d = ProjectionDiscriminator(plain, 3).double()
    # Gauss-Hermite nodes instead of samples: the expectations are exact
    import numpy as np

    nodes, weights = (torch.tensor(v) for v in np.polynomial.hermite_e.hermegauss(40))
    weights = weights / weights.sum()
    labels = torch.arange(3).repeat_interleave(40)
    real = (m.double()[:, None] + nodes).reshape(-1, 1)
    fake = (n.double()[:, None] + nodes).reshape(-1, 1)
    free = [d.embed.weight]
    optimizer = torch.optim.LBFGS(free, max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-14)

    def loss():
        optimizer.zero_grad()
        value = softplus(-d(real, labels)) + softplus(d(fake, labels))
        value = (weights.repeat(3) * value).sum()
        value.backward()
        return value

    optimizer.step(loss)
    slope = plain.net[3].weight[0] + d.embed.weight
    expected = torch.stack([m - n, -(m.square() - n.square()) / 2], 1).double()
    offset = plain.net[3].bias.expand(3)
    torch.testing.assert_close(slope[:, 0], expected[:, 0], rtol=0, atol=1e-3)
    torch.testing.assert_close(slope[:, 1] + offset, expected[:, 1], rtol=0, atol=1e-3)


def test_an_auxiliary_discriminator_judges_without_the_label_and_names_classes():
    plain = DISCRIMINATORS["dcgan"]()
    d = AuxiliaryDiscriminator(plain, 3)
    x = samples(plain)
    torch.testing.assert_close(d(x, torch.zeros(5, dtype=torch.long)), plain(x))
    torch.testing.assert_close(
        d(x, torch.zeros(5).long()), d(x, torch.full((5,), 2)), rtol=0, atol=0
    )
    hidden, _ = split_last(plain)
    torch.testing.assert_close(d.classify(x), d.head(hidden(x).flatten(1)))


def test_the_embedding_stands_beside_the_code():
    plain = models.MLPGenerator(7, (2,), 8, 1)
    g = ConditionalGenerator(plain, ["a", "b"], embedding=3)
    z = torch.randn(4, 4)
    expected = plain(torch.cat([z, g.embed.weight[1].expand(4, 3)], 1))
    torch.testing.assert_close(g(z, torch.ones(4, dtype=torch.long)), expected)
    assert (g.latent_dim, g.shape, g.classes) == (4, (2,), ("a", "b"))


@pytest.mark.parametrize(
    ("classes", "embedding", "message"),
    [
        (["a"], 2, "two classes at least"),
        ([], 2, "got none"),
        (["a", "a"], 2, "a name of its own"),
        (["a", "b"], 0, "from 1 to 6"),
        (["a", "b"], 7, "leaves room for z"),
    ],
)
def test_refusals_of_a_generator(classes, embedding, message):
    with pytest.raises(ValueError, match=message):
        ConditionalGenerator(models.MLPGenerator(7, (2,), 8, 1), classes, embedding)


@pytest.mark.parametrize("kind", [ProjectionDiscriminator, AuxiliaryDiscriminator])
def test_refusals_of_a_discriminator(kind):
    with pytest.raises(ValueError, match="two classes"):
        kind(DISCRIMINATORS["mlp"](), 1)
    with pytest.raises(ValueError, match="at least one hidden layer"):
        kind(nn.Linear(2, 1), 3)


def test_conditional_networks_are_built_again_from_their_configuration():
    generator = ConditionalGenerator(models.DCGANGenerator(9, 16, 3, 4), ["a", "b"], embedding=3)
    for network in (
        generator,
        ProjectionDiscriminator(DISCRIMINATORS["mlp"](), 3),
        AuxiliaryDiscriminator(DISCRIMINATORS["dcgan"](), 3),
    ):
        again = models.build(models.config_of(network))
        again.load_state_dict(network.state_dict())
        assert models.config_of(again) == models.config_of(network)
    with pytest.raises(ValueError, match="none of the library's own"):
        models.build(models.config_of(models.Augmented(DISCRIMINATORS["mlp"](), lambda x: x)))


def test_augmented_passes_labels_and_classes_on():
    plain = AuxiliaryDiscriminator(DISCRIMINATORS["mlp"](), 3)
    d = models.Augmented(plain, lambda x: 2 * x)
    x, y = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 0])
    torch.testing.assert_close(d(x, y), plain(2 * x, y))
    torch.testing.assert_close(d.classify(x), plain.classify(2 * x))


def test_samples_of_a_conditional_generator_come_in_turn_or_as_told():
    g = ConditionalGenerator(models.MLPGenerator(5, (2,), 8, 1), ["a", "b", "c"], embedding=2)
    codes = models.latent_codes(5, 3)
    in_turn = torch.tensor([0, 1, 2, 0, 1])
    torch.testing.assert_close(models.sample_generator(g, codes), g(codes, in_turn).detach())
    told = torch.tensor([2, 2, 0, 0, 1])
    torch.testing.assert_close(
        models.sample_generator(g, codes, batch_size=2, labels=told), g(codes, told).detach()
    )


@pytest.mark.parametrize("kind", ["mlp", "dcgan"])
def test_they_treat_samples_one_by_one(kind):
    d = ProjectionDiscriminator(DISCRIMINATORS[kind](), 3)
    assert models.one_by_one(d)
    x, y = samples(d.network), torch.tensor([0, 1, 2, 0, 1])
    alone = torch.cat([d(x[i : i + 1], y[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(d(x, y), alone, rtol=1e-4, atol=1e-5)
    mixing = ConditionalGenerator(models.DCGANGenerator(9, 16, 3, 4), ["a", "b"], 3)
    assert not models.one_by_one(mixing)  # batch norm
