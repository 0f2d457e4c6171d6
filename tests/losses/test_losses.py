import math

import numpy as np
import pytest
import torch
from scipy.special import expit

from gan_tutorial import losses

REAL = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=torch.float64)
FAKE = torch.tensor([-1.5, 3.0, 0.0, 1.0], dtype=torch.float64)


def reference(name):
    """The losses written with probabilities and NumPy, as in the papers."""
    r, f = REAL.numpy(), FAKE.numpy()
    log = np.log
    standard_d = -log(expit(r)).mean() - log(1 - expit(f)).mean()
    return {
        "minimax": (standard_d, log(1 - expit(f)).mean()),
        "non-saturating": (standard_d, -log(expit(f)).mean()),
        "least-squares": (
            ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
            ((f - 1) ** 2).mean() / 2,
        ),
        "hinge": (np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(), -f.mean()),
        "wasserstein": (f.mean() - r.mean(), -f.mean()),
        "relativistic": (-log(expit(r - f)).mean(), -log(expit(f - r)).mean()),
    }[name]


@pytest.mark.parametrize("name", losses.LOSSES)
def test_values_match_the_formulas_in_probabilities(name):
    game = losses.get_loss(name)
    d_loss, g_loss = reference(name)
    assert float(game.discriminator(REAL, FAKE)) == pytest.approx(d_loss, rel=1e-12)
    assert float(game.generator(REAL, FAKE)) == pytest.approx(g_loss, rel=1e-12)


LABELED = [name for name, game in losses.LOSSES.items() if game.labeled]


def test_the_losses_with_labels_are_these():
    assert LABELED == ["minimax", "non-saturating", "least-squares", "hinge"]
    for name in set(losses.LOSSES) - set(LABELED):
        for term in (losses.get_loss(name).real_term, losses.get_loss(name).fake_term):
            with pytest.raises(ValueError, match="no labels: it compares"):
                term(REAL)


@pytest.mark.parametrize(
    "game",
    [*LABELED, losses.smoothed(0.9, 0.1)],
    ids=lambda game: getattr(game, "name", game),
)
def test_the_loss_of_d_is_the_mean_of_what_each_sample_costs(game):
    game = losses.get_loss(game)
    whole = [
        game.real_term(REAL[i]) / len(REAL) + game.fake_term(FAKE[i]) / len(FAKE)
        for i in range(len(REAL))
    ]
    assert float(sum(whole)) == pytest.approx(float(game.discriminator(REAL, FAKE)), rel=1e-12)
    column = REAL[:, None]
    assert game.real_term(column).shape == game.fake_term(column).shape == column.shape


@pytest.mark.parametrize("bad", [math.nan, 1.5, -0.1])
def test_labels_that_are_no_probabilities_are_refused(bad):
    with pytest.raises(ValueError, match="Labels lie in"):
        losses.smoothed(bad)
    with pytest.raises(ValueError, match="Labels lie in"):
        losses.smoothed(0.9, bad)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_gradients_match_finite_differences(name):
    game = losses.get_loss(name)
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    # away from the hinge's corners at -1 and 1
    real.data += 0.013
    fake.data += 0.013
    assert torch.autograd.gradcheck(game.discriminator, (real, fake))
    assert torch.autograd.gradcheck(lambda f: game.generator(real.detach(), f), (fake,))


@pytest.mark.parametrize("name", losses.LOSSES)
def test_equilibrium_is_the_best_discriminator_loss_when_reals_and_fakes_agree(name):
    # With equal distributions the best D is constant (or 1/2 for least squares): scan constants.
    game = losses.get_loss(name)
    values = [
        float(game.discriminator(torch.full((3,), c), torch.full((3,), c)))
        for c in torch.linspace(-3, 3, 601)
    ]
    assert min(values) == pytest.approx(game.equilibrium, abs=1e-4)


def test_confident_discriminator_saturates_the_minimax_generator_only():
    fake = torch.tensor([-20.0], requires_grad=True)  # D is sure that this is a fake
    slope = {}
    for name in ("minimax", "non-saturating"):
        (slope[name],) = torch.autograd.grad(losses.get_loss(name).generator(None, fake), fake)
    assert abs(float(slope["minimax"])) == pytest.approx(expit(-20.0), rel=1e-5)
    assert abs(float(slope["non-saturating"])) == pytest.approx(1.0, rel=1e-5)


def test_huge_logits_stay_finite():
    big = torch.tensor([1e4, -1e4])
    for game in losses.LOSSES.values():
        assert torch.isfinite(game.discriminator(big, -big))
        assert torch.isfinite(game.generator(big, -big))


def test_relativistic_loss_ignores_a_common_offset():
    game = losses.get_loss("relativistic")
    shifted = game.discriminator(REAL + 7, FAKE + 7)
    torch.testing.assert_close(shifted, game.discriminator(REAL, FAKE))


def test_column_of_logits_equals_flat_logits():
    for game in losses.LOSSES.values():
        flat, column = (
            game.discriminator(REAL, FAKE),
            game.discriminator(REAL[:, None], FAKE[:, None]),
        )
        assert flat == column


def test_refuses_a_logit_per_pixel():
    with pytest.raises(ValueError, match="one logit per sample"):
        losses.get_loss("hinge").discriminator(torch.zeros(4, 1), torch.zeros(4, 28, 28, 1))


def test_refuses_unequal_pairs_only_where_it_pairs():
    with pytest.raises(ValueError, match="equal size"):
        losses.get_loss("relativistic").discriminator(torch.zeros(4), torch.zeros(3))
    losses.get_loss("hinge").discriminator(torch.zeros(4), torch.zeros(3))


def test_refuses_missing_logits():
    with pytest.raises(TypeError, match="real logits"):
        losses.get_loss("hinge").discriminator(None, FAKE)
    with pytest.raises(TypeError, match="real logits"):
        losses.get_loss("relativistic").generator(None, FAKE)


def test_unknown_loss_names_the_known_ones():
    with pytest.raises(ValueError, match="non-saturating"):
        losses.get_loss("cross-entropy")


# --- penalties -------------------------------------------------------------------------------


def linear_critic(weight):
    return lambda x: x.flatten(1) @ weight


@pytest.mark.parametrize("norm", [0.5, 1.0, 3.0])
def test_penalties_on_a_linear_critic(norm):
    torch.manual_seed(0)
    weight = torch.randn(12)
    weight *= norm / weight.norm()
    real, fake = torch.randn(5, 3, 2, 2), torch.randn(5, 3, 2, 2)
    critic = linear_critic(weight)
    assert float(losses.r1(critic, real)) == pytest.approx(norm**2 / 2, rel=1e-5)
    assert float(losses.r2(critic, fake)) == pytest.approx(norm**2 / 2, rel=1e-5)
    assert float(losses.gradient_penalty(critic, real, fake)) == pytest.approx(
        (norm - 1) ** 2, abs=1e-5
    )


def test_norms_are_per_sample_over_all_other_axes():
    # D(x) = s^T x^2 / 2 has gradient s * x: check each sample against a hand-written loop
    torch.manual_seed(1)
    scale, x = torch.randn(2, 3), torch.randn(4, 2, 3, requires_grad=True)
    norms = losses.squared_gradient_norms((scale * x.square() / 2).sum((1, 2)), x)
    by_hand = [float((scale * sample).square().sum()) for sample in x.detach()]
    assert norms.tolist() == pytest.approx(by_hand, rel=1e-5)


def test_penalty_gradient_reaches_the_weights():
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    losses.r1(lambda x: x @ weight, torch.randn(6, 2)).backward()
    assert weight.grad.tolist() == pytest.approx([3.0, 4.0], rel=1e-5)  # d/dw |w|^2/2 = w


def test_interpolates_lie_between_the_pairs():
    # For D(x) = |x|^2/2 the gradient at x^ is x^ itself; between 0 and 2 its length is 2u.
    real, fake = torch.full((20000, 1), 2.0), torch.zeros(20000, 1)
    torch.manual_seed(0)
    penalty = losses.gradient_penalty(lambda x: x.square().sum(1) / 2, real, fake)
    assert penalty.item() == pytest.approx(1 / 3, abs=0.01)  # E (2u - 1)^2 = 1/3


def test_penalty_is_float32_under_autocast_and_finite_at_zero_gradient():
    weight = torch.tensor([3.0, 4.0])
    with torch.autocast("cpu", torch.bfloat16):
        assert losses.r1(torch.nn.Linear(2, 1), torch.randn(3, 2)).dtype == torch.float32
    flat = weight.clone().requires_grad_()
    losses.gradient_penalty(
        lambda x: x @ (flat * 0), torch.ones(2, 2), -torch.ones(2, 2)
    ).backward()
    assert flat.grad.isfinite().all()


def test_gradient_penalty_refuses_unequal_batches():
    with pytest.raises(ValueError, match="equal size"):
        losses.gradient_penalty(linear_critic(torch.ones(2)), torch.ones(3, 2), torch.ones(2, 2))


def test_equilibria_are_the_known_constants():
    assert losses.get_loss("minimax").equilibrium == pytest.approx(2 * math.log(2))


def test_logits_and_gradients_ask_a_network_that_knows_them_and_autograd_else():
    class Knowing(torch.nn.Module):
        has_gradient = True

        def forward(self, x):
            return x.square().sum(1) / 2

        def with_gradient(self, x):
            return self(x), 7 * x

    x = torch.randn(4, 3, requires_grad=True)
    knowing = Knowing()
    logits, gradients = losses.logits_and_gradients(knowing, x)
    torch.testing.assert_close(gradients, 7 * x)
    assert float(losses.r1(knowing, x)) == pytest.approx(49 / 2 * x.square().sum(1).mean().item())
    knowing.has_gradient = False
    plain_logits, gradients = losses.logits_and_gradients(knowing, x)
    torch.testing.assert_close(gradients, x)
    torch.testing.assert_close(logits, plain_logits)
    gradients.sum().backward()
    assert x.grad is None  # the graph that the samples came with is not followed


def test_penalties_keep_double_precision():
    x = torch.randn(3, 2, dtype=torch.float64)
    assert losses.r1(torch.nn.Linear(2, 1).double(), x).dtype == torch.float64


@pytest.mark.parametrize(("real", "fake"), [(0.9, 0.0), (0.9, 0.1), (1.0, 0.0)])
def test_smoothed_labels_are_cross_entropy_with_these_labels(real, fake):
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    game = losses.smoothed(real, fake)
    expected = bce(REAL, torch.full_like(REAL, real)) + bce(FAKE, torch.full_like(FAKE, fake))
    torch.testing.assert_close(game.discriminator(REAL, FAKE), expected)
    standard = losses.get_loss("non-saturating")
    assert torch.equal(game.generator(None, FAKE), standard.generator(None, FAKE))


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.5), (0.2, 0.7)])
def test_the_best_discriminator_against_smoothed_labels(p, q):
    """One point with densities p and q: descend, and compare with the closed form."""
    game = losses.smoothed(0.9, 0.1)
    logit = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    for _ in range(2000):
        # the loss is linear in the two kinds, so weigh them by their densities
        kinds = [game.discriminator(logit, logit * 0), game.discriminator(logit * 0, logit)]
        loss = p * kinds[0] + q * kinds[1]
        (slope,) = torch.autograd.grad(loss, logit)
        logit = (logit - slope).detach().requires_grad_()
    best = (0.9 * p + 0.1 * q) / (p + q)
    assert logit.sigmoid().item() == pytest.approx(best, abs=1e-6)
    if p == q:
        logit = logit.detach()
        assert float(game.discriminator(logit, logit)) == pytest.approx(game.equilibrium)


@pytest.mark.parametrize("labels", [(0.0, 0.9), (0.5, 0.5), (1.1, 0.0), (0.9, -0.1)])
def test_smoothed_labels_out_of_order_are_refused(labels):
    with pytest.raises(ValueError, match="0 <= fake < real <= 1"):
        losses.smoothed(*labels)


def test_a_loss_of_ones_own_is_taken_as_it_is():
    own = losses.smoothed(0.8)
    assert losses.get_loss(own) is own
