"""The networks cannot do it."""

from functools import partial

from .. import parts, signs
from ..fault import Fault
from .planting import DIGITS, DIGITS_BATCH_NORM, changed_networks, convolutional

__all__ = ["FAULTS"]

FAULTS = (
    Fault(
        "no-flatten", "A missing flatten", "network",
        what="Dense layers act on the last axis, so the discriminator judges single pixels.",
        why="Its mean verdict depends on the histogram of gray values only.",
        sign="Shuffling the pixels of a picture does not change the verdict.",
        cure="`flatten(1)` first, and an assertion that D returns (N,).",
        harm=True, change=changed_networks(parts.per_pixel),
        measure=signs.shuffled_pixels, threshold=0.01, above=False,
        home=DIGITS,
        applies=lambda case: case.images and not case.penalized,
        needs="images, and no gradient penalty",
    ),
    Fault(
        "bottleneck", "A bottleneck of 3 units", "network",
        what="The generator's last hidden layer has 3 units.",
        why="Before the tanh all its outputs lie in a space of 3 dimensions.",
        sign="Three directions hold all the variance of the samples.",
        cure="Widen toward the output: no layer narrower than the code.",
        harm=True, change=changed_networks(parts.bottlenecked),
        measure=signs.leading_variance, threshold=0.98, home=DIGITS,
        applies=lambda case: case.images and case.network == "mlp",
        needs="images and fully connected networks",
    ),
    Fault(
        "checkerboard", "A kernel that the stride does not divide", "network",
        what="The generator doubles with transposed convolutions of kernel 3 and stride 2.",
        why="Neighboring pixels hear one, two or four inputs in turn.",
        sign="Untrained pictures show a checkerboard.",
        cure="Kernel 4 with stride 2, or enlarge first and convolve then.",
        harm=False, change=changed_networks(parts.uneven_kernels),
        measure=signs.checkerboard, threshold=1.25,
        home={"data": "digits", "loss": "non-saturating", "network": "dcgan", "steps": 300},
        applies=convolutional, needs="convolutional networks",
    ),
    Fault(
        "eps-for-momentum", "BatchNorm2d(n, 0.8)", "network",
        what="The second argument of batch norm, meant for the momentum, sets eps.",
        why="Channels are divided by much more than their standard deviation.",
        sign="Behind batch norm, channels do not have the standard deviation 1.",
        cure="Name the argument: `momentum=0.2`, which is Keras's 0.8.",
        harm=False, change=changed_networks(partial(parts.with_batch_norm, eps=0.8)),
        measure=signs.norm_behind_batch_norm, threshold=0.9, above=False, home=DIGITS_BATCH_NORM,
        applies=convolutional, needs="batch norm",
    ),
)  # fmt: skip
