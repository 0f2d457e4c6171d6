"""The fast step against the plain one: the same gradients, and runs that go on as they began."""

import functools
import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity

from gan_tutorial import GAN, checkpoints, fit, models, speed
from gan_tutorial.training.checkpoints import CheckpointError
from gan_tutorial.training.run import Batches


def dcgan(seed=0, norm="batch", up="transposed", **options):
    torch.manual_seed(seed)
    networks = models.dcgan_pair(16, 3, 10, 8, norm, norm, up=up)
    return GAN(*networks, **{"loss": "non-saturating", "lr": 1e-3} | options)


def images(count=64):
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1


def quiet_fit(task, steps, **options):
    return fit(task, images(), steps, batch_size=8, progress=False, device="cpu", **options)


def flat(task):
    """Every number of the networks and their averages, in one vector."""
    networks = (*task.networks.values(), *task.average.values())
    return torch.cat([v.flatten() for n in networks for v in n.state_dict().values()])


# --- one step --------------------------------------------------------------------------------

WAYS = {
    "batch norm": {"norm": "batch"},
    "resize": {"norm": "batch", "up": "resize"},
    "no norm, several updates": {"norm": "none", "d_steps": 3},
    "spectral norm": {"norm": "spectral", "loss": "hinge"},
    "gradient penalty": {"norm": "none", "loss": "wasserstein", "gp": 10.0, "d_steps": 2},
    "r1 and r2": {"norm": "none", "loss": "relativistic", "r1": 1.0, "r2": 1.0},
    "reused fakes": {"norm": "batch", "reuse_fakes": True},
}


def gradients(way, **options):
    """Both players' gradients in the last updates of one step from fixed weights.

    With options the step is that of `fit`; without, it is the plain one, network by network and
    batch by batch in torch's own memory layout.
    """
    gan = dcgan(**WAYS[way])
    for name, network in gan.networks.items():
        gan.optimizers[name] = torch.optim.SGD(network.parameters(), lr=0.0)
    found = {}
    update = gan.update

    def remember(loss, name):
        update(loss, name)
        found[name] = torch.cat([p.grad.flatten() for p in gan.networks[name].parameters()])

    gan.update = remember
    x = images(8 * gan.d_steps)
    if options:
        fit(gan, x, 1, batch_size=8, seed=3, device="cpu", progress=False, **options)
    else:
        gan.seed(3)
        gan.forward = lambda name, batches: [gan.networks[name](batch) for batch in batches]
        gan.step(x[Batches(len(x), len(x), 3).next()])
    return found


@pytest.mark.parametrize("way", WAYS)
def test_the_gradients_of_the_fast_step_are_those_of_the_plain_step(way):
    plain, fast = gradients(way), gradients(way, precision="fp32")
    for name in plain:
        size = float(plain[name].abs().max())
        torch.testing.assert_close(fast[name], plain[name], rtol=1e-4, atol=1e-5 * size)


@pytest.mark.parametrize("way", WAYS)
def test_in_bf16_gradients_keep_their_direction_and_length(way):
    plain, rounded = gradients(way), gradients(way, precision="bf16")
    for name in plain:
        assert rounded[name].dtype == torch.float32
        assert not torch.equal(rounded[name], plain[name])
        assert cosine_similarity(rounded[name], plain[name], dim=0) > 0.99
        torch.testing.assert_close(rounded[name].norm(), plain[name].norm(), rtol=0.05, atol=0)


def test_penalties_are_float32_in_bf16():
    scalars = []
    for precision in ("fp32", "bf16"):
        gan = dcgan(norm="none", r1=1.0, r2=1.0, gp=1.0)
        history = quiet_fit(gan, 1, log_every=1, precision=precision)
        scalars.append([history[name][0] for name in ("r1", "d_loss")])
    assert scalars[0] == pytest.approx(scalars[1], rel=1e-5)  # bf16 alone is off by about 1e-3


def test_reused_fakes_are_those_that_the_discriminator_saw():
    gan = dcgan(norm="none", reuse_fakes=True)
    gan.optimizers["discriminator"] = torch.optim.SGD(gan.discriminator.parameters(), lr=0.0)
    seen = []
    judge = gan.judge
    gan.judge = lambda *batches: seen.append(batches[-1].detach()) or judge(*batches)
    scalars = gan.step(images(8))
    of_d, of_g = seen
    assert torch.equal(of_d, of_g)
    expected = gan.loss.generator(None, gan.discriminator(of_d))
    torch.testing.assert_close(scalars["g_loss"], expected.detach())


def test_compiled_networks_train_as_others_do(monkeypatch):
    compiling = functools.partial(torch.compile, backend="aot_eager")  # without a C++ compiler
    monkeypatch.setattr(torch, "compile", compiling)
    # lazy penalties: an update that is differentiated twice, and one that is not
    options = {"norm": "none", "r1": 1.0, "gp": 1.0, "penalty_every": 2}
    compiled, plain = dcgan(**options), dcgan(**options)
    quiet_fit(compiled, 2, compile=True)
    quiet_fit(plain, 2)
    torch.testing.assert_close(flat(compiled), flat(plain), rtol=0, atol=1e-4)


# --- whole runs ------------------------------------------------------------------------------


def test_training_in_fast_layout_is_training_in_plain_layout(monkeypatch):
    fast = dcgan(norm="none")
    quiet_fit(fast, 5)
    assert fast.generator.net[3].weight.is_contiguous(memory_format=torch.channels_last)
    monkeypatch.setattr(speed, "arrange", lambda *_: torch.contiguous_format)
    plain = dcgan(norm="none")
    quiet_fit(plain, 5)
    # Adam's steps of 1e-3 depend on little but the gradients' signs
    torch.testing.assert_close(flat(fast), flat(plain), rtol=0, atol=1e-4)


def test_steps_by_hand_before_fit_leave_moments_that_fit_can_use(monkeypatch):
    results = []
    for _ in range(2):
        gan = dcgan(norm="none")
        for batch in images().split(8):
            gan.step(batch)  # Adam's moments now lie in memory as the plain weights did
        quiet_fit(gan, 3)
        results.append(flat(gan))
        monkeypatch.setattr(speed, "arrange", lambda *_: torch.contiguous_format)
    torch.testing.assert_close(*results, rtol=0, atol=1e-4)


@pytest.mark.parametrize("precision", speed.PRECISIONS)
@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_a_resumed_dcgan_equals_an_uninterrupted_one_bit_for_bit(tmp_path, norm, precision):
    whole = dcgan(norm=norm, up="resize")
    quiet_fit(whole, 8, precision=precision)
    first = dcgan(norm=norm, up="resize")

    def interrupt(run):
        run.interrupted = run.step == 3

    quiet_fit(first, 8, precision=precision, out=tmp_path, callbacks=[interrupt])
    again = dcgan(seed=5, norm=norm, up="resize")
    quiet_fit(again, 8, precision=precision, out=tmp_path, resume=True)
    assert torch.equal(flat(whole), flat(again))
    # and in the same process, with weights and moments in fast layout already
    state = checkpoints.load_checkpoint(tmp_path)["task"]
    again.load_state_dict(state)
    for optimizer in again.optimizers.values():
        for parameter, moments in optimizer.state.items():
            assert moments["exp_avg"].stride() == parameter.stride()


def test_the_exported_generator_has_the_averages_weights(tmp_path):
    gan = dcgan()
    quiet_fit(gan, 2, out=tmp_path)
    exported = checkpoints.load_generator(tmp_path)
    z = torch.randn(4, 10)
    torch.testing.assert_close(exported(z), gan.average["generator"](z))


def test_bf16_trains():
    torch.manual_seed(0)
    g, d = models.dcgan_pair(16, 3, 10, 8)
    gan = GAN(g, d, loss="non-saturating", lr=2e-3)
    x = images(8).repeat(8, 1, 1, 1) * 0.1 + torch.tensor([0.8, 0.0, -0.8]).view(3, 1, 1)
    fit(gan, x, 150, batch_size=16, precision="bf16", device="cpu", progress=False)
    colors = gan.sample(64, averaged=False).mean(dim=(0, 2, 3))
    torch.testing.assert_close(colors, torch.tensor([0.8, 0.0, -0.8]), rtol=0, atol=0.25)


def test_precision_is_recorded_and_kept(tmp_path):
    quiet_fit(dcgan(), 1, out=tmp_path, precision="bf16")
    assert checkpoints.read_config(tmp_path)["training"]["precision"] == "bf16"
    with pytest.raises(CheckpointError, match=r"precision \(was bf16, now fp32\)"):
        quiet_fit(dcgan(), 2, out=tmp_path, resume=True)


def test_unknown_precision_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^Unknown precision 'fp8'; choose one of fp32, bf16\.$"):
        quiet_fit(dcgan(), 1, precision="fp8")


# --- what passes through a network together --------------------------------------------------


def test_only_networks_known_to_take_samples_one_by_one_get_batches_together():
    for network in (*models.mlp_pair((1, 8, 8)), *models.dcgan_pair(16, 3, 8, 4, "none")):
        assert models.one_by_one(network)

    class Mixing(nn.Module):
        def forward(self, x):
            return x - x.mean(0)

    for norm, network in itertools.product(("batch", "spectral"), range(2)):
        assert not models.one_by_one(models.dcgan_pair(16, 3, 8, 4, norm, norm)[network])
    assert not models.one_by_one(nn.Sequential(nn.Linear(2, 2), Mixing()))


def test_flat_data_are_left_as_they_are():
    gan = GAN(*models.mlp_pair((1, 4, 4), 3, 8, 1))
    layout = speed.arrange(gan.networks.values(), gan.optimizers.values())
    assert layout == torch.contiguous_format
    points = torch.randn(5, 2)
    assert speed.arranged(points, torch.channels_last) is points
