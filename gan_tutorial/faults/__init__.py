"""Ways to fail, on purpose: healthy runs, and one switch for each thing that can go wrong.

>>> from gan_tutorial.faults import FAULTS
>>> fault = FAULTS["softmax-of-one"]
>>> case = fault.healthy(seed=0)
>>> outcome = fault.plant(case).run(steps=20)
>>> fault.shows(fault.measure(outcome)), fault.shows(fault.measure(case.run(steps=20)))
(True, False)
"""

from . import parts, signs, steps
from .case import NETWORKS, Case, Outcome
from .catalog import FAULTS, get_fault
from .fault import FAMILIES, Fault
from .healthy_runs import DATA, healthy

__all__ = [
    "DATA",
    "FAMILIES",
    "FAULTS",
    "NETWORKS",
    "Case",
    "Fault",
    "Outcome",
    "get_fault",
    "healthy",
    "parts",
    "signs",
    "steps",
]
