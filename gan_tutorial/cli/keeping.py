"""``train --keep-best``: generators kept on the way, each with its KID on validation pictures."""

from ..data import Dataset
from ..metrics import extract, kid, network_for
from ..metrics.report import FEWEST
from ..training import Run, keep_generator
from .features import drawn

__all__ = ["KeepBest"]

TIMES = 10  # in a training
MOST = 500  # samples of each kind


class KeepBest:
    """A callback that measures the generator ten times in a training, and keeps each.

    Training is not changed by it: it draws with random numbers of its own.

    Parameters
    ----------
    validation : Dataset
        Pictures that are not trained on; those for tests are left for the end.

    Raises
    ------
    ValueError
        If there are too few of them, or they are points.
    """

    def __init__(self, validation: Dataset):
        if len(validation.shape) != 3:
            raise ValueError(
                f"--keep-best compares pictures, and {validation.name} holds points: leave it out."
            )
        if len(validation) < FEWEST:
            raise ValueError(
                f"--keep-best needs {FEWEST} pictures for validation or more, and "
                f"{validation.name} holds out {len(validation)}: hold out more by --validation "
                "0.2, add pictures, or leave it out."
            )
        self.validation = validation
        self.network = network_for(validation)
        rows = validation.random_subset(min(MOST, len(validation)))
        self.real = extract(rows, self.network)

    def __call__(self, run: Run) -> None:
        """Measure and keep the generator, if it is time; `fit` calls this after every step."""
        every = max(1, run.steps // TIMES)
        if (run.step % every and run.step != run.steps) or not run.writes:
            return
        keep_generator(run, KID=self.measured(run))

    def measured(self, run: Run) -> float:
        """Return the KID of the generator as it is exported now."""
        average, latest = run.task.average, run.task.networks
        generator = average.get("generator", latest.get("generator"))
        fake = drawn(generator, self.validation, MOST, seed=1)
        return kid(self.real, extract(fake, self.network)).value
