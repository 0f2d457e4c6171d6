"""Captured steps against plain ones: which graph, what goes in, and what comes out.

The tests on the CPU replace CUDA graphs by `Replayed`, which has what makes graphs difficult: to
record computes nothing, and in a replay Python stands where it stood when the step was recorded.
"""

import functools

import numpy as np
import pytest
import torch

from gan_tutorial import GAN, checkpoints, data, doctor, fit, models
from gan_tutorial.training import captured
from gan_tutorial.training.captured import MOST, WARM_UP, CapturedStep, check_capture

WAYS = {
    "lazy penalties": {"r1": 0.1, "r2": 0.1, "penalty_every": 4},
    "several updates, penalized now and then": {
        "loss": "wasserstein", "gp": 1.0, "d_steps": 3, "penalty_every": 2
    },
    "two rates, used fakes": {"loss": "hinge", "lr": (1e-3, 3e-3), "reuse_fakes": True},
    "no first moment": {"r1": 0.1, "betas": (0.0, 0.9)},
    "convolutions, batch norm": {"loss": "non-saturating", "shape": (1, 8, 8)},
}  # fmt: skip


def small_gan(shape=(2,), **options):
    torch.manual_seed(0)
    if len(shape) == 1:
        networks = models.mlp_pair(shape, latent_dim=3, width=8, depth=1)
    else:
        norms = {"generator_norm": "batch", "discriminator_norm": "batch"}
        networks = models.dcgan_pair(shape[-1], shape[0], 3, 4, **norms)
    return GAN(*networks, **{"lr": 1e-3} | options)


def samples(shape=(2,), device="cpu"):
    if shape == (2,):
        return data.ring().sample(64, seed=0).to(device)
    made = torch.rand(64, *shape, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return made.to(device)


def train(task, steps=20, device="cpu", **options):
    """Train with a schedule, and with rows that take in several steps."""
    options = {"batch_size": 8, "schedule": "cosine", "log_every": 3} | options
    shape = task.generator.shape
    return fit(task, samples(shape, device), steps, device=device, progress=False, **options)


def tensors(task):
    """Every tensor that training changes."""
    found = [
        value
        for networks in (task.networks, task.average)
        for network in networks.values()
        for value in network.state_dict().values()
    ]
    for optimizer in task.optimizers.values():
        found += [v for state in optimizer.state.values() for v in state.values()]
    return found


def parameters(task):
    return [p for network in task.networks.values() for p in network.parameters()]


def assert_equal(task, other):
    assert all(map(torch.equal, tensors(task), tensors(other)))
    assert torch.equal(task.rng.get_state(), other.rng.get_state())
    assert (task.d_updates, task.steps_done) == (other.d_updates, other.steps_done)


class Replayed:
    """Stands for a CUDA graph on a CPU: its replay calls the function that was recorded."""

    made: list

    def __init__(self, task, generator):
        assert generator is task.rng
        self.task, self.replays, self.warm_ups = task, 0, 0
        Replayed.made.append(self)

    def warm_up(self, step):
        self.warm_ups += 1
        return step()

    def record(self, step):
        for name, network in self.task.networks.items():  # made now, they would be made each time
            optimizer = self.task.optimizers[name]
            assert all(optimizer.state[p] for p in network.parameters())
        self.step, self.python = step, self._python()
        groups = [group for group, _ in self.python[1]]
        assert all(
            group["capturable"] and isinstance(group["lr"], torch.Tensor) for group in groups
        )
        kept = [tensor.clone() for tensor in tensors(self.task)]
        random = self.task.rng.get_state(), torch.get_rng_state()
        found = step()
        for tensor, value in zip(tensors(self.task), kept, strict=True):
            tensor.copy_(value)
        self.task.rng.set_state(random[0])
        torch.set_rng_state(random[1])
        self.names, self.values = found[0], found[1].fill_(torch.nan)
        self.gradients = [parameter.grad for parameter in parameters(self.task)]
        for gradient in self.gradients:
            gradient.fill_(torch.nan)
        return found

    def replay(self):
        self.replays += 1
        now, gradients = self._python(), [parameter.grad for parameter in parameters(self.task)]
        self._set_python(self.python)
        names, values = self.step()
        self._set_python(now)
        for parameter, mine, before in zip(
            parameters(self.task), self.gradients, gradients, strict=True
        ):
            mine.copy_(parameter.grad)
            parameter.grad = before
        assert names == self.names
        self.values.copy_(values)

    def _python(self):
        """What a replay neither reads nor changes."""
        counts = {name: getattr(self.task, name) for name in self.task.counts}
        groups = [g for opt in self.task.optimizers.values() for g in opt.param_groups]
        return counts, [(dict(group), group) for group in groups]

    def _set_python(self, python):
        counts, groups = python
        for name, value in counts.items():
            setattr(self.task, name, value)
        for values, group in groups:
            group.update(values)


@pytest.fixture
def on_cpu(monkeypatch):
    """Let `fit` capture steps on a CPU, in graphs that this returns."""
    monkeypatch.setattr(captured, "check_capture", lambda *_: None)

    def stepping(task):
        return CapturedStep(task, functools.partial(Replayed, task))

    monkeypatch.setattr(captured, "CapturedStep", stepping)
    Replayed.made = []
    return Replayed.made


# --- The same numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_captured_steps_are_the_plain_steps_bit_for_bit(on_cpu, way, precision):
    plain, fast = small_gan(**WAYS[way]), small_gan(**WAYS[way])
    histories = [
        train(plain, precision=precision),
        train(fast, precision=precision, capture=True),
    ]
    assert_equal(plain, fast)
    assert histories[0].columns == histories[1].columns
    for name in set(histories[0].columns) - {"seconds"}:
        np.testing.assert_array_equal(histories[0][name], histories[1][name])
    assert sum(graph.replays for graph in on_cpu) >= 10


def test_each_kind_of_step_has_its_graph_and_begins_with_ordinary_steps(on_cpu):
    train(small_gan(r1=0.1, penalty_every=4), 20, capture=True)
    assert [graph.warm_ups for graph in on_cpu] == [WARM_UP, WARM_UP]
    assert [graph.replays for graph in on_cpu] == [5 - WARM_UP, 15 - WARM_UP]


@pytest.mark.parametrize("then", [True, False])
def test_a_captured_run_is_resumed_captured_or_plain(on_cpu, tmp_path, then):
    def stop(run):
        run.interrupted = run.step == 11

    whole, parts = (small_gan(**WAYS["lazy penalties"]) for _ in range(2))
    train(whole)
    train(parts, out=tmp_path, capture=True, callbacks=[stop])
    stored = checkpoints.load_checkpoint(tmp_path)["task"]["optimizers"]["generator"]
    (group,) = stored["param_groups"]
    assert isinstance(group["lr"], float)
    assert not group["capturable"]
    again = small_gan(**WAYS["lazy penalties"])
    train(again, out=tmp_path, capture=then, resume=True)
    assert_equal(whole, again)


def test_what_a_callback_changes_is_seen(on_cpu):
    def change(run):
        if run.step == 8:
            for optimizer in run.task.optimizers.values():
                optimizer.param_groups[0]["initial_lr"] = 3e-3
                optimizer.param_groups[0]["betas"] = (0.1, 0.9)
        if run.step == 14:
            run.task.r1 = 5.0
        run.task.sample(2)  # in evaluation mode for a moment
        with torch.no_grad():
            next(run.task.generator.parameters()).mul_(0.999)

    plain, fast = small_gan(r1=0.1), small_gan(r1=0.1)
    train(plain, 24, callbacks=[change])
    train(fast, 24, callbacks=[change], capture=True)
    assert_equal(plain, fast)
    assert [graph.replays for graph in on_cpu] == [8 - WARM_UP, 6 - WARM_UP, 10 - WARM_UP]


def test_a_callback_finds_the_gradients_of_the_step_just_done(on_cpu):
    def note(run):
        found.append(torch.cat([p.grad.flatten() for p in parameters(run.task)]))

    noted = []
    for capture in (False, True):
        found = []
        train(small_gan(r1=0.1, penalty_every=3), 24, callbacks=[note], capture=capture)
        noted.append(torch.stack(found))
    assert len(on_cpu) == 2
    assert torch.equal(*noted)


def test_the_doctor_sees_in_a_captured_run_what_it_sees_in_a_plain_one(on_cpu):
    plain, fast = (doctor.Doctor(every=7) for _ in range(2))
    tasks = [small_gan(r1=0.1, penalty_every=2) for _ in range(2)]
    histories = [
        train(tasks[0], 21, callbacks=[plain], log_every=7),
        train(tasks[1], 21, callbacks=[fast], log_every=7, capture=True),
    ]
    assert_equal(*tasks)
    assert on_cpu
    assert [str(fact) for fact in plain.facts] == [str(fact) for fact in fast.facts]
    for name in set(histories[0].columns) - {"seconds"}:
        np.testing.assert_array_equal(histories[0][name], histories[1][name])


def test_settings_that_never_stand_still_are_refused(on_cpu):
    def change(run):
        run.task.r1 += 0.1

    with pytest.raises(RuntimeError, match=rf"at most {MOST} kinds .* without capture"):
        train(small_gan(r1=0.1), 2 * MOST, callbacks=[change], capture=True)


def test_a_run_leaves_no_traces(on_cpu):
    task = small_gan(lr=(1e-3, 2e-3))
    train(task, 6, capture=True)
    groups = [optimizer.param_groups[0] for optimizer in task.optimizers.values()]
    assert [(group["lr"], group["capturable"]) for group in groups] == [
        (1e-3, False),
        (2e-3, False),
    ]


# --- Refusals -----------------------------------------------------------------------------------


class Variant(GAN):
    def step(self, batch):
        return super().step(batch)


def with_sgd():
    task = small_gan()
    for name, network in task.networks.items():
        task.optimizers[name] = torch.optim.SGD(network.parameters(), lr=0.1)
    return task


@pytest.mark.parametrize(
    ("make", "device", "options", "message"),
    [
        (small_gan, "cpu", {}, "only on a CUDA device.* 'cpu'"),
        (small_gan, "mps", {}, "only on a CUDA device.* 'mps'"),
        (small_gan, "cuda", {"compile": True}, "choose one of capture, compile"),
        (with_sgd, "cuda", {}, "fused form.* generator"),
        (lambda: Variant(*small_gan().networks.values()), "cuda", {}, "Variant does not say"),
    ],
)
def test_refusals(make, device, options, message):
    with pytest.raises(ValueError, match=message):
        check_capture(make(), torch.device(device), **options)


def test_what_can_be_captured_is_not_refused():
    check_capture(small_gan(r1=0.1, penalty_every=4), torch.device("cuda"))


def test_fit_refuses_before_it_changes_anything(tmp_path):
    task = small_gan()
    before = [tensor.clone() for tensor in tensors(task)]
    with pytest.raises(ValueError, match="only on a CUDA device"):
        train(task, out=tmp_path / "run", capture=True)
    assert all(map(torch.equal, tensors(task), before))
    assert not (tmp_path / "run").exists()


def test_a_step_that_cannot_be_recorded_says_so(on_cpu, monkeypatch):
    def fail(self, step):
        step()
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    monkeypatch.setattr(Replayed, "record", fail)
    task = small_gan()
    with pytest.raises(RuntimeError, match=r"GAN .* \(operation .* capturing\): .* without"):
        train(task, capture=True)
    assert all(not opt.param_groups[0]["capturable"] for opt in task.optimizers.values())


# --- The real thing -----------------------------------------------------------------------------

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.gpu
@needs_cuda
@pytest.mark.parametrize("way", WAYS)
def test_on_a_gpu_captured_steps_are_the_plain_steps_up_to_rounding(way):
    plain, fast = small_gan(**WAYS[way]), small_gan(**WAYS[way])
    first = [tensor.clone() for tensor in tensors(plain)[:4]]
    one, two = (train(t, device="cuda", capture=t is fast) for t in (plain, fast))
    assert any(
        (a.cpu() - b).abs().max() > 2e-3 for a, b in zip(tensors(plain), first, strict=False)
    )
    for a, b in zip(tensors(plain), tensors(fast), strict=True):
        torch.testing.assert_close(a, b, rtol=2e-3, atol=2e-4)  # a step's move is 1e-3
    assert torch.equal(plain.rng.get_state(), fast.rng.get_state())
    assert (plain.d_updates, plain.steps_done) == (fast.d_updates, fast.steps_done)
    for name in set(one.columns) - {"seconds"}:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-2, atol=1e-3)


@pytest.mark.gpu
@needs_cuda
def test_on_a_gpu_every_replay_draws_fresh_numbers():
    task = small_gan(lr=0.0)
    step = CapturedStep(task.to(torch.device("cuda")))
    losses = [float(step(samples(device="cuda"))["g_loss"]) for _ in range(WARM_UP + 6)]
    assert len(set(losses)) == len(losses)


@pytest.mark.gpu
@needs_cuda
def test_on_a_gpu_a_captured_run_is_resumed(tmp_path):
    def stop(run):
        run.interrupted = run.step == 11

    whole, parts, again = (small_gan(**WAYS["lazy penalties"]) for _ in range(3))
    train(whole, device="cuda", capture=True)
    train(parts, device="cuda", capture=True, out=tmp_path, callbacks=[stop])
    train(again, device="cuda", capture=True, out=tmp_path, resume=True)
    for a, b in zip(tensors(whole), tensors(again), strict=True):
        torch.testing.assert_close(a, b, rtol=2e-3, atol=2e-4)
    assert torch.equal(whole.rng.get_state(), again.rng.get_state())
