"""The doctor as a callback of `fit`: it looks at the networks now and then, and warns."""

import operator
from typing import cast

import torch
from torch import Tensor, nn

from ..data import Dataset
from ..gan import GAN
from ..training.run import Run
from .checkup import check_up
from .findings import Finding, Report
from .probe import NEIGHBORS, compare_samples, judge_samples, length, undisturbed
from .warned import Warner
from .watch import StepWatch

__all__ = ["Doctor", "whole"]


def whole(name: str, value: int) -> int:
    """Refuse what is no whole number: NaN would pass every comparison."""
    try:
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} is a whole number, not {value!r}.") from None


class Doctor:
    """A callback for `fit` that measures what losses do not show, and warns.

    At the first step it does the `check_up`; it watches the second step; and every `every` steps
    it puts the probe's columns into the run's history, where `diagnose` finds them, today and in
    the file on disk. The training itself is not disturbed: with and without the doctor it ends in
    the same weights, bit for bit.

    Parameters
    ----------
    held_out : Dataset or Tensor, optional
        Samples that are not trained on. Without them nobody can tell whether the discriminator
        learns its training set by heart.
    every : int
        Steps between two looks. A look costs one or two steps, so 100 is 1% to 2%. The rules want
        five looks before they speak: take 50 for runs of a few hundred steps.
    samples : int
        How many samples are looked at.
    warn : bool
        Whether findings are also given as a `DoctorWarning`, once for each fault.
    seed : int
        Decides which samples are looked at.

    Examples
    --------
    >>> from gan_tutorial import GAN, data, fit
    >>> ring = data.load("ring", count=2000)
    >>> doctor = Doctor(every=10, warn=False)
    >>> history = fit(GAN.for_data(ring), ring, steps=60, callbacks=[doctor], progress=False)
    >>> "coverage" in history.columns, doctor.report().not_looked_at
    (True, ['memory', 'slope_between'])
    """

    def __init__(
        self,
        held_out: Dataset | Tensor | None = None,
        every: int = 100,
        samples: int = 128,
        warn: bool = True,
        seed: int = 0,
    ):
        every, samples = whole("every", every), whole("samples", samples)
        if every < 1:
            raise ValueError(f"The doctor looks every so many steps, at least 1, not {every}.")
        if samples <= NEIGHBORS + 1:
            raise ValueError(
                f"Look at more than {NEIGHBORS + 1} samples: the fifth neighbor of each is wanted, "
                f"and samples was {samples}."
            )
        if held_out is not None and len(held_out) == 0:
            raise ValueError("There are no held-out samples: leave them out, or give some.")
        self.held_out, self.every, self.samples, self.warn = held_out, every, samples, warn
        self.facts: list[Finding] = []
        self.run: Run | None = None
        self._rng = torch.Generator().manual_seed(seed)
        self._watch: StepWatch | None = None
        self._weights: dict[str, list[Tensor]] = {}
        self._warner = Warner(warn)

    def __call__(self, run: Run) -> None:
        """Look at a run after one of its steps; `fit` calls this."""
        if run is not self.run:
            self._begin(run)
        elif self._watch:
            self._finish_watching(run, self._watch)
        every = max(1, -(-self.every // run.log_every)) * run.log_every  # a row is due there
        if run.step % every == 0:
            run.history.fill(**self._measure(run))
            if self._warner.is_due():
                self._warn_of(self.report().findings)
        if (run.step + 1) % every == 0:
            self._weights = {
                name: [parameter.detach().clone() for parameter in network.parameters()]
                for name, network in self._networks(run).items()
            }

    def report(self, error: Exception | str | None = None) -> Report:
        """Return what has been found so far.

        Parameters
        ----------
        error : Exception or str, optional
            What stopped the run, if something did: its message is evidence, too.

        Raises
        ------
        RuntimeError
            If no run has been looked at.
        """
        from .diagnosis import findings_in_error, report_on

        if self.run is None:
            if error is not None:
                return report_on({}, None, findings_in_error(error))
            raise RuntimeError("The doctor has seen no run: give it to fit, callbacks=[doctor].")
        if error is not None and self._watch:
            self._watch.stop()  # the step under watch never ended
            self._watch = None
        history = self.run.history
        table = {name: history[name] for name in history.columns}
        loss = getattr(getattr(self.run.task, "loss", None), "name", None)
        stopped = findings_in_error(error) if error is not None else []
        return report_on(table, loss, [*self.facts, *stopped])

    # --- what it does and when ---------------------------------------------------------------

    def _begin(self, run: Run) -> None:
        """Do the check-up, and make ready to watch the next step."""
        self.run, self._warner, self._weights = run, Warner(self.warn), {}
        size = run.config["training"]["batch_size"]
        self.facts = check_up(_game(run), run.data, size, run.steps)
        self._watch = StepWatch(_game(run)) if run.step < run.steps else None
        if self._watch:
            self._watch.start()
        self._warn_of(self.facts)

    def _finish_watching(self, run: Run, watch: StepWatch) -> None:
        """Take up what was watched."""
        training = run.config["training"]
        reported = run.latest("d_loss")
        seen = watch.findings(training["batch_size"], reported, training["precision"])
        names = {finding.fault for finding in self.facts}
        self.facts += [finding for finding in seen if finding.fault not in names]
        self._watch = None
        self._warn_of(seen)

    def _measure(self, run: Run) -> dict[str, float]:
        """Measure the columns of the probe."""
        task, networks = _game(run), self._networks(run)
        count = min(self.samples, len(run.data))
        row = {}
        for name, network in networks.items():
            weights = [parameter.detach() for parameter in network.parameters()]
            size = max(length(weights), 1e-12)
            gradients = [p.grad for p in network.parameters() if p.grad is not None]
            row[f"{name[0]}_grad"] = length(gradients) / size
            if name in self._weights:
                before = self._weights[name]
                moved = length(a - b for a, b in zip(weights, before, strict=True))
                steps = task.d_steps if name == "discriminator" else 1  # a step, not a turn
                row[f"{name[0]}_move"] = moved / size / steps
        if count <= NEIGHBORS + 1:
            return row
        real = self._draw(run.data, count, task.device)
        held_out = None if self.held_out is None else self._draw(self.held_out, count, task.device)
        codes = torch.randn(count, task.generator.latent_dim, generator=self._rng)
        with undisturbed(*networks.values()):
            with torch.no_grad():
                fake = task.generator(codes.to(task.device)).float()
            row |= compare_samples(real, fake)
            row |= judge_samples(
                task.discriminator, real, fake, held_out, between=getattr(task, "gp", 0) > 0
            )
        return row

    def _draw(self, data: Dataset | Tensor, count: int, device: torch.device) -> Tensor:
        """Draw samples without disturbing anybody's random numbers."""
        rows = torch.randperm(len(data), generator=self._rng)[:count]
        return data[rows].to(device).float()

    @staticmethod
    def _networks(run: Run) -> dict[str, nn.Module]:
        task = _game(run)
        return {"generator": task.generator, "discriminator": task.discriminator}

    def _warn_of(self, findings: list[Finding]) -> None:
        """Warn, once of each fault."""
        self._warner.warn_of(findings, self.run.step if self.run else 0, stacklevel=5)


def _game(run: Run) -> GAN:
    """Return the task of a run that has been seen to have both players."""
    return cast(GAN, run.task)
