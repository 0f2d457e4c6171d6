"""What the parts of `repair.py` share: rows that are kept, and a clock."""

import json
import time
from pathlib import Path

import report
import torch


class Clock:
    """Processor time, which other programs on the machine do not disturb."""

    def __init__(self):
        self.began = time.process_time()

    def seconds(self) -> float:
        return time.process_time() - self.began


COLUMNS = ("psnr", "ssim", "fid", "seam", "gradient_ratio", "seconds")
MORE = ("fid_content", "label_kept", "spread", "readings")


class Keeper:
    """Shows each row and writes it to the file at once; knows which rows the file holds."""

    def __init__(self, path: Path | None, split: str, weights: list[float], patches: int):
        self.path, self.split, self.weights, self.patches = path, split, weights, patches
        self.rows = json.loads(path.read_text())["rows"] if path and path.exists() else []

    def __call__(self, row: dict) -> None:
        cells = (f"{row[c]:9.4f}" if row[c] is not None else f"{'-':>9}" for c in COLUMNS)
        more = " ".join(f"{name} {row[name]:.3f}" for name in MORE if name in row)
        print(f"{row['data']:7} {row['method']:32} {row['seed']}", *cells, more, flush=True)
        self.rows.append(row if self.split == "test" else {**row, "split": self.split})
        report.write("repair", self.rows, self.path)

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
