import numpy as np
import pytest
import torch

from gan_tutorial import check


def test_two_logits_may_be_an_array_or_a_list():
    assert check("3.7", lambda a: np.stack([np.zeros(len(a)), a.numpy()], 1))
    assert check("3.7", lambda a: [[0.0, x] for x in a.tolist()])
    assert check("3.7", lambda a: torch.stack([-a / 2, a / 2], 1))
    assert not check("3.7", lambda a: [[x, 0.0] for x in a.tolist()])
    assert not check("3.7", lambda a: [0.0, 1.0])
    assert not check("3.7", lambda a: np.stack([-a.numpy(), a.numpy()], 1))


def slopes(D, x, **options):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(D(x).sum(), x, create_graph=True, **options)[0]


def one_by_one(D, x):
    lengths = [slopes(D, each[None]).norm() ** 2 for each in x]
    return torch.stack(lengths).mean()


def by_jacobian(D, x):
    whole = torch.autograd.functional.jacobian(D, x, create_graph=True)  # (N, N, C, H, W)
    return whole.square().sum() / len(x)


def in_place(D, x):
    D.train().zero_grad()
    x.requires_grad_(True)
    slope = torch.autograd.grad(D(x).sum(), x, create_graph=True)[0].flatten(1)
    return torch.einsum("ij,ij->i", slope, slope).mean().reshape(1)


@pytest.mark.parametrize("penalty", [one_by_one, by_jacobian, in_place])
def test_penalties_written_differently(penalty):
    verdict = check("3.10", penalty)
    assert verdict, verdict


@pytest.mark.parametrize(
    "penalty",
    [
        lambda D, x: slopes(D, x).square().mean(),
        lambda D, x: slopes(D, x).flatten(1).norm(dim=1).mean() ** 2,
        lambda D, x: slopes(D, x).square().sum((2, 3)).mean(),
        lambda D, x: slopes(D, x).square().sum((1, 2, 3)),
        lambda D, x: (slopes(D, x).flatten(1).norm(dim=1) - 1).square().mean(),
        lambda D, x: one_by_one(D, x).item(),
        lambda D, x: one_by_one(D, x).detach().requires_grad_(),
        lambda D, x: one_by_one(D, x).detach() + 0 * D(x).sum(),
    ],
)
def test_other_penalties(penalty):
    verdict = check("3.10", penalty)
    assert not verdict
    assert "It stopped" not in verdict.sentence
