"""Each check on the smallest set-up that has what it looks for, and on one that has not."""

import math

import pytest
import torch
from torch import nn

from gan_tutorial import GAN, VAE, augment, data, models
from gan_tutorial.data import Dataset
from gan_tutorial.doctor import check_up
from gan_tutorial.faults import parts

IMAGES = 2 * torch.rand(600, 1, 8, 8) - 1


def gan(shape=(1, 8, 8), generator=None, discriminator=None, latent_dim=8, **options):
    pair = models.mlp_pair(shape, latent_dim=latent_dim, width=32)
    return GAN(generator or pair[0], discriminator or pair[1], **options)


def names(task, samples=IMAGES, **options):
    return [finding.fault for finding in check_up(task, samples, **options)]


def sure(task, samples=IMAGES):
    return [finding.fault for finding in check_up(task, samples) if finding.confidence > 0.5]


@pytest.mark.parametrize("name", ["ring", "digits", "soccer"])
def test_the_recipes_of_the_book_pass(name):
    samples = data.load(name, count=600)
    assert names(GAN.for_data(samples), samples, steps=1000) == []


@pytest.mark.parametrize("norm", ["batch", "spectral", "none"])
def test_convolutional_networks_pass(norm):
    pair = models.dcgan_pair(16, 1, 8, 8, discriminator_norm=norm)
    assert names(GAN(*pair), torch.rand(100, 1, 16, 16) * 2 - 1) == []


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        ((IMAGES + 1) * 127.5, "bytes-against-tanh"),
        ((IMAGES + 1) / 2, "unit-range-against-tanh"),
        (3 * IMAGES, "data-range"),
    ],
)
def test_data_out_of_the_range_of_the_generator(samples, fault):
    (finding,) = check_up(gan(), samples)
    assert finding.fault == fault
    assert finding.confidence == 1
    assert "Tanh" in finding.evidence


def test_points_may_be_positive_and_an_unbounded_generator_reaches_everything():
    assert names(gan((2,)), 100 * torch.rand(300, 2)) == []


def test_a_sigmoid_generator_wants_data_from_0_to_1():
    net = nn.Sequential(nn.Linear(8, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
    net.latent_dim = 8
    assert names(gan(generator=net), (IMAGES + 1) / 2) == []
    assert names(gan(generator=net), IMAGES) == ["data-range"]


def test_shapes_that_differ():
    small = models.MLPGenerator(8, (1, 4, 4), width=16)
    (finding,) = check_up(gan(generator=small), IMAGES)
    assert finding.fault == "shapes"
    assert "(1, 4, 4)" in finding.evidence
    assert "(1, 8, 8)" in finding.evidence


def test_a_network_that_fails_is_reported_with_its_own_words():
    wrong = nn.Sequential(nn.Flatten(), nn.Linear(63, 1))
    finding = check_up(gan(discriminator=wrong), IMAGES)[0]
    assert finding.fault == "shapes"
    assert "mat1 and mat2" in finding.evidence


@pytest.mark.parametrize("flat", [parts.EachPixel(8), nn.Linear(8, 1)])
def test_a_missing_flatten(flat):
    assert sure(gan(discriminator=flat)) == ["no-flatten"]


def test_a_sigmoid_as_a_layer_and_as_a_function():
    class Squashed(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = models.MLPDiscriminator((1, 8, 8), width=8)

        def forward(self, x):
            return self.net(x).sigmoid()

    layered = nn.Sequential(models.MLPDiscriminator((1, 8, 8), width=8), nn.Sigmoid())
    for discriminator in (layered, Squashed()):
        assert names(gan(discriminator=discriminator)) == ["double-sigmoid"]


def test_softmax_over_one_number():
    flat = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.Softmax(dim=1))
    assert sure(gan(discriminator=flat)) == ["softmax-of-one"]


def test_logits_that_happen_to_be_small_are_no_sigmoid():
    net = models.MLPDiscriminator((1, 8, 8), width=8)
    with torch.no_grad():
        net.net[-1].weight.mul_(1e-3)
        net.net[-1].bias.fill_(0.5)
    assert names(gan(discriminator=net)) == []


def test_noise_in_the_discriminator():
    clean = models.MLPDiscriminator((1, 8, 8), width=8)
    noisy = models.Augmented(clean, augment.Noise(2.0))
    (finding,) = check_up(gan(discriminator=noisy), IMAGES)
    assert (finding.fault, finding.confidence) == ("instance-noise", 1.0)
    faint = models.Augmented(clean, augment.Noise(0.05))
    (finding,) = check_up(gan(discriminator=faint), IMAGES)
    assert finding.confidence < 0.5  # worth a word, and no more


def test_bottleneck():
    generator, _ = parts.bottlenecked(*models.mlp_pair((1, 8, 8), latent_dim=8, width=32))
    (finding,) = check_up(gan(generator=generator), IMAGES)
    assert finding.fault == "bottleneck"
    assert "3 units" in finding.evidence


def test_a_short_code_is_no_bottleneck():
    assert names(gan((2,), latent_dim=2), torch.randn(600, 2)) == []


def test_batch_norm_settings_and_penalties():
    def pair(**settings):
        networks = models.dcgan_pair(16, 1, 8, 8, discriminator_norm="batch")
        return parts.with_batch_norm(*networks, **settings)

    images = torch.rand(100, 1, 16, 16) * 2 - 1
    assert names(GAN(*pair(eps=0.8)), images) == ["eps-for-momentum"]
    assert names(GAN(*pair(momentum=0.99)), images) == ["batch-norm-momentum"]
    assert names(GAN(*pair()), images, batch_size=2) == ["small-batch"]
    task = GAN(*pair())
    task.r1 = 1.0  # the constructor would have refused
    assert names(task, images) == ["penalty-batch-norm"]


def test_uneven_kernels():
    generator, _ = parts.uneven_kernels(*models.dcgan_pair(16, 1, 8, 8))
    task = GAN(generator, models.DCGANDiscriminator(16, 1, 8))
    assert names(task, torch.rand(100, 1, 16, 16) * 2 - 1) == ["checkerboard"]


def test_players_of_very_different_size():
    strong = models.MLPDiscriminator((1, 8, 8), width=512)
    findings = check_up(gan(discriminator=strong), IMAGES)
    assert [finding.fault for finding in findings] == ["strong-d"]
    assert findings[0].confidence < 0.5
    weak = models.MLPDiscriminator((1, 8, 8), width=1, depth=1)
    assert names(gan(discriminator=weak)) == ["weak-d"]


def test_learning_rate_in_units_of_the_weights():
    assert names(gan(lr=0.1)) == ["lr-too-high"]
    assert names(gan(lr=2e-3)) == []


def test_optimizers_hold_their_own_networks():
    task = gan()
    task.optimizers["generator"].add_param_group({"params": task.discriminator.parameters()})
    assert names(task) == ["shared-update"]
    task = gan()
    task.optimizers["generator"] = torch.optim.Adam(list(task.generator.parameters())[:2], lr=1e-3)
    assert names(task) == ["frozen-weights"]


def test_the_minimax_loss_is_a_remark():
    (finding,) = check_up(gan(loss="minimax"), IMAGES)
    assert finding.fault == "saturating-loss"
    assert finding.confidence < 0.5


def test_how_often_samples_are_seen():
    assert names(gan(), IMAGES, batch_size=10, steps=20) == ["data-unseen"]
    assert names(gan(), IMAGES[:50], batch_size=10, steps=2000) == ["tiny-data"]
    assert names(gan(), IMAGES, batch_size=10, steps=2000) == []


def test_rare_classes():
    labels = torch.cat([torch.zeros(580), torch.ones(20)]).long()
    assert names(gan(), Dataset("d", IMAGES, labels=labels)) == ["class-imbalance"]
    even = torch.arange(600) % 2
    assert names(gan(), Dataset("d", IMAGES, labels=even)) == []
    few = torch.tensor([0, 0, 0, 0, 0, 1, 1, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 9, 9])
    assert names(gan(), Dataset("d", IMAGES[:20], labels=few)) == []  # chance leaves some out


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_found_wherever_it_stands(bad):
    """In the data, in the weights of either player, in a learning rate."""
    spoiled = IMAGES.clone()
    spoiled[3, 0, 0, 0] = bad
    finding = check_up(gan(), spoiled)[0]
    assert finding.fault == "not-finite"
    assert "Of the first 128 data, 1 hold" in finding.evidence
    for name in ("generator", "discriminator"):
        task = gan()
        with torch.no_grad():
            getattr(task, name).net[-3 if name == "generator" else -1].bias.fill_(bad)
        assert "not-finite" in sure(task), name
    task = gan()
    task.optimizers["generator"].param_groups[0]["lr"] = bad
    assert sure(task) == ["not-finite"]


def test_looking_changes_nothing():
    task = GAN(*models.dcgan_pair(16, 1, 8, 8, discriminator_norm="batch"))
    before = {k: v.clone() for net in task.networks.values() for k, v in net.state_dict().items()}
    images, state = torch.rand(100, 1, 16, 16) * 2 - 1, torch.get_rng_state()
    check_up(task, images)
    after = {k: v for net in task.networks.values() for k, v in net.state_dict().items()}
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(torch.get_rng_state(), state)


def test_bad_input_is_refused():
    with pytest.raises(TypeError, match="a VAE has no discriminator"):
        check_up(VAE.for_data(data.load("digits", count=10)), IMAGES)
    with pytest.raises(ValueError, match="empty"):
        check_up(gan(), IMAGES[:0])
