"""The faults: each is one switch that makes a healthy run sick, and what there is to know of it."""

from ..fault import Fault
from . import balance, data, loss, network, numbers, step

__all__ = ["FAULTS", "get_fault"]

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for family in (loss, step, data, network, balance, numbers)
    for fault in family.FAULTS
}


def get_fault(name: str) -> Fault:
    """Return the fault called `name`.

    Raises
    ------
    ValueError
        If there is no such fault; the message lists those there are.
    """
    if name not in FAULTS:
        raise ValueError(f"Unknown fault {name!r}; choose one of {', '.join(FAULTS)}.")
    return FAULTS[name]
