import pytest
import torch
from torch import nn

from gan_tutorial import GAN, fit
from gan_tutorial.models import MLPDiscriminator, MLPGenerator, adopt_generator


class Viewing(nn.Module):
    """A generator of maps that views the codes itself."""

    def __init__(self):
        super().__init__()
        self.net = nn.ConvTranspose2d(7, 1, 8)

    def forward(self, z):
        return self.net(z[:, :, None, None]).tanh()


class Hidden(nn.Module):
    """One whose layers say nothing of the codes."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(5, 64))

    def forward(self, z):
        return (z @ self.weight).view(-1, 1, 8, 8)


def usual():
    return nn.Sequential(
        nn.ConvTranspose2d(6, 4, 4, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 1, 4, 2, 1),
        nn.Tanh(),
    )


@pytest.mark.parametrize(
    ("generator", "latent_dim"),
    [
        (usual(), 6),
        (Viewing(), 7),
        (nn.Sequential(nn.Linear(9, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8))), 9),
        (MLPGenerator(3, (1, 8, 8)), 3),
    ],
    ids=["usual", "viewing", "linear", "ours"],
)
def test_the_length_of_the_codes_is_read_off(generator, latent_dim):
    before = {k: v.clone() for k, v in generator.state_dict().items()}
    assert adopt_generator(generator).latent_dim == latent_dim
    assert generator(torch.randn(5, latent_dim)).shape == (5, 1, 8, 8)
    assert all(torch.equal(before[k], v) or "track" in k or "running" in k
               for k, v in generator.state_dict().items())  # fmt: skip


def test_codes_of_both_shapes_are_understood():
    generator = adopt_generator(usual()).eval()
    z = torch.randn(5, 6)
    assert torch.equal(generator(z), generator(z[:, :, None, None]))


def test_where_it_cannot_be_seen_it_is_asked_for():
    with pytest.raises(ValueError, match=r"write generator.latent_dim = 100") as caught:
        adopt_generator(Hidden())
    assert "\n" not in str(caught.value)
    generator = Hidden()
    generator.latent_dim = 5
    assert adopt_generator(generator) is generator
    wrong = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten())
    with pytest.raises(ValueError, match=r"takes neither codes \(N, 3\) nor \(N, 3, 1, 1\)"):
        adopt_generator(wrong)


def test_the_usual_generator_trains_samples_and_is_loaded_again(tmp_path):
    torch.manual_seed(0)
    gan = GAN(usual(), MLPDiscriminator((1, 8, 8), width=8))
    pictures = torch.rand(40, 1, 8, 8) * 2 - 1
    fit(gan, pictures, 3, batch_size=8, progress=False, device="cpu")
    assert gan.sample(5).shape == (5, 1, 8, 8)
    gan.save(tmp_path / "gan")
    again = GAN.load(tmp_path / "gan", generator=usual())
    assert torch.equal(again.sample(5), gan.sample(5))
    with pytest.raises(RuntimeError, match=r"is a Sequential, .*write GAN.load\(.*generator="):
        GAN.load(tmp_path / "gan")
