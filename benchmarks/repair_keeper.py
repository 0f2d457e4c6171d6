"""What the parts of `repair.py` share: rows that are kept, and a clock."""

import json
import re
import time
from pathlib import Path

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


def file_name(method: str) -> str:
    """Return the name of a method as that of a file: "L1 + 0.3 adversarial" is l1-0.3-adversarial.

    Examples
    --------
    >>> file_name("L1 alone, short")
    'l1-alone-short'
    """
    return "-".join(re.findall(r"[a-z0-9.]+", method.lower()))


class Keeper:
    """Shows each row and writes it to the file at once; knows which rows the file holds."""

    def __init__(
        self,
        path: Path | None,
        split: str,
        weights: list[float],
        patches: int,
        pictures: Path | None = None,
    ):
        self.path, self.split, self.weights, self.patches = path, split, weights, patches
        self.pictures = pictures
        self.precision = "bf16"  # in which networks are trained
        self.rows = json.loads(path.read_text())["rows"] if path and path.exists() else []

    def __call__(self, row: dict) -> None:
        cells = (f"{row[c]:9.4f}" if row[c] is not None else f"{'-':>9}" for c in COLUMNS)
        more = " ".join(f"{name} {row[name]:.3f}" for name in MORE if name in row)
        print(f"{row['data']:7} {row['method']:32} {row['seed']}", *cells, more, flush=True)
        self.rows.append(row if self.split == "test" else {**row, "split": self.split})
        report.write("repair", self.rows, self.path)

    def show(self, method: str, seed: int, repaired: torch.Tensor) -> None:
        """Keep what the first seed makes of the first test pictures, as a strip, if asked to."""
        if self.pictures and seed == 0 and self.split == "test":
            self.pictures.mkdir(parents=True, exist_ok=True)
            strip = Image.fromarray(plots.tile(repaired[:SHOWN], columns=SHOWN, gap=0))
            strip.save(self.pictures / f"{file_name(method)}.png", optimize=True)

    def has(self, *key) -> bool:
        """Return whether there is a row of this data set, method and seed, on this split."""
        return any(
            (row["data"], row["method"], row["seed"]) == key
            and row.get("split", "test") == self.split
            for row in self.rows
        )

    def _beside(self, name: str) -> Path | None:
        return self.path and self.path.with_suffix(f".{name}.pt")

    def stored(self, name: str) -> dict | None:
        """Return what `store` kept beside the file under this name, if anything."""
        path = self._beside(name)
        return torch.load(path, weights_only=True) if path and path.exists() else None

    def store(self, name: str, state: dict) -> None:
        if self.path:
            torch.save(state, self._beside(name))
