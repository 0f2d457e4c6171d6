import pytest
import torch

from gan_tutorial import models
from gan_tutorial.models import Translator, UNetGenerator


def unet(**options):
    return UNetGenerator(3, 16, width=4, depth=2, **{"mask_input": False, **options})


def test_it_is_the_network_of_the_picture_alone():
    network = unet()
    x = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(Translator(network)(x), network(x, torch.zeros(2, 1, 16, 16)))


def test_a_factor_enlarges_first():
    network = unet()
    g = Translator(network, factor=4)
    x = torch.rand(2, 3, 4, 4)
    assert g(x).shape == (2, 3, 16, 16)
    torch.testing.assert_close(g(x), Translator(network)(g.enlarged(x)))
    flat = torch.full((1, 3, 4, 4), 0.3)
    torch.testing.assert_close(g.enlarged(flat), torch.full((1, 3, 16, 16), 0.3))
    assert g.enlarged(torch.randn(1, 3, 4, 4) * 9).abs().max() <= 1


def test_it_is_built_again_from_its_configuration():
    g = Translator(unet(), factor=2)
    again = models.build(models.config_of(g))
    again.load_state_dict(g.state_dict())
    x = torch.rand(1, 3, 8, 8)
    assert torch.equal(again(x), g(x))
    assert (again.factor, again.shape, again.multiple) == (2, (3, 16, 16), 4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Translator(unet(noise_dim=2)), "takes a picture alone"),
        (lambda: Translator(unet(mask_input=True)), "takes a picture alone"),
        (lambda: Translator(models.MLPGenerator(2, (2,))), "takes a picture alone"),
        (lambda: Translator(unet(), factor=0), "at least 1"),
        (lambda: Translator(unet(), factor=3), "divide the side of 16"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
