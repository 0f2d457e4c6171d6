"""A generator as an ONNX file, which programs without torch can run, and in other languages."""

import contextlib
import importlib.util
import io
import logging
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .evaluating import evaluating
from .sampling import latent_codes

__all__ = ["OnnxExport", "export_onnx"]

NEEDED = ("onnx", "onnxscript")
CODES = 5  # with which the file is compared: another number than that of the export
TOLERANCE = 1e-3  # of values in [-1, 1]: far below a level of 8 bits, 2 / 255


@dataclass(frozen=True)
class OnnxExport:
    """What was exported.

    Attributes
    ----------
    content : bytes
        The file.
    difference : float or None
        The largest difference between what the file and torch make of the same codes; None if
        ``onnxruntime`` is not installed, so that nobody has looked.
    """

    content: bytes
    difference: float | None


def export_onnx(generator: nn.Module) -> OnnxExport:
    """Return a generator as the content of an ONNX file, and hold it to torch.

    Its input ``z`` is (N, latent_dim), its output ``samples`` is (N, ...) with the generator's
    shape, for any N; a generator of classes has a second input, ``labels`` (N,) of int64.

    Parameters
    ----------
    generator : nn.Module
        With a ``latent_dim``; it stays as it is.

    Returns
    -------
    OnnxExport

    Raises
    ------
    ImportError
        If ``onnx`` or ``onnxscript`` is not installed; the message says the line to write.
    RuntimeError
        If the file gives other samples than torch.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f"To export, {' and '.join(missing)} must be installed: pip install "
            "'gan_tutorial[onnx]'."
        )
    with evaluating(generator):
        content = _exported(generator)
        return OnnxExport(content, _difference(generator, content))


def _inputs(generator: nn.Module, count: int) -> dict[str, Tensor]:
    latent_dim: Any = generator.latent_dim
    device = next(generator.parameters()).device
    inputs = {"z": latent_codes(count, latent_dim).to(device)}
    if (classes := getattr(generator, "classes", None)) is not None:
        inputs["labels"] = torch.arange(count, device=device) % len(classes)
    return inputs


def _exported(generator: nn.Module) -> bytes:
    inputs = _inputs(generator, 2)
    any_number = torch.export.Dim("N")
    said = logging.getLogger("torch.onnx")
    level = said.level
    said.setLevel(logging.ERROR)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            path = Path(folder) / "generator.onnx"
            torch.onnx.export(
                generator,
                tuple(inputs.values()),
                str(path),
                input_names=list(inputs),
                output_names=["samples"],
                dynamic_shapes=tuple({0: any_number} for _ in inputs),
                dynamo=True,
                external_data=False,
            )
            return path.read_bytes()
    finally:
        said.setLevel(level)


def _difference(generator: nn.Module, content: bytes) -> float | None:
    """Return the largest difference between the file and torch, if the file can be run here."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    inputs = _inputs(generator, CODES)
    (found,) = session.run(None, {name: each.cpu().numpy() for name, each in inputs.items()})
    with torch.no_grad():
        expected = generator(*inputs.values()).float().cpu()
    difference = float((torch.from_numpy(found) - expected).abs().max())
    if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
        raise RuntimeError(
            f"The ONNX file makes other samples than torch, by up to {difference:.2g}: it is not "
            "written."
        )
    return difference
