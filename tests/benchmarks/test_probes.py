"""What the benchmarks of InfoGAN and of styles compute, against closed forms."""

import importlib

import pytest
import torch


@pytest.fixture
def load(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module


def test_accuracy_is_that_of_the_best_assignment(load):
    info = load("info")
    labels = torch.arange(10).repeat(20)
    names = torch.randperm(10, generator=torch.Generator().manual_seed(0))
    assert info.accuracy(labels, names[labels]) == 1.0
    # two categories for one class: one of them is wrong, wherever it is assigned
    halved = labels.clone()
    halved[labels == 1] = 0
    assert info.accuracy(labels, halved) == pytest.approx(0.9)
    assert info.accuracy(labels, torch.zeros(200, dtype=torch.long)) == pytest.approx(0.1)


def test_a_factor_is_explained_by_its_best_code(load):
    info = load("info")
    torch.manual_seed(0)
    sets = []
    for count in (4000, 2000):
        codes = torch.randn(count, 3)
        noise = torch.randn(count)
        truth = {"whole": 2 - 5 * codes[:, 1], "half": codes[:, 0] + noise, "none": noise}
        sets.append((codes, truth))
    found = info.explained(*sets)
    assert found["whole"] == pytest.approx(1, abs=1e-4)
    assert found["half"] == pytest.approx(0.5, abs=0.05)
    assert found["none"] == pytest.approx(0, abs=0.02)


def test_a_probe_tells_a_line_from_one_number(load):
    style = load("style")
    torch.manual_seed(0)
    codes = 3 + 2 * torch.randn(8000, 4)
    one, mixed = codes[:, 2:3], codes[:, :2].sum(1, keepdim=True)
    assert style.probe(codes, one) == pytest.approx((1, 1), abs=0.01)
    line, alone = style.probe(codes, mixed)  # two numbers share it evenly
    assert line == pytest.approx(1, abs=0.01)
    assert alone == pytest.approx(0.5, abs=0.05)
    line, alone = style.probe(codes, torch.randn(8000, 1))
    assert abs(line) < 0.02
    assert abs(alone) < 0.02
    bent = codes[:, :1].sub(3).square()  # not a line
    assert style.probe(codes, bent)[0] < 0.05
