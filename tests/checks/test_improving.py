"""Exercise 10.4 asks for power iteration, 10.7 for pictures that fade in."""

import pytest
import torch

from gan_tutorial import check


def power(start=torch.ones, more=0, factor=1, capped=None):
    def largest(W, rounds):
        v = start(W.shape[1])
        for _ in range(min(factor * rounds + more, capped or 10_000)):
            u = torch.nn.functional.normalize(W @ v, dim=0)
            v = torch.nn.functional.normalize(W.T @ u, dim=0)
        return u @ W @ v

    return largest


@pytest.mark.parametrize("start", [torch.ones, torch.randn, lambda n: torch.eye(n)[0]])
@pytest.mark.parametrize("more", [0, 1])
def test_power_iteration_from_any_start_is_right(start, more):
    assert check("10.4", power(start, more)), check("10.4", power(start, more))


def by_products(W, rounds):
    """Powers of W^T W, applied to one vector at the end."""
    v = torch.linalg.matrix_power((W.T @ W).double() / W.norm().double() ** 2, rounds) @ torch.ones(
        W.shape[1], dtype=torch.float64
    )
    return (W.double() @ v).norm() / v.norm()


def test_the_same_written_otherwise_is_right():
    assert check("10.4", by_products), check("10.4", by_products)
    assert check("10.4", lambda W, rounds: float(power()(W, rounds)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda W, rounds: torch.linalg.svdvals(W)[0],
        lambda W, rounds: torch.linalg.matrix_norm(W, 2),
        lambda W, rounds: torch.linalg.svdvals(W)[0] * (1 - 1e-4),
        power(factor=30),
        power(more=100),
        power(capped=3),
        power(capped=1),
        lambda W, rounds: power()(W, 5 if rounds < 50 else rounds),
        lambda W, rounds: W.norm(),
    ],
)
def test_decompositions_and_other_numbers_of_rounds_are_not(wrong):
    assert not check("10.4", wrong)


def by_hand(old, new, alpha):
    """Every pixel four times, by indices; and a mixture written as a step from old to new."""
    rows = torch.arange(new.shape[-2]) // 2
    large = old[..., rows, :][..., torch.arange(new.shape[-1]) // 2]
    return torch.lerp(large, new, alpha)


def test_growing_written_otherwise_is_right():
    assert check("10.7", by_hand), check("10.7", by_hand)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda old, new, alpha: by_hand(old, new, 1 - alpha), "share of the new picture"),
        (lambda old, new, alpha: torch.lerp(old.repeat(1, 1, 2, 2), new, alpha), "copies"),
        (lambda old, new, alpha: new, "not right"),
        (lambda old, new, alpha: old, "shape"),
    ],
)
def test_growing_wrongly_is_named(wrong, why):
    found = check("10.7", wrong)
    assert not found
    assert why in str(found)
