"""The faults: each is one switch that makes a healthy run sick, and what there is to know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from torch import nn

from . import parts, signs, steps
from .case import Case, Outcome, healthy

__all__ = ["FAMILIES", "FAULTS", "Fault", "get_fault"]

FAMILIES = {
    "loss": "The loss says something else",
    "step": "The step does something else",
    "data": "The data are not what the networks expect",
    "network": "The networks cannot do it",
    "balance": "The game is out of balance",
    "numbers": "The numbers do not hold",
}


@dataclass(frozen=True)
class Fault:
    """One way to make a GAN fail, as a change of a `Case`.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    family : str
        One of `FAMILIES`: where to look for the mistake.
    what, why, sign, cure : str
        One sentence each: what is done wrong, why that matters, what gives it away, what to do.
    harm : bool
        Whether the samples of the case in `home` get clearly worse.
    measure : callable
        ``measure(outcome)`` returns the number that gives it away, one of `signs`.
    threshold : float
        Where the sign shows.
    above : bool
        Whether it shows above the threshold, or below it.
    home : dict
        Arguments of `healthy` for the run in which the fault is shown; ``plant`` takes others.
    applies : callable
        ``applies(case)`` tells whether it can be planted there.
    needs : str
        What `applies` asks for, in words.
    rows : tuple of str
        Rows of the source ledger that it settles.
    """

    name: str
    title: str
    family: str
    what: str
    why: str
    sign: str
    cure: str
    harm: bool
    change: Callable[[Case], Case] = field(repr=False)
    measure: Callable[[Outcome], float] = field(repr=False)
    threshold: float
    above: bool = True
    home: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    applies: Callable[[Case], bool] = field(default=lambda case: True, repr=False)
    needs: str = "any run"
    rows: tuple[str, ...] = ()

    def healthy(self, seed: int = 0) -> Case:
        """Return the healthy run in which this fault shows best."""
        return healthy(seed=seed, **self.home)

    def plant(self, case: Case) -> Case:
        """Return the case with this fault in it; the case itself does not change.

        Raises
        ------
        ValueError
            If the fault cannot be planted there, or the case has one already.
        """
        if case.fault is not None:
            raise ValueError(
                f"This case has a fault already, {case.fault!r}: start from a healthy one."
            )
        if not self.applies(case):
            raise ValueError(
                f"{self.name!r} cannot be planted in this case ({case.data.name}, {case.loss}, "
                f"{case.network}): it needs {self.needs}."
            )
        return replace(self.change(case), fault=self.name)

    def shows(self, value: float) -> bool:
        """Return whether this value of its sign says that the fault is there."""
        return value > self.threshold if self.above else value < self.threshold


# --- Where a fault can be planted ------------------------------------------------------------


def _labels(case: Case) -> bool:
    return case.loss in steps.AS_REAL


def _cross_entropy(case: Case) -> bool:
    return case.loss in ("minimax", "non-saturating")


def _with_logits(case: Case) -> bool:
    return case.loss in ("minimax", "non-saturating", "relativistic")


def _images(case: Case) -> bool:
    return case.images


def _batch_norm(case: Case) -> bool:
    return case.network == "dcgan-batch"


def _generator_norm(case: Case) -> bool:
    return case.network.startswith("dcgan")


def _classes(case: Case) -> bool:
    return case.data.labels is not None


# --- How ------------------------------------------------------------------------------------


def _with_task(task: type) -> Callable[[Case], Case]:
    return lambda case: replace(case, task=task)


def _with_networks(change: Callable) -> Callable[[Case], Case]:
    return lambda case: replace(case, networks=lambda: change(*case.networks()))


def _with_data(change: Callable) -> Callable[[Case], Case]:
    return lambda case: replace(case, data=change(case.data), held_out=change(case.held_out))


def _with_rates(g: float = 1.0, d: float = 1.0) -> Callable[[Case], Case]:
    return lambda case: case.but(lr=(g * case.options["lr"][0], d * case.options["lr"][1]))


def _sigmoid_behind(generator: nn.Module, discriminator: nn.Module):
    return generator, nn.Sequential(discriminator, nn.Sigmoid())


def _collapsing(case: Case) -> Case:
    return case.but(lr=(5e-3, 5e-4), betas=(0.9, 0.999), r1=0.0, r2=0.0)


def _saturating(case: Case) -> Case:
    return replace(case.but(loss="minimax", r1=0.0, r2=0.0), task=steps.HeadStart)


_PLAIN = {"data": "digits", "loss": "non-saturating", "r1": 0.0}
_BATCH = {
    "data": "digits", "loss": "non-saturating", "network": "dcgan-batch", "steps": 300
}  # fmt: skip
_RING = {"data": "ring", "loss": "non-saturating"}
_LOGISTIC = "the minimax or the non-saturating loss"

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        # --- the loss
        Fault(
            "fakes-labeled-real", "Fakes labeled real", "loss",
            what="Both batches get the label 1 in the discriminator's loss.",
            why="Nothing is ever false, so the best discriminator says \"real\" to everything.",
            sign="The discriminator's loss falls to 0 while it takes every fake for real.",
            cure="Label the fakes 0, and print the mean verdict on each batch.",
            harm=True, change=_with_task(steps.FakesLabeledReal),
            measure=signs.fakes_called_real, threshold=0.95, home=_PLAIN,
            applies=_labels, needs="a loss with labels (not Wasserstein, not relativistic)",
            rows=("D-01",),
        ),
        Fault(
            "double-sigmoid", "A sigmoid before a loss with logits", "loss",
            what="The discriminator ends in a sigmoid, and the loss applies one of its own.",
            why="Outputs lie in [0, 1], so the loss takes a sure \"fake\" for a coin toss.",
            sign="Every output lies in [0, 1], and the loss cannot fall below its floor.",
            cure="Drop the last sigmoid; take probabilities only to look at them.",
            harm=True, change=_with_networks(_sigmoid_behind),
            measure=signs.squashed, threshold=0.999, home=_PLAIN,
            applies=_with_logits, needs="a loss that applies a sigmoid to logits",
            rows=("D-02",),
        ),
        Fault(
            "softmax-of-one", "Softmax of a single logit", "loss",
            what="The loss is a softmax cross-entropy over one class.",
            why="The only class always has probability 1, so the loss is 0 and so is its gradient.",
            sign="Both losses are exactly 0 from the first step on.",
            cure="One logit with a sigmoid, or two logits with a softmax.",
            harm=True, change=_with_task(steps.SoftmaxOfOne),
            measure=signs.largest_d_loss, threshold=1e-6, above=False, home=_PLAIN,
            applies=_cross_entropy, needs=_LOGISTIC, rows=("D-09",),
        ),
        Fault(
            "one-output-for-both", "The same output used twice", "loss",
            what="Both halves of the discriminator's loss use its output on the reals.",
            why="The fakes are never judged, and the best answer to anything is undecided.",
            sign="The loss rests at its textbook value while the samples are bad.",
            cure="Two calls, two names: `real_logits`, `fake_logits`.",
            harm=True, change=_with_task(steps.OneOutputForBoth),
            measure=signs.stuck_d_loss, threshold=0.02, above=False, home=_PLAIN,
            applies=lambda case: case.loss != "wasserstein",
            needs="a loss other than Wasserstein's", rows=("D-04",),
        ),
        Fault(
            "label-noise", "Too much label noise", "loss",
            what="Four labels in ten are wrong.",
            why="Even a perfect discriminator may not be surer than 60%; the rest is noise.",
            sign="The discriminator's loss never falls below twice the entropy of the labels.",
            cure="Smooth a little (0.9 for the reals), or not at all.",
            harm=True, change=_with_task(steps.NoisyLabels),
            measure=signs.floor_of_d_loss, threshold=1.3, home=_PLAIN,
            applies=_cross_entropy, needs=_LOGISTIC,
        ),
        Fault(
            "saturating-strong-d", "A saturating loss against a strong D", "loss",
            what="The generator minimizes log(1 - D), and the discriminator had a head start.",
            why="Where the discriminator is sure, that loss is flat: no gradient reaches G.",
            sign="When the generator begins, its gradient is many thousand times too small.",
            cure="The non-saturating loss, and a penalty that keeps the discriminator smooth.",
            harm=True, change=_saturating,
            measure=signs.gradient_at_the_start, threshold=0.01, above=False, home=_PLAIN,
            applies=lambda case: case.loss == "non-saturating",
            needs="the non-saturating loss",
        ),
        # --- the step
        Fault(
            "loss-made-once", "The loss is computed outside the step", "step",
            what="The discriminator's loss is computed before the loop, which only uses it.",
            why="A loss is a number with a history, which is gone after one backward pass.",
            sign="An error about a second backward pass, in the second step.",
            cure="Compute it anew in each step.",
            harm=True, change=_with_task(steps.LossMadeOnce),
            measure=signs.stopped_with("second time"), threshold=0.5, home=_PLAIN,
            rows=("D-03",),
        ),
        Fault(
            "shared-update", "D is updated in G's step", "step",
            what="The generator's loss also changes the discriminator.",
            why="The discriminator is taught to let fakes pass as fast as to find them.",
            sign="The logits of reals and fakes hardly differ.",
            cure="An optimizer for each player, with that player's weights only.",
            harm=False, change=_with_task(steps.SharedUpdate),
            measure=signs.logit_gap, threshold=0.1, above=False, home=_PLAIN,
            rows=("D-06",),
        ),
        Fault(
            "missing-detach", "The fakes are not detached", "step",
            what="The discriminator's loss is also differentiated with respect to the generator.",
            why="Those gradients are cleared before they are used: it only costs time.",
            sign="None: the weights stay those of the healthy run.",
            cure="`detach` all the same, or compute those fakes under `no_grad`.",
            harm=False, change=_with_task(steps.UndetachedFakes),
            measure=signs.difference_from_healthy, threshold=1e-6,
            home=_PLAIN,
            applies=lambda case: not case.penalized, needs="a run without gradient penalties",
        ),
        Fault(
            "mixed-batch-norm", "Batch norm over a mixed batch", "step",
            what="Reals and fakes pass as one batch through a discriminator with batch norm.",
            why="Each verdict depends on the mixture, and in the generator's step it is another.",
            sign="The same fakes get one verdict in the discriminator's step, another in G's.",
            cure="Two calls; or no batch norm in the discriminator.",
            harm=True, change=_with_task(steps.MixedBatch),
            measure=signs.verdict_jump, threshold=0.5, home=_BATCH,
            applies=_batch_norm, needs="batch norm in the discriminator",
        ),
        Fault(
            "unequal-batches", "Unequal batches", "step",
            what="One real for 32 fakes, and one mean over all of them.",
            why="For such a batch \"fake\" is nearly always right, whatever is shown.",
            sign="Nearly all reals are called fakes.",
            cure="Batches of equal size, or a mean for each.",
            harm=True, change=_with_task(steps.UnequalBatches),
            measure=signs.reals_called_fake, threshold=0.75, home=_PLAIN,
            applies=_cross_entropy, needs=_LOGISTIC, rows=("D-18",),
        ),
        Fault(
            "penalty-over-one-axis", "The penalty's norm has the wrong axis", "step",
            what="The gradient penalty takes its norm over axis 1 only, for images the channels.",
            why="The slope at each pixel is drawn to 1, the whole to the root of their number.",
            sign="The critic's gradient is not 1 but several times longer.",
            cure="`gradient.flatten(1).norm(dim=1)`, and print its mean.",
            harm=False, change=_with_task(steps.PenaltyOverOneAxis),
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
            measure=signs.company, threshold=0.01, home=_BATCH,
            applies=_generator_norm, needs="batch norm in the generator", rows=("T-10",),
        ),
        # --- the data
        Fault(
            "bytes-against-tanh", "Pixels from 0 to 255 against a tanh", "data",
            what="The pixels are left as bytes while the generator ends in a tanh.",
            why="One bright pixel gives a real away, and the generator can never draw it.",
            sign="The data reach far beyond [-1, 1].",
            cure="x / 127.5 - 1, and an assertion about the range of both batches.",
            harm=True,
            change=_with_data(partial(parts.mapped, change=lambda x: (x + 1) * 127.5)),
            measure=signs.outside_the_range, threshold=0.5, home=_PLAIN,
            applies=_images, needs="images", rows=("D-14",),
        ),
        Fault(
            "unit-range-against-tanh", "Pixels from 0 to 1 against a tanh", "data",
            what="The pixels lie in [0, 1] while the generator ends in a tanh.",
            why="A negative pixel gives a fake away, and black is where the tanh is steepest.",
            sign="The data use the upper half of [-1, 1] only.",
            cure="2 x - 1, or a sigmoid at the end of the generator.",
            harm=True,
            change=_with_data(partial(parts.mapped, change=lambda x: (x + 1) / 2)),
            measure=signs.outside_the_range, threshold=0.5, home=_PLAIN,
            applies=_images, needs="images", rows=("D-14",),
        ),
        Fault(
            "tiny-data", "A tiny training set", "data",
            what="There are twenty training samples.",
            why="The discriminator learns them by heart, and calls everything else fake.",
            sign="Training samples get higher logits than held-out ones.",
            cure="More data; augmentation of reals and fakes alike; a stronger penalty.",
            harm=True,
            change=lambda case: replace(case, data=case.data.subset(slice(0, 20))),
            measure=signs.memorized, threshold=0.75, home=_PLAIN,
            applies=_images, needs="images", rows=("T-18",),
        ),
        Fault(
            "class-imbalance", "A rare class", "data",
            what="One class has a fiftieth of its samples.",
            why="A GAN copies the shares of its data: what is rare there is rare in the samples.",
            sign="None: the class is as rare in the samples as in the data.",
            cure="Balance the batches, or condition on the class.",
            harm=False,
            change=lambda case: replace(case, data=parts.every_nth_of_a_class(case.data, 0, 50)),
            measure=signs.rare_share, threshold=0.1, above=False,
            home={"data": "ring", "loss": "relativistic"},
            applies=_classes, needs="data with classes", rows=("T-43",),
        ),
        # --- the networks
        Fault(
            "no-flatten", "A missing flatten", "network",
            what="Dense layers act on the last axis, so the discriminator judges single pixels.",
            why="Its mean verdict depends on the histogram of gray values only.",
            sign="Shuffling the pixels of a picture does not change the verdict.",
            cure="`flatten(1)` first, and an assertion that D returns (N,).",
            harm=True, change=_with_networks(parts.per_pixel),
            measure=signs.shuffled_pixels, threshold=0.01, above=False,
            home=_PLAIN,
            applies=lambda case: case.images and not case.penalized,
            needs="images, and no gradient penalty", rows=("D-05",),
        ),
        Fault(
            "bottleneck", "A bottleneck of 3 units", "network",
            what="The generator's last hidden layer has 3 units.",
            why="Before the tanh all its outputs lie in a space of 3 dimensions.",
            sign="Three directions hold all the variance of the samples.",
            cure="Widen toward the output: no layer narrower than the code.",
            harm=True, change=_with_networks(parts.bottlenecked),
            measure=signs.leading_variance, threshold=0.98, home=_PLAIN,
            applies=lambda case: case.images and case.network == "mlp",
            needs="images and fully connected networks", rows=("D-20", "D-28"),
        ),
        Fault(
            "checkerboard", "A kernel that the stride does not divide", "network",
            what="The generator doubles with transposed convolutions of kernel 3 and stride 2.",
            why="Neighboring pixels hear one, two or four inputs in turn.",
            sign="Untrained pictures show a checkerboard.",
            cure="Kernel 4 with stride 2, or enlarge first and convolve then.",
            harm=False, change=_with_networks(parts.uneven_kernels),
            measure=signs.checkerboard, threshold=1.25,
            home={"data": "digits", "loss": "non-saturating", "network": "dcgan", "steps": 300},
            applies=_generator_norm, needs="convolutional networks", rows=("T-08",),
        ),
        Fault(
            "eps-for-momentum", "BatchNorm2d(n, 0.8)", "network",
            what="The second argument of batch norm, meant for the momentum, sets eps.",
            why="Channels are divided by much more than their standard deviation.",
            sign="Behind batch norm, channels do not have the standard deviation 1.",
            cure="Name the argument: `momentum=0.2`, which is Keras's 0.8.",
            harm=False, change=_with_networks(partial(parts.with_batch_norm, eps=0.8)),
            measure=signs.norm_behind_batch_norm, threshold=0.9, above=False, home=_BATCH,
            applies=_generator_norm, needs="batch norm", rows=("S2-28",),
        ),
        # --- the balance
        Fault(
            "lr-too-high", "The learning rate is too high", "balance",
            what="The learning rate is 0.1.",
            why="Adam moves a weight by about the learning rate, however small the gradient.",
            sign="The weights have grown many times over.",
            cure="Divide by ten until the losses move smoothly; 2e-4 to 2e-3 is usual.",
            harm=True, change=lambda case: case.but(lr=(0.1, 0.1)),
            measure=signs.weights_grown, threshold=2.0, home=_PLAIN,
        ),
        Fault(
            "strong-d", "D is far too strong", "balance",
            what="The generator learns a hundred times more slowly than the discriminator.",
            why="The discriminator is always right, and G is too slow to use what it teaches.",
            sign="Nearly every real is ranked above every fake.",
            cure="Equal learning rates, and a gradient penalty on the discriminator.",
            harm=True, change=_with_rates(g=0.01),
            measure=signs.best_accuracy, threshold=0.97, home=_PLAIN,
        ),
        Fault(
            "weak-d", "D is far too weak", "balance",
            what="The discriminator learns a hundred times more slowly than the generator.",
            why="The generator is taught by somebody who does not see its mistakes.",
            sign="A fresh discriminator finds the fakes that this one lets pass.",
            cure="Equal learning rates, equal widths.",
            harm=True, change=_with_rates(d=0.01),
            measure=signs.outdone, threshold=0.35, home=_PLAIN,
        ),
        Fault(
            "instance-noise", "Too much instance noise", "balance",
            what="Noise of standard deviation 2 is added to all that the discriminator sees.",
            why="Details drown in it, so nobody asks the generator for them.",
            sign="A fresh discriminator, without noise, finds the fakes that this one passes.",
            cure="Less noise, and none at the end.",
            harm=True, change=_with_networks(parts.noisy),
            measure=signs.outdone, threshold=0.35, home=_PLAIN,
        ),
        Fault(
            "mode-collapse", "Mode collapse", "balance",
            what="The generator is ten times as fast as D, with much momentum, and no penalty.",
            why="It runs to the best place of the moment before D can devalue it.",
            sign="Samples are much closer to each other than data are.",
            cure="Equal learning rates and a beta1 of 0, together; then a loss with penalties.",
            harm=True, change=_collapsing,
            measure=signs.diversity, threshold=0.5, above=False,
            home=_RING,
            applies=_cross_entropy, needs=_LOGISTIC, rows=("S2-33", "T-20"),
        ),
        Fault(
            "saturating-loss", "The saturating loss alone", "balance",
            what="The generator minimizes log(1 - D), in a game that is otherwise in balance.",
            why="It is flat only where the discriminator is sure, and here it seldom is.",
            sign="None on the ring: as many modes as before.",
            cure="The non-saturating loss all the same: it costs nothing.",
            harm=False, change=lambda case: case.but(loss="minimax"),
            measure=signs.modes, threshold=0.7, above=False,
            home=_RING,
            applies=lambda case: case.loss == "non-saturating", needs="the non-saturating loss",
        ),
        # --- the numbers
        Fault(
            "rounded-cross-entropy", "Cross-entropy by hand, in bfloat16", "numbers",
            what="-[y log p + (1 - y) log(1 - p)] is computed from rounded probabilities.",
            why="A sure p is rounded to 1, and then the logarithm of 1 - p = 0 is not finite.",
            sign="The run stops at the first loss that is not finite.",
            cure="Losses from logits, in float32: softplus takes no logarithm of 0.",
            harm=True, change=_with_task(steps.RoundedCrossEntropy),
            measure=signs.stopped_with("NonFiniteError"), threshold=0.5,
            home={**_RING, "r1": 0.0, "betas": (0.5, 0.999)},
            applies=_cross_entropy, needs=_LOGISTIC,
        ),
    )
}  # fmt: skip


def get_fault(name: str) -> Fault:
    """Return the fault called `name`.

    Raises
    ------
    ValueError
        If there is no such fault; the message lists those there are.
    """
    if name not in FAULTS:
        raise ValueError(f"Unknown fault {name!r}; choose one of {', '.join(FAULTS)}.")
    return FAULTS[name]
