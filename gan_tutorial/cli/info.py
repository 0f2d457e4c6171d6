"""``info``: say what a run is and how far it got."""

import argparse
import json

from torch import nn

from .kept import add_checkpoint, opened

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser("info", help="say what a run is and how far it got")
    command.add_argument("run", metavar="DIR", help="folder of the run")
    add_checkpoint(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def run(arguments: argparse.Namespace) -> int:
    """Print the facts of a run; return the exit status."""
    saved = opened(arguments)
    config = saved.config
    # A generator of the reader's own cannot be built here; what is known of it was written down.
    known = config["generator"].get("parameters")
    generator = None if known is not None else saved.generator
    classes = getattr(generator, "classes", ())
    counts = saved.training.get("class_counts", {})
    facts = {
        "data": config["data"],
        "step": config["step"],
        **({"classes": {name: counts.get(name) for name in classes}} if classes else {}),
        "generator": {
            **config["generator"],
            "parameters": known if generator is None else _count(generator),
        },
        "training": saved.training,
        "last": saved.history.last(),
        "kept": {str(step): scores for step, scores in saved.kept.items()},
        "files": saved.files,
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return 0
    shape = "x".join(map(str, facts["data"]["shape"]))
    settings = {k: v for k, v in facts["training"].items() if k not in ("networks", "class_counts")}
    lines = {
        "data": f"{facts['data']['name']}: {facts['data']['count']:,} samples of {shape}",
        **({"classes": _classes(facts["classes"])} if classes else {}),
        "steps": f"{facts['step']:,}",
        "generator": "{kind}, {parameters:,} parameters".format(**facts["generator"]),
        **settings,
        **{f"last {name}": f"{value:.5g}" for name, value in facts["last"].items()},
        **({"kept": _kept(facts["kept"])} if facts["kept"] else {}),
        "files": ", ".join(facts["files"]),
    }
    for name, value in lines.items():
        print(f"{name:<16} {value}")
    return 0


def _count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def _kept(steps: dict[str, dict[str, float | None]]) -> str:
    """List the steps whose generators were kept, each with its KID."""
    return ", ".join(
        f"{int(step):,}" + ("" if (kid := scores.get("KID")) is None else f" (KID {kid:.3g})")
        for step, scores in steps.items()
    )


def _classes(counts: dict[str, int | None]) -> str:
    """List classes, each with the number of its training samples where it is known."""
    return ", ".join(name if n is None else f"{name} ({n:,})" for name, n in counts.items())
