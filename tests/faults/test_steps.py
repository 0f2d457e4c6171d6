import pytest
import torch
from torch import nn

from gan_tutorial import GAN, data, losses, models
from gan_tutorial.faults import get_fault, steps

ZERO, ONE = torch.zeros(8), torch.ones(8)


def weights(task: GAN) -> torch.Tensor:
    """All weights of both networks as one vector."""
    return torch.cat([p.detach().flatten() for n in task.networks.values() for p in n.parameters()])


def losses_of(kind: type[GAN], loss: str = "non-saturating"):
    """The two losses of a faulty task on a small pair of networks."""
    return kind(*models.mlp_pair((2,), width=4, depth=1), loss=loss).loss


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "least-squares", "hinge"])
def test_fakes_labeled_real_cost_what_reals_cost(loss):
    wrong, right = losses_of(steps.FakesLabeledReal, loss), losses.get_loss(loss)
    a, b = torch.randn(8), torch.randn(8)
    as_real = [right.discriminator(x, ZERO) - right.discriminator(ZERO, ZERO) for x in (a, b)]
    at_zero = right.real_term(ZERO).mean()
    torch.testing.assert_close(wrong.discriminator(a, b), sum(as_real) + 2 * at_zero)
    torch.testing.assert_close(wrong.generator(None, b), right.generator(None, b))


def test_one_output_for_both_does_not_look_at_the_fakes():
    wrong = losses_of(steps.OneOutputForBoth)
    real = torch.randn(8)
    torch.testing.assert_close(wrong.discriminator(real, ZERO), wrong.discriminator(real, ONE))
    best = min(wrong.discriminator(a.expand(8), ONE).item() for a in torch.linspace(-3, 3, 61))
    assert abs(best - losses.get_loss("non-saturating").equilibrium) < 1e-6


def test_the_softmax_of_one_logit_has_no_gradient():
    wrong = losses_of(steps.SoftmaxOfOne)
    a = torch.randn(8, requires_grad=True)
    for loss in (wrong.discriminator(a, a), wrong.generator(None, a)):
        assert loss.item() == 0
        (gradient,) = torch.autograd.grad(loss, a)
        assert gradient.abs().max() == 0


def test_noisy_labels_put_a_floor_under_the_loss():
    """No logit does better than the entropy of the labels."""
    gan = steps.NoisyLabels(*models.mlp_pair((2,), width=4, depth=1), loss="non-saturating")
    floor = -2 * sum(p * torch.tensor(p).log().item() for p in (0.4, 0.6))
    many = torch.ones(40_000)
    found = min(
        gan.loss.discriminator(a * many, -a * many).item() for a in torch.linspace(0, 3, 31)
    )
    assert abs(found - floor) < 0.01


@pytest.mark.parametrize("logit", [-3.0, 0.0, 2.0])
def test_cross_entropy_by_hand_is_right_until_the_sigmoid_rounds(logit):
    wrong, right = losses_of(steps.RoundedCrossEntropy), losses.get_loss("non-saturating")
    a = torch.full((8,), logit)
    torch.testing.assert_close(
        wrong.discriminator(a, -a), right.discriminator(a, -a), rtol=0.03, atol=0.02
    )
    assert wrong.discriminator(7 * ONE, -7 * ONE).isnan()
    assert right.discriminator(7 * ONE, -7 * ONE).isfinite()


def test_unequal_batches_take_one_mean_over_all():
    wrong = losses_of(steps.UnequalBatches)
    real, fake = torch.randn(2), torch.randn(64)
    labels = torch.cat([torch.ones(2), torch.zeros(64)])
    mean = nn.functional.binary_cross_entropy_with_logits(torch.cat([real, fake]), labels)
    torch.testing.assert_close(wrong.discriminator(real, fake), 2 * mean)


def test_a_loss_made_once_stops_the_second_step():
    fault = get_fault("loss-made-once")
    outcome = fault.plant(fault.healthy()).run(steps=3)
    assert "second time" in outcome.stopped
    assert fault.measure(outcome) == 1


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_a_weight_that_is_changed_too_early_stops_the_first_step(loss):
    """With every loss; D has had its update, and G has not moved."""
    torch.manual_seed(0)
    gan = steps.UpdatedTooEarly(*models.mlp_pair((2,), width=4, depth=1), loss=loss)
    before = [
        [p.detach().clone() for p in network.parameters()]
        for network in (gan.generator, gan.discriminator)
    ]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        gan.step(data.ring().sample(64, seed=0))
    same = [
        all(torch.equal(a, b) for a, b in zip(old, network.parameters(), strict=True))
        for old, network in zip(before, (gan.generator, gan.discriminator), strict=True)
    ]
    assert same == [True, False]


def test_a_shared_update_moves_the_discriminator_against_its_own_loss():
    torch.manual_seed(0)
    gan = steps.SharedUpdate(*models.mlp_pair((2,)), loss="non-saturating", lr=1e-2)
    real = data.ring().sample(64, seed=0)
    fake = gan.sample(64, averaged=False)
    before = gan.discriminator(fake).mean().item()
    for _ in range(5):
        gan.generator_step(real)
    assert gan.discriminator(fake).mean().item() > before + 0.1


def test_fakes_that_are_not_detached_leave_the_weights_alone():
    fault = get_fault("missing-detach")
    case = fault.healthy(seed=2)
    assert torch.equal(
        weights(fault.plant(case).run(steps=4).task), weights(case.run(steps=4).task)
    )


def test_a_mixed_batch_shares_its_batch_norm():
    case = get_fault("mixed-batch-norm").healthy()
    right, mixed = case.build(), get_fault("mixed-batch-norm").plant(case).build()
    real = case.data[:32]
    fake = torch.full_like(real, 0.9)
    assert torch.equal(right.judge(real, fake)[1], right.judge(fake)[0])
    apart, together = mixed.judge(fake)[0], mixed.judge(real, fake)[1]
    assert (apart - together).abs().max() > 0.1


def test_the_head_start_ends():
    fault = get_fault("saturating-strong-d")
    gan = fault.plant(fault.healthy()).build()
    gan.head_start = 2
    start = gan.generator.net[0].weight.detach().clone()
    moved = []
    for _ in range(3):
        gan.step(data.load("digits")[:16])
        moved.append(not torch.equal(gan.generator.net[0].weight, start))
    assert moved == [False, False, True]


def test_a_norm_over_one_axis_is_content_with_too_steep_a_critic():
    """A slope of 1 at every pixel costs nothing with the wrong norm, and 49 with the right one."""

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = nn.Parameter(torch.ones(()))

        def forward(self, x):
            return self.slope * x.flatten(1).sum(1)

    generator, _ = models.mlp_pair((1, 8, 8), width=4, depth=1)
    real = data.load("digits")[:16]
    found = {}
    for kind in (GAN, steps.PenaltyOverOneAxis):
        gan = kind(generator, Sum(), loss="wasserstein", gp=1.0)
        found[kind] = gan.discriminator_step(real.clone(), torch.zeros_like(real))["gp"].item()
    assert found[GAN] == pytest.approx((8 - 1) ** 2, rel=1e-4)
    assert found[steps.PenaltyOverOneAxis] == pytest.approx(0, abs=1e-4)
