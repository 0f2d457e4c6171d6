import pytest
import torch

from gan_tutorial import checkpoints, data, fit
from gan_tutorial.distillation import FlowMatching, gaussian_denoiser
from gan_tutorial.models import FlowSampler, MLPDenoiser, UNetDenoiser, sample_generator

QUIET = {"progress": False, "device": "cpu", "log_every": 1}


def task(**options):
    torch.manual_seed(0)
    return FlowMatching(FlowSampler(MLPDenoiser((2,), 16, 1), steps=4), **options)


def snapshot(network):
    return [p.detach().clone() for p in network.parameters()]


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (2.0, 0.3), (-1.0, 3.0)])
def test_the_flow_of_a_normal_distribution_scales_and_shifts(mean, std):
    """Euler's error shrinks as one over the number of steps; the mean has none."""
    z = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    errors = []
    for steps in (50, 100):
        found = FlowSampler(gaussian_denoiser(mean, std), steps)(z)[0]
        assert found[0].item() == pytest.approx(mean)
        errors.append((found[1] - (mean + std)).item())
    assert abs(errors[1]) < 0.02 * std
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.01)


def test_one_step_of_the_best_denoiser_is_the_mean():
    z = torch.randn(50, 2)
    found = FlowSampler(gaussian_denoiser(2.0, 0.3), 1)(z)
    torch.testing.assert_close(found, torch.full((50, 2), 2.0))


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_the_best_denoiser_is_the_conditional_mean(t):
    """Its error is uncorrelated with what it sees, and has the known variance."""
    mean, std, count = 2.0, 0.5, 200_000
    torch.manual_seed(1)
    x = mean + std * torch.randn(count, 1)
    x_t = (1 - t) * torch.randn(count, 1) + t * x
    error = gaussian_denoiser(mean, std)(x_t, torch.full((count,), t)) - x
    assert (error * (x_t - x_t.mean())).mean().item() == pytest.approx(0, abs=0.005)
    left = std**2 * (1 - t) ** 2 / ((1 - t) ** 2 + t**2 * std**2)
    assert error.square().mean().item() == pytest.approx(left, rel=0.02)


def test_a_step_descends_the_written_objective():
    t = task()
    t.optimizers["denoiser"] = torch.optim.SGD(t.denoiser.parameters(), lr=1.0)
    x = torch.randn(8, 2)
    t.seed(3)
    z, times = t.random(torch.randn, 8, 2), t.random(torch.rand, 8)
    t.seed(3)
    x_t = (1 - times[:, None]) * z + times[:, None] * x
    left = (1 - times[:, None]).clamp(min=0.1)
    loss = ((t.denoiser(x_t, times) - x) / left).square().mean()
    gradients = torch.autograd.grad(loss, list(t.denoiser.parameters()))
    before = snapshot(t.denoiser)
    assert t.step(x)["loss"].item() == pytest.approx(loss.item())
    for old, new, gradient in zip(before, snapshot(t.denoiser), gradients, strict=True):
        torch.testing.assert_close(new, old - gradient, rtol=1e-5, atol=1e-6)


def test_it_learns_a_normal_distribution():
    torch.manual_seed(0)
    x = 2.0 + 0.5 * torch.randn(4000, 2)
    t = FlowMatching.for_data(x, width=64, lr=3e-3)
    fit(t, x, 300, batch_size=128, schedule="cosine", progress=False, device="cpu")
    made = t.sample(2000)
    assert made.mean(0).sub(2.0).abs().max() < 0.1
    assert made.std(0).sub(0.5).abs().max() < 0.1


def test_a_resumed_run_is_the_whole_run_bit_for_bit(tmp_path):
    def run(folder, steps, resume=False):
        t = task()
        points = data.ring().sample(40, seed=0)
        fit(t, points, steps, batch_size=8, out=folder, resume=resume, **QUIET)
        return t

    run(tmp_path / "parts", 3)
    parts, whole = run(tmp_path / "parts", 7, resume=True), run(tmp_path / "whole", 7)
    for name in ("networks", "average"):
        one, other = (getattr(t, name)["generator"] for t in (parts, whole))
        for a, b in zip(snapshot(one), snapshot(other), strict=True):
            assert torch.equal(a, b)
    exported = checkpoints.load_generator(tmp_path / "parts")
    z = torch.randn(4, 2)
    torch.testing.assert_close(
        sample_generator(exported, z), sample_generator(parts.average["generator"], z)
    )


def test_recipes_by_kind_of_data():
    assert isinstance(FlowMatching.for_data(data.load("digits")).denoiser, MLPDenoiser)
    balls = data.load("soccer", count=2)
    t = FlowMatching.for_data(balls, width=4, flow_steps=2)
    assert isinstance(t.denoiser, UNetDenoiser)
    assert t.sample(3).shape == (3, 3, 32, 32)
    for options, message in (
        ({"width": 0}, "width must be"),
        ({"flow_steps": 0}, "flow_steps must be"),
        ({"lr": -1.0}, "learning rate"),
        ({"betas": (0.5, 1.0)}, "betas"),
    ):
        with pytest.raises(ValueError, match=message):
            FlowMatching.for_data(data.load("digits"), **options)
