import pytest
import torch

from gan_tutorial import GAN, models, speed
from gan_tutorial.doctor.watch import StepWatch
from gan_tutorial.faults import steps
from gan_tutorial.losses import LOSSES


def watched(task, batch, size=None, loss=True):
    """Findings of one watched step."""
    watch = StepWatch(task)
    watch.start()
    scalars = task.step(batch)
    told = scalars["d_loss"].item() if loss else None
    return {finding.fault for finding in watch.findings(size or len(batch), told)}


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


def test_nothing_is_left_afterwards():
    task = GAN(*models.mlp_pair((2,), width=8), r1=0.1, r2=0.1)
    before = dict(vars(task.discriminator)), dict(task.fast)
    watch = StepWatch(task)
    watch.start()
    assert task.discriminator.has_gradient  # penalties are computed as they are unwatched
    task.step(torch.randn(8, 2))
    watch.findings(8, None)
    assert (vars(task.discriminator), task.fast) == before
    seen = len(watch.moves)
    task.step(torch.randn(8, 2))
    assert len(watch.moves) == seen == 2


def test_a_gradient_that_is_computed_with_the_logits_is_one_question():
    class Asks(models.MLPDiscriminator):
        has_gradient = True

        def with_gradient(self, x):
            x = x.detach().requires_grad_(True)
            logits = self(x)
            return logits, torch.autograd.grad(logits.sum(), x, create_graph=True)[0]

    generator, _ = models.mlp_pair((2,), width=8)
    task = GAN(generator, Asks((2,), width=8), loss="hinge", r1=0.1)
    assert watched(task, torch.randn(16, 2)) == set()


def test_a_compiled_discriminator_is_asked_as_it_is():
    """No method of it changes, which would have it compiled anew; what it says is noted."""
    task = GAN(*models.mlp_pair((2,), width=8), loss="hinge")
    cpu = torch.device("cpu")
    for precision in ("fp32", "bf16"):
        fast = speed.accelerated(task.discriminator, cpu, precision, compile=True)
        fast.run = task.discriminator  # whatever the compiler made of it
        task.fast["discriminator"] = fast
        watch = StepWatch(task)
        watch.start()
        assert "forward" not in vars(task.discriminator)
        told = task.step(torch.randn(16, 2))["d_loss"].item()
        assert watch.findings(16, told, precision) == []
        wrong = watch.findings(16, told + 9, precision)
        assert {finding.fault for finding in wrong} == {"unknown"}
        assert task.fast["discriminator"] is fast
