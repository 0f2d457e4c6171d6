"""The numbers do not hold."""

from .. import signs, steps
from ..fault import Fault
from .planting import CROSS_ENTROPY, RING, changed_task, with_cross_entropy

__all__ = ["FAULTS"]

FAULTS = (
    Fault(
        "rounded-cross-entropy", "Cross-entropy by hand, in bfloat16", "numbers",
        what="-[y log p + (1 - y) log(1 - p)] is computed from rounded probabilities.",
        why="A sure p is rounded to 1, and then the logarithm of 1 - p = 0 is not finite.",
        sign="The run stops at the first loss that is not finite.",
        cure="Losses from logits, in float32: softplus takes no logarithm of 0.",
        harm=True, change=changed_task(steps.RoundedCrossEntropy),
        measure=signs.stopped_with("NonFiniteError"), threshold=0.5,
        home={**RING, "r1": 0.0, "betas": (0.5, 0.999)},
        applies=with_cross_entropy, needs=CROSS_ENTROPY,
    ),
)  # fmt: skip
