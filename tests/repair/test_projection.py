"""Projection into the latent space."""

import pytest
import torch
from torch import nn

from gan_tutorial.models import mlp_pair
from gan_tutorial.repair.projection import project


class Linear(nn.Module):
    """A generator whose best code is known: pictures are the codes, spread out."""

    latent_dim = 4  # as a reader's own: nothing says which shape its pictures have

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), 0.5))

    def forward(self, z):
        return (self.scale * z).view(-1, 1, 2, 2)


def test_what_the_generator_made_is_found_again():
    images = torch.tensor([[0.4, -0.3, 0.2, 0.1], [0.0, 0.5, -0.5, 0.3]]).view(2, 1, 2, 2)
    found = project(Linear(), images, starts=3, steps=400, lr=0.02, prior=0.0)
    torch.testing.assert_close(found.pictures[0], images, atol=0.03, rtol=0)
    torch.testing.assert_close(found.codes[0].view_as(images), 2 * images, atol=0.06, rtol=0)
    assert (found.errors[0] < found.by_chance).all()
    assert (found.errors.diff(dim=0) >= 0).all()  # the nearest first


def test_errors_are_those_of_the_pictures_and_the_prior_shortens_codes():
    generator, _ = mlp_pair((3, 8, 8), latent_dim=4, width=8)
    images = torch.rand(2, 3, 8, 8) * 2 - 1
    found = project(generator, images, starts=2, steps=20)
    again = (found.pictures - images).abs().flatten(2).mean(2)
    torch.testing.assert_close(found.errors, again)
    drawn = generator(found.codes.flatten(0, 1)).view_as(found.pictures).detach()
    torch.testing.assert_close(found.pictures, drawn)
    short = project(generator, images, starts=2, steps=60, prior=10.0)
    assert short.codes.norm() < found.codes.norm()
    assert all(p.requires_grad for p in generator.parameters())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(1, 1, 3, 3)}, "makes pictures of 1x2x2"),
        ({"images": torch.zeros(1, 2, 2)}, "scale them first"),
        ({"starts": 0}, "starts must be"),
        ({"steps": 0}, "steps must be"),
        ({"lr": -1.0}, "lr"),
        ({"labels": torch.zeros(1)}, "as labels"),
    ],
)
def test_refusals(change, message):
    given = {"images": torch.zeros(1, 1, 2, 2), **change}
    with pytest.raises(ValueError, match=message):
        project(Linear(), given.pop("images"), **given)
