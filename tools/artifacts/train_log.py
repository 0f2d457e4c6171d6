"""Train the run gone wrong whose log the readers of the doctor's chapter are given.

    python tools/artifacts/train_log.py [FILE]

What is wrong with it is said in the solution of the chapter's last exercise. A few seconds on one
core; writes benchmarks/results/log_gone_wrong.csv.
"""

import csv
import math
import sys
from dataclasses import replace
from pathlib import Path

from gan_tutorial.doctor import Doctor
from gan_tutorial.faults import healthy

LOG = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "log_gone_wrong.csv"
COLUMNS = (
    "step", "d_loss", "g_loss", "real_logit", "fake_logit", "memory", "distance", "diversity",
)  # fmt: skip


def main() -> None:
    case = healthy("digits", loss="non-saturating", r1=0.0, seed=7)
    case = replace(case, data=case.data.random_subset(60))
    doctor = Doctor(case.held_out, every=50, warn=False)
    history = case.run(steps=700, callbacks=[doctor]).history
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else LOG
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in zip(*(history[name] for name in COLUMNS), strict=True):
            writer.writerow(["" if math.isnan(value) else f"{value:.4g}" for value in row])


if __name__ == "__main__":
    main()
