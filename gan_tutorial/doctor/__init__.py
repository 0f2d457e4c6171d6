"""A doctor for training runs: a check-up before, an eye on it during, a diagnosis afterwards."""

from .callback import Doctor, DoctorWarning
from .checkup import check_up
from .diagnosis import diagnose
from .findings import HEALTHY, UNKNOWN, Finding, Report
from .probe import compare_samples, judge_samples, share_above
from .rules import RULES, Condition, Rule, apply_rules, signs_of
from .table import COLUMNS, read_table
from .watch import explain_loss

__all__ = [
    "COLUMNS",
    "HEALTHY",
    "RULES",
    "UNKNOWN",
    "Condition",
    "Doctor",
    "DoctorWarning",
    "Finding",
    "Report",
    "Rule",
    "apply_rules",
    "check_up",
    "compare_samples",
    "diagnose",
    "explain_loss",
    "judge_samples",
    "read_table",
    "share_above",
    "signs_of",
]
