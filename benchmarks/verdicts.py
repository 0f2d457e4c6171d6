"""The rates of a medical test, which the benchmarks of the doctor and of its watch report."""

from collections.abc import Callable, Sequence

from gan_tutorial.doctor import HEALTHY, UNKNOWN


def rates(
    rows: Sequence[dict],
    found: str = "found",
    *,
    sick: Callable[[dict], bool] | None = None,
    right: Callable[[dict], bool] | None = None,
) -> dict:
    """Compute false alarms, sensitivity, right names of harmed runs and wrong names of all faults.

    Parameters
    ----------
    rows : sequence of dict
        Runs, with ``fault`` (planted, or "healthy"), ``harm`` (whether it did any) and a verdict.
    found : str
        Under which key the verdict stands.
    sick, right : callable, optional
        Whether a row's verdict says that something is wrong, and whether it names what is. By
        default any verdict but "healthy" does, and the one that is the name of the fault.
    """
    says_sick = sick or (lambda row: row[found] != HEALTHY)
    is_right = right or (lambda row: row[found] == row["fault"])
    well = [row for row in rows if row["fault"] == HEALTHY]
    planted = [row for row in rows if row["fault"] != HEALTHY]
    harmed = [row for row in planted if row["harm"]]

    def wrong(row: dict) -> bool:
        return row[found] not in (HEALTHY, UNKNOWN) and not is_right(row)

    def share(part: Callable[[dict], bool], whole: Sequence[dict]) -> float | None:
        return round(sum(map(part, whole)) / len(whole), 4) if whole else None

    return {
        "false_alarm": share(says_sick, well),
        "sensitivity": share(says_sick, harmed),
        "named": share(is_right, harmed),
        "wrong_name": share(wrong, planted),
        "healthy_runs": len(well),
        "harmed_runs": len(harmed),
        "sick_runs": len(planted),
    }
