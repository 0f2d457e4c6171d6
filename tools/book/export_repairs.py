"""Write the plane of chapter 5, error against texture distance, as a script that a page can load.

The numbers are those of benchmarks/results/repair.json, means over seeds and the seeds themselves;
the pictures, strips of benchmarks/results/repair_pictures, are put together into one sheet whose
first two rows are the damaged and the original ones.
"""

import base64
import io
import json
import re
import statistics
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gan_tutorial import data, masks, plots

SCRIPT = Path("_static", "labs", "repairs.js")
RESULTS = Path("benchmarks", "results")
COLUMNS = {
    "psnr": "psnr",
    "texture": "fid",
    "content": "fid_content",
    "seam": "seam",
    "gradient": "gradient_ratio",
    "seconds": "seconds",
}
REAL = "other real pictures"  # a distance between two sets, and no repair


def methods(root: Path) -> list[dict]:
    """Return every method of the plane, with the means of its rows; networks have seeds."""
    rows = json.loads((root / RESULTS / "repair.json").read_text(encoding="utf-8"))["rows"]
    rows = [row for row in rows if row["data"] == "soccer" and row["method"] != REAL]
    found = []
    for name in dict.fromkeys(row["method"] for row in rows):
        own = sorted((row for row in rows if row["method"] == name), key=lambda row: row["seed"])
        means = {key: statistics.fmean(row[old] for row in own) for key, old in COLUMNS.items()}
        found.append(
            {
                "name": name,
                "network": name.startswith("L1"),
                "game": "adversarial" in name,
                **{key: round(value, 5) for key, value in means.items()},
                "seeds": [[round(row["psnr"], 5), round(row["fid"], 5)] for row in own],
            }
        )
    least = min(row["texture"] for row in found)
    return [
        {
            **row,
            "best": row["texture"] == least,
            "pictured": strip(root, row["name"]) is not None,
        }
        for row in found
    ]


def apart(root: Path) -> float:
    """Return the texture distance between two sets of real pictures."""
    rows = json.loads((root / RESULTS / "repair.json").read_text(encoding="utf-8"))["rows"]
    return next(row["fid"] for row in rows if row["method"] == REAL)


def strip(root: Path, method: str) -> np.ndarray | None:
    """Return what a method made of the first test pictures, (H, count * W, 3) of bytes, if kept."""
    name = "-".join(re.findall(r"[a-z0-9.]+", method.lower()))
    path = root / RESULTS / "repair_pictures" / f"{name}.png"
    return np.asarray(Image.open(path).convert("RGB")) if path.is_file() else None


def sheet(root: Path, names: list[str]) -> tuple[bytes, int]:
    """Return the sheet of pictures as a PNG, and how many pictures stand in a row."""
    found = [strip(root, name) for name in names]
    side, width, _ = next(each.shape for each in found if each is not None)
    gray = np.full((side, width, 3), 128, np.uint8)  # of a network that was not kept
    strips = [gray if each is None else each for each in found]
    count = width // side
    real = data.load("soccer", "test", count=count)[:]
    white = masks.composite(real, torch.ones_like(real), masks.center(1, side))
    first = [plots.tile(images, columns=count, gap=0) for images in (white, real)]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate([*first, *strips])).save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), count


def script(root: Path) -> str:
    """Return the script that defines `ganRepairs`."""
    rows = methods(root)
    png, count = sheet(root, [row["name"] for row in rows])
    fields = {
        "rows": rows,
        "real": round(apart(root), 5),
        "pictures": count,
        "sheet": "data:image/png;base64," + base64.b64encode(png).decode(),
    }
    return f"window.ganRepairs = {json.dumps(fields)};\n"


def export(root: Path, pages: Path) -> None:
    """Write the script into the folder of the built book."""
    path = pages / SCRIPT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(root), encoding="utf-8")
