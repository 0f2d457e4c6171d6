"""What gives a fault away: each function measures one number on an `Outcome`."""

from .discriminator import (
    MIDDLE,
    best_accuracy,
    fakes_called_real,
    logit_gap,
    memorized,
    outdone_by_a_fresh_one,
    penalized_norm,
    reals_called_fake,
    share_in_unit_interval,
    shuffled_pixels,
    verdict_jump,
    weights_grown,
)
from .generator import (
    checkerboard,
    dependence_on_the_batch,
    difference_from_healthy,
    generator_gradient,
    gradient_at_the_start,
    norm_behind_batch_norm,
)
from .history import floor_of_d_loss, largest_d_loss, stopped_with, stuck_d_loss
from .looks import logits
from .samples import diversity, leading_variance, modes, outside_the_range, rare_share

__all__ = [
    "MIDDLE",
    "best_accuracy",
    "checkerboard",
    "dependence_on_the_batch",
    "difference_from_healthy",
    "diversity",
    "fakes_called_real",
    "floor_of_d_loss",
    "generator_gradient",
    "gradient_at_the_start",
    "largest_d_loss",
    "leading_variance",
    "logit_gap",
    "logits",
    "memorized",
    "modes",
    "norm_behind_batch_norm",
    "outdone_by_a_fresh_one",
    "outside_the_range",
    "penalized_norm",
    "rare_share",
    "reals_called_fake",
    "share_in_unit_interval",
    "shuffled_pixels",
    "stopped_with",
    "stuck_d_loss",
    "verdict_jump",
    "weights_grown",
]
