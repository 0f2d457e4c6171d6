import dataclasses

import pytest
import torch
from torch import nn

from gan_tutorial import GAN, History, data, fit, losses, models
from gan_tutorial.faults import (
    FAMILIES,
    FAULTS,
    Fault,
    Outcome,
    get_fault,
    healthy,
    parts,
    signs,
    steps,
)
from gan_tutorial.run import NonFiniteError

each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
ZERO, ONE = torch.zeros(8), torch.ones(8)


def weights(task: GAN) -> torch.Tensor:
    """All weights of both networks as one vector."""
    return torch.cat([p.detach().flatten() for n in task.networks.values() for p in n.parameters()])


def losses_of(kind: type[GAN], loss: str = "non-saturating"):
    """The two losses of a faulty task on a small pair of networks."""
    return kind(*models.mlp_pair((2,), width=4, depth=1), loss=loss).loss


# --- Cases -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("digits", {}),
        ("digits", {"loss": "wasserstein"}),
        ("digits", {"network": "dcgan", "loss": "hinge"}),
        ("digits", {"network": "dcgan-batch", "loss": "least-squares"}),
        ("ring", {"loss": "minimax", "lr": 1e-3}),
        ("soccer", {}),
    ],
)
def test_a_healthy_case_is_the_library_and_nothing_else(name, options):
    case = healthy(name, seed=4, **options)
    assert case.fault is None
    assert case.task is GAN
    outcome = case.run(steps=2)
    torch.manual_seed(4)
    task = GAN(*case.networks(), **case.options)
    fit(task, case.data, 2, seed=4, device="cpu", progress=False, **case.training)
    assert torch.equal(weights(outcome.task), weights(task))
    assert outcome.stopped is None
    assert outcome.sample(3).shape == (3, *case.data.shape)


def test_a_case_runs_again_bit_for_bit_and_leaves_the_random_numbers_alone():
    case = healthy("digits", network="dcgan-batch", seed=1)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, again = case.run(steps=3), case.run(steps=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(weights(first.task), weights(again.task))
    assert not torch.equal(
        weights(first.task), weights(dataclasses.replace(case, seed=2).run(steps=3).task)
    )


def test_callbacks_and_options_of_fit_are_passed_on():
    seen = []
    outcome = healthy("ring").run(
        steps=4, callbacks=[lambda run: seen.append(run.step)], log_every=2
    )
    assert seen == [1, 2, 3, 4]
    assert outcome.history["step"].tolist() == [2, 4]


def test_held_out_samples_are_not_in_the_training_data():
    case = healthy("digits")
    train = {tuple(x) for x in case.data.tensor().flatten(1).tolist()}
    held_out = {tuple(x) for x in case.held_out.tensor().flatten(1).tolist()}
    assert not train & held_out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"data": "cats"}, "no case for the data 'cats'.*ring"),
        ({"network": "transformer"}, "Unknown kind of network 'transformer'.*mlp"),
        ({"data": "ring", "network": "dcgan"}, "makes images"),
    ],
)
def test_a_case_that_cannot_be_is_refused(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        healthy(**arguments)


# --- The registry ----------------------------------------------------------------------------


@each_fault
def test_a_fault_is_described(fault):
    assert FAULTS[fault.name] is fault
    assert fault.family in FAMILIES
    for text in (fault.what, fault.why, fault.sign, fault.cure):
        assert text[0].isupper() or text[0] in "-`x12"
        assert text.endswith(".")
        assert 20 < len(text) < 130


@each_fault
def test_a_fault_changes_its_case_by_one_switch(fault):
    """At most data, networks, options, task or mode of sampling differ; what was given stays."""
    case = fault.healthy(seed=0)
    copy = dataclasses.replace(case)
    planted = fault.plant(case)
    assert planted.fault == fault.name
    assert case == copy
    changed = {
        field.name
        for field in dataclasses.fields(case)
        if getattr(case, field.name) is not getattr(planted, field.name)
    } - {"fault"}
    if fault.family == "data":
        assert changed <= {"data", "held_out"}
    elif fault.name == "saturating-strong-d":
        assert changed == {"options", "task"}
    else:
        assert len(changed) == 1, changed
    for same in ("seed", "steps", "training"):
        assert getattr(planted, same) == getattr(case, same)


@each_fault
def test_a_planted_fault_changes_the_run_and_a_healthy_twin_stays_what_it_was(fault):
    case = fault.healthy(seed=0)
    before = weights(case.run(steps=2).task)
    outcome = fault.plant(case).run(steps=2)
    after = weights(case.run(steps=2).task)
    assert torch.equal(before, after)
    unchanged = {"missing-detach", "sampled-in-training-mode"}
    if fault.name not in unchanged:
        found = weights(outcome.task)
        assert found.shape != before.shape or not torch.equal(found, before)


def test_a_fault_is_planted_once_and_where_it_can_be():
    softmax = get_fault("softmax-of-one")
    case = softmax.healthy()
    with pytest.raises(ValueError, match="has a fault already, 'softmax-of-one'"):
        softmax.plant(softmax.plant(case))
    with pytest.raises(ValueError, match="needs batch norm in the discriminator"):
        get_fault("mixed-batch-norm").plant(case)
    with pytest.raises(ValueError, match=r"Unknown fault 'bad-luck'.*tiny-data"):
        get_fault("bad-luck")


def test_signs_show_on_their_side_of_the_threshold():
    about = {"what": "", "why": "", "sign": "", "cure": "", "harm": True}
    fault = Fault(
        "x", "X", "loss", **about, change=lambda c: c, measure=lambda o: 0.0, threshold=0.5
    )
    assert fault.shows(0.6)
    assert not fault.shows(0.5)
    assert dataclasses.replace(fault, above=False).shows(0.4)


# --- What each fault does --------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "least-squares", "hinge"])
def test_fakes_labeled_real_cost_what_reals_cost(loss):
    wrong, right = losses_of(steps.FakesLabeledReal, loss), losses.get_loss(loss)
    a, b = torch.randn(8), torch.randn(8)
    as_real = [right.discriminator(x, ZERO) - right.discriminator(ZERO, ZERO) for x in (a, b)]
    at_zero = steps.AS_REAL[loss](ZERO)
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


def test_a_healthy_case_does_not_hide_its_errors():
    case = healthy("digits", loss="non-saturating", r1=0.0)
    with pytest.raises(NonFiniteError):
        dataclasses.replace(case, task=steps.RoundedCrossEntropy).but(lr=(0.1, 0.1)).run(steps=60)


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


def test_data_faults_change_the_range_the_number_or_the_shares():
    for name, span in {
        "bytes-against-tanh": (0, 255),
        "unit-range-against-tanh": (0, 1),
    }.items():
        fault = get_fault(name)
        planted = fault.plant(fault.healthy())
        for dataset in (planted.data, planted.held_out):
            assert (dataset[:].min(), dataset[:].max()) == span
    tiny = get_fault("tiny-data")
    assert len(tiny.plant(tiny.healthy()).data) == 20
    digits = data.load("digits")
    rare = parts.every_nth_of_a_class(digits, label=3, nth=10)
    for label in range(10):
        count = int((digits.labels == label).sum())
        expected = -(-count // 10) if label == 3 else count
        assert int((rare.labels == label).sum()) == expected


def test_a_discriminator_of_single_pixels_is_blind_to_their_order():
    each = parts.EachPixel()
    x = data.load("digits")[:4]
    assert each(x).shape == (4 * 64,)
    torch.testing.assert_close(each(x).reshape(4, 64).sum(1), each(x.mT).reshape(4, 64).sum(1))


def test_instance_noise_reaches_reals_and_fakes_and_signs_do_not_waver():
    fault = get_fault("instance-noise")
    outcome = fault.plant(fault.healthy()).run(steps=1)
    x = torch.zeros(64, 1, 8, 8)
    assert outcome.task.discriminator(x).std() > 1e-3
    assert outcome.task.discriminator.network(x).std() < 1e-6
    first, again = signs.logits(outcome), signs.logits(outcome)
    assert torch.equal(torch.cat(first), torch.cat(again))


def test_a_bottleneck_bounds_the_rank():
    g, _ = parts.bottlenecked(*models.mlp_pair((1, 8, 8), 16), units=3)
    before_tanh = g.net[:-2](torch.randn(100, 16)).detach().double()
    assert torch.linalg.matrix_rank(before_tanh - before_tanh.mean(0), rtol=1e-5) == 3


def test_uneven_kernels_keep_the_size_and_draw_a_checkerboard():
    fault = get_fault("checkerboard")
    case = fault.healthy()
    assert fault.plant(case).build().sample(2).shape == case.build().sample(2).shape
    for loss in ("non-saturating", "relativistic"):
        case = healthy("soccer", loss=loss)
        outcome, sick = case.run(steps=1), fault.plant(case).run(steps=1)
        assert signs.checkerboard(outcome) < fault.threshold < signs.checkerboard(sick)


def test_batch_norm_settings_reach_every_layer():
    networks = parts.with_batch_norm(*models.dcgan_pair(16, discriminator_norm="batch"), eps=0.8)
    layers = [m for n in networks for m in n.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(layers) == 3
    assert all((layer.eps, layer.momentum) == (0.8, 0.1) for layer in layers)


def test_samples_in_training_mode_depend_on_their_company_and_change_nothing():
    fault = get_fault("sampled-in-training-mode")
    outcome = fault.plant(fault.healthy()).run(steps=2)
    before = {k: v.clone() for k, v in outcome.task.generator.state_dict().items()}
    assert (outcome.sample(64)[:4] - outcome.sample(4)).abs().max() > 1e-3
    for name, value in outcome.task.generator.state_dict().items():
        assert torch.equal(value, before[name]), name
    plain = fault.healthy().run(steps=2)
    torch.testing.assert_close(plain.sample(64)[:4], plain.sample(4), rtol=1e-4, atol=1e-5)


# --- Signs -----------------------------------------------------------------------------------


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
    assert signs.squashed(outcome_of(case, ones, lambda x: x.flatten(1).mean(1).sigmoid())) == 1
    assert signs.squashed(sure) < 0.6
    assert signs.best_accuracy(outcome_of(case, ones, lambda x: 0 * x.flatten(1).sum(1))) == 0.5


def test_memory_is_measured_against_held_out_samples():
    case = healthy("digits", loss="non-saturating")
    known = case.data[:512].flatten(1)

    def by_heart(x):
        return -torch.cdist(x.flatten(1), known).min(1).values

    assert signs.memorized(outcome_of(case, known[:1], by_heart)) > 0.99
    fair = outcome_of(case, known[:1], lambda x: x.flatten(1).mean(1))
    assert abs(signs.memorized(fair) - 0.5) < 0.05


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
    assert signs.outdone(blind) > 0.2
    assert abs(signs.outdone(outcome_of(case, case.held_out[:], lambda x: 0 * x.sum(1)))) < 0.1


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
