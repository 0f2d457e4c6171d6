"""What the parts of `repair.py` share: a clock, rows that are kept, and how settings are chosen."""

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import equal
import report
import torch
from PIL import Image

from gan_tutorial import plots


class Clock:
    """Processor time, which other programs on the machine do not disturb."""

    def __init__(self):
        self.began = time.process_time()

    def seconds(self) -> float:
        return time.process_time() - self.began


COLUMNS = ("psnr", "ssim", "fid", "seam", "gradient_ratio", "seconds")
MORE = ("fid_content", "label_kept", "spread", "readings")
SHOWN = 6  # pictures in a strip

# What every method with an optimizer tries. The score is symmetric in the two axes of chapter 5's
# plane: a setting that is worse on both is never chosen, and neither axis has a weight.
TRIED = equal.grid(lr=(1e-3, 2e-3), beta1=(0.0, 0.5))
MEASURE = "mean absolute error in the hole times distance (column fid), lower is better"
SEARCH_SEED = 100
NOTHING_TO_CHOOSE = (
    "untouched", "nothing done", "mean color", "harmonic", "biharmonic", "nearest training picture",
    "other real pictures",
)  # fmt: skip
CLOSED = {
    "patch copy": "it copies, and nothing is trained: the side of its patches is tried",
    "PCA regression": "it has a closed form: its number of components is tried",
}


def product(row: dict) -> float:
    """Return the score of a trial, from what was measured on validation pictures."""
    return row["hole_l1"] * row["fid"]


def file_name(method: str) -> str:
    """Return the name of a method as that of a file: "L1 + 0.3 adversarial" is l1-0.3-adversarial.

    Examples
    --------
    >>> file_name("L1 alone, short")
    'l1-alone-short'
    """
    return "-".join(re.findall(r"[a-z0-9.]+", method.lower()))


class Keeper:
    """Shows each row and writes it at once; knows what the file holds, and runs the searches."""

    def __init__(self, path: Path | None, pictures: Path | None = None, precision: str = "bf16"):
        self.path, self.pictures = path, pictures
        self.precision = precision  # in which networks are trained
        old = json.loads(path.read_text()) if path and path.exists() else {}
        self.rows = list(old.get("rows", []))
        fixed = dict.fromkeys(NOTHING_TO_CHOOSE, "has no setting")
        self.searches = {
            name: equal.Search(
                "rows", MEASURE, len(TRIED), seeds=[SEARCH_SEED], where={"data": name},
                fixed=fixed, closed=CLOSED, before=old.get("search", []),
            )
            for name in ("soccer", "digits")
        }  # fmt: skip

    def __call__(self, row: dict) -> None:
        cells = (f"{row[c]:9.4f}" if row[c] is not None else f"{'-':>9}" for c in COLUMNS)
        more = " ".join(f"{name} {row[name]:.3f}" for name in MORE if name in row)
        print(f"{row['data']:7} {row['method']:32} {row['seed']}", *cells, more, flush=True)
        self.rows.append(row)
        self.write()

    def write(self) -> None:
        """Write rows and searches to the file, if there is one."""
        entries = [search.entry() for search in self.searches.values() if search.tried]
        report.write("repair", self.rows, self.path, search=entries)

    def choose(
        self,
        data: str,
        method: str,
        score: Callable[[dict, int], float],
        settings: Sequence[dict] = TRIED,
        like: str | None = None,
    ) -> dict:
        """Search for the setting of a method, or take that of the one that it is `like`."""
        search = self.searches[data]
        found = search.run(like or method, settings, score, self.write)
        search.tried[method] = search.tried[like or method]
        return found

    def show(self, method: str, seed: int, repaired: torch.Tensor) -> None:
        """Keep what the first seed makes of the first test pictures, as a strip, if asked to."""
        if self.pictures and seed == 0:
            self.pictures.mkdir(parents=True, exist_ok=True)
            strip = Image.fromarray(plots.tile(repaired[:SHOWN], columns=SHOWN, gap=0))
            strip.save(self.pictures / f"{file_name(method)}.png", optimize=True)

    def has(self, *key) -> bool:
        """Return whether there is a row of this data set, method and seed."""
        return any((row["data"], row["method"], row["seed"]) == key for row in self.rows)

    def _beside(self, name: str) -> Path | None:
        return self.path and self.path.with_suffix(f".{name}.pt")

    def stored(self, name: str) -> dict | None:
        """Return what `store` kept beside the file under this name, if anything."""
        path = self._beside(name)
        return torch.load(path, weights_only=True) if path and path.exists() else None

    def store(self, name: str, state: dict) -> None:
        if self.path:
            torch.save(state, self._beside(name))
