"""What newcomers do first, in Python."""

import pytest
import torch

from gan_tutorial import GAN, fit, models
from gan_tutorial.losses import LOSSES, AdversarialLoss, get_loss

X = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))


def gan(**options):
    return GAN(*models.mlp_pair((2,), 2, 8, 1), **options)


@pytest.mark.parametrize("loss", [lambda real, fake: real.mean(), torch.nn.BCELoss(), 3, None])
def test_what_is_no_loss_names_what_would_be_one(loss):
    with pytest.raises(TypeError, match=r"write AdversarialLoss\(name='mine', discriminator="):
        gan(loss=loss)


def test_the_line_that_is_advised_makes_a_loss():
    with pytest.raises(TypeError) as caught:
        get_loss(len)
    line = str(caught.value).split("write ")[1].rstrip(".").replace("...", "fake.mean()")
    loss = eval(line, {"AdversarialLoss": AdversarialLoss})
    history = fit(gan(loss=loss), X, 2, batch_size=8, progress=False, device="cpu")
    assert history.last()["step"] == 2
    assert loss.name not in LOSSES


def test_one_callback_needs_no_list():
    steps = []
    fit(gan(), X, 3, batch_size=8, progress=False, device="cpu",
        callbacks=lambda run: steps.append(run.step))  # fmt: skip
    assert steps == [1, 2, 3]


def test_arrays_and_doubles_are_trained_on_like_tensors():
    samples = []
    for given in (X, X.numpy(), X.double()):
        torch.manual_seed(0)
        task = gan()
        fit(task, given, 3, batch_size=8, progress=False, device="cpu")
        samples.append(task.sample(4))
    assert torch.equal(samples[0], samples[1])
    assert torch.equal(samples[0], samples[2])


def test_what_was_saved_is_sampled_and_not_resumed(tmp_path):
    from gan_tutorial.cli import main

    task = gan()
    task.save(tmp_path / "saved")
    assert main(["sample", str(tmp_path / "saved"), "--out", str(tmp_path / "x.png")]) == 0
    with pytest.raises(RuntimeError, match="was written by save, and is no run"):
        fit(gan(), X, 3, batch_size=8, progress=False, out=tmp_path / "saved", resume=True)
    with pytest.raises(FileNotFoundError):
        GAN.load(tmp_path / "nothing")
