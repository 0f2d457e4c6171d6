"""Which network measures which pictures, and how it gets to see them."""

import re

import pytest
import torch
from PIL import Image

from gan_tutorial import data, metrics
from gan_tutorial.data import Dataset
from gan_tutorial.metrics import network_for
from gan_tutorial.metrics.choosing import fitted


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((3, 32, 32), ""),
        ((3, 64, 64), " of 64x64 reduced to 32"),
        ((3, 16, 16), " of 16x16 enlarged to 32"),
        ((1, 28, 28), " of 28x28 enlarged to 32, gray"),
        ((1, 32, 32), ", gray"),
        ((4, 32, 32), ", on gray"),
        ((3, 48, 64), " of 48x64 reduced to 32"),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_own_pictures_of_any_size_have_features_and_the_name_says_how(shape, name):
    samples = Dataset("own", torch.rand(3, *shape) * 2 - 1)
    network = network_for(samples)
    assert re.fullmatch(rf"natural-64@\w{{8}}{re.escape(name)}", network.name)
    assert network(samples[:]).shape == (3, 64)


@pytest.mark.parametrize(
    ("source", "shape", "name"),
    [
        ("soccer", (3, 32, 32), "soccer-64"),
        ("soccer", (1, 32, 32), "natural-64"),
        ("soccer", (3, 16, 16), "natural-64"),
        ("digits", (1, 4, 4), "natural-64"),
        ("digits", (1, 16, 16), "digits-32"),
        ("cifar10", (3, 32, 32), "natural-64"),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_data_of_the_library_have_their_network_where_it_fits(source, shape, name):
    samples = Dataset(source, torch.zeros(2, *shape), source=source)
    network = network_for(samples)
    assert network.name.startswith(f"{name}@")
    assert hasattr(network, "predict") == (name != "natural-64")  # its classes are not these
    assert network(samples[:]).shape[0] == 2


def test_gray_pictures_have_the_features_of_their_color_copies():
    gray = torch.rand(4, 1, 24, 24) * 2 - 1
    networks = [
        network_for(Dataset("own", gray.expand(-1, channels, -1, -1).contiguous()))
        for channels in (1, 3)
    ]
    one, other = (
        network(gray.expand(-1, c, -1, -1)) for network, c in zip(networks, (1, 3), strict=True)
    )
    torch.testing.assert_close(one, other)


def test_what_is_transparent_is_gray_whatever_its_color_and_what_is_not_is_as_without():
    color = torch.rand(3, 3, 32, 32) * 2 - 1
    by_color, by_four = (network_for(Dataset("own", torch.zeros(2, c, 32, 32))) for c in (3, 4))
    opaque = torch.cat([color, torch.ones(3, 1, 32, 32)], 1)
    torch.testing.assert_close(by_four(opaque), by_color(color))
    clear = torch.cat([color, -torch.ones(3, 1, 32, 32)], 1)
    torch.testing.assert_close(by_four(clear), by_color(torch.zeros_like(color)))


def test_fashion_is_measured_with_the_digits_of_mnist_and_points_with_nothing():
    fashion = Dataset("shoes", torch.zeros(2, 1, 28, 28), source="fashion_mnist")
    assert network_for(fashion).name.startswith("mnist-64@")
    with pytest.raises(ValueError, match="'ring' holds points"):
        network_for(data.load("ring", count=5))


@pytest.mark.parametrize("name", metrics.NETWORKS)
def test_pictures_of_a_reader_that_bear_a_name_of_ours_are_not_taken_for_ours(tmp_path, name):
    (channels, side, _), folder = metrics.load_network(name).shape, tmp_path / name
    folder.mkdir()
    for k in range(6):
        Image.new("RGB", (side, side), (40 * k, 0, 0)).save(folder / f"{k}.png")
    pictures = data.load(folder, "all", image_size=side, channels=channels)
    assert (pictures.name, pictures.source) == (name, None)
    for each in (pictures, Dataset(name, pictures.tensor())):
        assert network_for(each).name.startswith("natural-")


def test_only_the_general_network_is_shown_what_it_was_not_made_for():
    for shape, message in (((3, 16, 16), "32x32"), ((1, 32, 32), "color")):
        with pytest.raises(ValueError, match=message):
            fitted(metrics.load_network("soccer"), shape)
    with pytest.raises(ValueError, match="2 channels"):
        fitted(metrics.load_network("natural"), (2, 32, 32), any_shape=True)


@pytest.mark.parametrize("change", ["blur", "noise", "gray"])
def test_the_general_network_ranks_pictures_that_it_has_never_seen_the_kind_of(change):
    real, other = (
        data.load("soccer", split, count=150, ground="grass", image_size=64)
        for split in ("validation", "test")
    )
    network = network_for(Dataset("own", real[:]))
    against, images = metrics.extract(real, network), other[:]
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))

    def changed(much: float) -> torch.Tensor:
        if change == "noise":
            return (images + much * noise).clamp(-1, 1)
        if change == "gray":
            return images.lerp(images.mean(1, keepdim=True).expand_as(images), much)
        size = round(64 * (1 - 0.8 * much))
        small = torch.nn.functional.interpolate(images, size=size, mode="area")
        return torch.nn.functional.interpolate(small, size=64, mode="bilinear")

    values = [
        metrics.kid(against, metrics.extract(changed(much), network)).value
        for much in (0.0, 0.4, 0.7, 1.0)
    ]
    assert values == sorted(values)
    assert values[-1] > 10 * abs(values[0])
