"""The step does something else."""

from dataclasses import replace

from .. import signs, steps
from ..fault import Fault
from .planting import (
    CROSS_ENTROPY,
    DIGITS,
    DIGITS_BATCH_NORM,
    changed_task,
    convolutional,
    with_batch_norm,
    with_cross_entropy,
)

__all__ = ["FAULTS"]

FAULTS = (
    Fault(
        "loss-made-once", "The loss is computed outside the step", "step",
        what="The discriminator's loss is computed before the loop, which only uses it.",
        why="A loss is a number with a history, which is gone after one backward pass.",
        sign="An error about a second backward pass, in the second step.",
        cure="Compute it anew in each step.",
        harm=True, change=changed_task(steps.LossMadeOnce),
        measure=signs.stopped_with("second time"), threshold=0.5, home=DIGITS,
    ),
    Fault(
        "updated-too-early", "A weight is changed before the backward pass", "step",
        what="Both losses are computed; D is updated; then G's loss goes backward.",
        why="G's gradient needs D's weights as they were, and the update has overwritten them.",
        sign="An error about what was \"modified by an inplace operation\", in the first step.",
        cure="Finish D (loss, backward, step), then compute G's loss with the D that is there.",
        harm=True, change=changed_task(steps.UpdatedTooEarly),
        measure=signs.stopped_with("modified by an inplace operation"), threshold=0.5,
        home=DIGITS,
    ),
    Fault(
        "shared-update", "D is updated in G's step", "step",
        what="The generator's loss also changes the discriminator.",
        why="The discriminator is taught to let fakes pass as fast as to find them.",
        sign="The logits of reals and fakes hardly differ.",
        cure="An optimizer for each player, with that player's weights only.",
        harm=False, change=changed_task(steps.SharedUpdate),
        measure=signs.logit_gap, threshold=0.1, above=False, home=DIGITS,
    ),
    Fault(
        "missing-detach", "The fakes are not detached", "step",
        what="The discriminator's loss is also differentiated with respect to the generator.",
        why="Those gradients are cleared before they are used: it only costs time.",
        sign="None: the weights stay those of the healthy run.",
        cure="`detach` all the same, or compute those fakes under `no_grad`.",
        harm=False, change=changed_task(steps.UndetachedFakes),
        measure=signs.difference_from_healthy, threshold=1e-6,
        home=DIGITS,
        applies=lambda case: not case.penalized, needs="a run without gradient penalties",
    ),
    Fault(
        "mixed-batch-norm", "Batch norm over a mixed batch", "step",
        what="Reals and fakes pass as one batch through a discriminator with batch norm.",
        why="Each verdict depends on the mixture, and in the generator's step it is another.",
        sign="The same fakes get one verdict in the discriminator's step, another in G's.",
        cure="Two calls; or no batch norm in the discriminator.",
        harm=True, change=changed_task(steps.MixedBatch),
        measure=signs.verdict_jump, threshold=0.5, home=DIGITS_BATCH_NORM,
        applies=with_batch_norm, needs="batch norm in the discriminator",
    ),
    Fault(
        "unequal-batches", "Unequal batches", "step",
        what="One real for 32 fakes, and one mean over all of them.",
        why="For such a batch \"fake\" is nearly always right, whatever is shown.",
        sign="Nearly all reals are called fakes.",
        cure="Batches of equal size, or a mean for each.",
        harm=True, change=changed_task(steps.UnequalBatches),
        measure=signs.reals_called_fake, threshold=0.75, home=DIGITS,
        applies=with_cross_entropy, needs=CROSS_ENTROPY,
    ),
    Fault(
        "penalty-over-one-axis", "The penalty's norm has the wrong axis", "step",
        what="The gradient penalty takes its norm over axis 1 only, for images the channels.",
        why="The slope at each pixel is drawn to 1, the whole to the root of their number.",
        sign="The critic's gradient is not 1 but several times longer.",
        cure="`gradient.flatten(1).norm(dim=1)`, and print its mean.",
        harm=False, change=changed_task(steps.PenaltyOverOneAxis),
        measure=signs.penalized_norm, threshold=2.0,
        home={"data": "digits", "loss": "wasserstein", "steps": 300},
        applies=lambda case: case.images and case.options.get("gp", 0) > 0,
        needs="images and the gradient penalty gp",
    ),
    Fault(
        "sampled-in-training-mode", "Sampling in training mode", "step",
        what="The generator draws its samples without `eval()`.",
        why="Batch norm then mixes each picture with those that are drawn beside it.",
        sign="The same code gives another picture in other company.",
        cure="`eval()` before sampling, `train()` after it.",
        harm=False, change=lambda case: replace(case, train_mode=True),
        measure=signs.dependence_on_the_batch, threshold=0.01, home=DIGITS_BATCH_NORM,
        applies=convolutional, needs="batch norm in the generator",
    ),
)  # fmt: skip
