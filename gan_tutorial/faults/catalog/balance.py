"""The game is out of balance."""

from .. import parts, signs
from ..case import Case
from ..fault import Fault
from .planting import (
    CROSS_ENTROPY,
    DIGITS,
    RING,
    changed_networks,
    scaled_rates,
    with_cross_entropy,
)

__all__ = ["FAULTS"]


def _collapsing(case: Case) -> Case:
    return case.with_options(betas=(0.9, case.options["betas"][1]))


FAULTS = (
    Fault(
        "lr-too-high", "The learning rate is too high", "balance",
        what="The learning rate is 0.1.",
        why="Adam moves a weight by about the learning rate, however small the gradient.",
        sign="The weights have grown many times over.",
        cure="Divide by ten until the losses move smoothly; 2e-4 to 2e-3 is usual.",
        harm=True, change=lambda case: case.with_options(lr=(0.1, 0.1)),
        measure=signs.weights_grown, threshold=2.0, home=DIGITS,
    ),
    Fault(
        "strong-d", "D is far too strong", "balance",
        what="The generator learns a hundred times more slowly than the discriminator.",
        why="The discriminator is always right, and G is too slow to use what it teaches.",
        sign="Nearly every real is ranked above every fake.",
        cure="Equal learning rates, and a gradient penalty on the discriminator.",
        harm=True, change=scaled_rates(g=0.01),
        measure=signs.best_accuracy, threshold=0.97, home=DIGITS,
    ),
    Fault(
        "weak-d", "D is far too weak", "balance",
        what="The discriminator learns a hundred times more slowly than the generator.",
        why="The generator is taught by somebody who does not see its mistakes.",
        sign="A fresh discriminator finds the fakes that this one lets pass.",
        cure="Equal learning rates, equal widths.",
        harm=True, change=scaled_rates(d=0.01),
        measure=signs.outdone_by_a_fresh_one, threshold=0.35, home=DIGITS,
    ),
    Fault(
        "instance-noise", "Too much instance noise", "balance",
        what="Noise of standard deviation 2 is added to all that the discriminator sees.",
        why="Details drown in it, so nobody asks the generator for them.",
        sign="A fresh discriminator, without noise, finds the fakes that this one passes.",
        cure="Less noise, and none at the end.",
        harm=True, change=changed_networks(parts.noisy),
        measure=signs.outdone_by_a_fresh_one, threshold=0.35, home=DIGITS,
    ),
    Fault(
        "mode-collapse", "Mode collapse", "balance",
        what="Both players have a momentum: Adam's beta1 is 0.9.",
        why="All samples run to the best place of the moment together, and on past it.",
        sign="Samples are much closer to each other than data are.",
        cure="A beta1 of 0, the switch itself; the table of cures shows what else was tried.",
        harm=True, change=_collapsing,
        measure=signs.diversity, threshold=0.5, above=False,
        home=RING,
        applies=with_cross_entropy, needs=CROSS_ENTROPY,
    ),
    Fault(
        "saturating-loss", "The saturating loss alone", "balance",
        what="The generator minimizes log(1 - D), in a game that is otherwise in balance.",
        why="It is flat only where the discriminator is sure, and here it seldom is.",
        sign="None on the ring: as many modes as before.",
        cure="The non-saturating loss all the same: it costs nothing.",
        harm=False, change=lambda case: case.with_options(loss="minimax"),
        measure=signs.modes, threshold=0.7, above=False,
        home=RING,
        applies=lambda case: case.loss == "non-saturating", needs="the non-saturating loss",
    ),
)  # fmt: skip
