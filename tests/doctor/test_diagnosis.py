import json

import numpy as np
import pytest

from gan_tutorial import GAN, VAE, data, fit, models
from gan_tutorial.doctor import HEALTHY, UNKNOWN, Finding, Report, diagnose
from gan_tutorial.doctor.diagnosis import findings_in_error
from gan_tutorial.faults import FAULTS

DIGITS = data.load("digits")


def well(rows=20, **changed):
    """A table as a healthy run with a doctor writes it."""
    rng = np.random.default_rng(0)
    columns = {
        "step": np.arange(1, rows + 1) * 50,
        "d_loss": rng.normal(0.65, 0.02, rows),
        "real_logit": rng.normal(7.1, 0.02, rows),
        "fake_logit": rng.normal(7.0, 0.02, rows),
        "ranked": rng.uniform(0.55, 0.65, rows),
        "memory": rng.uniform(0.48, 0.52, rows),
        "distance": rng.uniform(0.01, 0.03, rows),
        "diversity": rng.uniform(0.95, 1.02, rows),
        "coverage": rng.uniform(0.6, 0.9, rows),
        "precision": rng.uniform(0.6, 0.9, rows),
        "jitter": np.zeros(rows),
        "g_grad": rng.uniform(0.001, 0.003, rows),
        "g_move": rng.uniform(0.008, 0.01, rows),
        "d_move": rng.uniform(0.008, 0.01, rows),
        "logit_low": rng.uniform(5, 6, rows),
        "logit_high": rng.uniform(8, 9, rows),
    }
    return {**columns, **{name: np.full(rows, value) for name, value in changed.items()}}


def test_a_healthy_table():
    report = diagnose(well(), loss="relativistic")
    assert report.name == HEALTHY
    assert report.healthy
    assert report.findings == []
    assert report.not_looked_at == ["slope_between"]
    assert str(report).startswith("Healthy")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"diversity": 0.05}, "mode-collapse"),
        ({"memory": 0.9}, "tiny-data"),
        ({"jitter": 0.95}, "instance-noise"),
        ({"slope_between": 8.0}, "penalty-over-one-axis"),
        ({"d_move": 0.8}, "lr-too-high"),
        ({"ranked": 1.0, "g_move": 1e-4, "distance": 0.8}, "strong-d"),
        ({"d_move": 1e-5, "distance": 0.8}, "weak-d"),
        ({"distance": 1.5}, UNKNOWN),
    ],
)
def test_each_rule_names_its_fault(changed, fault):
    report = diagnose(well(**changed), loss="relativistic")
    assert report.name == fault
    assert not report.healthy
    first = report.findings[0]
    assert any(f"{value:.3g}" in first.evidence for value in changed.values())
    assert first.cure
    assert first.card == ("" if fault == UNKNOWN else f"08_pitfalls.html#fault-{fault}")


def test_a_cause_comes_before_what_it_leads_to():
    """Fakes labeled real: the collapse that follows is told of, too, and second."""
    log = {"d_loss": 0.1, "real_logit": 3.0, "fake_logit": 3.0, "diversity": 0.01}
    report = diagnose(well(**log), loss="non-saturating")
    assert [f.fault for f in report.findings][:2] == ["fakes-labeled-real", "mode-collapse"]
    assert report.findings[1].confidence >= 0.5


def test_a_name_that_is_given_twice_counts_once():
    task = GAN(*models.mlp_pair((1, 8, 8), width=16), lr=0.5)
    report = diagnose(well(d_move=0.8), task=task, data=DIGITS)
    assert [f.fault for f in report.findings].count("lr-too-high") == 1
    assert report.findings[0].confidence == 1


def test_unknown_is_not_said_where_something_is_known():
    report = diagnose(well(distance=3.0, memory=0.95), loss="relativistic")
    assert [f.fault for f in report.findings] == ["tiny-data"]


def test_missing_columns_are_not_looked_at_and_no_error():
    report = diagnose({"step": range(20), "d_loss": [0.7] * 20, "extra": [1] * 20})
    assert report.name == UNKNOWN  # losses show no health
    assert report.looked_at == ["idle_loss"]
    assert {"memory", "diversity", "below_floor"} <= set(report.not_looked_at)
    assert "Not looked at: below_floor" in str(report)


def test_too_little_to_look_at_is_unknown():
    report = diagnose({"step": [1, 2], "d_loss": [0.7, 0.6]}, loss="relativistic")
    assert report.name == UNKNOWN
    assert not report.healthy
    assert "too little" in str(report)


def test_a_faint_finding_does_not_make_a_run_sick():
    report = Report([Finding("tiny-data", 0.4, "Seen.", "Cure.")], ["memory", "distance"], [])
    assert report.healthy
    assert "perhaps tiny-data" in str(report)


def test_findings_are_ranked():
    findings = [Finding("a", 0.6, "", ""), Finding("b", 0.9, "", ""), Finding("c", 0.7, "", "")]
    assert [f.fault for f in Report(findings, ["x"], []).findings] == ["b", "c", "a"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a run that was trained without a doctor."""
    out = tmp_path_factory.mktemp("runs") / "run"
    task = GAN(*models.mlp_pair((1, 8, 8), width=16))
    fit(task, DIGITS, 100, out=out, progress=False)
    return out


def test_a_folder_knows_its_loss(folder):
    report = diagnose(folder)
    assert {"below_floor", "idle_loss"} <= set(report.looked_at)
    assert report.name == UNKNOWN  # its samples were looked at, and not compared with data
    assert "samples" in report.looked_at
    file = diagnose(folder / "history.csv", loss="relativistic")
    assert [*file.looked_at, "samples"] == report.looked_at
    assert "below_floor" in diagnose(folder / "history.csv").not_looked_at


def test_the_settings_of_a_folder_are_looked_at(tmp_path):
    generator = models.MLPGenerator(8, (1, 8, 8), width=3)
    task = GAN(generator, models.MLPDiscriminator((1, 8, 8), width=16), lr=0.5)
    fit(task, DIGITS, 10, out=tmp_path, progress=False)
    assert {"lr-too-high"} <= {finding.fault for finding in diagnose(tmp_path).findings}


def test_networks_and_data_can_be_looked_at_too():
    task = GAN(*models.mlp_pair((1, 8, 8), width=16))
    report = diagnose(well(), task=task, data=255 * DIGITS[:].abs())
    assert report.name == "bytes-against-tanh"


def test_what_is_no_gan_is_refused(tmp_path):
    fit(VAE.for_data(DIGITS), DIGITS, 10, out=tmp_path, progress=False)
    with pytest.raises(ValueError, match="of the kind VAE, which has no discriminator"):
        diagnose(tmp_path)


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Unknown loss 'mse'; choose one of minimax"):
        diagnose(well(), loss="mse")
    with pytest.raises(FileNotFoundError, match="nothing at"):
        diagnose(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="not the folder of a run"):
        diagnose(tmp_path)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("Trying to backward through the graph a second time (or ...", "loss-made-once"),
        (
            "one of the variables needed for gradient computation has been modified by an inplace "
            "operation: [torch.FloatTensor [128, 1]], which is output 0 of AsStridedBackward0, is "
            "at version 2; expected version 1 instead.",
            "updated-too-early",
        ),
        (
            "The fake logits have shape (64, 8), expected (N,) or (N, 1): a discriminator gives "
            "one logit per sample, so flatten or pool its output.",
            "no-flatten",
        ),
        ("got (2,) real and (64,) fake logits: draw batches of equal size.", "unequal-batches"),
        ("Something else.", UNKNOWN),
    ],
)
def test_errors_are_evidence(message, fault):
    report = diagnose(RuntimeError(message))
    assert report.name == fault
    assert message[:20] in report.findings[0].evidence
    assert findings_in_error(message)[0].fault == fault


def test_messages_that_are_looked_for_are_those_of_the_library():
    """If a sentence of the losses changes, the doctor has to follow."""
    import torch

    from gan_tutorial.losses import get_loss

    for real, fake, fault in (((4, 3), (4, 3), "no-flatten"), ((4,), (5,), "unequal-batches")):
        with pytest.raises(ValueError, match="logits") as error:
            get_loss("relativistic").discriminator(torch.zeros(real), torch.zeros(fake))
        assert diagnose(error.value).name == fault


def test_json_holds_everything_that_is_said():
    report = diagnose(well(diversity=0.05), loss="relativistic")
    told = json.loads(json.dumps(report.to_dict()))
    assert told["verdict"] == "mode-collapse"
    assert told["findings"][0]["cure"] == FAULTS["mode-collapse"].cure
    assert told["not_looked_at"] == ["slope_between"]


def test_the_figure_draws_the_columns_of_the_findings():
    import matplotlib.pyplot as plt

    report = diagnose(well(memory=0.9), loss="relativistic")
    figure = report.figure()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[0] == "memory"
    line = figure.axes[0].lines[0]
    assert line.get_ydata().tolist() == [0.9] * 20
    assert len(report.figure(["ranked"]).axes) == 1
    with pytest.raises(ValueError, match="no column 'nonsense'"):
        report.figure(["nonsense"])
    with pytest.raises(ValueError, match="no history to draw"):
        diagnose(RuntimeError("x")).figure()
    plt.close("all")
