"""A doctor for training runs: a check-up before, an eye on it during, a diagnosis afterwards.

`check_up` looks at data and networks before a training, the callback `Doctor` looks at them now
and then during it, and `diagnose` reads the folder of a run, its history, or a table of your own.

In a training loop that is not ours, `Watch` does the same for any two networks, in three lines, and
``check_up(G, D, batch)`` looks at them before it.

Such a table is a file (CSV, JSON, or what TensorBoard, Weights & Biases and Lightning export), or
a dict of lists, with a column ``step`` and any of `COLUMNS`. A column that is missing, or has
fewer than three values in the second half of the run, is not looked at.

"Healthy" is said only where samples were compared with data, by the callback or because both were
given. Losses by themselves can show a fault; health they cannot show, and the verdict is then
"unknown".

How good it is was measured by ``benchmarks/doctor.py`` on configurations that its thresholds had
not seen: no false alarm in 20 healthy runs, and all 46 runs found in which one of the faults of
`gan_tutorial.faults` had done harm, 45 of them by name. Most of these are facts of the set-up.
From the table alone it found 42 of the 46, and gave a wrong name to 9 of all 64 faults: more than
the 10% that was aimed at. The faults were known when the rules were written; one that is on no
list may get the name of its effect, such as "mode-collapse".

>>> from gan_tutorial.faults import FAULTS
>>> case = FAULTS["double-sigmoid"].healthy(seed=0)
>>> check_up(case.build(), case.data)
[]
>>> sick = FAULTS["double-sigmoid"].plant(case)
>>> [finding.fault for finding in check_up(sick.build(), sick.data)]
['double-sigmoid']
"""

from .callback import Doctor
from .checkup import check_up
from .diagnosis import diagnose
from .explain import explain_loss
from .findings import EVIDENCE, HEALTHY, UNKNOWN, Finding, Report
from .lightning import lightning_watch
from .loop import Watch
from .probe import compare_samples, judge_samples
from .rules import RULES, Condition, Rule, apply_rules
from .signs import SIGNS, Sign, signs_of
from .table import COLUMNS, Table, read_table
from .warned import DoctorWarning

__all__ = [
    "COLUMNS",
    "EVIDENCE",
    "HEALTHY",
    "RULES",
    "SIGNS",
    "UNKNOWN",
    "Condition",
    "Doctor",
    "DoctorWarning",
    "Finding",
    "Report",
    "Rule",
    "Sign",
    "Table",
    "Watch",
    "apply_rules",
    "check_up",
    "compare_samples",
    "diagnose",
    "explain_loss",
    "judge_samples",
    "lightning_watch",
    "read_table",
    "signs_of",
]
