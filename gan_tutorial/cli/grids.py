"""The pictures in a run's ``samples/``: what it is to learn from, and how far it got."""

from pathlib import Path

from ..data import Dataset
from ..training import Run, Task, distributed
from .kinds import Kind
from .output import save_samples

__all__ = ["Grids"]

FIRST = 5.0  # seconds of training after which the first grid is drawn
WIDER = 1.5  # how many times as late the next one is
REAL = "real.png"


class Grids:
    """A callback that draws a grid of samples now and then, and at the end.

    Without a number of steps between them, the first one comes after some seconds of training,
    and the intervals widen: at the start there is most to see.

    Parameters
    ----------
    kind : Kind
        Which says what a grid shows.
    samples : Dataset
        What is trained on; its first grid shows some of them, where the others do not.
    out : Path
        The folder of the run.
    every : int, optional
        Steps between grids.
    """

    def __init__(self, kind: Kind, samples: Dataset, out: Path, every: int | None = None):
        self.kind, self.samples, self.out, self.every = kind, samples, out / "samples", every
        self.due = FIRST
        self.drawn: int | None = None  # the step of the last grid
        self.begun = False

    def __call__(self, run: Run) -> None:
        """Draw a grid, if it is time; `fit` calls this after every step."""
        if not distributed.is_first():
            return
        if not self.begun:
            self.begun = True
            self.draw_real()
            if run.step > 1:  # a run that goes on has its first grids
                self._wait_beyond(run.seconds)
        if self._is_due(run) or run.step == run.steps:
            self.draw(run.task, run.step)

    def _is_due(self, run: Run) -> bool:
        if self.every is not None:
            return run.step % self.every == 0
        if run.seconds < self.due:
            return False
        self._wait_beyond(run.seconds)
        return True

    def _wait_beyond(self, seconds: float) -> None:
        while self.due <= seconds:
            self.due *= WIDER

    def draw_real(self) -> None:
        """Show some of the samples that are trained on."""
        real = self.kind.real(self.samples)
        if real is not None and not (self.out / REAL).exists():
            save_samples(real, self.out / REAL, columns=self.kind.columns)

    def draw(self, task: Task, step: int) -> None:
        """Draw the grid of this step, unless it is there already."""
        if step != self.drawn and distributed.is_first():
            self.drawn = step
            save_samples(
                self.kind.picture(task, self.samples),
                self.out / f"step_{step:06d}.png",
                density=self.samples.density,
                columns=self.kind.columns,
            )
