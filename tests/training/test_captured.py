"""Captured steps against plain ones: which graph, what goes in, and what comes out.

The tests on the CPU replace CUDA graphs by the stand-in of `capturing.py`.
"""

import numpy as np
import pytest
import torch
from capturing import WAYS, Replayed, assert_equal, parameters, samples, small_gan, tensors, train

from gan_tutorial import GAN, checkpoints, doctor
from gan_tutorial.training.captured import MOST, WARM_UP, CapturedStep, check_capture

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
