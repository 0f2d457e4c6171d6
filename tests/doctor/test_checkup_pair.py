"""The check-up of two networks from elsewhere: what it says, and that they stay as they are."""

import pytest
import torch
from torch import nn

from gan_tutorial.doctor import check_up

IMAGES = 2 * torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0)) - 1


def generator(*end):
    torch.manual_seed(0)
    layers = [nn.ConvTranspose2d(16, 32, 4), nn.BatchNorm2d(32), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(32, 1, 4, 2, 1), *(end or (nn.Tanh(),)))


def discriminator(*end):
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 1, 4), *end)


def sure(*arguments, **options):
    return [f.fault for f in check_up(*arguments, **options) if f.confidence >= 0.5]


def adam(*networks, lr=1e-3):
    return torch.optim.Adam([p for net in networks for p in net.parameters()], lr)


def test_the_usual_networks_are_in_order():
    G, D = generator(), discriminator()
    assert check_up(G, D, IMAGES, optimizers=[adam(G), adam(D)], loss="bce") == []
    patches = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3))
    assert sure(G, patches, IMAGES) == []
    probabilities = check_up(G, discriminator(nn.Sigmoid()), IMAGES, loss="bce")
    assert [(f.fault, f.confidence) for f in probabilities] == [("double-sigmoid", 0.3)]


@pytest.mark.parametrize(
    ("batch", "fault"),
    [
        (127.5 * (IMAGES + 1), "bytes-against-tanh"),
        ((IMAGES + 1) / 2, "unit-range-against-tanh"),
        (IMAGES[:, :, :6], "shapes"),
        (IMAGES / 0, "not-finite"),
        (IMAGES[:2], "small-batch"),
    ],
    ids=["bytes", "unit range", "shapes", "infinite", "small"],
)
def test_what_is_wrong_with_the_data(batch, fault):
    assert fault in sure(generator(), discriminator(), batch)


@pytest.mark.parametrize("loss", ["hinge", "wgan", "rsgan", "ragan"])
def test_a_sigmoid_before_a_loss_that_takes_any_number(loss):
    assert sure(generator(), discriminator(nn.Sigmoid()), IMAGES, loss=loss) == ["double-sigmoid"]


def test_dead_units_are_counted():
    G = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 64), nn.Unflatten(1, (1, 8, 8)))
    assert sure(G, discriminator(), IMAGES) == []
    with torch.no_grad():
        G[0].bias[:20] = -100
    assert sure(G, discriminator(), IMAGES) == ["dead-units"]


def test_batch_norm_is_remarked_on_where_company_changes_the_verdict():
    D = discriminator()
    D.insert(1, nn.BatchNorm2d(32))
    G = generator()
    assert check_up(G, D, IMAGES) == []  # noise beside noise: the company is much the same
    with torch.no_grad():
        G[3].bias.fill_(3.0)  # white pictures, and another company
    (finding,) = check_up(G, D, IMAGES)
    assert finding.fault == "mixed-batch-norm"
    assert finding.confidence < 0.5


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda G, D: [adam(G, D)], "shared-update"),
        (lambda G, D: [adam(G), adam(D), adam(D)], "shared-update"),
        (lambda G, D: [adam(D)], "frozen-weights"),
        (lambda G, D: [adam(G[0]), adam(D)], "frozen-weights"),
        (lambda G, D: [adam(generator()), adam(D)], "frozen-weights"),
        (lambda G, D: [adam(G), adam(D, lr=0.1)], "lr-too-high"),
    ],
    ids=["one for both", "two for D", "none for G", "a part of G", "a copy of G", "fast"],
)
def test_what_is_wrong_with_the_optimizers(make, fault):
    G, D = generator(), discriminator()
    assert sure(G, D, IMAGES, optimizers=make(G, D)) == [fault]


def test_conditional_networks_are_looked_at_with_what_they_take():
    class Labeled(nn.Module):
        def __init__(self, net, size):
            super().__init__()
            self.net, self.embed = net, nn.Embedding(3, size)

        def forward(self, x, y):
            return self.net(torch.cat([x, self.embed(y)], 1))

    G, D = Labeled(nn.Linear(6, 2), 2), Labeled(nn.Linear(4, 1), 2)
    y = torch.arange(32) % 3
    assert sure(G, D, torch.randn(32, 2), noise=(torch.randn(32, 4), y), labels=y) == []
    assert "shapes" in sure(G, D, torch.randn(32, 2), noise=(torch.randn(32, 4), y))


def test_looking_changes_nothing():
    G, D = generator(), nn.Sequential(discriminator(), nn.Dropout())
    before = {k: v.clone() for net in (G, D) for k, v in net.state_dict().items()}
    state = torch.get_rng_state()
    check_up(G, D, IMAGES, optimizers=[adam(G), adam(D)])
    after = {k: v for net in (G, D) for k, v in net.state_dict().items()}
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(torch.get_rng_state(), state)
    assert G.training
    assert not any(m._forward_hooks for net in (G, D) for m in net.modules())


def test_bad_input_is_refused():
    G, D = generator(), discriminator()
    for batch in (IMAGES[:0], [1, 2], 64):
        with pytest.raises(ValueError, match="Give a batch of data"):
            check_up(G, D, batch)
    with pytest.raises(ValueError, match="How long are the codes"):
        check_up(nn.Tanh(), D, IMAGES)
    with pytest.raises(ValueError, match="Unknown loss"):
        check_up(G, D, IMAGES, loss="cross")
