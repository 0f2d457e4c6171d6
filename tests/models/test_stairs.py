"""Pictures of any proportions whose sides are multiples of 8."""

import pytest
import torch

from gan_tutorial import GAN, VAE, fit, models
from gan_tutorial.data import Dataset
from gan_tutorial.models.stairs import stairs_of

MULTIPLES = [24, 40, 48, 56, 72, 80, 96, (48, 64), (64, 48), (8, 32), (72, 128), (120, 88)]


@pytest.mark.parametrize("size", MULTIPLES, ids=str)
def test_both_players_and_the_encoder_fit_the_picture(size):
    height, width = (size, size) if isinstance(size, int) else size
    g, d = models.dcgan_pair(size, 4, 5, 4)
    x = g(torch.randn(2, 5))
    assert g.shape == d.shape == (4, height, width)
    assert x.shape == (2, 4, height, width)
    assert d(x).shape == (2,)
    assert models.encoder_for(g, 7)(x).shape == (2, 7)
    again = models.build(models.config_of(g))
    again.load_state_dict(g.state_dict())
    assert models.config_of(again) == models.config_of(g)


@pytest.mark.parametrize("size", MULTIPLES, ids=str)
def test_the_border_is_narrower_than_one_cell_of_the_first_map(size):
    height, width = (size, size) if isinstance(size, int) else size
    stairs = stairs_of(size)
    cell = 2**stairs.levels
    left, right, top, bottom = stairs.border
    assert (stairs.base[0] * cell, stairs.base[1] * cell) == (
        height + top + bottom, width + left + right,
    )  # fmt: skip
    assert max(left + right, top + bottom) < cell
    assert 4 <= min(stairs.base) <= 7 or min(height, width) == 8


@pytest.mark.parametrize("side", [8, 16, 32, 64, 128, 256])
def test_powers_of_two_begin_with_four_by_four_as_in_the_paper(side):
    stairs = stairs_of(side)
    assert (stairs.base, stairs.border) == ((4, 4), (0, 0, 0, 0))
    assert 4 * 2**stairs.levels == side


@pytest.mark.parametrize(
    ("size", "near"),
    [((50, 70), "48x64 and 56x72"), ((28, 32), "24x32 and 32x32"), ((64, 9), "64x8 and 64x16")],
)
def test_other_sizes_are_refused_with_the_nearest(size, near):
    with pytest.raises(ValueError, match=f"The nearest sizes are {near}"):
        models.dcgan_pair(size, 3, 5, 4)
    with pytest.raises(ValueError, match="nearest" if min(size) >= 16 else "nearest|8"):
        GAN.for_data(torch.zeros(4, 3, *size), network="dcgan")


@pytest.mark.parametrize("kind", [GAN, VAE])
@pytest.mark.parametrize("shape", [(3, 16, 24), (4, 24, 24), (1, 40, 16), (1, 8, 24)])
def test_the_recipes_train_them(kind, shape):
    pixels = torch.randint(0, 256, (20, *shape), generator=torch.Generator().manual_seed(0))
    pictures = Dataset("x", pixels.to(torch.uint8))
    task = kind.for_data(pictures, width=4)
    fit(task, pictures, 2, batch_size=4, progress=False, device="cpu")
    assert task.sample(3).shape == (3, *shape)
