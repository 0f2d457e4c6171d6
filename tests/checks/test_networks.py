"""How many directions outputs span must be measured: widths do not tell."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from gan_tutorial import check


def before_tanh(network, count=300):
    with torch.no_grad():
        return network[:-1](torch.randn(count, 100))


def by_hook(network):
    """Listen to what enters the last tanh, in an array of NumPy."""
    heard = []
    handle = list(network.children())[-1].register_forward_hook(
        lambda module, inputs, output: heard.append(inputs[0])
    )
    network(torch.randn(500, network[0].in_features))
    handle.remove()
    outputs = heard[0].detach().numpy().astype(float)
    return np.linalg.matrix_rank(outputs - outputs.mean(0), tol=1e-3)


def by_inverse(network):
    outputs = torch.atanh(network(torch.randn(400, 100)).double())
    return torch.linalg.matrix_rank(outputs - outputs.mean(0), rtol=1e-4)


def by_covariance(network):
    values = torch.linalg.eigvalsh(torch.cov(before_tanh(network).double().T))
    return [(values > 1e-9 * values.max()).sum()]


def by_differences(network):
    outputs = before_tanh(network).double()
    return float(torch.linalg.matrix_rank(outputs[1:] - outputs[0], rtol=1e-4))


@pytest.mark.parametrize("span", [by_hook, by_inverse, by_covariance, by_differences])
def test_ways_to_measure(span):
    verdict = check("3.5", span)
    assert verdict, verdict


def widths(network):
    return [layer.out_features for layer in network.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize(
    "span",
    [
        lambda network: network[0].out_features,
        lambda network: network[-2].in_features,
        lambda network: min(widths(network)),
        lambda network: widths(network)[-2],
        lambda network: min(p.shape[0] for p in network.parameters()),
        lambda network: torch.linalg.matrix_rank(network[0].weight),
        lambda network: min(
            torch.linalg.matrix_rank(p) for p in network.parameters() if p.ndim == 2
        ),
        lambda network: torch.linalg.matrix_rank(before_tanh(network)),
        lambda network: torch.linalg.matrix_rank(network(torch.randn(300, 100)).double()),
        lambda network: by_differences(network) + 0.4,
        lambda network: before_tanh(network).shape[1],
        lambda network: torch.linalg.matrix_rank(before_tanh(network, 16) * 1.0),
    ],
)
def test_what_reads_a_width_or_counts_something_else(span):
    assert not check("3.5", span)


def test_reading_a_width_is_called_by_its_name():
    assert "first layer" in check("3.5", lambda network: network[0].out_features).sentence
    assert "narrowest" in check("3.5", lambda network: min(widths(network))).sentence


SIZES = [(4, 2, 1), (1, 0), (0, 1)]


@pytest.mark.parametrize(
    "answer",
    [
        SIZES,
        ((2, 2, 0), (3, 0), (0, 1)),
        [torch.tensor(part) for part in SIZES],
        [np.array(part, dtype=float) for part in SIZES],
        [[str(x) for x in part] for part in SIZES],
    ],
)
def test_sizes_in_any_form(answer):
    assert check("3.1", answer), check("3.1", answer)


@pytest.mark.parametrize(
    "answer",
    [
        [(28, 0, 0), (1, 0), (0, 1)],
        [(4, 2, 1), (0, 0), (0, 1)],
        [(3.5, 2, 0.75), (1, 0), (0, 1)],
        [(4, 2, 1), (1, 0), (1, 0)],
        [(4, 2, 1, 1), (0,), (0, 1)],
        list(itertools.chain(*SIZES)),
        [(float("nan"), 2, 1), (1, 0), (0, 1)],
    ],
)
def test_sizes_that_no_layer_has(answer):
    assert not check("3.1", answer)


def test_pictures_for_the_fourth_may_be_arrays_or_lists():
    first = np.random.default_rng(0).random((3, 1, 4, 4))
    second = np.random.default_rng(1).permuted(first.reshape(3, 16), axis=1).reshape(3, 1, 4, 4)
    assert check("3.4", (first, second))
    assert check("3.4", [first.tolist(), second.tolist()])
    assert not check("3.4", (first, second + 0.01))
