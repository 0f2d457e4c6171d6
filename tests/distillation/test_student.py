import pytest
import torch
from torch import nn

from gan_tutorial import checkpoints, data, fit, losses, models
from gan_tutorial.distillation import FlowMatching, OneStep, gaussian_denoiser
from gan_tutorial.models import FlowSampler, MLPDenoiser
from gan_tutorial.training.checkpoints import CheckpointError

QUIET = {"progress": False, "device": "cpu", "log_every": 1}
MEAN, STD = 1.5, 0.4


class Affine(nn.Module):
    """A student that can be exactly what a perfect one is."""

    latent_dim, shape = 2, (2,)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, z):
        return self.layer(z)


def teacher(steps=200):
    return FlowSampler(gaussian_denoiser(MEAN, STD), steps)


def critic():
    return models.MLPDiscriminator((2,), 32, 2)


def student(seed=0, steps=3, **options):
    torch.manual_seed(seed)
    return OneStep(FlowSampler(MLPDenoiser((2,), 16, 1), 1), critic(), teacher(steps), **options)


def snapshot(network):
    return [p.detach().clone() for p in network.parameters()]


def test_regression_on_a_linear_gaussian_teacher_reaches_the_closed_form():
    """A teacher of many steps maps noise to mean + std * noise; so does its student in one."""
    torch.manual_seed(0)
    task = OneStep(Affine(), critic(), teacher(50), adversarial=0.0, lr=0.1, betas=(0.9, 0.99))
    fit(task, torch.zeros(64, 2), 80, batch_size=64, schedule="cosine", **QUIET)
    layer = task.generator.layer
    torch.testing.assert_close(layer.weight, STD * torch.eye(2), rtol=0, atol=0.05)
    torch.testing.assert_close(layer.bias, torch.full((2,), MEAN), rtol=0, atol=0.05)


def test_the_game_alone_finds_the_distribution_and_not_the_teachers_map():
    torch.manual_seed(0)
    x = MEAN + STD * torch.randn(4000, 2)
    options = {"r1": 0.1, "r2": 0.1, "lr": (2e-2, 1e-2), "betas": (0.0, 0.9)}
    task = OneStep(Affine(), critic(), teacher(2), regression=0.0, **options)
    fit(task, x, 400, batch_size=64, schedule="linear", **QUIET)
    layer = task.generator.layer
    covariance = (layer.weight @ layer.weight.T).detach()
    torch.testing.assert_close(layer.bias, torch.full((2,), MEAN), rtol=0, atol=0.15)
    torch.testing.assert_close(covariance, STD**2 * torch.eye(2), rtol=0, atol=0.08)


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0), (2.0, 0.5)])
def test_the_student_descends_the_written_objective(weights):
    rho, w = weights
    task = student(regression=rho, adversarial=w, loss="hinge")
    g, d = task.generator, task.discriminator
    task.optimizers["generator"] = torch.optim.SGD(g.parameters(), lr=1.0)
    task.optimizers["discriminator"] = torch.optim.SGD(d.parameters(), lr=0.0)
    x = torch.randn(8, 2)
    task.seed(3)
    if w:
        task.latent(8)  # of the discriminator's fakes
    z = task.latent(8)
    task.seed(3)
    objective = rho * (g(z) - task.teacher(z)).square().mean() - w * d(g(z)).mean()
    gradients = torch.autograd.grad(objective, list(g.parameters()))
    before, of_teacher = snapshot(g), snapshot(task.teacher)
    scalars = task.step(x)
    for old, new, gradient in zip(before, snapshot(g), gradients, strict=True):
        torch.testing.assert_close(new, old - gradient, rtol=1e-4, atol=1e-6)
    assert ("regression" in scalars) == bool(rho)
    assert ("d_loss" in scalars) == bool(w)
    assert all(torch.equal(a, b) for a, b in zip(of_teacher, snapshot(task.teacher), strict=True))


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss_moves_both_players(name):
    task = student(loss=name, r1=0.1, r2=0.1, gp=0.1)
    before = {name: snapshot(network) for name, network in task.networks.items()}
    scalars = task.step(torch.randn(8, 2))
    assert all(value.isfinite() for value in scalars.values())
    for name, weights in before.items():
        after = snapshot(task.networks[name])
        assert any(not torch.equal(a, b) for a, b in zip(weights, after, strict=True))


def test_it_begins_as_its_teacher_with_one_step_left():
    points = data.load("ring", count=50)
    flow = FlowMatching.for_data(points, width=8)
    task = OneStep.for_data(points, flow.average["generator"])
    z = torch.randn(4, 2)
    expected = flow.average["generator"].network(z, torch.zeros(4))
    torch.testing.assert_close(task.generator(z), expected)
    assert all(p.requires_grad for p in task.generator.parameters())
    assert not any(p.requires_grad for p in task.teacher.parameters())


def test_a_resumed_run_is_the_whole_run_bit_for_bit(tmp_path):
    points = data.ring().sample(40, seed=0)

    def run(folder, steps, resume=False, of=3):
        task = student(r1=0.1, penalty_every=3, steps=of)
        fit(task, points, steps, batch_size=8, out=folder, resume=resume, **QUIET)
        return task

    run(tmp_path / "parts", 4)
    parts, whole = run(tmp_path / "parts", 7, resume=True), run(tmp_path / "whole", 7)
    for name in whole.networks:
        for a, b in zip(
            snapshot(parts.networks[name]), snapshot(whole.networks[name]), strict=True
        ):
            assert torch.equal(a, b)
    exported = checkpoints.load_generator(tmp_path / "parts")
    assert exported.steps == 1
    with pytest.raises(CheckpointError, match=r"teacher.steps \(was 3, now 5\)"):
        run(tmp_path / "parts", 9, resume=True, of=5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: student(regression=0.0, adversarial=0.0), "learns from nothing"),
        (lambda: student(regression=-1.0), "regression must be"),
        (lambda: student(adversarial=float("nan")), "adversarial must be"),
        (
            lambda: OneStep(models.MLPGenerator(3, (2,)), critic(), teacher()),
            "starts from 3 numbers and its teacher from 2",
        ),
        (lambda: OneStep.for_data(data.load("digits"), teacher()), "the data hold"),
        (
            lambda: OneStep.for_data(data.load("ring", count=9), models.MLPGenerator(2, (2,))),
            "learns from a flow",
        ),
    ],
)
def test_bad_input_gets_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()
