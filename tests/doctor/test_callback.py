import warnings

import pytest
import torch

from gan_tutorial import GAN, VAE, data, fit, models
from gan_tutorial.doctor import COLUMNS, HEALTHY, Doctor, DoctorWarning
from gan_tutorial.faults import FAULTS, healthy

RING = data.load("ring", count=2000)


def small(**options):
    torch.manual_seed(1)
    return GAN(*models.mlp_pair((2,), width=16), r1=0.1, r2=0.1, **options)


def train(task, steps=60, samples=RING, **options):
    return fit(task, samples, steps, batch_size=32, progress=False, **options)


def test_the_columns_come_every_so_many_steps():
    history = train(small(), callbacks=[Doctor(RING[:300], every=20)])
    measured = history["coverage"] == history["coverage"]
    assert history["step"][measured].tolist() == [20, 40, 60]
    assert set(history.columns) <= {*COLUMNS, "seconds", "r2"}
    assert {"ranked", "memory", "distance", "g_move", "d_grad", "slope"} <= set(history.columns)


def test_looks_fall_on_rows_of_the_history():
    history = train(small(), callbacks=[Doctor(every=7, warn=False)], log_every=4)
    measured = history["coverage"] == history["coverage"]
    assert history["step"][measured].tolist() == [8, 16, 24, 32, 40, 48, 56]


def soccer_gan(norm, **options):
    networks = models.dcgan_pair(16, 3, 4, 4, discriminator_norm=norm)
    return data.load("soccer", count=64, image_size=16), GAN(*networks, loss="hinge", **options)


def digits_gan(**options):
    digits = data.load("digits", count=300)
    return digits, GAN(*models.mlp_pair((1, 8, 8), width=32), r1=0.5, r2=0.5, **options)


@pytest.mark.parametrize(
    "make",
    {
        "the ring's recipe": lambda: (RING, GAN.for_data(RING)),
        "digits, both penalties": digits_gan,
        "digits, penalties now and then": lambda: digits_gan(penalty_every=2, d_steps=2),
        "digits, WGAN-GP": lambda: (digits_gan()[0], small_wgan()),
        "DCGAN": lambda: soccer_gan("none"),
        "DCGAN, R1": lambda: soccer_gan("none", r1=0.1),
        "DCGAN, batch norm": lambda: soccer_gan("batch"),
        "DCGAN, spectral norm": lambda: soccer_gan("spectral"),
    }.items(),
    ids=lambda make: make[0],
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_training_is_not_disturbed(make, precision):
    """With and without a doctor: the same weights, bit for bit."""

    def weights(watched):
        torch.manual_seed(0)
        samples, task = make[1]()
        doctors = [Doctor(samples, every=2, warn=False)] if watched else []
        train(task, 5, samples, callbacks=doctors, log_every=2, precision=precision)
        return [v for net in task.networks.values() for v in net.state_dict().values()]

    pairs = zip(weights(False), weights(True), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def small_wgan():
    return GAN(*models.mlp_pair((1, 8, 8), width=32), loss="wasserstein", gp=10.0, d_steps=2)


@pytest.mark.parametrize("log_every", [1, 2, 3, 10])
def test_the_second_step_is_seen_whatever_the_rows_of_the_history(log_every):
    """The reported loss is that of the step, also where that step ends a row."""
    case = FAULTS["fakes-labeled-real"].plant(healthy("digits", loss="non-saturating", r1=0.0))
    doctor = Doctor(every=1000, warn=False)
    case.run(steps=2, callbacks=[doctor], log_every=log_every)
    assert "fakes-labeled-real" in {fact.fault for fact in doctor.facts}


def test_moves_are_those_of_one_step_relative_to_the_weights():
    task, seen = small(), {}

    def remember(run):
        if run.step in (39, 40):
            seen[run.step] = torch.cat([p.detach().flatten() for p in task.generator.parameters()])

    history = train(task, 40, callbacks=[remember, Doctor(every=40)])
    expected = (seen[40] - seen[39]).norm() / seen[40].norm()
    assert history["g_move"][-1] == pytest.approx(expected.item(), rel=1e-5)


def test_a_healthy_run_is_found_healthy():
    case = healthy("digits")
    doctor = Doctor(case.held_out, every=50)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DoctorWarning)
        case.run(steps=300, callbacks=[doctor])
    report = doctor.report()
    assert report.name == HEALTHY
    assert report.not_looked_at == ["slope_between"]


def test_it_warns_once_and_says_at_which_step():
    case = FAULTS["softmax-of-one"].plant(healthy("digits", loss="non-saturating"))
    with pytest.warns(DoctorWarning) as caught:
        case.run(steps=100, callbacks=[Doctor(every=10)])
    named = [str(w.message) for w in caught if "softmax-of-one" in str(w.message)]
    assert len(named) == 1
    assert named[0].startswith("Step 2: softmax-of-one (100%)")


def test_it_can_keep_quiet():
    case = FAULTS["softmax-of-one"].plant(healthy("digits", loss="non-saturating"))
    doctor = Doctor(every=10, warn=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        case.run(steps=20, callbacks=[doctor])
    assert doctor.report().name == "softmax-of-one"


def test_a_run_that_stops_is_reported_with_its_error():
    case = FAULTS["loss-made-once"].plant(healthy("digits", loss="non-saturating"))
    doctor = Doctor()
    outcome = case.run(steps=10, callbacks=[doctor])
    report = doctor.report(outcome.stopped)
    assert report.name == "loss-made-once"
    assert "second time" in report.findings[0].evidence


def test_nothing_is_left_on_the_networks_of_a_run_that_ends_early():
    task = small()
    before = set(vars(task.discriminator))
    train(task, 1, callbacks=[Doctor(warn=False)])
    assert set(vars(task.discriminator)) == before

    class Stumbles(GAN):
        def step(self, batch):
            if self.d_updates:
                raise RuntimeError("stumbled")
            return super().step(batch)

    task, doctor = Stumbles(*models.mlp_pair((2,), width=8)), Doctor(warn=False)
    with pytest.raises(RuntimeError, match="stumbled") as caught:
        train(task, 5, callbacks=[doctor])
    assert "stumbled" in str(doctor.report(caught.value))
    assert set(vars(task.discriminator)) == before


def test_few_samples_are_enough_for_a_look_and_six_are_too_few():
    tiny = RING[:8]
    history = train(small(), 10, tiny, callbacks=[Doctor(tiny, every=10, warn=False)])
    assert history["coverage"][-1] >= 0
    history = train(small(), 10, RING[:6], callbacks=[Doctor(every=10, warn=False)])
    assert "coverage" not in history.columns
    assert history["g_grad"][-1] > 0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        Doctor(every=0)
    with pytest.raises(ValueError, match="whole number, not nan"):
        Doctor(every=float("nan"))
    with pytest.raises(ValueError, match=r"whole number, not 20\.5"):
        Doctor(samples=20.5)
    with pytest.raises(ValueError, match="more than 6"):
        Doctor(samples=6)
    with pytest.raises(ValueError, match="no held-out"):
        Doctor(held_out=RING[:0])
    with pytest.raises(RuntimeError, match="seen no run"):
        Doctor().report()
    digits = data.load("digits", count=100)
    with pytest.raises(TypeError, match="a VAE has no discriminator"):
        fit(VAE.for_data(digits), digits, 2, callbacks=[Doctor()], progress=False)


@pytest.mark.parametrize("d_steps", [1, 5])
def test_the_move_of_a_critic_is_that_of_one_of_its_steps(d_steps):
    torch.manual_seed(0)
    generator = models.adopt_generator(torch.nn.Linear(4, 2))
    critic = torch.nn.Linear(2, 1)
    task = GAN(generator, critic, loss="wasserstein", lr=1e-4, betas=(0.0, 0.9), d_steps=d_steps)
    far = data.Dataset("far", torch.full((200, 2), 1.0) + 0.01 * torch.rand(200, 2))
    history = train(task, 20, far, callbacks=[Doctor(every=10, warn=False)])
    size = sum(p.detach().square().sum() for p in critic.parameters()).sqrt().item()
    moves = history["d_move"][history["d_move"] == history["d_move"]]
    assert moves == pytest.approx(1e-4 * 2**0.5 / size, rel=0.3)  # Adam's step, in two weights
