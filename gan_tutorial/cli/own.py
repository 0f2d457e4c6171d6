"""Networks of the reader's own, from the reader's own program."""

import importlib.util
from pathlib import Path
from typing import Any

from torch import nn

__all__ = ["made_by"]


def made_by(place: str) -> Any:
    """Return the network that a program makes: ``FILE.py:NAME``, called without arguments.

    Raises
    ------
    ValueError
        If there is no such program or name, or what it makes is no network.
    """
    file, _, name = place.rpartition(":")
    path = Path(file).expanduser()
    if not file or path.suffix != ".py" or not path.is_file():
        raise ValueError(
            f"--network takes FILE.py:NAME, and there is no program {file or place!r}."
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a reader's own program does
        raise ValueError(f"{path} fails: {type(error).__name__}: {error}") from error
    make = getattr(module, name, None)
    network = make if isinstance(make, nn.Module) else make() if callable(make) else None
    if not isinstance(network, nn.Module):
        raise ValueError(f"{path} has no class or function {name!r} that makes a network.")
    return network
