"""Two real processes on the CPU, talking over gloo, against one process with the whole batch."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from torch.distributed import TCPStore

from gan_tutorial import GAN, checkpoints, data, distributed, fit, models
from gan_tutorial.autoencoders import Tokenizer
from gan_tutorial.conditional import ConditionalGAN
from gan_tutorial.distillation import FlowMatching, OneStep, gaussian_denoiser
from gan_tutorial.gan import InfoGAN
from gan_tutorial.semi_supervised import SemiSupervisedGAN, hide_labels
from gan_tutorial.translation import Pairs, UnpairedTranslation

OPTIONS = {
    "r1r2": {"loss": "relativistic", "r1": 0.3, "r2": 0.2, "penalty_every": 2},
    "gp": {"loss": "wasserstein", "gp": 1.0, "d_steps": 2},
}


TASKS = (*OPTIONS, "semi", "conditional", "translation", "flow", "student", "tokenizer", "info")


def data_of(kind):
    if kind == "conditional":
        return data.load("ring", count=500)  # with labels
    if kind == "tokenizer":
        return data.load("soccer", count=40, image_size=8)
    if kind != "translation":
        return data.ring().sample(500, seed=0)
    balls = [data.load("soccer", count=40, image_size=8, seed=seed) for seed in range(2)]
    return Pairs(*balls)


def task_of(kind):
    if kind == "translation":  # with a store of fakes that is full after two steps
        weights = {"cycle": 1.0, "identity": 0.5}  # the slope of |x| jumps, and rounding with it
        return UnpairedTranslation.for_data(data_of(kind), width=4, history=20, **weights)
    if kind == "tokenizer":
        return Tokenizer.for_data(data_of(kind), width=4, codes=8, warm_up=0)
    if kind == "info":
        generator, discriminator = models.mlp_pair((2,), 6, 16, 2)
        codes = {"categories": 3, "continuous": 1}
        return InfoGAN(
            models.InfoGenerator(generator, **codes),
            models.InfoDiscriminator(discriminator, **codes),
            r1=0.1,
        )
    if kind in ("flow", "student"):
        generator = models.FlowSampler(models.MLPDenoiser((2,), 16, 1), 1)
        if kind == "flow":
            return FlowMatching(generator)
        teacher = models.FlowSampler(gaussian_denoiser(0.0, 1.0), 3)
        return OneStep(generator, models.MLPDiscriminator((2,), 16, 2), teacher, r1=0.1)
    if kind == "conditional":
        generator, discriminator = models.mlp_pair((2,), 5, 16, 2)
        return ConditionalGAN(
            models.ConditionalGenerator(generator, [str(k) for k in range(8)], 2),
            models.AuxiliaryDiscriminator(discriminator, 8),
            r1=0.1,
            auxiliary=0.5,
        )
    if kind != "semi":
        return GAN(*models.mlp_pair((2,), 3, 16, 2), **OPTIONS[kind])
    labeled = hide_labels(data.load("ring", count=500), 16).labeled
    body, generator = models.MLPEncoder((2,), 8, 16, 1), models.MLPGenerator(3, (2,), 16, 1)
    return SemiSupervisedGAN(body, labeled, generator, entropy_weight=0.1, noise=0.1)


def train(kind, out, steps, device="cpu", resume=False):
    """Train on the ring, in this process or in one of several."""
    torch.manual_seed(distributed.rank())  # the first process's weights must win
    gan = task_of(kind)
    for name, network in gan.networks.items():  # plain descent: Adam divides by tiny numbers
        gan.optimizers[name] = torch.optim.SGD(network.parameters(), lr=0.05)
    fit(
        gan,
        data_of(kind),
        steps,
        batch_size=16,
        out=out,
        device=device,
        resume=resume,
        progress=False,
        log_every=4,
    )


def train_all(folder):
    """What two processes do for the tests below: they are started once, and join once."""
    with distributed.joined("cpu") as device:
        for kind in TASKS:
            train(kind, folder / kind, 12, device)
        train("r1r2", folder / "begun", 5, device)


FAILING = """
import sys, torch
from gan_tutorial import GAN, data, distributed, fit, models

def die(run):
    if distributed.rank() == 1 and run.step == 3:
        sys.exit("this process dies")

with distributed.joined() as device:
    gan = GAN(*models.mlp_pair((2,), 3, 8, 1))
    fit(gan, data.ring().sample(64, seed=0), 100000, batch_size=4, device=device, progress=False,
        callbacks=[die])
"""


def launch(*command):
    """Run a Python command in two processes, as torchrun would; return exit codes and errors.

    As torchrun does, this process holds the store in which the two find each other: it takes a
    port that is free and keeps it, where a port that is only looked for could be gone again.
    """
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    common = os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "TORCHELASTIC_RESTART_COUNT": "0",
        "WORLD_SIZE": "2",
        "CUDA_VISIBLE_DEVICES": "",
    }
    with ExitStack() as stack:
        errors = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(2)]
        running = [
            subprocess.Popen(
                [sys.executable, *map(str, command)],
                env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                stderr=errors[rank],
            )
            for rank in range(2)
        ]
        try:
            codes = [process.wait() for process in running]
        finally:
            for process in running:
                process.kill()
        for file in errors:
            file.seek(0)
        return codes, [file.read() for file in errors]


@pytest.fixture(scope="module")
def by_two(tmp_path_factory):
    """Return the folder of what two processes have trained together."""
    folder = tmp_path_factory.mktemp("by_two")
    codes, errors = launch(__file__, folder)
    assert codes == [0, 0], errors
    return folder


def weights(folder):
    networks = checkpoints.load_checkpoint(folder)["task"]["networks"]
    return {f"{n}.{k}": v for n, state in networks.items() for k, v in state.items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TASKS)
def test_two_processes_equal_one_with_the_whole_batch(by_two, tmp_path, kind):
    train(kind, tmp_path, 12)
    one, two = weights(tmp_path), weights(by_two / kind)
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=0, atol=1e-6)
    # the recorded losses are means over both processes
    histories = [checkpoints.load_checkpoint(p)["history"] for p in (tmp_path, by_two / kind)]
    for name in ("loss",) if kind == "flow" else ("d_loss", "g_loss"):
        torch.testing.assert_close(histories[0][name], histories[1][name], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_resume_on_another_number_of_processes(by_two, tmp_path):
    shutil.copytree(by_two / "begun", tmp_path / "parts")
    train("r1r2", tmp_path / "parts", 9, resume=True)
    train("r1r2", tmp_path / "whole", 9)
    parts, whole = weights(tmp_path / "parts"), weights(tmp_path / "whole")
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], rtol=0, atol=1e-6)


@pytest.mark.slow
def test_a_process_that_dies_ends_the_others(tmp_path):
    """At once, since the connection is lost, and not when a limit on waiting is over."""
    codes, errors = launch("-c", FAILING)
    assert codes[1] == 1
    assert codes[0] != 0
    assert "this process dies" in errors[1]
    assert re.search(r"closed by peer|reset by peer|broken pipe", errors[0], re.IGNORECASE)


@pytest.mark.slow
def test_torchrun_starts_the_command_line(tmp_path):
    out = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
         "-m", "gan_tutorial", "train", "ring", "--out", str(out), "--steps", "10",
         "--width", "8", "--batch-size", "8", "--device", "cpu"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("samples of 2 from ring") == 1  # only the first process speaks
    assert checkpoints.load_checkpoint(out)["step"] == 10


def test_shares_are_disjoint_and_together_everything(monkeypatch):
    whole = torch.arange(24).reshape(12, 2)
    monkeypatch.setattr(distributed, "world_size", lambda: 3)
    parts = []
    for rank in range(3):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        parts.append(distributed.share(whole, groups=2))
    assert torch.cat(parts).sort(0).values.tolist() == whole.tolist()
    assert parts[1][:, 0].tolist() == [4, 6, 16, 18]  # the second third of each group
    with pytest.raises(ValueError, match="cannot be divided equally among 3"):
        distributed.share(torch.zeros(10, 2))


def test_alone_nothing_is_shared():
    x = torch.randn(5, 2)
    assert distributed.share(x) is x
    assert distributed.average(x) is x
    assert (distributed.world_size(), distributed.rank()) == (1, 0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    train_all(Path(sys.argv[1]))
