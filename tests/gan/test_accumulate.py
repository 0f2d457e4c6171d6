"""A batch in pieces makes the update of the whole."""

import pytest
import torch

from gan_tutorial import GAN, fit, models
from gan_tutorial.training import Task

X = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))


def trained(accumulate, batch_size=12, steps=6, **options):
    torch.manual_seed(0)
    gan = GAN(*models.mlp_pair((2,), 3, 16, 2), lr=1e-3, accumulate=accumulate, **options)
    history = fit(gan, X, steps, batch_size=batch_size, progress=False, device="cpu", log_every=1)
    return gan, history


OPTIONS = [
    {"loss": "relativistic", "r1": 0.1, "r2": 0.1},
    {"loss": "hinge", "d_steps": 2, "r1": 0.5, "penalty_every": 2},
    {"loss": "wasserstein", "gp": 10.0},
    {"loss": "non-saturating"},
]


@pytest.mark.parametrize("pieces", [2, 3, 5])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options["loss"])
def test_it_is_equal_to_the_large_batch_up_to_rounding(options, pieces):
    of_differences = options["loss"] in ("relativistic", "wasserstein")
    whole, history = trained(1, **options)
    parts, again = trained(pieces, **options)
    for name in ("generator", "discriminator"):
        others = dict(parts.networks[name].named_parameters())
        *weights, (last, bias) = whole.networks[name].named_parameters()
        # a difference of logits has no slope along D's last bias, where Adam enlarges mere rounding
        if name == "generator" or not of_differences:
            weights.append((last, bias))
        for key, weight in weights:
            torch.testing.assert_close(weight, others[key], atol=1e-6, rtol=1e-5)
    assert whole.d_updates == parts.d_updates
    assert history.columns == again.columns
    free = {"real_logit", "fake_logit"} if of_differences else set()  # up to that bias
    free |= {"g_loss"} if options["loss"] == "wasserstein" else set()
    for name in set(history.columns) - free - {"seconds"}:
        torch.testing.assert_close(
            torch.tensor(history[name]), torch.tensor(again[name]),
            atol=1e-5, rtol=1e-5, equal_nan=True,
        )  # fmt: skip


def test_the_networks_never_see_more_than_a_piece():
    gan, _ = trained(3, steps=1)
    seen = []
    gan.discriminator.register_forward_hook(lambda net, x, y: seen.append(len(x[0])))
    gan.step(X[:12])
    assert max(seen) <= 8  # reals and fakes of a piece of four


def test_a_sum_of_losses_is_one_step():
    one, many = (Task({"n": torch.nn.Linear(3, 1)}, {}) for _ in range(2))
    many.networks["n"].load_state_dict(one.networks["n"].state_dict())
    x = torch.randn(8, 3)
    for task in (one, many):
        task.optimizers["n"] = torch.optim.SGD(task.networks["n"].parameters(), 0.1)
    one.update(one.networks["n"](x).square().sum(), "n")
    many.update_by_parts((many.networks["n"](p).square().sum() for p in x.split(3)), "n")
    torch.testing.assert_close(one.networks["n"].weight, many.networks["n"].weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accumulate": 0}, "accumulate must be at least 1"),
        ({"accumulate": -2}, "accumulate must be at least 1"),
        ({"accumulate": 2, "reuse_fakes": True}, "use one of the two"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        GAN(*models.mlp_pair((2,), 3, 8, 1), **options)
