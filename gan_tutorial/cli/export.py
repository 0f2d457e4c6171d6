"""``export``: a run's generator in a file for other programs."""

import argparse
from pathlib import Path

from ..models.onnx_file import export_onnx
from ..training.files import write_atomically
from .kept import add_checkpoint, add_network, opened

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "export",
        help="write a generator for programs without torch",
        description="Write the generator of a run as an ONNX file, and compare what it makes with "
        "what torch makes. It needs pip install 'gan_tutorial[onnx]'.",
    )
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument("--onnx", required=True, metavar="FILE", help="file to write, .onnx")
    add_checkpoint(command)
    add_network(command)
    return command


def run(arguments: argparse.Namespace) -> int:
    """Write the file; return the exit status."""
    path = Path(arguments.onnx)
    if path.suffix.lower() != ".onnx":
        raise ValueError(f"--onnx {path} is to end in .onnx, so that programs know what it is.")
    generator = opened(arguments).latent_generator()
    made = export_onnx(generator)
    write_atomically(path, made.content)
    inputs = f"z (N, {generator.latent_dim})"
    if classes := getattr(generator, "classes", None):
        inputs += f" and labels (N,), {', '.join(f'{k} {name}' for k, name in enumerate(classes))},"
    held = (
        "not compared with torch: pip install onnxruntime, and it is"
        if made.difference is None
        else f"like torch up to {made.difference:.1g}"
    )
    print(f"{inputs} to samples in [-1, 1], {held}; {len(made.content):,} bytes in {path}")
    return 0
