import copy
import os
import signal
import threading

import numpy as np
import pytest
import torch

from gan_tutorial import GAN, Task, checkpoints, data, fit, models
from gan_tutorial.training import Batches, NonFiniteError, Recipe, Run, SavedRun
from gan_tutorial.training.checkpoints import CheckpointError


def points(count=256):
    return data.ring().sample(count, seed=0)


def small_gan(seed=0, **options):
    torch.manual_seed(seed)
    options = {"r1": 0.1, "r2": 0.1, "penalty_every": 2, "lr": 1e-3} | options
    return GAN(*models.mlp_pair((2,), latent_dim=3, width=8, depth=1), **options)


def quiet_fit(task, x, steps, **options):
    return fit(task, x, steps, progress=False, device="cpu", **{"batch_size": 16} | options)


def flat(task):
    """Every number that training changes, in one vector."""
    tensors = [
        value.double().flatten()
        for networks in (task.networks, task.average)
        for network in networks.values()
        for value in network.state_dict().values()
    ]
    return torch.cat(tensors)


class Line(Task):
    """The smallest task: fit a number to the mean of the data by gradient descent."""

    def __init__(self, lr=0.1):
        self.model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.model.weight)
        optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)
        super().__init__({"model": self.model}, {"model": optimizer}, averaged=["model"], ema=0.9)

    def step(self, batch):
        loss = (self.model.weight - batch).square().mean()
        self.optimizers["model"].zero_grad()
        loss.backward()
        self.optimizers["model"].step()
        return {"loss": loss.detach(), "lr": self.optimizers["model"].param_groups[0]["lr"]}


# --- batches ---------------------------------------------------------------------------------


def test_every_epoch_is_a_permutation_even_where_batches_cross_it():
    batches = Batches(count=10, batch_size=4, seed=0)
    rows = torch.cat([batches.next() for _ in range(5)])
    assert sorted(rows[:10].tolist()) == sorted(rows[10:].tolist()) == list(range(10))
    assert rows[:10].tolist() != rows[10:].tolist()


def test_batches_may_be_larger_than_the_data():
    rows = Batches(count=3, batch_size=7, seed=0).next()
    assert torch.bincount(rows).tolist() in ([3, 2, 2], [2, 3, 2], [2, 2, 3])


def test_position_is_restored():
    first = Batches(10, 4, seed=3)
    for _ in range(4):
        first.next()
    second = Batches(10, 4, seed=0)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.next(), second.next())


def test_the_order_of_an_epoch_lies_where_the_samples_are():
    """Rows are never sent to the device one batch at a time ("meta" stands for any device)."""
    batches = Batches(10, 4, seed=3, device="meta")
    assert {batches.next().device.type for _ in range(4)} == {"meta"}
    batches.load_state_dict(Batches(10, 4, seed=0).state_dict())
    assert batches.next().device.type == "meta"

    samples = torch.zeros(6, 1, 2, 2, dtype=torch.uint8)
    assert data.Dataset("moved", samples).to("meta").rows_device.type == "meta"
    assert data.Dataset("disk", samples, on_disk=True).to("meta").rows_device.type == "cpu"

    orders = []
    quiet_fit(small_gan(), points(), 2, callbacks=[lambda run: orders.append(run.batches.order)])
    assert orders[0] is orders[1]


# --- the loop --------------------------------------------------------------------------------


def test_a_hand_written_loop_gives_the_same_numbers():
    x = torch.linspace(-1, 3, 8)[:, None]
    task = Line()
    history = quiet_fit(task, x, 6, batch_size=4, log_every=1)
    weight, average, losses = 0.0, 0.0, []
    batches = Batches(8, 4, 0)
    for step in range(1, 7):
        batch = x[batches.next()].double()
        losses.append(float((weight - batch).square().mean()))
        weight -= 0.1 * 2 * (weight - float(batch.mean()))
        average += (1 - min(0.9, step / (step + 9))) * (weight - average)
    assert task.model.weight.item() == pytest.approx(weight, rel=1e-5)
    assert task.average["model"].weight.item() == pytest.approx(average, rel=1e-5)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-5)


def test_rows_are_means_over_the_steps_between():
    x = torch.linspace(-1, 3, 8)[:, None]
    every = quiet_fit(Line(), x, 7, log_every=1)["loss"]
    thirds = quiet_fit(Line(), x, 7, log_every=3)
    means = [every[:3].mean(), every[3:6].mean(), every[6]]  # what is left makes the last row
    np.testing.assert_allclose(thirds["loss"], means, rtol=1e-6)
    assert thirds["step"].tolist() == [3, 6, 7]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1, 1, 1, 1]),
        ("linear", [1, 0.75, 0.5, 0.25]),
        ("cosine", [1, (1 + 2**-0.5) / 2, 0.5, (1 - 2**-0.5) / 2]),
        ("hold-cosine", [1, 1, 1, 0.5]),
    ],
)
def test_schedules(schedule, expected):
    history = quiet_fit(Line(lr=0.1), torch.ones(4, 1), 4, schedule=schedule, log_every=1)
    np.testing.assert_allclose(history["lr"], 0.1 * np.array(expected), rtol=1e-6)


def test_same_seed_same_run_and_another_seed_another():
    runs = []
    for seed in (0, 0, 1):
        task = small_gan()
        quiet_fit(task, points(), 10, seed=seed)
        runs.append(flat(task))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_callbacks_see_every_step():
    seen = []
    quiet_fit(small_gan(), points(), 5, callbacks=[lambda run: seen.append(run.step)])
    assert seen == [1, 2, 3, 4, 5]


def test_nothing_is_written_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quiet_fit(small_gan(), points(), 3)
    assert list(tmp_path.iterdir()) == []


def test_the_average_is_smoother_and_sampled_by_default():
    task = small_gan()
    quiet_fit(task, points(), 30)
    assert not torch.equal(task.sample(4), task.sample(4, averaged=False))
    assert torch.equal(task.sample(4), task.sample(6)[:4])


# --- checkpoints -----------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [1, 7, 10])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, stop):
    options = {"schedule": "cosine", "log_every": 3, "save_every": 1}
    whole = small_gan()
    history = quiet_fit(whole, points(), 20, **options)

    def interrupt(run):
        run.interrupted = run.step == stop

    quiet_fit(small_gan(), points(), 20, out=tmp_path, callbacks=[interrupt], **options)
    torch.rand(5)  # other things happen in between
    resumed = small_gan(seed=5)  # first weights must not matter
    again = quiet_fit(resumed, points(), 20, out=tmp_path, resume=True, **options)
    assert torch.equal(flat(whole), flat(resumed))
    for name in set(history.columns) - {"seconds"}:
        np.testing.assert_array_equal(history[name], again[name])


def test_resume_can_ask_for_more_steps(tmp_path):
    quiet_fit(small_gan(), points(), 5, out=tmp_path)
    task = small_gan()
    quiet_fit(task, points(), 9, out=tmp_path, resume=True)
    whole = small_gan()
    quiet_fit(whole, points(), 9)
    assert torch.equal(flat(task), flat(whole))


def test_resume_refuses_other_settings_and_names_them(tmp_path):
    quiet_fit(small_gan(), points(), 2, out=tmp_path)
    with pytest.raises(CheckpointError) as caught:
        quiet_fit(small_gan(lr=1e-2), points(), 4, out=tmp_path, resume=True, batch_size=8)
    message = str(caught.value)
    assert "lr (was [0.001, 0.001], now [0.01, 0.01])" in message
    assert "batch_size (was 16, now 8)" in message
    assert "seed" not in message
    with pytest.raises(
        CheckpointError, match=r"data\.content \(256 samples of tensor then, 100 others"
    ):
        quiet_fit(small_gan(), points(100), 4, out=tmp_path, resume=True)


def test_a_run_is_not_overwritten(tmp_path):
    quiet_fit(small_gan(), points(), 2, out=tmp_path)
    with pytest.raises(CheckpointError, match="already holds a run"):
        quiet_fit(small_gan(), points(), 2, out=tmp_path)


def test_resume_without_a_checkpoint_starts(tmp_path):
    history = quiet_fit(small_gan(), points(), 10, out=tmp_path / "new", resume=True)
    assert history["step"].tolist() == [10]


def test_resume_past_the_end_says_so(tmp_path):
    quiet_fit(small_gan(), points(), 5, out=tmp_path)
    with pytest.raises(ValueError, match="already done 5 steps"):
        quiet_fit(small_gan(), points(), 4, out=tmp_path, resume=True)


def test_the_folder_of_a_run(tmp_path):
    task = small_gan()
    history = quiet_fit(task, points(), 20, out=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "checkpoint.safetensors",
        "checkpoint.previous.safetensors",
        "generator.safetensors",
        "config.json",
        "history.csv",
    }
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 1 + len(history)
    exported = checkpoints.load_generator(tmp_path)
    for mean, value in zip(
        task.average["generator"].parameters(), exported.parameters(), strict=True
    ):
        assert torch.equal(mean, value)


# --- things that go wrong --------------------------------------------------------------------


def test_nan_in_the_data_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path):
    x = torch.zeros(64, 1)

    def poison(run):
        if run.step == 7:
            run.data[:] = torch.nan

    with pytest.raises(NonFiniteError, match="loss became nan at step 8") as caught:
        quiet_fit(Line(), x, 40, out=tmp_path, callbacks=[poison], save_every=5, log_every=10)
    assert "model.weight" in str(caught.value)
    state = checkpoints.load_checkpoint(tmp_path)
    assert state["step"] == 5
    assert all(t.isfinite().all() for t in state["task"]["networks"]["model"].values())


def test_divergence_is_reported_at_its_step_though_rows_are_sparse():
    # With lr 10 each step multiplies the error by 1 - 20 = -19, and 19^32 is the first square
    # above the largest float32: that is the loss of step 17.
    with pytest.raises(NonFiniteError, match=r"became inf at step 17;"):
        quiet_fit(Line(lr=10.0), torch.ones(8, 1), 200, batch_size=1, log_every=100)


def test_ctrl_c_ends_after_the_step_and_leaves_a_checkpoint(tmp_path, capsys):
    def press(run):
        if run.step == 4:
            os.kill(os.getpid(), signal.SIGINT)

    quiet_fit(small_gan(), points(), 50, out=tmp_path, callbacks=[press])
    assert checkpoints.load_checkpoint(tmp_path)["step"] == 4
    assert "Interrupted after step 4 of 50" in capsys.readouterr().err
    task = small_gan()
    quiet_fit(task, points(), 50, out=tmp_path, resume=True)
    whole = small_gan()
    quiet_fit(whole, points(), 50)
    assert torch.equal(flat(task), flat(whole))


def test_ctrl_c_works_as_before_after_training():
    def handler(*_):
        pass

    before = signal.signal(signal.SIGINT, handler)  # whatever these tests were started with
    try:
        quiet_fit(small_gan(), points(), 1)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_training_works_in_a_thread():
    done = []
    thread = threading.Thread(target=lambda: done.append(quiet_fit(small_gan(), points(), 2)))
    thread.start()
    thread.join()
    assert len(done) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch_size": 0}, "batch_size"),
        ({"schedule": "step"}, "hold-cosine"),
        ({"resume": True}, "folder"),
        ({"device": "tpu9"}, "cannot be used here"),
        ({"data": torch.zeros(0, 2)}, "empty"),
    ],
)
def test_refusals(options, message):
    options = {"data": points(), "steps": 2, "progress": False} | options
    with pytest.raises(ValueError, match=message):
        fit(small_gan(), **options)


def test_ema_decay_is_checked():
    with pytest.raises(ValueError, match="ema"):
        small_gan(ema=1.0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_training_and_resuming_on_a_gpu(tmp_path):
    task = small_gan()
    fit(task, points(), 20, out=tmp_path, progress=False)
    assert task.device.type == "cuda"
    on_cpu = small_gan()
    quiet_fit(on_cpu, points(), 25, out=tmp_path, resume=True)
    assert on_cpu.device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("capture", [False, True])
def test_on_a_gpu_scalars_not_yet_in_the_history_join_those_after_a_resume(tmp_path, capture):
    """A run stopped in the middle of a row writes the row that it would have written."""

    def stop(run):
        run.interrupted = run.step == 7

    options = {"batch_size": 16, "log_every": 5, "progress": False, "device": "cuda"}
    whole = fit(small_gan(), points(), 10, **options)
    fit(small_gan(), points(), 10, out=tmp_path, callbacks=[stop], capture=capture, **options)
    pending = checkpoints.load_checkpoint(tmp_path)["pending"]
    assert len(pending) == 2
    parts = fit(small_gan(), points(), 10, out=tmp_path, resume=True, capture=capture, **options)
    assert parts["step"].tolist() == [5, 10]
    for name in ("d_loss", "g_loss", "r1", "r2"):
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-3, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_no_step_between_two_rows_waits_for_the_device():
    waited = []

    def strict(run):
        # from the end of one step to the end of the next; a row is written every tenth
        torch.cuda.set_sync_debug_mode("error" if 3 <= run.step < 9 else "default")
        waited.append(run.step)

    try:
        fit(
            small_gan(), points(), 10, batch_size=16, log_every=10, progress=False, device="cuda",
            callbacks=[strict],
        )  # fmt: skip
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(waited) == 10


# --- A recipe is read, and a run leaves no traces ---------------------------------------------


def test_a_recipe_is_what_fit_trains_by_unless_it_is_told_otherwise():
    task = small_gan()
    task.recipe = Recipe(steps=4, batch_size=32, schedule="linear")
    history = fit(task, points(), device="cpu", progress=False, log_every=1)
    told = small_gan()
    again = fit(
        told, points(), 4, batch_size=32, schedule="linear", device="cpu", progress=False,
        log_every=1,
    )  # fmt: skip
    assert history["step"].tolist() == again["step"].tolist() == [1, 2, 3, 4]
    assert torch.equal(flat(task), flat(told))
    other = small_gan()
    other.recipe = task.recipe
    assert len(fit(other, points(), 2, device="cpu", progress=False, log_every=1)) == 2


def test_without_a_recipe_the_steps_must_be_given():
    with pytest.raises(ValueError, match="give the number of steps"):
        fit(small_gan(), points(), progress=False)


@pytest.mark.parametrize("stop", [None, "error"])
def test_learning_rates_and_networks_are_left_as_they_were(stop):
    task = small_gan(lr=(1e-3, 2e-3))

    def fail(run):
        if stop and run.step == 3:
            raise RuntimeError("stop")

    try:
        quiet_fit(task, points(), 4, schedule="linear", precision="bf16", callbacks=[fail])
    except RuntimeError:
        assert stop
    groups = [opt.param_groups[0] for opt in task.optimizers.values()]
    assert [group["lr"] for group in groups] == [1e-3, 2e-3]
    assert all("initial_lr" not in group for group in groups)
    assert task.fast == task.networks


def test_a_second_fit_goes_on_with_its_average_and_takes_an_edited_rate():
    """The average is that of one long run, and a rate that was edited between is the one used."""
    whole, parts = small_gan(), small_gan()
    quiet_fit(whole, points(), 12, seed=0)
    quiet_fit(parts, points(), 6, seed=0)
    assert parts.steps_done == 6
    decays = []
    parts.update_average = lambda: decays.append(
        min(parts.ema, parts.steps_done / (parts.steps_done + 9))
    )
    for optimizer in parts.optimizers.values():
        optimizer.param_groups[0]["lr"] = 5e-4
    seen = []
    quiet_fit(
        parts, points(), 3, seed=1,
        callbacks=[lambda run: seen.append(parts.optimizers["generator"].param_groups[0]["lr"])],
    )  # fmt: skip
    assert decays == [7 / 16, 8 / 17, 9 / 18]
    assert seen == [5e-4] * 3


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("when", ["after", "meanwhile"])
def test_a_copy_of_a_task_trains_itself_and_not_the_original(precision, when):
    task, copies = small_gan(), []
    quiet_fit(
        task, points(), 3, precision=precision,
        callbacks=[lambda run: copies.append(copy.deepcopy(run.task)) if run.step == 2 else None],
    )  # fmt: skip
    other = copy.deepcopy(task) if when == "after" else copies[0]
    before, mine = flat(task), flat(other)
    for _ in range(2):
        other.step(points(16))
    assert torch.equal(flat(task), before)
    assert not torch.equal(flat(other), mine)
    assert other.fast["generator"] is not task.fast["generator"]


def test_scalars_not_yet_in_the_history_come_back_to_the_device_of_the_run(tmp_path):
    """A checkpoint is read on the CPU; what is pending must join what the device reports.

    The "meta" device stands for any other: torch refuses to stack its tensors with the CPU's.
    """
    quiet_fit(small_gan(), points(), 7, out=tmp_path, log_every=5)
    run = Run(small_gan(), points(), 9, {}, Batches(256, 16, 0), 5, tmp_path)
    run.config = checkpoints.load_checkpoint(tmp_path)["config"]
    run.task.load_state_dict = lambda state: None
    run.task.device = torch.device("meta")
    run.restore()
    assert len(run._pending) == 2
    assert {value.device.type for scalars in run._pending for value in scalars.values()} == {"meta"}


def test_a_saved_run_is_opened_by_its_folder(tmp_path):
    task = small_gan()
    quiet_fit(task, points(), 6, out=tmp_path, log_every=2, about={"who": "me"})
    saved = SavedRun(tmp_path)
    assert saved.exists
    assert (saved.step, saved.shape, saved.about) == (6, (2,), {"who": "me"})
    assert saved.training["loss"] == "relativistic"
    assert saved.history["step"].tolist() == [2, 4, 6]
    assert saved.generator(torch.zeros(1, 3)).shape == (1, 2)
    assert "history.csv" in saved.files
    nothing = SavedRun(tmp_path / "nowhere")
    assert (nothing.exists, nothing.step, nothing.about) == (False, 0, {})
    with pytest.raises(FileNotFoundError, match="not the folder of a run"):
        _ = nothing.config


@pytest.mark.parametrize("seed", [-1, 2**32, 10**17])
def test_seeds_have_a_range(seed):
    with pytest.raises(ValueError, match="seed"):
        quiet_fit(small_gan(), points(), 1, seed=seed)
