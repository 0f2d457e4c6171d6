"""Histories of other programs: whatever their files and columns are called.

Understood are CSV files with commas, semicolons or tabs, JSON (records, columns, one record a
line), the exports of TensorBoard and of Weights & Biases, and the log of Lightning, whose losses
stand on separate rows.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["known_name", "read_file", "renamed"]

STEPS = ("step", "global_step", "trainer_global_step", "iteration", "iter", "steps", "epoch")
_D = "d disc discriminator dis netd critic".split()
_G = "g gen generator netg".split()
ALIASES = {
    **{name: "d_loss" for p in _D for name in (f"{p}_loss", f"loss_{p}", f"{p}loss", f"loss{p}")},
    **{name: "g_loss" for p in _G for name in (f"{p}_loss", f"loss_{p}", f"{p}loss", f"loss{p}")},
    "errd": "d_loss",
    "errg": "g_loss",
}
PREFIXES = re.compile(r"^(train|training|loss|losses|metrics)_(?=.)")
SUFFIXES = re.compile(r"_(step|epoch)$")
MOST_NAMED = 12  # columns that a message lists


def known_name(name: str) -> str:
    """Return what the doctor calls a column of another program; other names stay.

    Examples
    --------
    >>> known_name("Loss/D"), known_name("train/g_loss"), known_name("rosy-sun-3 - d_loss")
    ('d_loss', 'g_loss', 'd_loss')
    """
    plain = name.rsplit(" - ", 1)[-1].strip()  # Weights & Biases: "run - column"
    key = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    for candidate in (key, PREFIXES.sub("", key), SUFFIXES.sub("", PREFIXES.sub("", key))):
        if candidate in ALIASES:
            return ALIASES[candidate]
    return plain


def renamed(columns: Mapping[str, Any], where: str, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns under the names that the doctor knows, ``step`` first.

    Raises
    ------
    ValueError
        If nothing counts the steps; the message lists a dozen of the columns that there are.
    """
    names = {str(name): name for name in columns}
    plain = {re.sub(r"[^a-z0-9]+", "_", n.lower()).strip("_"): n for n in reversed(names)}
    plain |= {name: name for name in names if name in STEPS}  # before "_step" and the like
    step = next((plain[name] for name in STEPS if name in plain), None)
    if step is None:
        listed = [n if len(n) <= 40 else n[:37] + "..." for n in list(names)[:MOST_NAMED]]
        if len(names) > MOST_NAMED:
            listed.append(f"and {len(names) - MOST_NAMED} more")
        raise ValueError(
            f"{where} has no column 'step'; its columns are: {', '.join(listed) or 'none'}. Name "
            f"the column that counts the steps one of {', '.join(STEPS)}."
        )
    result: dict[str, Any] = {"step": columns[names[step]]}
    for text, name in names.items():
        if text == step or text.endswith(("__MIN", "__MAX")):  # the band around a curve of W&B
            continue
        target = text if text in known else known_name(text)
        if target not in result:  # the first of two that mean the same
            result[target] = columns[name]
    return result


def read_file(path: Path) -> dict[str, list]:
    """Read a file of columns, whatever program wrote it.

    Raises
    ------
    ValueError
        If it is no such file; the message is one sentence and holds nothing of the file.
    """
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    if "tfevents" in path.name:
        raise ValueError(
            f"{path} is an event file of TensorBoard: export the curves there as CSV or JSON "
            "(in the menu of a plot), and give that file."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not a text file: give a CSV or JSON file.") from None
    if "\0" in text:
        raise ValueError(f"{path} is not a text file: give a CSV or JSON file.")
    if path.suffix.lower() in (".json", ".jsonl") or text.lstrip()[:1] in ("{", "["):
        return _from_json(path, text)
    return _from_csv(path, text)


def _from_json(path: Path, text: str) -> dict[str, list]:
    """Read records, columns, one record a line, or what TensorBoard exports."""
    try:
        content = json.loads(text)
    except ValueError:
        try:
            content = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise ValueError(f"{path} is not JSON, nor one JSON record a line.") from None
    if isinstance(content, dict) and isinstance(content.get("history"), dict | list):
        content = content["history"]
    if isinstance(content, dict) and all(isinstance(v, list) for v in content.values()):
        return content
    if isinstance(content, dict):
        content = [content]
    if isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        names = dict.fromkeys(name for row in content for name in row)
        return {name: [row.get(name) for row in content] for name in names}
    if isinstance(content, list) and content and all(_is_triple(row) for row in content):
        return {"step": [row[1] for row in content], _tag(path): [row[2] for row in content]}
    raise ValueError(
        f"{path} is JSON, but no history: give a list of records such as "
        '{"step": 10, "d_loss": 1.2}, or an object of columns of equal length.'
    )


def _is_triple(row: Any) -> bool:
    """Whether this is TensorBoard's wall time, step and value."""
    return isinstance(row, list) and len(row) == 3


def _tag(path: Path) -> str:
    """Return the curve that a file of TensorBoard holds: "run-x-tag-Loss_D.csv" is "Loss_D"."""
    return path.stem.rsplit("tag-", 1)[-1]


def _from_csv(path: Path, text: str) -> dict[str, list]:
    """Read fields between commas, semicolons or tabs under a line of names."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(lines, [])]
        columns: dict[str, list] = {name: [] for name in names}
        for line in lines:
            if not line:
                continue
            if len(line) != len(names):
                raise ValueError(
                    f"{path}, line {lines.line_num}: {len(line)} fields under {len(names)} names."
                )
            for name, value in zip(names, line, strict=True):
                # where fields are not parted by commas, a comma may stand for the point
                columns[name].append(value if delimiter == "," else value.replace(",", "."))
    except csv.Error as error:
        raise ValueError(f"{path}, line {lines.line_num}: {error}.") from None
    if {"Wall time", "Step", "Value"} == set(names):
        return {"step": columns["Step"], _tag(path): columns["Value"]}
    return columns
