"""``evaluate``: measure a trained generator against real samples that it never saw."""

import argparse
import json
import math

import torch
from torch import nn

from .. import data, metrics
from ..metrics.networks import NETWORK_OF
from ..models.sampling import latent_codes, sample_generator
from ..training.checkpoints import load_generator, read_config

__all__ = ["add_to", "run"]

PIXELS = "pixels"
MOST = 2000  # samples measured if no other number is asked for


def add_to(commands) -> argparse.ArgumentParser:
    """Add the command to the program's."""
    command = commands.add_parser("evaluate", help="measure a generator against held-out samples")
    command.add_argument("run", metavar="DIR", help="folder of the run")
    command.add_argument(
        "--data", required=True, help="what it was trained on: a folder, or the name of a data set"
    )
    command.add_argument(
        "--split", choices=("validation", "test"), default="test",
        help="real samples to compare with (test); choose among runs on validation",
    )  # fmt: skip
    command.add_argument(
        "--count", type=int, help=f"samples of each kind (all of the split, at most {MOST:,})"
    )
    command.add_argument("--seed", type=int, default=0, help="decides which (0)")
    command.add_argument(
        "--features", choices=(*metrics.NETWORKS, PIXELS),
        help="feature network, or plain pixels (the network for this kind of data)",
    )  # fmt: skip
    command.add_argument("--data-dir", help="where to look first for data that are downloaded")
    command.add_argument("--json", action="store_true", help="print JSON")
    return command


def run(arguments: argparse.Namespace) -> int:
    """Print what was measured; return the exit status."""
    generator = load_generator(arguments.run)
    if not hasattr(generator, "latent_dim"):
        raise ValueError(
            f"The generator in {arguments.run} does not start from noise alone: this command "
            "measures generators that do."
        )
    shape = tuple(read_config(arguments.run)["data"]["shape"])
    train, held_out = (_load(arguments, shape, split) for split in ("train", arguments.split))
    count = min(len(held_out), len(train), MOST) if arguments.count is None else arguments.count
    if not 20 <= count <= min(len(held_out), len(train)):
        raise ValueError(
            f"--count must be from 20 to {min(len(held_out), len(train)):,}, the samples that "
            f"{held_out.name} has in the smaller of its train and {arguments.split} splits; got "
            f"{count}."
        )
    codes = latent_codes(count, generator.latent_dim, arguments.seed)
    samples = sample_generator(generator, codes)
    random = torch.Generator().manual_seed(arguments.seed)
    order = [torch.randperm(len(each), generator=random) for each in (train, held_out)]
    network = _network(arguments.features, held_out)
    train, held_out, fake = (
        _features(each, network) for each in (train[order[0]], held_out[order[1][:count]], samples)
    )
    density = _modes_of(arguments.data, shape, arguments)
    rows = _compare(held_out, fake, density)
    floor = _compare(held_out, train[:count], density)
    rows.update(_copying(train, held_out, fake))
    # for copying the floor is one half of the held-out samples against the other
    floor.update(_copying(train, held_out[: count // 2], held_out[count // 2 :]))
    facts = {
        "data": arguments.data,
        "split": arguments.split,
        "count": count,
        "seed": arguments.seed,
        "features": fake.extractor,
        "rows": [
            {
                "metric": name,
                **_numbers("", *rows[name]),
                **_numbers("floor_", *floor[name]),
            }
            for name in rows
        ],
    }
    print(json.dumps(facts, indent=2, allow_nan=False) if arguments.json else _table(facts))
    return 0


def _load(arguments, shape: tuple[int, ...], split: str):
    """Load a split in the shape that the generator makes."""
    options = {"data_dir": arguments.data_dir} if arguments.data_dir else {}
    if len(shape) == 3:
        options.update(channels=shape[0], image_size=shape[1])
    samples = data.load(arguments.data, split, **options)
    if tuple(samples.shape) != shape:
        raise ValueError(
            f"The generator in {arguments.run} makes samples of "
            f"{'x'.join(map(str, shape))}, and those of {samples.name} are "
            f"{'x'.join(map(str, samples.shape))}: give the data it was trained on as --data."
        )
    return samples


class _Shrunk(nn.Module):
    """A feature network behind a reduction of larger pictures to the size that it looks at."""

    def __init__(self, network: metrics.FeatureNetwork, side: int):
        super().__init__()
        self.network = network
        self.name = f"{network.name} of {side}x{side} reduced to {network.shape[-1]}"

    def forward(self, images):
        return self.network(
            nn.functional.interpolate(
                images, size=self.network.shape[1:], mode="bilinear", antialias=True
            )
        )

    def predict(self, features):
        return self.network.predict(features)


def _network(name: str | None, samples) -> nn.Module | None:
    """Return the feature network to measure with; None for plain numbers."""
    if len(samples.shape) == 1:
        if name not in (None, PIXELS):
            raise ValueError(f"--features {name} looks at pictures, and {samples.name} are points.")
        return None
    if name == PIXELS:
        return None
    name = name or NETWORK_OF.get(samples.source)
    if name is None:
        raise ValueError(
            f"The library has no feature network for {samples.name!r}. --features pixels measures "
            "without one, which says little of what pictures show; "
            f"{' or '.join(f'--features {each}' for each in metrics.NETWORKS)} can be used for "
            "pictures like those it was trained on."
        )
    network, side = metrics.load_network(name), samples.shape[-1]
    if samples.shape[0] == network.shape[0] and side > network.shape[-1]:
        return _Shrunk(network, side)
    network.check(tuple(samples.shape))
    return network


def _features(samples, network: nn.Module | None) -> metrics.Features:
    if network is not None:
        return metrics.extract(samples, network)
    name = PIXELS if samples.dim() == 4 else "coordinates"
    return metrics.Features(samples.flatten(1).double(), name)


def _modes_of(name: str, shape: tuple[int, ...], arguments):
    """Return the density whose modes can be counted, or None."""
    if len(shape) != 1:
        return None
    samples = _load(arguments, shape, arguments.split)
    return samples.density if samples.labels is not None else None


Rows = dict[str, tuple[float, float | None]]


def _compare(real: metrics.Features, fake: metrics.Features, density) -> Rows:
    """Measure one set of samples against held-out ones: values and standard errors by name."""
    rows: Rows = {}
    if density is not None:
        report = metrics.mode_report(fake.values, density)
        rows["modes found"] = (report.modes, None)
        rows["high quality"] = (report.high_quality, report.spread.get("high_quality"))
        rows["reverse KL"] = (report.reverse_kl, report.spread.get("reverse_kl"))
    width = real.values.shape[1]
    if len(fake) > width:
        found = metrics.fid(real, fake)
        rows["FID"] = (found.value, found.spread)
    if len(fake) // 2 > width:
        found = metrics.fid_infinity(real, fake)
        rows["FID infinity"] = (found.value, found.spread)
    found = metrics.kid(real, fake)
    rows["KID"] = (found.value, found.spread)
    manifold = metrics.manifold_report(real, fake)
    for name in ("precision", "recall", "density", "coverage"):
        rows[name] = (getattr(manifold, name), manifold.spread[name])
    if "class" in fake.outputs:
        classes = metrics.class_report(real, fake)
        rows["classes found"] = (classes.found, None)
        rows["class distance"] = (classes.distance, classes.spread)
    elif fake.outputs:
        for name, found in metrics.factor_distances(real, fake).items():
            rows[f"distance of {name}"] = (found.value, found.spread)
    return rows


def _copying(train: metrics.Features, held_out: metrics.Features, fake: metrics.Features) -> Rows:
    report = metrics.memorization(train, held_out, fake)
    return {
        "closer to train": (report.closer, report.spread),
        "copies": (report.copies, report.copies_spread),
    }


def _numbers(prefix: str, value: float, spread: float | None) -> dict:
    """Return a value and its spread for JSON, which knows no infinity."""
    numbers = {f"{prefix}value": value, f"{prefix}spread": spread}
    return {k: v if v is not None and math.isfinite(v) else None for k, v in numbers.items()}


def _table(facts: dict) -> str:
    def cell(value, spread):
        if value is None:
            return "not finite"
        return f"{value:.4g}" + ("" if spread is None else f" ± {spread:.2g}")

    lines = [f"{'':<20} {'generated':<20} {'floor':<20}".rstrip()]
    for row in facts["rows"]:
        generated = cell(row["value"], row["spread"])
        floor = cell(row["floor_value"], row["floor_spread"])
        lines.append(f"{row['metric']:<20} {generated:<20} {floor}")
    lines += [
        f"{facts['count']:,} generated samples against as many of {facts['data']} "
        f"({facts['split']}), on {facts['features']}; ± is a standard error "
        "(of KID, estimated from halves of the samples).",
        "The floor is as many training samples against the same held-out ones; for the last two "
        "rows, one half of the held-out samples against the other.",
    ]
    return "\n".join(lines)
