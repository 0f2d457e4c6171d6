"""Checks for the exercises of chapter 3 on the losses: 3.2, 3.3, 3.7, 3.10."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from .core import (
    Mistake,
    Mistakes,
    Wrong,
    call,
    close,
    compare_functions,
    compare_values,
    exercise,
    number,
    numbers,
)

# --- 3.7 The softmax of one number -----------------------------------------------------------


def _two_logits(answer: Any, mistakes: Mistakes) -> None:
    a = torch.tensor([-3.0, -0.5, 0.0, 1.0, 4.0])
    two = numbers(call(answer, a)).float()
    if two.shape != (5, 2):
        raise Wrong(
            f"Five logits should become shape (5, 2), one column for each class, not "
            f"{tuple(two.shape)}."
        )
    for mistake in mistakes.values():
        if close(two, mistake.answer(a), 1e-5):
            raise Wrong(mistake.why)
    classes = torch.tensor([0, 1, 0, 1, 1])
    one = binary_cross_entropy_with_logits(a, classes.float(), reduction="none")
    if not close(cross_entropy(two, classes, reduction="none"), one, 1e-5):
        raise Wrong("The softmax's second entry is not the sigmoid of the logit.")


# --- 3.10 Whose gradient? --------------------------------------------------------------------


def _slope(D: nn.Module, x: Tensor, create_graph: bool = True) -> Tensor:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(D(x).sum(), x, create_graph=create_graph)[0]


def _mean_squared_slope(D: nn.Module, x: Tensor) -> Tensor:
    return _slope(D, x).square().flatten(1).sum(1).mean()


class _Outside(nn.Module):
    """A network whose weights stand outside it: a copy, which is what is handed in, shares them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.function = lambda x: network(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _penalty(answer: Any, mistakes: Mistakes) -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 2, 3, 5)
    head = nn.Linear(8, 1)
    D = _Outside(nn.Sequential(nn.Flatten(), nn.Linear(30, 8), nn.Tanh(), head, nn.Flatten(0)))
    right = _mean_squared_slope(D, x)
    (expected,) = torch.autograd.grad(right, head.weight, retain_graph=True)
    found = call(answer, D, x.clone())
    value = number(found)
    if not close(found, right, 1e-4):
        for mistake in mistakes.values():
            if close(found, mistake.answer(D, x), 1e-4):
                raise Wrong(mistake.why)
        raise Wrong(
            f"For a small network it returns {value:.4g}, and {right.item():.4g} is the "
            "mean over the pictures of their own squared slopes."
        )
    if not (torch.is_tensor(found) and found.requires_grad):
        raise Wrong(mistakes["no_graph"].why)
    (gradient,) = torch.autograd.grad(found.sum(), head.weight, allow_unused=True)
    if gradient is None or not close(gradient, expected, 1e-4):
        raise Wrong("The number is right, and its gradient with respect to D's weights is not.")


EXERCISES = (
    exercise(
        "3.2",
        "ex-three-numbers",
        "a function of (dx, dgz), the two probabilities, that returns the correct loss",
        compare_functions(
            lambda dx, dgz: -(math.log(dx) + math.log(1 - dgz)),
            [(0.9998, 0.9997), (0.5, 0.5), (0.9, 0.2)],
            "dx, dgz",
        ),
        "With these verdicts the fakes alone cost 8; a loss near zero has label 1 on both.",
        fakes_labeled_one=Mistake(
            "That is the colleague's loss: the fakes' term is the one of label 1.",
            lambda dx, dgz: -(math.log(dx) + math.log(dgz)),
        ),
        mean=Mistake(
            "Both terms are *added* in this book; yours is their mean.",
            lambda dx, dgz: -(math.log(dx) + math.log(1 - dgz)) / 2,
        ),
        sign=Mistake(
            "That is the value that D maximizes: a loss is its negative.",
            lambda dx, dgz: math.log(dx) + math.log(1 - dgz),
        ),
    ),
    exercise(
        "3.3",
        "ex-rescue",
        "the floor of the loss with a sigmoid too many, both halves added",
        compare_values([math.log(2) + math.log(1 + math.exp(-1))], ["the floor"]),
        "D separates perfectly, and the log says 1.006: look at the outputs, not at the loss.",
        zero=Mistake(
            "Zero is the floor of a *right* loss; here the outputs stay between 0 and 1.", 0.0
        ),
        mean=Mistake(
            "That is the mean over the concatenated batch: L_D is the sum of both halves, twice "
            "as much.",
            (math.log(2) + math.log(1 + math.exp(-1))) / 2,
        ),
        no_opinion=Mistake(
            "2 log 2 is paid by a discriminator without an opinion; this one is sure.",
            2 * math.log(2),
        ),
        one_half=Mistake(
            "That is the real half alone: a fake whose sigmoid is 0 still costs log 2.",
            math.log(1 + math.exp(-1)),
        ),
    ),
    exercise(
        "3.7",
        "ex-one-logit",
        "a function of a, shape (N,), that returns the two logits, shape (N, 2)",
        _two_logits,
        "A softmax sees differences only: one of its logits can always be 0.",
        doubled=Mistake(
            "(-a, a) differ by 2a: the softmax's second entry is the sigmoid of *twice* the logit.",
            lambda a: torch.stack([-a, a], dim=1),
        ),
        swapped=Mistake(
            "The columns are swapped: class 1, real, is the second.",
            lambda a: torch.stack([a, torch.zeros_like(a)], dim=1),
        ),
        probabilities=Mistake(
            "These are probabilities: cross-entropy takes logits, and would apply its softmax on "
            "top.",
            lambda a: torch.stack([1 - a.sigmoid(), a.sigmoid()], dim=1),
        ),
    ),
    exercise(
        "3.10",
        "ex-penalty",
        "a function penalty(D, x) that returns the mean squared length of D's gradient at the "
        "pictures x, one number with a graph",
        _penalty,
        "Each picture's own gradient, all its axes, squared, and only then the mean.",
        whole_batch=Mistake(
            "That is the squared norm over the whole batch: it grows with the number of pictures. "
            "Sum over each picture, then take the mean.",
            lambda D, x: _slope(D, x).square().sum(),
        ),
        last_axis=Mistake(
            "The norm runs over the last axis only, one row of pixels: flatten each picture first.",
            lambda D, x: _slope(D, x).square().sum(-1).mean(),
        ),
        not_squared=Mistake(
            "That is the mean length; the penalty takes the mean of its square.",
            lambda D, x: _slope(D, x).flatten(1).norm(dim=1).mean(),
        ),
        no_graph=Mistake(
            "The number is right, and no gradient goes through it: `create_graph=True`, and no "
            "`.item()` or `.detach()`.",
            lambda D, x: _mean_squared_slope(D, x).detach(),
        ),
    ),
)
