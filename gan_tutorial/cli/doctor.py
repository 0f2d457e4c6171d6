"""``doctor``: say what ails a run, from its folder or from a table of your own."""

import argparse
import io
import json
from pathlib import Path

from ..data import Dataset
from ..doctor import COLUMNS, diagnose
from ..losses import LOSSES
from ..training import SavedRun
from ..training.files import write_atomically
from .loading import of_run

__all__ = ["add_to", "run"]


def add_to(commands: "argparse._SubParsersAction") -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser(
        "doctor",
        help="say what ails a run",
        description="Look for what is wrong with the training of a GAN. A run that was trained "
        "with --doctor shows more of itself than its losses.",
        epilog="A history of another program is a CSV file whose first line names its columns, "
        "or JSON; the exports of TensorBoard, Weights & Biases and Lightning are understood. It "
        "needs `step`; of the following, it may have any: "
        + ", ".join(name for name in COLUMNS if name != "step")
        + ".",
    )
    command.add_argument("run", metavar="DIR", help="folder of a run, or file of a history")
    command.add_argument("--loss", choices=tuple(LOSSES), help="of a file (a folder knows its)")
    command.add_argument(
        "--data", help="what a run was trained on, to compare its samples with: a name or a folder"
    )
    command.add_argument("--plot", metavar="FILE", help="draw the columns that speak for a finding")
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def run(arguments: argparse.Namespace) -> int:
    """Print the diagnosis; return the exit status, which is 0 for the sick as well."""
    samples = _samples(arguments) if arguments.data else None
    report = diagnose(arguments.run, loss=arguments.loss, data=samples)
    if arguments.plot:
        path = Path(arguments.plot).expanduser()
        if path.suffix.lower() not in (".png", ".svg", ".pdf"):
            raise ValueError(f"--plot writes .png, .svg or .pdf, not {path.name!r}.")
        buffer = io.BytesIO()
        report.figure().savefig(buffer, format=path.suffix[1:].lower())
        write_atomically(path, buffer.getvalue())
    print(json.dumps(report.to_dict(), indent=2) if arguments.json else report)
    return 0


def _samples(arguments: argparse.Namespace) -> Dataset:
    """Load what a run was trained on."""
    if not Path(arguments.run).expanduser().is_dir():
        raise ValueError("--data is compared with the samples of a run: give its folder.")
    return of_run(SavedRun(arguments.run), arguments.data, "train")
