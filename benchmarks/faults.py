"""Does each fault show its sign, and does the healthy run not?

    python benchmarks/faults.py [--quick] [--json FILE] [--data digits ring] [--seeds 0 1 ...]
                                [--faults NAME ...]

Every fault of `gan_tutorial.faults` is planted in the healthy run where it is at home, on five
seeds (one with --quick), and its sign is measured on that run and on its healthy twin: the same
seed, the same steps, nothing planted. The thresholds are those of the library, fixed before this
benchmark was run. `misfit` says what the fault does to the samples: the Frechet distance from
held-out data, in the features of the digits' network, or of the points themselves.

Beside FILE comes a picture of the same name: for each fault on images, twelve samples of the
healthy run of the first seed and twelve with the fault, at the height that the row's `strip` says.
Of faults on points the row itself has some: `healthy_points` and `points`.

Where more than one thing is said to help, `CURES` are tried one by one, on three seeds; such a row
has the key `cure`. Where more than one thing is said to be the cause, `SUSPECTS` are planted one by
one in the healthy run, on three seeds; such a row has the key `suspect`.

Rows that FILE has already are kept and not run again, so a run that was cut off goes on where it
stopped; delete the file to start anew.
"""

import json
import math
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import report
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import interpolate

from gan_tutorial import augment, metrics, models
from gan_tutorial.faults import FAULTS, Case, Outcome, steps

DATA = ("digits", "ring")
SAMPLES = 1000
MISFITS = ("misfit", "healthy_misfit")


def translated(case: Case) -> tuple[nn.Module, nn.Module]:
    """Return the networks of a case, with shifted pictures before the discriminator."""
    generator, discriminator = case.networks()
    return generator, models.Augmented(discriminator, augment.DiffAugment("translation"))


class Unnoticed(steps.UpdatedTooEarly):
    """The same mistake with an optimizer whose changes autograd does not see."""

    fused = True


# Fault -> cure -> what the sick case becomes, given its healthy twin.
CURES = {
    "mode-collapse": {
        "beta1 of 0.5": lambda sick, well: sick.with_options(betas=(0.5, sick.options["betas"][1])),
        "a tenth of both rates": lambda sick, well: sick.with_options(
            lr=tuple(rate / 10 for rate in well.options["lr"])
        ),
        "R1, ten times": lambda sick, well: sick.with_options(r1=10 * well.options["r1"]),
        "relativistic, R1 and R2": lambda sick, well: sick.with_options(
            loss="relativistic", r1=0.1, r2=0.1
        ),
    },
    "saturating-strong-d": {
        "non-saturating loss": lambda sick, well: sick.with_options(loss="non-saturating"),
        "R1": lambda sick, well: sick.with_options(r1=0.5),
    },
    "tiny-data": {
        "R1": lambda sick, well: sick.with_options(r1=0.5),
        "R1, ten times": lambda sick, well: sick.with_options(r1=5.0),
        "translations": lambda sick, well: replace(sick, networks=partial(translated, sick)),
    },
    "updated-too-early": {
        "a fused Adam": lambda sick, well: replace(sick, task=Unnoticed),
    },
}
# What else is said to make a generator collapse: each is one change of the healthy twin.
SUSPECTS = {
    "mode-collapse": {
        "beta2 of 0.999": lambda well: well.with_options(betas=(well.options["betas"][0], 0.999)),
        "G three times as fast": lambda well: well.with_options(
            lr=(3 * well.options["lr"][0], well.options["lr"][1])
        ),
        "D three times as slow": lambda well: well.with_options(
            lr=(well.options["lr"][0], well.options["lr"][1] / 3)
        ),
        "no R1": lambda well: well.with_options(r1=0.0),
    },
}
CURE_SEEDS = 3
SIDE, SHOWN = 16, 12  # pixels of a picture in the strips, pictures in a strip
POINTS = 150  # of a run on points


def misfit(outcome: Outcome, held_out: torch.Tensor) -> float | None:
    """Measure how far the samples are from data that nobody trained on."""
    samples = outcome.sample(SAMPLES, seed=5)
    if not samples.isfinite().all():
        return None
    if outcome.case.images:
        network = metrics.load_network("digits")
        pair = (
            interpolate(x.clamp(-1, 1), network.shape[1:], mode="area") for x in (held_out, samples)
        )
        real, fake = (metrics.extract(x, network) for x in pair)
    else:
        real, fake = (metrics.Features(x, "points") for x in (held_out[:SAMPLES], samples))
    return metrics.fid(real, fake, spread=False).value


def draw_strips(path: Path, place: int, *outcomes: Outcome) -> None:
    """Write samples of these runs into the picture, one below the other from `place` on."""
    rows = []
    for outcome in outcomes:
        samples = interpolate(outcome.sample(SHOWN, seed=5).clamp(-1, 1), (SIDE, SIDE))
        pixels = samples.add(1).mul(127.5).round().to(torch.uint8)[:, 0]
        rows.append(np.concatenate(list(pixels.numpy()), axis=1))
    new = np.concatenate(rows)
    old = np.asarray(Image.open(path)) if path.is_file() else np.zeros((0, SIDE * SHOWN), np.uint8)
    picture = np.zeros((max(len(old), place + len(new)), SIDE * SHOWN), np.uint8)
    picture[: len(old)] = old
    picture[place : place + len(new)] = new
    Image.fromarray(picture).save(path, optimize=True)


def points_of(outcome: Outcome) -> list[list[float]]:
    """Return some samples, to three digits; none where they are no numbers."""
    points = outcome.sample(POINTS, seed=5, averaged=False)
    if not points.isfinite().all():
        return []
    return [[round(float(x), 3) for x in point] for point in points]


def report_row(row: dict) -> None:
    """Print one line of the table."""
    misfits = (f"{row[key] if row[key] is not None else math.nan:8.3g}" for key in MISFITS)
    more = row.get("cure", row.get("suspect", ""))
    print(
        f"{row['fault']:24} {more:24} {row['seed']:4}  {row['value']:9.3g} "
        f"{row['healthy']:9.3g}  {row['shows']!s:5} {' '.join(misfits)} {row['seconds']:6.1f}",
        flush=True,
    )


def main() -> None:
    """Run what is missing, print a table and write the JSON file if asked."""
    faults = {"nargs": "+", "choices": tuple(FAULTS), "default": tuple(FAULTS), "metavar": "NAME"}
    options = report.options(__doc__, data=DATA, seeds=5, faults=faults)
    seeds = options.seeds[:1] if options.quick else options.seeds
    rows = []
    if options.json and options.json.is_file():
        rows = json.loads(options.json.read_text())["rows"]
    done = {(row["fault"], row.get("cure"), row.get("suspect"), row["seed"]) for row in rows}
    print(f"{'fault':24} {'cure':24} seed      value   healthy  shows   misfit  healthy seconds")
    for seed in seeds:
        twins: dict[tuple, tuple[Outcome, float]] = {}  # the healthy run of each home
        for fault in FAULTS.values():
            if fault.home["data"] not in options.data or fault.name not in options.faults:
                continue
            well = fault.healthy(seed)
            sick = fault.plant(well)
            cases = {(None, None): sick}
            if seed < CURE_SEEDS:
                cures, suspects = CURES.get(fault.name, {}), SUSPECTS.get(fault.name, {})
                cases |= {(name, None): change(sick, well) for name, change in cures.items()}
                cases |= {(None, name): change(well) for name, change in suspects.items()}
            for (cure, suspect), case in cases.items():
                if (fault.name, cure, suspect, seed) in done:
                    continue
                began = time.process_time()
                held_out, home = well.held_out[:], tuple(sorted(fault.home.items()))
                if home not in twins:
                    twin = well.run()
                    twins[home] = twin, misfit(twin, held_out)
                twin, healthy_misfit = twins[home]
                outcome = case.run()
                value, healthy = fault.measure(outcome), fault.measure(twin)
                row = {
                    "data": fault.home["data"],
                    "loss": well.loss,
                    "network": well.network,
                    "fault": fault.name,
                    "seed": seed,
                    "signature": fault.sign,
                    "value": value,
                    "healthy": healthy,
                    "threshold": fault.threshold,
                    "shows": fault.shows(value),
                    "false_alarm": fault.shows(healthy),
                    "stopped": outcome.stopped is not None,
                    "misfit": misfit(outcome, held_out),
                    "healthy_misfit": healthy_misfit,
                    "seconds": time.process_time() - began,
                }
                if cure:
                    row["cure"] = cure
                elif suspect:
                    row["suspect"] = suspect
                elif seed == 0 and not case.images:
                    row |= {"healthy_points": points_of(twin), "points": points_of(outcome)}
                elif options.json and seed == 0:
                    below = [other["strip"] + 2 * SIDE for other in rows if "strip" in other]
                    row["strip"] = max(below, default=0)
                    draw_strips(options.json.with_suffix(".png"), row["strip"], twin, outcome)
                rows.append(row)
                report_row(row)
                report.write("faults", rows, options.json)


if __name__ == "__main__":
    main()
