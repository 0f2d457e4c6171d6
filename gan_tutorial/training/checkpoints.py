"""Saving and loading: whole training states, and generators alone.

Everything is a safetensors file: numbers and a JSON header, so reading one never runs code, which
Python's pickle format cannot promise. A checkpoint keeps every tensor of the training state under
the path that leads to it (``task/networks/generator/net.0.weight``) and the shape of the rest in
the header.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..models import build, config_of
from .files import write_atomically

__all__ = [
    "CHECKPOINT",
    "CONFIG",
    "GENERATOR",
    "HISTORY",
    "PREVIOUS",
    "CheckpointError",
    "differences",
    "export_generator",
    "load_checkpoint",
    "load_generator",
    "read_config",
    "read_facts",
    "read_tensors",
    "save_checkpoint",
    "shipped",
]

CHECKPOINT = "checkpoint.safetensors"
PREVIOUS = "checkpoint.previous.safetensors"
GENERATOR = "generator.safetensors"
CONFIG = "config.json"
HISTORY = "history.csv"
FORMAT = "gan_tutorial.checkpoint/2"


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be read, or does not belong to this run."""


# --- A nested state as tensors and JSON ------------------------------------------------------


def _stored(tensor: Tensor) -> Tensor:
    """Return a copy as files hold it: on the CPU, in torch's default memory layout."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _pack(tree: Any, path: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Move the tensors of `tree` to `tensors`; return the rest as JSON-able data."""
    if isinstance(tree, Tensor):
        tensors[path] = _stored(tree)
        return {"tensor": path}
    if isinstance(tree, dict):
        items = [[key, _pack(value, f"{path}/{key}", tensors)] for key, value in tree.items()]
        return {"dict": items}
    if isinstance(tree, list | tuple):
        return {"list": [_pack(v, f"{path}/{i}", tensors) for i, v in enumerate(tree)]}
    if tree is None or isinstance(tree, bool | int | float | str):
        return {"value": tree}
    raise TypeError(f"A checkpoint holds tensors and plain values; {path} is a {type(tree)}.")


def _unpack(packed: dict[str, Any], tensors: dict[str, Tensor]) -> Any:
    ((kind, content),) = packed.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _unpack(value, tensors) for key, value in content}
    if kind == "list":
        return [_unpack(value, tensors) for value in content]
    return content


# --- Checkpoints -----------------------------------------------------------------------------


def save_checkpoint(folder: str | Path, state: dict[str, Any]) -> Path:
    """Write `state` to the checkpoint file of `folder`, and keep the one before it.

    Parameters
    ----------
    folder : str or Path
        The folder of the run.
    state : dict
        Nested dictionaries, lists and tuples of tensors, numbers, strings, booleans and None.
        Tuples come back as lists.

    Returns
    -------
    Path
        The file written.
    """
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    facts = {"step": state.get("step", 0), "about": state.get("about", {})}
    packed = json.dumps(_pack(state, "", tensors))
    header = {"format": FORMAT, "facts": json.dumps(facts), "state": packed}
    path = Path(folder).expanduser() / CHECKPOINT
    write_atomically(path, save(tensors, header), keep_previous_as=path.with_name(PREVIOUS))
    return path


def load_checkpoint(folder: str | Path) -> dict[str, Any]:
    """Read back what `save_checkpoint` wrote; all tensors are on the CPU.

    Raises
    ------
    FileNotFoundError
        If the folder holds no checkpoint.
    CheckpointError
        If the file is truncated, damaged or not a checkpoint of this library. The message says
        whether the previous checkpoint is there to go on from.
    """
    path = Path(folder).expanduser() / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(f"No checkpoint in {folder}: {CHECKPOINT} is not there.")
    with _explained(path):
        header, tensors = read_tensors(path)
        _check_format(path, header)
        return _unpack(json.loads(header["state"]), tensors)


def read_facts(folder: str | Path) -> dict[str, Any]:
    """Return ``step`` and ``about`` of the checkpoint in a folder, without reading its tensors.

    Raises
    ------
    FileNotFoundError, CheckpointError
        As `load_checkpoint`.
    """
    path = Path(folder).expanduser() / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(f"No checkpoint in {folder}: {CHECKPOINT} is not there.")
    with _explained(path):
        header, _ = read_tensors(path, tensors=False)
        _check_format(path, header)
        return json.loads(header["facts"])


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say of a checkpoint that cannot be read whether the one before it is there."""
    try:
        yield
    except (CheckpointError, KeyError, ValueError) as error:
        reason = str(error) if isinstance(error, CheckpointError) else f"{path} is damaged."
        previous = path.with_name(PREVIOUS)
        if previous.is_file():
            reason += f" The one before it was kept: rename {previous.name} to {path.name}."
        raise CheckpointError(reason) from None


def _check_format(path: Path, header: dict[str, str]) -> None:
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is a safetensors file, but not a checkpoint of this library "
            f"(format {header.get('format')!r}, expected {FORMAT!r})."
        )


def read_tensors(path: Path, tensors: bool = True) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Header and tensors of a safetensors file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            names = file.keys() if tensors else ()
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except SafetensorError:
        raise CheckpointError(
            f"{path} is truncated or not a safetensors file ({path.stat().st_size} bytes)."
        ) from None


def differences(saved: dict[str, Any], current: dict[str, Any], prefix: str = "") -> list[str]:
    """Name the settings in which two nested configurations differ, with both values.

    Examples
    --------
    >>> differences({"lr": 0.1, "net": {"width": 8}}, {"lr": 0.1, "net": {"width": 16}})
    ['net.width (was 8, now 16)']
    """
    found = []
    for key in [*saved, *(key for key in current if key not in saved)]:
        before, now = saved.get(key), current.get(key)
        if isinstance(before, dict) and isinstance(now, dict):
            found += differences(before, now, f"{prefix}{key}.")
        elif before != now:
            found.append(f"{prefix}{key} (was {before}, now {now})")
    return found


# --- Generators alone ------------------------------------------------------------------------


def export_generator(folder: str | Path, generator: nn.Module, **about: Any) -> None:
    """Write a generator's weights and its configuration, for sampling or for other programs.

    Parameters
    ----------
    folder : str or Path
        Receives ``generator.safetensors`` and ``config.json``.
    generator : nn.Module
        The network. Only one of the library's own kinds can be built again by `load_generator`.
    **about
        Further JSON-able facts for ``config.json``: the data, the training settings.
    """
    from safetensors.torch import save

    folder = Path(folder)
    weights = {name: _stored(value) for name, value in generator.state_dict().items()}
    config = {"generator": config_of(generator), **about}
    write_atomically(folder / GENERATOR, save(weights))
    write_atomically(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())


def read_config(folder: str | Path) -> dict[str, Any]:
    """Return the content of the ``config.json`` that `export_generator` wrote.

    Raises
    ------
    FileNotFoundError
        If there is none, with a sentence that says what a run's folder looks like.
    CheckpointError
        If the file is not JSON.
    """
    path = Path(folder).expanduser() / CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} is not the folder of a run: it has no {CONFIG}. Give the folder that was "
            "the --out of a training run."
        )
    try:
        return json.loads(path.read_text())
    except ValueError:
        raise CheckpointError(f"{path} is damaged: it is not JSON.") from None


def load_generator(folder: str | Path) -> nn.Module:
    """Build the generator that `export_generator` wrote, with its weights, ready to sample.

    Raises
    ------
    FileNotFoundError
        If the folder does not hold an exported generator.
    CheckpointError
        If one of the two files is damaged, or they do not belong together.
    """
    path = Path(folder).expanduser() / GENERATOR
    config = read_config(folder)
    if not path.is_file():
        raise FileNotFoundError(f"{folder} has no {GENERATOR}.")
    _, weights = read_tensors(path)
    try:
        generator = build(config["generator"])
        generator.load_state_dict(weights)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} and {CONFIG} beside it do not belong together: {str(error).splitlines()[0]}"
        ) from None
    return generator.eval()


def shipped(name: str) -> Path:
    """Return the folder of a generator that comes with the library.

    Parameters
    ----------
    name : {"soccer64", "repair32"}
        Footballs of 64x64 pixels, trained by ``tools/artifacts/train_soccer64.py``, or repairs
        of 32x32, trained by ``tools/artifacts/train_repair32.py``; ``history.csv`` in the folder
        is the run's log.

    Raises
    ------
    ValueError
        If there is no generator of that name; the message lists those there are.

    Examples
    --------
    >>> load_generator(shipped("soccer64")).shape
    (3, 64, 64)
    """
    assets = Path(__file__).resolve().parents[1] / "assets"
    names = sorted(path.parent.name for path in assets.glob(f"*/{GENERATOR}"))
    if name not in names:
        raise ValueError(f"No generator {name!r} is shipped; there is {', '.join(names)}.")
    return assets / name
