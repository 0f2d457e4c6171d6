import math

import pytest
import torch
from torch.nn.functional import softplus

from gan_tutorial import games


class Minimax:
    """The cross-entropy pair, written here so that the games are tested on their own."""

    @staticmethod
    def discriminator(real_logits, fake_logits):
        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    @staticmethod
    def generator(real_logits, fake_logits):
        return -softplus(fake_logits).mean()


class Wasserstein:
    @staticmethod
    def discriminator(real_logits, fake_logits):
        return fake_logits.mean() - real_logits.mean()

    @staticmethod
    def generator(real_logits, fake_logits):
        return -fake_logits.mean()


RULES = [
    games.gradient_descent(),
    games.gradient_descent(alternate=True),
    games.extragradient(),
    games.optimistic(),
    games.gradient_descent(momentum=0.5),
    games.gradient_descent(momentum=0.5, alternate=True),
    games.gradient_descent(momentum=-0.4, alternate=True),
    games.gradient_descent(momentum=0.5, nesterov=True),
    games.gradient_descent(momentum=0.5, nesterov=True, alternate=True),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize(
    "game",
    [games.bilinear(), games.quadratic(0.7), games.dirac(Minimax, r1=0.3, noise=0.5)],
    ids=lambda game: game.name,
)
def test_matrix_written_by_hand_is_the_derivative_of_the_step(rule, game):
    def step(flat):
        return rule.step(game, flat.reshape(2, 2), 0.1).reshape(4)

    derivative = torch.autograd.functional.jacobian(step, torch.zeros(4, dtype=torch.float64))
    torch.testing.assert_close(derivative, rule.matrix(game.jacobian(), 0.1), rtol=0, atol=1e-12)


def test_known_rates_on_the_bilinear_game():
    h = 0.1
    known = {
        "simultaneous": math.sqrt(1 + h**2),
        "alternating": 1.0,
        "extragradient": math.sqrt((1 - h**2) ** 2 + h**2),
    }
    for rule in RULES[:3]:
        path = games.play(games.bilinear(), rule, h=h, steps=2000)
        assert games.measured_rate(path) == pytest.approx(known[rule.name], abs=1e-6)
        theory = games.spectral_radius(games.bilinear(), rule, h)
        assert theory == pytest.approx(known[rule.name], abs=1e-7)
    assert games.spectral_radius(games.bilinear(), games.optimistic(), h) == pytest.approx(
        0.994936, abs=1e-6
    )


def test_quadratic_rate_in_closed_form():
    h, curvature = 0.1, 0.5
    theory = games.spectral_radius(games.quadratic(curvature), games.gradient_descent(), h)
    assert theory == pytest.approx(math.hypot(1 - h * curvature, h), abs=1e-7)


def test_simultaneous_first_step_by_hand():
    path = games.play(games.bilinear(), games.gradient_descent(), h=0.5, steps=2, start=(1.0, 1.0))
    assert path.tolist() == [[1.0, 1.0], [0.5, 1.5], [-0.25, 1.75]]


def test_alternating_moves_the_second_player_first():
    rule = games.gradient_descent(alternate=True)
    path = games.play(games.bilinear(), rule, h=0.5, steps=1, start=(1.0, 1.0))
    assert path[1].tolist() == [0.25, 1.5]


def test_alternating_returns_after_six_steps_of_size_one():
    rule = games.gradient_descent(alternate=True)
    path = games.play(games.bilinear(), rule, h=1.0, steps=6)
    torch.testing.assert_close(path[6], path[0], rtol=0, atol=1e-12)


def test_heavy_ball_keeps_a_share_of_the_last_move():
    rule = games.gradient_descent(momentum=0.5)
    path = games.play(games.bilinear(), rule, h=0.5, steps=2, start=(1.0, 1.0))
    # second move: gradient part (-0.75, 0.25) plus half of the first move (-0.5, 0.5)
    assert path[2].tolist() == [0.5 - 0.75 - 0.25, 1.5 + 0.25 + 0.25]


def test_wasserstein_dirac_gan_is_the_bilinear_game_up_to_sign():
    point = torch.tensor([0.3, -0.7], dtype=torch.float64)
    torch.testing.assert_close(
        games.dirac(Wasserstein).gradients(point), -games.bilinear().gradients(point)
    )


def test_dirac_gradients_in_closed_form_and_in_batches():
    points = torch.tensor([[0.5, 2.0], [-1.0, 0.3]], dtype=torch.float64)
    x, y = points.T
    fake = torch.sigmoid(x * y)
    expected = torch.stack([-fake * y, fake * x + 0.3 * y], dim=1)
    game = games.dirac(Minimax, r1=0.3)
    torch.testing.assert_close(game.gradients(points), expected)
    torch.testing.assert_close(game.gradients(points[1]), expected[1])


def test_instance_noise_acts_like_a_pull_on_the_discriminator():
    # d^2/dy^2 of E softplus(-y n) + E softplus(y n) at 0 is 2 * Var(n) / 4
    jacobian = games.dirac(Minimax, noise=0.8).jacobian()
    expected = torch.tensor([[0.0, -0.5], [0.5, 0.8**2 / 2]], dtype=torch.float64)
    torch.testing.assert_close(jacobian, expected)


def test_averages():
    path = torch.tensor([[1.0, 0.0], [3.0, 2.0], [5.0, 1.0]], dtype=torch.float64)
    assert games.running_mean(path).tolist() == [[1.0, 0.0], [2.0, 1.0], [3.0, 1.0]]
    assert games.moving_average(path, 0.5).tolist() == [[1.0, 0.0], [2.0, 1.0], [3.5, 1.0]]


def test_running_mean_of_alternating_play_converges_like_one_over_t():
    rule = games.gradient_descent(alternate=True)
    path = games.play(games.bilinear(), rule, steps=2000)
    distance = games.running_mean(path).norm(dim=1)
    # the largest distance over the second half of ten times the time is ten times smaller
    late, early = distance[1000:].max(), distance[100:200].max()
    assert 7 < early / late < 14


def test_decay_freezes_a_rotating_game_instead_of_solving_it():
    rule = games.gradient_descent(alternate=True)
    path = games.play(games.bilinear(), rule, steps=1500, decay=lambda t: 1 / (1 + 0.01 * t))
    assert path[-1].norm() == pytest.approx(math.sqrt(2), rel=0.06)


def test_measured_rate_of_a_known_spiral():
    t = torch.arange(400, dtype=torch.float64)
    spiral = 0.99**t * torch.stack([torch.cos(t / 9), 1.1 * torch.sin(t / 9)])
    assert games.measured_rate(spiral.T) == pytest.approx(0.99, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: games.bilinear().gradients(torch.zeros(3)), r"two numbers.*\(3,\)"),
        (lambda: games.dirac(Minimax, r1=-1.0), "r1=-1"),
        (lambda: games.play(games.bilinear(), games.optimistic(), h=0.0), "h=0"),
        (lambda: games.play(games.bilinear(), games.optimistic(), h=math.nan), "h=nan"),
        (lambda: games.play(games.bilinear(), games.optimistic(), steps=math.nan), "steps=nan"),
        (lambda: games.dirac(Minimax, r1=math.nan), "r1=nan"),
        (lambda: games.dirac(Minimax, noise=math.nan), "noise=nan"),
        (lambda: games.moving_average(torch.ones(5, 2), decay=math.nan), "decay"),
        (lambda: games.measured_rate(torch.ones(5, 2)), "5 positions"),
        (lambda: games.measured_rate(torch.full((50, 2), math.inf)), "underflow"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_r1_and_r2_are_one_penalty_on_a_straight_logit():
    """Where the slope is phi everywhere, charging for it at data and at fakes adds up."""
    together = games.dirac(Minimax, r1=0.3, r2=0.2)
    point = torch.tensor([0.7, -1.1], dtype=torch.float64)
    expected = games.dirac(Minimax, r1=0.5).gradients(point)
    torch.testing.assert_close(together.gradients(point), expected)
    assert together.jacobian()[1, 1] == pytest.approx(0.5)


@pytest.mark.parametrize("weight", [0.1, 1.0, 10.0])
def test_wgan_gp_pulls_the_slope_to_one(weight):
    game = games.dirac(Wasserstein, gp=weight)
    for theta, phi in ((0.5, 1.6), (0.5, 0.4), (-2.0, -0.3)):
        slopes = game.gradients(torch.tensor([theta, phi], dtype=torch.float64))
        pull = 2 * weight * (abs(phi) - 1) * math.copysign(1, phi)
        assert slopes.tolist() == pytest.approx([-phi, theta + pull])


def test_wgan_gp_does_not_settle_on_the_dirac_gan():
    """A loop for a weight below 1, a stop at twice the weight from 1 on; never the data."""
    rule = games.gradient_descent(alternate=True)
    half = math.pi * 0.3 / (2 * math.sqrt(1 - 0.3**2))
    path = games.play(games.dirac(Wasserstein, gp=0.3), rule, h=0.02, steps=2500)
    assert path[-800:, 0].abs().max().item() == pytest.approx(0.6 / math.tanh(half), abs=0.03)
    path = games.play(games.dirac(Wasserstein, gp=1.0), rule, h=0.05, steps=700)
    assert path[-1].tolist() == pytest.approx([2.0, 0.0], abs=1e-3)


def test_consensus_adds_the_length_of_all_gradients():
    """On the bilinear game |v|^2 = theta^2 + phi^2: both are pulled home, and rotate as before."""
    game = games.consensus(games.bilinear(), 0.4)
    expected = torch.tensor([[0.4, 1.0], [-1.0, 0.4]], dtype=torch.float64)
    torch.testing.assert_close(game.jacobian(), expected)
    plain, damped = games.dirac(Minimax), games.consensus(games.dirac(Minimax), 1.0)
    rule = games.gradient_descent(alternate=True)
    assert games.spectral_radius(plain, rule, 0.1) == pytest.approx(1)
    assert games.spectral_radius(damped, rule, 0.1) < 0.99


@pytest.mark.parametrize("option", ["r1", "r2", "gp", "noise"])
def test_dirac_refuses_negative_weights(option):
    with pytest.raises(ValueError, match=f"{option}=-0.1"):
        games.dirac(Minimax, **{option: -0.1})
