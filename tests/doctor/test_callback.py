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


@pytest.mark.parametrize("norm", ["none", "batch", "spectral"])
def test_the_training_is_not_disturbed(norm):
    """With and without a doctor: the same weights, bit for bit."""
    images = data.load("soccer", count=64, image_size=16)

    def weights(callbacks):
        torch.manual_seed(0)
        task = GAN(*models.dcgan_pair(16, 3, 4, 4, discriminator_norm=norm), loss="hinge")
        train(task, 6, images, callbacks=callbacks, log_every=2)
        return [v for net in task.networks.values() for v in net.state_dict().values()]

    pairs = zip(weights([]), weights([Doctor(images, every=2)]), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


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
    with pytest.raises(ValueError, match="more than 6"):
        Doctor(samples=6)
    with pytest.raises(ValueError, match="no held-out"):
        Doctor(held_out=RING[:0])
    with pytest.raises(RuntimeError, match="seen no run"):
        Doctor().report()
    digits = data.load("digits", count=100)
    with pytest.raises(TypeError, match="a VAE has no discriminator"):
        fit(VAE.for_data(digits), digits, 2, callbacks=[Doctor()], progress=False)
