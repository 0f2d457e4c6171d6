"""Warnings while a training is under way, each of them once."""

import warnings
from collections.abc import Iterable

from .findings import SICK_FROM, Finding

__all__ = ["DoctorWarning", "Warner"]


class DoctorWarning(UserWarning):
    """The doctor found something while a run was under way."""


class Warner:
    """Warn of findings that make a run sick, once of each fault, and look at fewer and fewer rows.

    Parameters
    ----------
    on : bool
        Whether it warns at all.
    """

    def __init__(self, on: bool = True):
        self.on = on
        self._said: set[str] = set()
        self._looks, self._due = 0, 1  # looks taken, and the one after which to report

    def is_due(self) -> bool:
        """Count a look; say whether to make a report after it, since that reads all that is there.

        The first looks are all followed by one, later ones ever more rarely.
        """
        self._looks += 1
        if self._looks < self._due:
            return False
        self._due = max(self._looks + 1, round(1.1 * self._looks))
        return True

    def warn_of(self, findings: Iterable[Finding], step: int, stacklevel: int = 4) -> None:
        """Warn of the findings that are new."""
        for finding in findings:
            if self.on and finding.confidence >= SICK_FROM and finding.fault not in self._said:
                self._said.add(finding.fault)
                warnings.warn(f"Step {step}: {finding}", DoctorWarning, stacklevel=stacklevel)
