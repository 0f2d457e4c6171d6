"""What there is to know of a fault, and how it is planted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from .case import Case, Outcome
from .healthy_runs import healthy

__all__ = ["FAMILIES", "Fault"]

FAMILIES = {
    "loss": "The loss says something else",
    "step": "The step does something else",
    "data": "The data are not what the networks expect",
    "network": "The networks cannot do it",
    "balance": "The game is out of balance",
    "numbers": "The numbers do not hold",
}


@dataclass(frozen=True)
class Fault:
    """One way to make a GAN fail, as a change of a `Case`.

    Attributes
    ----------
    name, title : str
        For programs and for people.
    family : str
        One of `FAMILIES`: where to look for the mistake.
    what, why, sign, cure : str
        One sentence each: what is done wrong, why that matters, what gives it away, what to do.
    harm : bool
        Whether the samples of the case in `home` get clearly worse.
    measure : callable
        ``measure(outcome)`` returns the number that gives it away, one of `signs`.
    threshold : float
        Where the sign shows.
    above : bool
        Whether it shows above the threshold, or below it.
    home : dict
        Arguments of `healthy` for the run in which the fault is shown; ``plant`` takes others.
    applies : callable
        ``applies(case)`` tells whether it can be planted there.
    needs : str
        What `applies` asks for, in words.
    """

    name: str
    title: str
    family: str
    what: str
    why: str
    sign: str
    cure: str
    harm: bool
    change: Callable[[Case], Case] = field(repr=False)
    measure: Callable[[Outcome], float] = field(repr=False)
    threshold: float
    above: bool = True
    home: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    applies: Callable[[Case], bool] = field(default=lambda case: True, repr=False)
    needs: str = "any run"

    def healthy(self, seed: int = 0) -> Case:
        """Return the healthy run in which this fault shows best."""
        return healthy(seed=seed, **self.home)

    def plant(self, case: Case) -> Case:
        """Return the case with this fault in it; the case itself does not change.

        Raises
        ------
        ValueError
            If the fault cannot be planted there, or the case has one already.
        """
        if case.fault is not None:
            raise ValueError(
                f"This case has a fault already, {case.fault!r}: start from a healthy one."
            )
        if not self.applies(case):
            raise ValueError(
                f"{self.name!r} cannot be planted in this case ({case.data.name}, {case.loss}, "
                f"{case.network}): it needs {self.needs}."
            )
        return replace(self.change(case), fault=self.name)

    def shows(self, value: float) -> bool:
        """Return whether this value of its sign says that the fault is there; NaN says nothing."""
        return value > self.threshold if self.above else value < self.threshold
