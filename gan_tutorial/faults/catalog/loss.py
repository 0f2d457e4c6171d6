"""The loss says something else."""

from dataclasses import replace

from torch import nn

from .. import signs, steps
from ..case import Case
from ..fault import Fault
from .planting import (
    CROSS_ENTROPY,
    DIGITS,
    changed_networks,
    changed_task,
    with_cross_entropy,
    with_labels,
    with_sigmoid,
)

__all__ = ["FAULTS"]


def _sigmoid_behind(generator: nn.Module, discriminator: nn.Module) -> tuple[nn.Module, nn.Module]:
    return generator, nn.Sequential(discriminator, nn.Sigmoid())


def _saturating(case: Case) -> Case:
    return replace(case.with_options(loss="minimax", r1=0.0, r2=0.0), task=steps.HeadStart)


FAULTS = (
    Fault(
        "fakes-labeled-real", "Fakes labeled real", "loss",
        what="Both batches get the label 1 in the discriminator's loss.",
        why="Nothing is ever false, so the best discriminator says \"real\" to everything.",
        sign="The discriminator's loss falls to 0 while it takes every fake for real.",
        cure="Label the fakes 0, and print the mean verdict on each batch.",
        harm=True, change=changed_task(steps.FakesLabeledReal),
        measure=signs.fakes_called_real, threshold=0.95, home=DIGITS,
        applies=with_labels, needs="a loss with labels (not Wasserstein, not relativistic)",
    ),
    Fault(
        "double-sigmoid", "A sigmoid before a loss with logits", "loss",
        what="The discriminator ends in a sigmoid, and the loss applies one of its own.",
        why="Outputs lie in [0, 1], so the loss takes a sure \"fake\" for a coin toss.",
        sign="Every output lies in [0, 1], and the loss cannot fall below its floor.",
        cure="Drop the last sigmoid; take probabilities only to look at them.",
        harm=True, change=changed_networks(_sigmoid_behind),
        measure=signs.share_in_unit_interval, threshold=0.999, home=DIGITS,
        applies=with_sigmoid, needs="a loss that applies a sigmoid to logits",
    ),
    Fault(
        "softmax-of-one", "Softmax of a single logit", "loss",
        what="The loss is a softmax cross-entropy over one class.",
        why="The only class always has probability 1, so the loss is 0 and so is its gradient.",
        sign="Both losses are exactly 0 from the first step on.",
        cure="One logit with a sigmoid, or two logits with a softmax.",
        harm=True, change=changed_task(steps.SoftmaxOfOne),
        measure=signs.largest_d_loss, threshold=1e-6, above=False, home=DIGITS,
        applies=with_cross_entropy, needs=CROSS_ENTROPY,
    ),
    Fault(
        "one-output-for-both", "The same output used twice", "loss",
        what="Both halves of the discriminator's loss use its output on the reals.",
        why="The fakes are never judged, and the best answer to anything is undecided.",
        sign="The loss rests at its textbook value while the samples are bad.",
        cure="Two calls, two names: `real_logits`, `fake_logits`.",
        harm=True, change=changed_task(steps.OneOutputForBoth),
        measure=signs.stuck_d_loss, threshold=0.02, above=False, home=DIGITS,
        applies=lambda case: case.loss != "wasserstein",
        needs="a loss other than Wasserstein's",
    ),
    Fault(
        "label-noise", "Too much label noise", "loss",
        what="Four labels in ten are wrong.",
        why="Even a perfect discriminator may not be surer than 60%; the rest is noise.",
        sign="The discriminator's loss never falls below twice the entropy of the labels.",
        cure="Smooth a little (0.9 for the reals), or not at all.",
        harm=True, change=changed_task(steps.NoisyLabels),
        measure=signs.floor_of_d_loss, threshold=1.3, home=DIGITS,
        applies=with_cross_entropy, needs=CROSS_ENTROPY,
    ),
    Fault(
        "saturating-strong-d", "A saturating loss against a strong D", "loss",
        what="The generator minimizes log(1 - D), and D, which has no penalty, had a head start.",
        why="Where the discriminator is sure, that loss is flat: no gradient reaches G.",
        sign="When the generator begins, its gradient is many thousand times too small.",
        cure="The non-saturating loss, and a penalty that keeps the discriminator smooth.",
        harm=True, change=_saturating,
        measure=signs.gradient_at_the_start, threshold=0.01, above=False, home=DIGITS,
        applies=lambda case: case.loss == "non-saturating",
        needs="the non-saturating loss",
    ),
)  # fmt: skip
