"""The data are not what the networks expect."""

from dataclasses import replace
from functools import partial

from .. import parts, signs
from ..fault import Fault
from .planting import DIGITS, changed_data, of_images, with_classes

__all__ = ["FAULTS"]

FAULTS = (
    Fault(
        "bytes-against-tanh", "Pixels from 0 to 255 against a tanh", "data",
        what="The pixels are left as bytes while the generator ends in a tanh.",
        why="One bright pixel gives a real away, and the generator can never draw it.",
        sign="The data reach far beyond [-1, 1].",
        cure="x / 127.5 - 1, and an assertion about the range of both batches.",
        harm=True,
        change=changed_data(partial(parts.mapped, change=lambda x: (x + 1) * 127.5)),
        measure=signs.outside_the_range, threshold=0.5, home=DIGITS,
        applies=of_images, needs="images",
    ),
    Fault(
        "unit-range-against-tanh", "Pixels from 0 to 1 against a tanh", "data",
        what="The pixels lie in [0, 1] while the generator ends in a tanh.",
        why="A negative pixel gives a fake away, and black is where the tanh is steepest.",
        sign="The data use the upper half of [-1, 1] only.",
        cure="2 x - 1, or a sigmoid at the end of the generator.",
        harm=True,
        change=changed_data(partial(parts.mapped, change=lambda x: (x + 1) / 2)),
        measure=signs.outside_the_range, threshold=0.5, home=DIGITS,
        applies=of_images, needs="images",
    ),
    Fault(
        "tiny-data", "A tiny training set", "data",
        what="There are twenty training samples.",
        why="The discriminator learns them by heart, and calls everything else fake.",
        sign="Training samples get higher logits than held-out ones.",
        cure="More data; augmentation of reals and fakes alike; a stronger penalty.",
        harm=True,
        change=lambda case: replace(case, data=case.data.random_subset(20)),
        measure=signs.memorized, threshold=0.75, home=DIGITS,
        applies=of_images, needs="images",
    ),
    Fault(
        "class-imbalance", "A rare class", "data",
        what="One class has a fiftieth of its samples.",
        why="What is rare is rare in the samples, too, or gone: the loss hardly tells which.",
        sign="The class is about as rare in the samples as in the data; on some seeds it is gone.",
        cure="Balance the batches, or condition on the class.",
        harm=False,
        change=lambda case: replace(case, data=parts.every_nth_of_a_class(case.data, 0, 50)),
        measure=signs.rare_share, threshold=0.1, above=False,
        home={"data": "ring", "loss": "relativistic"},
        applies=with_classes, needs="data with classes",
    ),
)  # fmt: skip
