"""Which data a run was begun with: known by content, and not by name and count."""

import hashlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data import Dataset

__all__ = ["data_differences", "identity_of"]

MOST_BYTES = 2**26  # of a tensor that are looked at; of a larger one, rows at equal distances


def identity_of(data: Dataset | Tensor) -> dict[str, Any]:
    """Return what a run notes of its data: name, count and shape, and a hash of the content.

    The library's own data sets are known by their name. Of a folder the files count, of a tensor
    its numbers.

    Examples
    --------
    >>> facts = [identity_of(torch.full((3, 2), value)) for value in (1.0, 1.0, 2.0)]
    >>> facts[0] == facts[1], facts[0] == facts[2]
    (True, False)
    """
    facts: dict[str, Any] = {
        "name": data.name if isinstance(data, Dataset) else "tensor",
        "count": len(data),
        "shape": list(data[:1].shape[1:]),
    }
    if getattr(data, "source", None) is None:
        facts["content"] = getattr(data, "identity", None) or _hash(data)
    return facts


def _hash(data: Dataset | Tensor) -> str:
    """Return a hash of the numbers of samples."""
    row = max(1, data[:1].numel() * 4)
    count = min(len(data), max(1, MOST_BYTES // row))
    rows = torch.from_numpy(np.linspace(0, len(data) - 1, count).astype(np.int64))
    chosen = data[rows.to(data.device) if isinstance(data, Tensor) else rows]
    values = chosen.detach().float().cpu().contiguous().numpy()
    return hashlib.sha256(values.tobytes()).hexdigest()[:32]


def data_differences(saved: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """Say in what the data of a run differ from those given now; nothing if they are the same.

    Parameters
    ----------
    saved, current : dict
        What `identity_of` returned. Runs of before it noted the content are compared by the rest.

    Examples
    --------
    >>> before = {"name": "a", "count": 3, "shape": [2], "content": "x"}
    >>> data_differences(before, {**before, "name": "renamed"})
    []
    >>> data_differences(before, {**before, "content": "y"})
    ['data.content (3 samples of a then, 3 others of a now)']
    """
    if saved.get("shape") != current["shape"]:
        return [f"data.shape (was {saved.get('shape')}, now {current['shape']})"]
    if "content" in saved and "content" in current:
        if saved["content"] == current["content"]:
            return []
        return [
            f"data.content ({saved['count']:,} samples of {saved['name']} then, "
            f"{current['count']:,} others of {current['name']} now)"
        ]
    names = ("name", "count")
    return [
        f"data.{name} (was {saved.get(name)}, now {current[name]})"
        for name in names
        if saved.get(name) != current[name]
    ]
