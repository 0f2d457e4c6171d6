import pytest
import torch

from gan_tutorial import data, metrics
from gan_tutorial.metrics.choosing import fitted

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def digits():
    return [data.load("digits", split) for split in SPLITS]


def test_an_evaluation_says_what_the_instruments_say(digits):
    train, held_out, test = digits
    found = metrics.evaluation(train, held_out, test, "digits")
    real, fake, learned = (metrics.extract(x, "digits") for x in (held_out, test, train))
    assert found.extractor == fake.extractor
    assert found.count == 300
    assert found.rows["FID"].value == pytest.approx(metrics.fid(real, fake).value)
    assert found.rows["FID"].spread == pytest.approx(metrics.fid(real, fake).spread, rel=0.5)
    manifold = metrics.manifold_report(real, fake)
    for name in ("precision", "recall", "density", "coverage"):
        assert found.rows[name].value == pytest.approx(getattr(manifold, name))
    assert found.rows["class distance"].value == metrics.class_report(real, fake).distance
    copying = metrics.memorization(learned, real, fake)
    assert found.rows["closer to train"].value == copying.closer
    assert found.rows["copies"].value == copying.copies
    line = next(line for line in str(found).splitlines() if line.startswith("FID  "))
    assert f"{found.rows['FID'].value:.4g} ± " in line


def test_the_floor_of_training_samples_is_their_own_value(digits):
    """What the floor is made of, measured as if it were generated, has the floor's values."""
    train, held_out, _ = digits
    count = 60
    random = torch.Generator().manual_seed(3)
    first = torch.randperm(len(train), generator=random)[:count]
    found = metrics.evaluation(train, held_out, train[first], "digits", seed=3)
    for name in ("KID", "precision", "recall", "coverage", "classes found"):
        assert found.rows[name].value == pytest.approx(found.rows[name].floor)
    assert found.rows["closer to train"].value == 1  # they are copies
    assert found.rows["closer to train"].floor < 0.8


def test_without_a_network_pixels_and_coordinates_are_compared(digits):
    train, held_out, test = (x[:40] for x in digits)
    assert metrics.evaluation(train, held_out, test).extractor == "pixels"
    ring = [data.load("ring", split, count=50) for split in SPLITS]
    found = metrics.evaluation(*ring)
    assert found.extractor == "coordinates"
    assert found.rows["modes found"].floor == 8
    # a tensor has no density, and the parts of a swiss roll are no modes
    assert "modes found" not in metrics.evaluation(*(x[:] for x in ring)).rows
    roll = [data.load("swiss_roll", split, count=50) for split in SPLITS]
    assert "modes found" not in metrics.evaluation(*roll).rows


def test_too_few_samples_are_refused(digits):
    train, held_out, test = digits
    for fake in (test[:19], train[:301]):
        with pytest.raises(ValueError, match="20 generated samples or more"):
            metrics.evaluation(train, held_out, fake, "digits")


def test_a_network_sees_larger_pictures_reduced():
    network = metrics.load_network("digits")
    assert fitted(network, (1, 8, 8)) is network
    pictures = data.load("digits", "test", count=5, image_size=16)
    features = metrics.extract(pictures, fitted(network, pictures.shape))
    assert features.extractor == f"{network.name} of 16x16 reduced to 8"
    assert features.outputs["class"].shape == (5, 10)
    for shape, message in (((3, 16, 16), "gray"), ((1, 4, 4), "8x8"), ((1, 8, 4), "8x8")):
        with pytest.raises(ValueError, match=message):
            fitted(network, shape)
