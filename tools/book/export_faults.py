"""Write the atlas of faults, a healthy and a broken run of each, as a script that a page can load.

The numbers, points and strips are those of benchmarks/results/faults.json and .png; the sentences
are the library's.
"""

import base64
import inspect
import json
import statistics
from pathlib import Path

from gan_tutorial.faults import FAMILIES, FAULTS

SCRIPT = Path("_static", "labs", "faults.js")
RESULTS = Path("benchmarks", "results")
DIGITS = 4


def atlas(root: Path) -> list[dict]:
    """Return every fault, in the catalog's order, with what was measured on its seeds."""
    rows = json.loads((root / RESULTS / "faults.json").read_text(encoding="utf-8"))["rows"]
    alone = [row for row in rows if "cure" not in row and "suspect" not in row]
    found = []
    for fault in FAULTS.values():
        own = sorted((r for r in alone if r["fault"] == fault.name), key=lambda r: r["seed"])
        about = inspect.getdoc(fault.measure) or ""
        found.append(
            {
                "name": fault.name,
                "title": fault.title,
                "family": fault.family,
                "what": fault.what,
                "why": fault.why,
                "cure": fault.cure,
                "measure": about.splitlines()[0].removeprefix("Return ").rstrip("."),
                "threshold": fault.threshold,
                "above": fault.above,
                "healthy": [rounded(row["healthy"]) for row in own],
                "broken": [rounded(row["value"]) for row in own],
                "fid": [middle([row[key] for row in own]) for key in ("healthy_misfit", "misfit")],
                "strip": own[0].get("strip"),
                "healthyPoints": own[0].get("healthy_points", []),
                "brokenPoints": own[0].get("points", []),
            }
        )
    return found


def rounded(value: float) -> float:
    """Return a number to so many digits as one can see."""
    return float(f"{value:.{DIGITS}g}")


def middle(values: list[float | None]) -> float | None:
    """Return the median of the values there are, or None."""
    there = [value for value in values if value is not None]
    return rounded(statistics.median(there)) if there else None


def script(root: Path) -> str:
    """Return the script that defines `ganFaults`."""
    sheet = base64.b64encode((root / RESULTS / "faults.png").read_bytes()).decode()
    fields = {
        "faults": atlas(root),
        "families": FAMILIES,
        "sheet": f"data:image/png;base64,{sheet}",
    }
    return f"window.ganFaults = {json.dumps(fields)};\n"


def export(root: Path, pages: Path) -> None:
    """Write the script into the folder of the built book."""
    path = pages / SCRIPT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(root), encoding="utf-8")
