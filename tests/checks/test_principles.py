"""What is a linear regression, and what is something else that is better than a copy."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.neighbors import KNeighborsRegressor

from gan_tutorial import check


def copied(x, x_test):
    distances = ((x_test[:, None, :32] - x[:, :32]) ** 2).sum(2)
    return x[distances.argmin(1), 32:]


def halves(regression, copy=copied):
    return lambda x, x_test: {"copied": copy(x, x_test), "regression": regression(x, x_test)}


def fitted(model):
    return lambda x, x_test: model.fit(x[:, :32], x[:, 32:]).predict(x_test[:, :32])


def by_torch(x, x_test):
    x, x_test = torch.tensor(x, requires_grad=True), torch.tensor(x_test)
    design = torch.cat([x[:, :32], torch.ones(len(x), 1)], 1)
    weights = torch.linalg.solve(design.T @ design + 0.1 * torch.eye(33), design.T @ x[:, 32:])
    return torch.cat([x_test[:, :32], torch.ones(len(x_test), 1)], 1) @ weights


def by_descent(x, x_test):
    """Gradient descent on a linear layer, as a reader of a PyTorch book may do it."""
    x, upper = torch.tensor(x), torch.tensor(x_test[:, :32])
    layer = torch.nn.Linear(32, 32)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(layer(x[:, :32]), x[:, 32:]).backward()
        optimizer.step()
    return layer(upper)


def nearest_by_sklearn(x, x_test):
    return KNeighborsRegressor(1).fit(x[:, :32], x[:, 32:]).predict(x_test[:, :32])


def last_of_the_nearest(x, x_test):
    """Of two images that are equally near, the other one."""
    distances = torch.cdist(torch.tensor(x_test[:, :32]), torch.tensor(x[::-1, :32].copy()))
    return x[::-1][distances.argmin(1).numpy(), 32:]


@pytest.mark.parametrize(
    "answer",
    [
        halves(fitted(LinearRegression())),
        halves(fitted(LinearRegression(fit_intercept=False)), nearest_by_sklearn),
        halves(lambda x, x_test: fitted(Ridge(1.0))(x, x_test).clip(-1, 1), last_of_the_nearest),
        halves(fitted(RidgeCV(np.logspace(-3, 3, 13)))),
        halves(fitted(Ridge(100.0))),
        halves(by_torch),
        halves(by_descent),
        lambda x, x_test: halves(by_torch)(x, x_test) | {"note": "in a dict with more in it"},
    ],
)
def test_linear_regressions_of_all_kinds_are_right(answer):
    verdict = check("1.5", answer)
    assert verdict, verdict


def two_lists(x, x_test):
    return copied(x, x_test), by_torch(x, x_test)


@pytest.mark.parametrize(
    "answer",
    [
        halves(fitted(KNeighborsRegressor(5))),
        halves(fitted(ExtraTreesRegressor(20, random_state=0))),
        halves(fitted(KernelRidge(kernel="rbf", alpha=0.1, gamma=0.05))),
        halves(lambda x, x_test: (by_torch(x, x_test) + torch.tensor(copied(x, x_test))) / 2),
        halves(lambda x, x_test: fitted(Ridge(1.0))(x[:100], x_test)),
        halves(lambda x, x_test: fitted(Ridge(1.0))(x[:, ::-1], x_test)),
        halves(lambda x, x_test: 0 * copied(x, x_test)),
        halves(copied),
        halves(by_torch, fitted(KNeighborsRegressor(2))),
        halves(by_torch, lambda x, x_test: x[: len(x_test), 32:]),
        halves(lambda x, x_test: by_torch(x, x_test)[:, :16]),
        halves(lambda x, x_test: by_torch(x, x_test) * np.nan),
        two_lists,
    ],
)
def test_other_ways_to_beat_a_copy_are_not_what_was_asked(answer):
    verdict = check("1.5", answer)
    assert not verdict
    assert "It stopped" not in verdict.sentence


def test_a_better_prediction_that_is_not_linear_is_told_so():
    verdict = check("1.5", halves(fitted(KNeighborsRegressor(10))))
    assert "no *linear* regression" in verdict.sentence
