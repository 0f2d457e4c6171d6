import pytest
import torch
from torch import nn

from gan_tutorial import GAN, History, losses
from gan_tutorial.faults import Outcome, get_fault, healthy, signs, steps


class Draws(nn.Module):
    """A generator that draws from fixed samples, whatever the code."""

    def __init__(self, samples, latent_dim=2):
        super().__init__()
        self.latent_dim, self.samples = latent_dim, samples
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, z):
        rows = (z[:, 0].double().abs() * 1e6).long() % len(self.samples)
        return self.samples[rows] + 0 * self.weight


class Says(nn.Module):
    """A discriminator that a function stands for."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.function(x) + 0 * self.weight


def outcome_of(case, samples, function=lambda x: x.flatten(1).sum(1), **history) -> Outcome:
    """An outcome whose samples and verdicts are known."""
    task = GAN(Draws(samples), Says(function), loss=case.loss)
    table = History()
    for step, row in enumerate(zip(*history.values(), strict=True), 1):
        table.append(step=step, **dict(zip(history, row, strict=True)))
    return Outcome(case, task, table)


def test_signs_of_the_discriminator_count_what_they_say():
    case = healthy("digits", loss="non-saturating")
    ones = torch.ones(4, 1, 8, 8)  # reals have a mean below one half
    sure = outcome_of(case, ones, lambda x: x.flatten(1).mean(1) - 0.9)
    assert signs.fakes_called_real(sure) == 1
    assert signs.reals_called_fake(sure) == 1
    assert signs.best_accuracy(sure) == 0
    assert signs.logit_gap(sure) < -1
    squashed = outcome_of(case, ones, lambda x: x.flatten(1).mean(1).sigmoid())
    assert signs.share_in_unit_interval(squashed) == 1
    assert signs.share_in_unit_interval(sure) < 0.6
    assert signs.best_accuracy(outcome_of(case, ones, lambda x: 0 * x.flatten(1).sum(1))) == 0.5


def test_memory_is_measured_against_held_out_samples():
    case = healthy("digits", loss="non-saturating")
    known = case.data[:].flatten(1)

    def by_heart(x):
        return -torch.cdist(x.flatten(1), known).min(1).values

    assert signs.memorized(outcome_of(case, known[:1], by_heart)) > 0.99
    fair = outcome_of(case, known[:1], lambda x: x.flatten(1).mean(1))
    assert abs(signs.memorized(fair) - 0.5) < 0.05


def test_signs_look_at_samples_from_all_over_the_training_set():
    """Not at the first ones: in the file of digits those come from a few writers."""
    seen = []
    case = healthy("digits", loss="non-saturating")

    def look(x):
        seen.append(x)
        return x.flatten(1).mean(1)

    signs.memorized(outcome_of(case, case.data[:4], look))
    of_training, held_out = seen
    assert (len(of_training), len(held_out)) == (512, 300)
    rows = torch.cdist(of_training.flatten(1), case.data[:].flatten(1)).argmin(1)
    assert len(rows.unique()) > 500
    assert abs(rows.double().mean() - 598) < 60


def test_the_penalized_norm_is_that_of_the_whole_gradient():
    case = healthy("digits", loss="wasserstein")
    steep = outcome_of(case, torch.zeros(4, 1, 8, 8), lambda x: 0.5 * x.flatten(1).sum(1))
    assert signs.penalized_norm(steep) == pytest.approx(0.5 * 8)


def test_order_blind_discriminators_are_found():
    case = healthy("digits", loss="non-saturating")
    zeros = torch.zeros(4, 1, 8, 8)
    assert signs.shuffled_pixels(outcome_of(case, zeros)) < 1e-4
    left = outcome_of(case, zeros, lambda x: x[..., :4].flatten(1).sum(1))
    assert signs.shuffled_pixels(left) > 0.3


def test_signs_of_the_generator_on_samples_that_are_known():
    case = healthy("ring", loss="non-saturating")
    perfect = outcome_of(case, case.held_out[:])
    one_point = outcome_of(case, case.held_out.density.means[:1])
    assert signs.modes(perfect) == 1
    assert signs.modes(one_point) == 1 / 8
    assert abs(signs.diversity(perfect) - 1) < 0.05
    assert signs.diversity(one_point) < 1e-4
    assert signs.rare_share(perfect) == pytest.approx(1, abs=0.25)
    assert signs.rare_share(one_point) == pytest.approx(8, rel=0.05)


def test_the_variance_before_the_tanh_is_that_of_the_hidden_layer():
    case = healthy("digits", loss="non-saturating")
    directions = torch.randn(3, 64, generator=torch.Generator().manual_seed(0))
    codes = torch.randn(2000, 3, generator=torch.Generator().manual_seed(1))
    flat = outcome_of(case, (0.3 * codes @ directions).tanh().view(-1, 1, 8, 8))
    assert signs.leading_variance(flat) > 0.999
    assert signs.leading_variance(outcome_of(case, case.data[:])) < 0.9


def test_signs_of_the_history():
    case = healthy("digits", loss="non-saturating")
    equilibrium = losses.get_loss("non-saturating").equilibrium
    outcome = outcome_of(
        case, torch.zeros(1, 1, 8, 8), d_loss=[9.0, -12.0, equilibrium + 0.25, equilibrium - 0.5]
    )
    assert signs.largest_d_loss(outcome) == 12
    assert signs.stuck_d_loss(outcome) == pytest.approx(0.5)
    assert signs.floor_of_d_loss(outcome) == pytest.approx(equilibrium - 0.5)


@pytest.mark.slow
def test_a_fresh_discriminator_outdoes_a_blind_one():
    case = healthy("ring", loss="non-saturating")
    shifted = case.held_out[:1000] + 0.3
    blind = outcome_of(case, shifted, lambda x: 0 * x.sum(1))
    assert signs.outdone_by_a_fresh_one(blind) > 0.2
    perfect = outcome_of(case, case.held_out[:], lambda x: 0 * x.sum(1))
    assert abs(signs.outdone_by_a_fresh_one(perfect)) < 0.1


def test_the_gradient_of_the_generator_is_that_of_its_loss():
    """With D(x) = w x and G(z) = b, the loss softplus(-w b) has the slope -w s(-w b)."""

    class Bias(nn.Module):
        latent_dim = 2

        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.tensor([0.5]))

        def forward(self, z):
            return self.bias.expand(len(z), 1)

    case = healthy("ring", loss="non-saturating")
    task = GAN(Bias(), Says(lambda x: 3 * x[:, 0]), loss="non-saturating")
    expected = 3 / (1 + torch.tensor(1.5).exp())
    found = signs.generator_gradient(Outcome(case, task, History()))
    assert found == pytest.approx(expected.item(), rel=1e-5)


def test_the_gradient_at_the_start_is_measured_where_the_head_start_ends(monkeypatch):
    monkeypatch.setattr(steps.HeadStart, "head_start", 2)
    fault = get_fault("saturating-strong-d")
    sick = fault.plant(fault.healthy())
    untouched = sick.build().generator.net[0].weight
    at_the_end = sick.run(steps=2)
    assert torch.equal(at_the_end.task.generator.net[0].weight, untouched)
    found = signs.gradient_at_the_start(sick.run(steps=4))
    assert found == signs.generator_gradient(at_the_end)
