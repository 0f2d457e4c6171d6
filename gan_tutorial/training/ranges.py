"""Where `check_count` and `check_number` were: see `gan_tutorial.data.ranges`."""

from ..data.ranges import LARGEST_SEED, check_count, check_number

__all__ = ["LARGEST_SEED", "check_count", "check_number"]
