import builtins
import json
import math
import os
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from gan_tutorial import data, metrics
from gan_tutorial.metrics import networks

KINDS = {
    "digits": (1, 8, 8),
    "mnist": (1, 32, 32),
    "soccer": (3, 32, 32),
    "natural": (3, 32, 32),
}


@pytest.fixture(scope="module")
def footballs():
    return data.load("soccer", "test", count=500)


def about(name: str) -> dict:
    return json.loads((networks.ASSETS / f"{name}.json").read_text(encoding="utf-8"))


def blurred(images, sigma: float):
    reach = int(4 * sigma) + 1
    line = torch.arange(-reach, reach + 1)
    window = torch.exp(-(line**2) / (2 * sigma**2))
    window = (window / window.sum()).view(1, 1, 1, -1).expand(images.shape[1], 1, 1, -1)
    images = functional.pad(images, (reach,) * 4, mode="replicate")
    images = functional.conv2d(images, window, groups=images.shape[1])
    return functional.conv2d(images, window.transpose(2, 3), groups=images.shape[1])


@pytest.mark.parametrize("name", metrics.NETWORKS)
def test_what_is_said_of_a_network_belongs_to_its_file(name):
    network = metrics.load_network(name)
    told = about(name)
    assert network.name == told["name"]
    assert network.num_features == told["features"]
    assert sum(p.numel() for p in network.parameters()) == told["parameters"]
    assert network.shape == KINDS[name]
    assert not network.training
    assert (networks.ASSETS / f"{name}.safetensors").stat().st_size < 300_000


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_stated_accuracy_is_true(name):
    if name == "mnist" and not os.environ.get("GAN_TUTORIAL_DATA_DIR"):
        pytest.skip("the files of MNIST are not here")
    test = data.load(name, "test")
    logits = metrics.extract(test, name).outputs["class"]
    accuracy = float((logits.argmax(1) == test.labels).double().mean())
    stated = about(name)["held_out"]
    assert stated["pictures"] == len(test)
    assert accuracy == pytest.approx(stated["accuracy"], abs=1.5 / len(test))
    assert accuracy > 0.98


def test_football_network_estimates_the_factors_as_well_as_stated(footballs):
    outputs = metrics.extract(footballs, "soccer").outputs
    stated = about("soccer")["held_out"]
    for name in ("light", "radius", "center", "ground"):
        truth = footballs.factors[name].view_as(outputs[name])
        explained = 1 - (outputs[name] - truth).square().mean() / truth.var(0).mean()
        assert float(explained) == pytest.approx(stated[f"{name}_r2"], abs=0.02)
    assert stated["panels_accuracy"] > stated["panels_white_share"] + 0.15


def test_ranking_of_footballs_agrees_with_the_eye(footballs):
    real = footballs[:]
    sets = [
        real,
        blurred(real, 0.7),
        blurred(real, 1.2),
        blurred(real, 2),
        blurred(real, 4),
        (real + torch.randn_like(real)).clamp(-1, 1),
        torch.rand_like(real) * 2 - 1,
    ]
    other = metrics.extract(data.load("soccer", "validation", count=500), "soccer")
    values = [
        metrics.fid(other, metrics.extract(images, "soccer"), spread=False).value for images in sets
    ]
    assert values == sorted(values)
    assert values[1] > 1.2 * values[0]
    collapsed = real[:5].repeat(100, 1, 1, 1)
    assert metrics.fid(other, metrics.extract(collapsed, "soccer")).value > 10 * values[0]


def test_ranking_of_digits_agrees_with_the_eye():
    real = data.load("digits", "test")[:]
    sets = [real, blurred(real, 0.5), blurred(real, 0.8), blurred(real, 1.5)]
    other = metrics.extract(data.load("digits", "validation"), "digits")
    values = [
        metrics.fid(other, metrics.extract(images, "digits"), spread=False).value for images in sets
    ]
    assert values == sorted(values)


@pytest.mark.parametrize("name", ["digits", "soccer"])
def test_features_are_standardized_on_the_training_set(name):
    train = data.load("digits") if name == "digits" else data.load("soccer", seed=1, count=1000)
    values = metrics.extract(train, name).values
    assert values.mean(0).abs().max() < 0.15
    assert float(values.var(0).mean()) == pytest.approx(1, abs=0.1)


def test_batches_and_repetitions_do_not_matter(footballs):
    whole = metrics.extract(footballs[:50], "soccer")
    parts = metrics.extract(footballs.subset(slice(50)), "soccer", batch_size=7)
    assert torch.allclose(whole.values, parts.values, atol=1e-4)
    assert torch.equal(whole.values, metrics.extract(footballs[:50], "soccer").values)
    assert (whole.picture, whole.extractor) == (parts.picture, parts.extractor)
    assert whole.span == parts.span
    assert len(whole[:10]) == len(whole[:10].outputs["radius"]) == 10


def test_mnist_network_takes_both_sizes():
    images = torch.rand(4, 1, 28, 28) * 2 - 1
    small = metrics.extract(images, "mnist")
    large = metrics.extract(functional.pad(images, (2, 2, 2, 2), value=-1), "mnist")
    assert torch.allclose(small.values, large.values)


def test_extracting_leaves_the_network_as_it_was():
    network = networks.FeatureNetwork((1, 8, 8), [(4, 1), (4, 2)], 3, {"class": 2}).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    metrics.extract(torch.zeros(5, 1, 8, 8), network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_a_network_of_ones_own_can_be_used():
    class Mean(nn.Module):
        def forward(self, images):
            return images.mean((2, 3))

    found = metrics.extract(torch.full((3, 2, 4, 4), 0.5), Mean())
    assert found.values.tolist() == [[0.5, 0.5]] * 3
    assert (found.extractor, found.outputs) == ("Mean", {})


def test_a_saved_network_comes_back_under_a_name_of_its_content(tmp_path):
    names = set()
    for seed in range(2):
        torch.manual_seed(seed)
        network = networks.FeatureNetwork((1, 8, 8), [(4, 2)], 3, {"class": 2}).eval()
        path = tmp_path / f"{seed}" / "mine.safetensors"
        metrics.save_network(path, network)
        again = metrics.load_network(path)
        names.add(again.name)
        images = torch.rand(5, 1, 8, 8)
        assert torch.allclose(again(images), network(images), atol=0.02)  # half precision
    assert len(names) == 2
    assert all(name.startswith("mine-3@") for name in names)


def test_files_that_are_no_networks_are_refused(tmp_path):
    with pytest.raises(ValueError, match="choose one of digits, mnist, soccer"):
        metrics.load_network("digit")
    with pytest.raises(FileNotFoundError, match="no file"):
        metrics.load_network(tmp_path / "missing.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes((networks.ASSETS / "digits.safetensors").read_bytes()[:-100])
    with pytest.raises(ValueError, match="damaged"):
        metrics.load_network(broken)
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="not a feature network"):
        metrics.load_network(tmp_path / "other.safetensors")


def test_pictures_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"looks at gray pictures.*color.*channels=1"):
        metrics.extract(torch.zeros(2, 3, 8, 8), "digits")
    with pytest.raises(ValueError, match=r"28x28 or 32x32.*image_size=32"):
        metrics.extract(torch.zeros(2, 1, 16, 16), "mnist")
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        metrics.extract(torch.full((2, 1, 8, 8), 16.0), "digits")
    with pytest.raises(ValueError, match="not finite"):
        metrics.extract(torch.full((2, 1, 8, 8), math.nan), "digits")
    with pytest.raises(TypeError, match="uint8"):
        metrics.extract(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), "digits")
    with pytest.raises(ValueError, match="N > 0"):
        metrics.extract(torch.zeros(0, 1, 8, 8), "digits")
    with pytest.raises(ValueError, match="shape"):
        metrics.extract(data.load("ring", count=5), "digits")
    with pytest.raises(ValueError, match="one row a sample"):
        metrics.Features(torch.zeros(3), "mine")


def test_inception_says_what_is_missing(monkeypatch, tmp_path):
    with pytest.raises(FileNotFoundError, match="no Inception weights"):
        metrics.inception(tmp_path / "missing.pth")
    real_import = builtins.__import__

    def without_fidelity(name, *args, **kwargs):
        if name.startswith("torch_fidelity"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_fidelity)
    with pytest.raises(ModuleNotFoundError, match="torch_fidelity is missing"):
        metrics.inception()


def test_inception_is_given_levels_of_color_pictures():
    class Levels(nn.Module):
        def forward(self, images):
            assert images.dtype == torch.uint8
            return images.float().mean((2, 3))

    network = networks._Inception(Levels())
    images = torch.tensor([-1.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(2, 3, 4, 4)
    found = metrics.extract(images, network)
    assert found.values[0].tolist() == [0, 128, 255]
    assert found.extractor == "inception-v3-2048"
    with pytest.raises(ValueError, match="channels=3"):
        metrics.extract(images[:, :1], network)


def test_assets_are_installed_with_the_package(root):
    import tomllib

    project = tomllib.loads(Path(root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["gan_tutorial"]
    package = root / "gan_tutorial"
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    assert installed == {path for path in (package / "assets").rglob("*") if path.is_file()}
    networks = {f"{name}.{kind}" for name in metrics.NETWORKS for kind in ("json", "safetensors")}
    assert networks <= {path.name for path in installed}
    assert package / "assets" / "soccer64" / "generator.safetensors" in installed
