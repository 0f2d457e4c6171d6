import pytest
import torch
from torch.nn.functional import softplus

from gan_tutorial import GAN, models
from gan_tutorial.doctor.watch import WITH_LABELS, StepWatch, explain_loss
from gan_tutorial.faults import steps
from gan_tutorial.losses import LOSSES

REAL, FAKE = torch.tensor([2.0, 3.0, 0.5]), torch.tensor([-1.0, 0.2, 0.1])


def watched(task, batch, size=None, loss=True):
    """Findings of one watched step."""
    watch = StepWatch(task)
    watch.start()
    scalars = task.step(batch)
    told = scalars["d_loss"].item() if loss else None
    return {finding.fault for finding in watch.findings(size or len(batch), told)}


@pytest.mark.parametrize("name", LOSSES)
def test_the_right_loss_needs_no_explanation(name):
    told = LOSSES[name].discriminator(REAL, FAKE).item()
    assert explain_loss(name, REAL, FAKE, told) is None


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("fakes-labeled-real", softplus(-REAL).mean() + softplus(-FAKE).mean()),
        ("one-output-for-both", softplus(-REAL).mean() + softplus(REAL).mean()),
        ("one-output-for-both", softplus(-FAKE).mean() + softplus(FAKE).mean()),
        ("double-sigmoid", softplus(-REAL.sigmoid()).mean() + softplus(FAKE.sigmoid()).mean()),
        ("softmax-of-one", torch.tensor(0.0)),
        (
            "label-noise",
            0.7 * (softplus(-REAL).mean() + softplus(FAKE).mean())
            + 0.3 * (softplus(REAL).mean() + softplus(-FAKE).mean()),
        ),
        ("unknown", torch.tensor(100.0)),
    ],
)
def test_a_wrong_loss_is_recognized(fault, told):
    finding = explain_loss("non-saturating", REAL, FAKE, told.item())
    assert finding.fault == fault
    assert f"{told.item():.4g}" in finding.evidence


@pytest.mark.parametrize("name", ["minimax", "non-saturating", "least-squares", "hinge"])
def test_labels_that_are_flipped_one_by_one(name):
    """Whichever labels are wrong, the loss stays between the two bounds."""
    as_real, as_fake = WITH_LABELS[name]
    right = LOSSES[name].discriminator
    assert as_real(REAL).mean() + as_fake(FAKE).mean() == pytest.approx(right(REAL, FAKE).item())
    wrong = torch.tensor([True, False, True])
    told = torch.where(wrong, as_fake(REAL), as_real(REAL)).mean() + as_fake(FAKE).mean()
    assert explain_loss(name, REAL, FAKE, told.item()).fault == "label-noise"


def test_least_squares_labels_are_recognized_too():
    told = 0.5 * (REAL - 1).square().mean() + 0.5 * (FAKE - 1).square().mean()
    assert explain_loss("least-squares", REAL, FAKE, told.item()).fault == "fakes-labeled-real"


def test_a_loss_of_ones_own_is_left_alone():
    assert explain_loss("mine", REAL, FAKE, 7.0) is None


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("options", [{}, {"r1": 0.1, "r2": 0.1}, {"gp": 10.0, "d_steps": 3}])
def test_a_healthy_step_has_no_findings(name, options):
    task = GAN(*models.mlp_pair((2,), width=8), loss=name, **options)
    batch = torch.randn(16 * task.d_steps, 2)
    assert watched(task, batch, size=16) == set()


def test_batch_norm_alone_is_healthy_and_mixing_is_not():
    def networks():
        return models.dcgan_pair(16, 1, 4, 4, discriminator_norm="batch")

    batch = torch.randn(8, 1, 16, 16)
    assert watched(GAN(*networks(), loss="non-saturating"), batch) == set()
    mixed = steps.MixedBatch(*networks(), loss="non-saturating")
    assert watched(mixed, batch) == {"mixed-batch-norm"}


@pytest.mark.parametrize(
    ("task", "fault"),
    [
        (steps.SharedUpdate, "shared-update"),
        (steps.UndetachedFakes, "missing-detach"),
        (steps.FakesLabeledReal, "fakes-labeled-real"),
        (steps.SoftmaxOfOne, "softmax-of-one"),
        (steps.OneOutputForBoth, "one-output-for-both"),
        (steps.RoundedCrossEntropy, "rounded-cross-entropy"),
    ],
)
def test_each_wrong_step_is_recognized(task, fault):
    sick = task(*models.mlp_pair((2,), width=8), loss="non-saturating")
    assert watched(sick, torch.randn(64, 2)) == {fault}


def test_unequal_batches_are_counted():
    sick = steps.UnequalBatches(*models.mlp_pair((2,), width=8), loss="non-saturating")
    assert "unequal-batches" in watched(sick, torch.randn(64, 2))


def test_label_noise_is_measured():
    sick = steps.NoisyLabels(*models.mlp_pair((2,), width=32), loss="non-saturating")
    # untrained logits are small, and their loss says little about labels: push them apart
    with torch.no_grad():
        sick.discriminator.net[-1].weight.mul_(30)
    watch = StepWatch(sick)
    watch.start()
    batch = torch.randn(2000, 2) + 2
    found = watch.findings(2000, sick.step(batch)["d_loss"].item())
    assert [finding.fault for finding in found] == ["label-noise"]
    assert 0.3 < int(found[0].evidence.split("about ")[1].split("%")[0]) / 100 < 0.5


def test_hooks_are_gone_afterwards():
    task = GAN(*models.mlp_pair((2,), width=8))
    watch = StepWatch(task)
    watch.start()
    task.step(torch.randn(8, 2))
    watch.findings(8, None)
    seen = len(watch.moves)
    task.step(torch.randn(8, 2))
    assert len(watch.moves) == seen == 2
