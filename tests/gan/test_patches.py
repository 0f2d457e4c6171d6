import pytest
import torch

from gan_tutorial import losses
from gan_tutorial.gan import patch_discriminator_loss, patch_generator_loss

W = torch.tensor([3.0, 4.0])


def judge(x):
    """Two patches a picture, of slopes 3 and 4."""
    return (x.flatten(1)[:, :2] * W).flatten()


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_patch_is_a_verdict(name):
    loss = losses.get_loss(name)
    real, fake = torch.randn(5, 1, 2, 2), torch.randn(5, 1, 2, 2)
    total, scalars = patch_discriminator_loss(loss, judge, real, fake)
    assert total == scalars["d_loss"] == loss.discriminator(judge(real), judge(fake))
    assert scalars["real_logit"] == judge(real).mean()
    assert "r1" not in scalars
    expected = loss.generator(judge(real), judge(fake))
    torch.testing.assert_close(patch_generator_loss(loss, judge, real, fake), expected)


def test_the_penalty_is_on_the_mean_of_a_pictures_patches():
    real, fake = torch.randn(5, 1, 2, 2), torch.randn(5, 1, 2, 2)
    loss = losses.get_loss("hinge")
    total, scalars = patch_discriminator_loss(loss, judge, real, fake, gamma=2.0)
    assert scalars["r1"] == pytest.approx((1.5**2 + 2.0**2) / 2)  # half the slopes' squares
    torch.testing.assert_close(total, scalars["d_loss"] + 2.0 * scalars["r1"])


def test_no_gradient_reaches_the_fakes_from_the_discriminators_loss():
    real, fake = torch.randn(5, 1, 2, 2), torch.randn(5, 1, 2, 2, requires_grad=True)
    weight = torch.ones(2, requires_grad=True)
    total, _ = patch_discriminator_loss(
        losses.get_loss("hinge"), lambda x: judge(x) * weight.repeat(5), real, fake, gamma=1.0
    )
    total.backward()
    assert fake.grad is None
    assert weight.grad is not None
