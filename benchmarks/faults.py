"""Does each fault show its sign, and does the healthy run not?

    python benchmarks/faults.py [--quick] [--json FILE] [--data digits ring] [--seeds 0 1 ...]

Every fault of `gan_tutorial.faults` is planted in the healthy run where it is at home, on five
seeds (one with --quick), and its sign is measured on that run and on its healthy twin: the same
seed, the same steps, nothing planted. The thresholds are those of the library, fixed before this
benchmark was run. `misfit` says what the fault does to the samples: the Frechet distance from
held-out data, in the features of the digits' network, or of the points themselves.

Beside FILE comes a picture of the same name: for each fault on images, twelve samples of the
healthy run of the first seed and twelve with the fault, at the heights that the row's `strip` says.

Rows that FILE has already are kept and not run again, so a run that was cut off goes on where it
stopped; delete the file to start anew.
"""

import json
import time
from pathlib import Path

import numpy as np
import report
import torch
from PIL import Image
from torch.nn.functional import interpolate

from gan_tutorial import metrics
from gan_tutorial.faults import FAULTS, Outcome

DATA = ("digits", "ring")
SAMPLES = 1000
SIDE, SHOWN = 16, 12  # pixels of a picture in the strips, pictures in a strip


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


def main() -> None:
    """Run what is missing, print a table and write the JSON file if asked."""
    options = report.options(__doc__, data=DATA, seeds=5)
    seeds = options.seeds[:1] if options.quick else options.seeds
    rows = []
    if options.json and options.json.is_file():
        rows = json.loads(options.json.read_text())["rows"]
    done = {(row["fault"], row["seed"]) for row in rows}
    twins: dict[tuple, tuple[Outcome, float]] = {}  # the healthy run of a home and a seed
    print(f"{'fault':26} seed  {'value':>10} {'healthy':>10}  shows   misfit  healthy  seconds")
    for seed in seeds:
        for fault in FAULTS.values():
            if (fault.name, seed) in done or fault.home["data"] not in options.data:
                continue
            began = time.process_time()
            case = fault.healthy(seed)
            held_out = case.held_out[:]
            home = (*sorted(fault.home.items()), seed)
            if home not in twins:
                twin = case.run()
                twins[home] = twin, misfit(twin, held_out)
            twin, healthy_misfit = twins[home]
            outcome = fault.plant(case).run()
            value, healthy = fault.measure(outcome), fault.measure(twin)
            row = {
                "data": fault.home["data"],
                "loss": outcome.case.loss,
                "network": case.network,
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
            if options.json and case.images and seed == 0:
                row["strip"] = 2 * SIDE * list(FAULTS).index(fault.name)
                draw_strips(options.json.with_suffix(".png"), row["strip"], twin, outcome)
            rows.append(row)
            print(
                f"{row['fault']:26} {seed:4}  {value:10.4g} {healthy:10.4g}  "
                f"{row['shows']!s:5}  {row['misfit'] or float('nan'):7.4g}  {healthy_misfit:7.4g}  "
                f"{row['seconds']:7.1f}",
                flush=True,
            )
            report.write("faults", rows, options.json)
        twins.clear()


if __name__ == "__main__":
    main()
