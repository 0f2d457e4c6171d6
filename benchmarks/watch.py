"""How good is the eye on anyone's loop? A medical test of `Watch` and `check_up(G, D, batch)`.

Six kinds of scripts (`watch_scripts`), each healthy with several seeds, and once with each fault
that X

- false_alarm: share of the healthy runs that are called sick, with a name or without.
- sensitivity: share of the runs with a fault that did harm that are called sick.
- named: share of those that get the fault's name.
- wrong_name: share of all runs with a fault that get the name of another one.

A healthy run has to be one: for two kinds, data in the plane were given up, since there the script
learned nothing in the tuned split, with any rate, and the watch said so.

Did a fault do harm? That is measured on the result, by a number that the watch does not use: one
over the coverage of 1,000 held-out samples by as many generated ones, class by class where there
are classes. Harm is half as much again as the worst healthy run of the script.

    python benchmarks/watch.py [--quick] [--json FILE] [--split NAME] [--runs FILE]

The cost is the processor time of a loop with the watch, over that of the same loop without one.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import report
import torch
import watch_data
import watch_scripts
from torch import nn
from verdicts import rates

from gan_tutorial.doctor import HEALTHY, UNKNOWN, Watch, compare_samples

# script: data when tuned, data untouched, steps, and the rates found on the former
SCRIPTS = {
    "dcgan": ("digits", "footballs", 500, {"lr": 1e-3, "beta1": 0.5}),
    "wgan-gp": ("digits", "shapes", 300, {"lr": 1e-3, "beta1": 0.5}),
    "lsgan": ("digits", "shapes", 600, {"lr": 5e-4, "beta1": 0.5}),
    "hinge": ("digits", "footballs", 800, {"lr": 1e-3, "beta1": 0.0}),
    "ragan": ("ring", "nine", 800, {"lr": 1e-3, "beta1": 0.5}),
    "conditional": ("digits", "shapes", 800, {"lr": 1e-3, "beta1": 0.5}),
}
SPLITS = ("tuned", "untouched")
HEALTHY_RUNS = {"tuned": 2, "untouched": 4}
SEEDS = {"tuned": 100, "untouched": 0}
HARM = 1.5
EVERYWHERE = (
    "zero-grad-d", "zero-grad-g", "shared-update", "one-output-for-both", "frozen-weights",
    "detached", "wrong-sign", "lr-too-high", "strong-d", "weak-d", "tiny-data", "instance-noise",
    "bottleneck",
)  # fmt: skip
LABELED = ("fakes-labeled-real", "label-noise", "unequal-batches")
MORE = {
    "dcgan": (*LABELED, "double-sigmoid", "mixed-batch-norm", "bytes-against-tanh",
              "unit-range-against-tanh"),
    "wgan-gp": ("no-penalty",),
    "lsgan": (*LABELED, "bytes-against-tanh", "unit-range-against-tanh"),
    "hinge": (*LABELED, "double-sigmoid"),
    "ragan": ("double-sigmoid",),
    "conditional": (*LABELED, "double-sigmoid", "bytes-against-tanh", "unit-range-against-tanh"),
}  # fmt: skip
# The names that are right for a fault; for one without a name of its own the doctor may say
# "unknown", or name its effect.
NAMES = {
    "zero-grad-d": ("stale-gradients",),
    "zero-grad-g": ("stale-gradients",),
    "detached": ("frozen-weights",),
    "wrong-sign": (UNKNOWN, "diverging-loss"),
    "no-penalty": (UNKNOWN, "diverging-loss", "strong-d"),
}


def faults_of(kind: str) -> tuple[str, ...]:
    """Return the faults that are planted in a script."""
    return (*EVERYWHERE, *MORE[kind])


def badness(sample, held, classes) -> float:
    """Measure how far samples are from held-out data: one over coverage, by class."""
    fake, labels = sample(1000)
    if not torch.isfinite(fake).all():
        return float("inf")
    covered = []
    for kind in range(int(labels.max()) + 1):
        real, made = held[classes == kind] if labels.max() else held, fake[labels == kind]
        count = min(len(real), len(made))
        covered.append(compare_samples(real[:count], made[:count])["coverage"])
    return 1 / max(1e-3, statistics.mean(covered))


def examine(kind: str, split: str, fault: str, seed: int, quick: bool = False) -> dict:
    """Train one script with the watch in it; return what was found."""
    tuned_on, untouched, steps, lrs = SCRIPTS[kind]
    data = watch_data.load(tuned_on if split == "tuned" else untouched)
    began = time.process_time()
    done = watch_scripts.run(kind, data, fault, seed, 60 if quick else steps, lrs)
    seconds = time.process_time() - began
    certain = [f.fault for f in done.before if f.confidence >= 0.5]
    said = done.report
    worst = max(said.findings, key=lambda f: f.confidence, default=None)
    alone = said.name
    # what the check-up says before the training comes first, unless it is the watch that is sure
    found = certain[0] if certain and (worst is None or worst.confidence < 1) else alone
    return {
        "script": kind, "split": split, "data": untouched if split != "tuned" else tuned_on,
        "fault": fault or HEALTHY, "seed": seed, "found": found, "found_by_watch": alone,
        "found_before": certain[0] if certain else HEALTHY,
        "findings": {f.fault: round(f.confidence, 2) for f in said.findings},
        "evidence": said.findings[0].evidence if said.findings else "",
        "stopped": done.stopped, "seconds": round(seconds, 2),
        "badness": round(badness(done.sample, data[2], data[3]), 3),
    }  # fmt: skip


def rates_of(rows: list[dict], found: str = "found") -> dict:
    """Compute the rates; "unknown" counts as an alarm only where something was found as well."""

    def sick(row: dict) -> bool:
        known = row[found] not in (HEALTHY, UNKNOWN)
        return known or max(row["findings"].values(), default=0) >= 0.5

    def right(row: dict) -> bool:
        return row[found] in NAMES.get(row["fault"], (row["fault"],))

    return rates(rows, found, sick=sick, right=right)


def plan(splits, kinds):
    """List all runs: script, split, fault ("" for none), seed."""
    for split in splits:
        for kind in kinds:
            first = SEEDS[split]
            yield from ((kind, split, "", first + i) for i in range(HEALTHY_RUNS[split]))
            yield from ((kind, split, fault, first + 50) for fault in faults_of(kind))


COSTS = (
    ("points, fully connected, batches of 64", 64, 2, 400),
    ("pictures of 32x32, convolutional, batches of 32", 32, 3, 60),
)


def cost(size: int, channels: int, steps: int) -> float:
    """Return the processor time of a loop with the watch over that without it, less 1."""

    def once(watched: bool) -> float:
        torch.manual_seed(0)
        if channels == 2:
            G, D = watch_scripts.networks("ragan", (2,), 1)
            real, codes = torch.randn(64, 2), (64, watch_scripts.LATENT)
        else:
            up = [nn.ConvTranspose2d(16, 64, 4), nn.ReLU(), nn.ConvTranspose2d(64, 32, 4, 2, 1)]
            up += [nn.ReLU(), nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU()]
            G = nn.Sequential(*up, nn.ConvTranspose2d(16, 3, 4, 2, 1), nn.Tanh())
            down = [nn.Conv2d(3, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1)]
            D = nn.Sequential(*down, nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(4096, 1))
            real, codes = torch.rand(32, 3, 32, 32) * 2 - 1, (32, 16, 1, 1)
        opt_g, opt_d = (torch.optim.Adam(net.parameters(), 1e-3) for net in (G, D))
        watch = Watch(G, D, loss="bce", warn=False) if watched else None
        began = time.process_time()
        for _ in range(steps):
            fake = G(torch.randn(codes))
            opt_d.zero_grad()
            d_loss = watch_scripts.with_logits(D(real), 1.0)
            d_loss = d_loss + watch_scripts.with_logits(D(fake.detach()), 0.0)
            d_loss.backward()
            opt_d.step()
            opt_g.zero_grad()
            g_loss = watch_scripts.with_logits(D(fake), 1.0)
            g_loss.backward()
            opt_g.step()
            if watch is not None:
                watch(real, fake, d_loss=d_loss, g_loss=g_loss)
        return time.process_time() - began

    pairs = [(once(False), once(True)) for _ in range(3)]
    return statistics.median(b for _, b in pairs) / statistics.median(a for a, _ in pairs) - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 steps in place of hundreds")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--split", nargs="+", choices=SPLITS, default=list(SPLITS))
    parser.add_argument("--script", nargs="+", choices=tuple(SCRIPTS), default=list(SCRIPTS))
    parser.add_argument("--runs", type=Path, help="keep what each run showed in this file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    done = {}
    if options.runs and options.runs.is_file():
        for line in options.runs.read_text().splitlines():
            row = json.loads(line)
            done[row["script"], row["split"], row["fault"], row["seed"]] = row
    rows = []
    for kind, split, fault, seed in plan(options.split, options.script):
        key = (kind, split, fault or HEALTHY, seed)
        if key not in done:
            done[key] = examine(kind, split, fault, seed, options.quick)
            if options.runs:
                with open(options.runs, "a") as file:
                    file.write(json.dumps(done[key]) + "\n")
        rows.append(done[key])
    for row in rows:
        same = [r for r in rows if (r["script"], r["split"]) == (row["script"], row["split"])]
        worst = max(r["badness"] for r in same if r["fault"] == HEALTHY)
        row["harm"] = row["fault"] != HEALTHY and row["badness"] > HARM * worst
        harm = "harm" if row["harm"] else ""
        print(
            f"{row['split']:10}{row['script']:12}{row['fault']:24}{row['badness']:8.2f} {harm:5}"
            f"{row['found']:22}{row['found_by_watch']:22}{row['seconds']:6.2f}"
        )
    summary = {}
    for split in options.split:
        here = [row for row in rows if row["split"] == split]
        summary[split] = rates_of(here)
        summary[f"{split}_watch_alone"] = rates_of(here, "found_by_watch")
        print(split, *(summary[split], summary[f"{split}_watch_alone"]), sep="\n  ")
    costs = []
    for name, size, channels, steps in COSTS:
        costs.append({"work": name, "ratio": round(cost(size, channels, steps), 4)})
        print(f"the watch costs {costs[-1]['ratio']:.2%} of {name}")
    if options.json:
        result = {
            "name": "watch", "machine": report.machine(), "rows": rows, "summary": summary,
            "tuned_on": {
                "data": {kind: SCRIPTS[kind][0] for kind in SCRIPTS},
                "seeds": sorted({row["seed"] for row in rows if row["split"] == "tuned"}),
                "not_tuned": "The rules on samples keep the thresholds of benchmarks/doctor.py.",
            },
            "cost": costs,
        }  # fmt: skip
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
