"""What numbers give away by themselves; and that health is not said without evidence."""

import math

import numpy as np
import pytest
import torch

from gan_tutorial import GAN, History, data, fit, models
from gan_tutorial.doctor import HEALTHY, UNKNOWN, diagnose
from gan_tutorial.doctor.look import look_at_generator

STEPS = list(range(10, 210, 10))
FLAT = [0.69] * 20


def told(**columns):
    return {"step": STEPS, **columns}


@pytest.mark.parametrize(
    "columns",
    [
        {"d_loss": [*FLAT[:12], *[math.nan] * 8]},
        {"d_loss": FLAT, "g_loss": [*FLAT[:15], math.inf, *FLAT[:4]]},
        {"d_loss": FLAT, "real_logit": [-math.inf] * 20},
        {"d_loss": ["nan"] * 20},
        {"d_loss": [*FLAT[:-1], "-inf"]},
    ],
    ids=["nan-to-the-end", "one-infinity", "logits", "words", "at-the-end"],
)
def test_nan_and_infinity_are_findings(columns):
    report = diagnose(told(**columns), loss="non-saturating")
    assert report.name == "not-finite"
    assert report.findings[0].confidence == 1


def test_the_step_of_the_first_lost_number_is_named(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,d_loss\n1,0.7\n2,0.7\n3,nan\n4,NaN\n")
    assert "from step 3 on" in diagnose(path).findings[0].evidence


def test_what_was_not_measured_is_not_lost():
    history = History()
    for step in STEPS:
        history.append(step=step, d_loss=0.69, **({"r1": 0.1} if step % 40 == 0 else {}))
    assert diagnose(history, loss="relativistic").name == UNKNOWN
    empty = diagnose(told(d_loss=FLAT, ranked=[None] * 20), loss="relativistic")
    assert empty.findings == []


@pytest.mark.parametrize("loss", ["non-saturating", "minimax", "relativistic", "least-squares"])
def test_a_discriminator_that_wins_for_good_is_a_finding(loss):
    won = [0.5] * 8 + [0.001] * 12
    report = diagnose(told(d_loss=won, g_loss=[7.0] * 20), loss=loss)
    assert report.name == "strong-d"
    assert diagnose(told(d_loss=[0.5] * 20), loss=loss).findings == []


def test_without_the_name_of_the_loss_it_takes_both_losses():
    won = [0.5] * 8 + [0.001] * 12
    assert diagnose(told(d_loss=won, g_loss=[9.0] * 20)).name == "strong-d"
    assert diagnose(told(d_loss=won)).name == UNKNOWN


@pytest.mark.parametrize("loss", ["hinge", "wasserstein"])
def test_a_loss_of_0_is_no_victory_where_the_questions_and_answers_say_so(loss):
    assert diagnose(told(d_loss=[0.001] * 20, g_loss=[9.0] * 20), loss=loss).findings == []


@pytest.mark.parametrize(
    ("loss", "column"),
    [("non-saturating", "d_loss"), ("relativistic", "g_loss"), ("least-squares", "g_loss"),
     ("hinge", "d_loss"), ("minimax", "d_loss")],
)  # fmt: skip
def test_a_negative_cross_entropy_is_impossible(loss, column):
    values = [*FLAT[:19], -0.2]
    report = diagnose(told(**{"d_loss": FLAT, column: values}), loss=loss)
    assert report.name == "negative-loss"
    assert "-0.2" in report.findings[0].evidence


@pytest.mark.parametrize(("loss", "column"), [("wasserstein", "d_loss"), ("minimax", "g_loss")])
def test_what_may_be_negative_is_not_accused(loss, column):
    assert diagnose(told(**{column: [-0.5] * 20}), loss=loss).findings == []


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("column", ["d_loss", "g_loss"])
def test_a_loss_without_bound_is_a_finding(sign, column):
    growing = [sign * 1.6**k for k in range(20)]
    report = diagnose(told(**{column: growing}), loss="wasserstein")
    assert report.name == "diverging-loss"
    steady = [sign * 300.0] * 20
    assert diagnose(told(**{column: steady}), loss="wasserstein").findings == []


# --- No health without evidence --------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [{"d_loss": FLAT}, {"d_loss": FLAT, "g_loss": FLAT}, {"real_logit": FLAT, "fake_logit": FLAT}],
    ids=["d", "both", "logits"],
)
def test_losses_alone_are_unknown_and_the_report_says_what_to_record(columns):
    report = diagnose(told(**columns), loss="relativistic")
    assert report.name == UNKNOWN
    assert not report.healthy
    assert "compare samples with data" in str(report)
    assert "--doctor" in str(report)


def test_one_look_where_rules_need_several_is_said():
    looks = [None] * 19 + [0.98]
    report = diagnose(told(d_loss=FLAT, diversity=looks, distance=looks), loss="relativistic")
    assert report.name == UNKNOWN
    assert report.looks["distance"] == 1
    assert "Too few looks" in str(report)
    assert "distance (1)" in str(report)


class Made(torch.nn.Module):
    """A generator that makes what a function of the codes says."""

    latent_dim = 4

    def __init__(self, make):
        super().__init__()
        self.make, self.unused = make, torch.nn.Parameter(torch.zeros(1))

    def forward(self, z):
        return self.make(z)


def noise(z):
    return torch.randn(len(z), 3, 8, 8, generator=torch.Generator().manual_seed(0)).tanh()


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda z: noise(z[:1]).expand(len(z), -1, -1, -1), "mode-collapse"),
        (lambda z: torch.full((len(z), 3, 8, 8), -1.0), "blank-samples"),
        (lambda z: z[:, :1, None, None].tanh().expand(-1, 3, 8, 8), "blank-samples"),
        (lambda z: noise(z).sign(), "saturated-samples"),
        (lambda z: noise(z) / 0, "not-finite"),
    ],
    ids=["one-picture", "black", "one-color", "saturated", "nan"],
)
def test_a_look_at_the_generator_finds(make, fault):
    found, looked = look_at_generator(Made(make))
    assert fault in {finding.fault for finding in found}
    assert looked == ["samples"]


def test_a_look_beside_the_data_is_evidence_of_health():
    real = noise(torch.zeros(300, 4)) * 0.9
    assert look_at_generator(Made(lambda z: 0.9 * noise(z)), real) == (
        [],
        ["samples", "samples beside data"],
    )
    far, _ = look_at_generator(Made(lambda z: 0.9 * noise(z) * 0.3 + 0.6), real)
    assert [finding.fault for finding in far] in ([UNKNOWN], ["mode-collapse"])
    with pytest.raises(ValueError, match="samples of 3x8x8, and the data are 1x8x8"):
        look_at_generator(Made(noise), torch.zeros(300, 1, 8, 8))


def test_a_folder_holds_its_generator_and_it_is_looked_at(tmp_path):
    digits = data.load("digits", count=300)
    gan = GAN(*models.mlp_pair((1, 8, 8), width=16))
    fit(gan, digits, 60, out=tmp_path / "run", progress=False)
    report = diagnose(tmp_path / "run")
    assert "samples" in report.looked_at
    assert "samples beside data" in report.not_looked_at
    assert report.name != HEALTHY
    assert "samples beside data" in diagnose(tmp_path / "run", data=digits).looked_at
    with torch.no_grad():
        for parameter in gan.average["generator"].parameters():
            parameter.zero_()
    gan.save(tmp_path / "dead")
    found = {finding.fault for finding in diagnose(tmp_path / "dead").findings}
    assert {"mode-collapse", "blank-samples"} <= found


def test_the_columns_of_a_mapping_may_be_arrays():
    report = diagnose({"step": np.arange(20), "d_loss": np.full(20, 0.7)}, loss="relativistic")
    assert report.name == UNKNOWN
