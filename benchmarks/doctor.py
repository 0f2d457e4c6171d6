"""How good is the doctor? A medical test of `gan_tutorial.doctor` on sick and healthy runs.

Each configuration (data, loss, networks, learning rate) is run healthy with several seeds, and
once with each fault that can be planted in it. The thresholds of the doctor's rules were fixed on
the runs of the split "tuned"; those of the split "untouched" were run after that. For each run the
table says what was found: a fault, "healthy", or "unknown" (not well, with no name for it).

- false_alarm: share of the healthy runs that are not found healthy.
- sensitivity: share of the runs with a fault that did harm that are not found healthy.
- named: share of those that get the right name.
- wrong_name: share of all runs with a fault that get the name of another one.

Did a fault do harm? That is measured on the samples, by numbers that the doctor does not use: the
FID in the features of the library's network for the digits, and one over the coverage of 1,000
held-out samples by 1,000 generated ones for the rest. Harm is half as much again as the worst
healthy run of the configuration.

`found_in_table` is what the history alone says, as for a CSV file from somebody else's loop,
without a check-up of the networks and without watching a step.

    python benchmarks/doctor.py [--quick] [--json FILE] [--split NAME] [--runs FILE] [--seconds N]

With --runs, what each run showed is kept in that file; runs that are there already are judged again
without being trained again, and with --seconds the training can be done in several parts.

The result also holds what the doctor costs: the processor time of its looks, divided by that of the
steps of training between them.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import report
import torch
from torch.nn import functional
from verdicts import rates

from gan_tutorial import GAN, data, fit, metrics
from gan_tutorial.doctor import HEALTHY, Doctor, Finding, compare_samples
from gan_tutorial.doctor.diagnosis import report_on
from gan_tutorial.faults import FAULTS, healthy

SPLITS = {
    "tuned": (
        {"data": "ring", "loss": "relativistic", "network": "mlp", "lr": 1.5e-3},
        {"data": "digits", "loss": "non-saturating", "network": "mlp", "lr": 2e-3, "r1": 0.0},
        {"data": "soccer", "loss": "non-saturating", "network": "dcgan-batch", "lr": 1e-3},
    ),
    "untouched": (
        {"data": "swiss_roll", "loss": "non-saturating", "network": "mlp", "lr": 7e-4, "width": 64},
        {"data": "digits", "loss": "relativistic", "network": "dcgan", "lr": 5e-4, "steps": 300},
        {"data": "digits", "loss": "wasserstein", "network": "mlp", "lr": 1e-3, "width": 64},
        {"data": "soccer", "loss": "hinge", "network": "dcgan-batch", "lr": 5e-4},
    ),
}
HEALTHY_RUNS = {"tuned": 3, "untouched": 5}
HARM = 1.5


def named(configuration: dict) -> str:
    """Name a configuration in one line."""
    return ", ".join(f"{key} {value}" for key, value in configuration.items())


# Samples of a generator that learned other units are compared in the units of the data set.
UNITS = {
    "bytes-against-tanh": lambda x: x / 127.5 - 1,
    "unit-range-against-tanh": lambda x: 2 * x - 1,
}


def badness(outcome, held_out) -> float:
    """Measure how far samples are from held-out data, in a way that the doctor does not use."""
    fake = outcome.sample(1000, seed=0)
    fake = UNITS.get(outcome.case.fault, lambda x: x)(fake)
    if not torch.isfinite(fake).all():
        return float("inf")
    if held_out.name == "digits":
        held_out, fake = (functional.interpolate(x[:], size=8) for x in (held_out, fake))
        real, fake = (metrics.extract(x, "digits") for x in (held_out, fake.clamp(-1, 1)))
        return metrics.fid(real, fake, spread=False).value
    return 1 / max(1e-3, compare_samples(held_out[:1000], fake)["coverage"])


def examine(configuration: dict, fault: str, seed: int, quick: bool = False) -> dict:
    """Train one run with the doctor beside it; return all that it saw."""
    case = twin = healthy(seed=seed, **configuration)
    if fault != HEALTHY:
        case = FAULTS[fault].plant(case)
    doctor = Doctor(held_out=case.held_out, every=50, warn=False)  # the runs are short
    began = time.process_time()
    outcome = case.run(steps=60 if quick else None, callbacks=[doctor])
    seconds = time.process_time() - began
    said = doctor.report(outcome.stopped)
    history = outcome.history
    return {
        "configuration": configuration,
        "fault": fault,
        "seed": seed,
        "seconds": round(seconds, 2),
        "stopped": outcome.stopped,
        "badness": float("inf") if outcome.stopped else badness(outcome, twin.held_out),
        "facts": [
            {"fault": f.fault, "confidence": f.confidence, "evidence": f.evidence}
            for f in (*doctor.facts, *(f for f in said.findings if "The run stopped" in f.evidence))
        ],
        "table": {
            name: [None if v != v else float(f"{v:.5g}") for v in history[name]]
            for name in history.columns
        },
    }


def judge(run: dict, worst_healthy: float, split: str) -> dict:
    """Turn what was seen in a run into a row of the result."""
    table = {
        name: torch.tensor([float("nan") if v is None else v for v in values]).double().numpy()
        for name, values in run["table"].items()
    }
    facts = [Finding(f["fault"], f["confidence"], f["evidence"], "") for f in run["facts"]]
    loss = run["configuration"]["loss"]
    if run["fault"] in ("saturating-strong-d", "saturating-loss"):
        loss = "minimax"
    certain = {fact.fault for fact in facts if fact.confidence >= 0.5}
    full, bare = report_on(table, loss, facts), report_on(table, loss, [])
    return {
        **run["configuration"],
        "fault": run["fault"],
        "seed": run["seed"],
        "split": split,
        "found": full.name,
        "confidence": round(full.findings[0].confidence, 3) if full.findings else None,
        "by": None if full.name == HEALTHY else "fact" if full.name in certain else "sign",
        "found_in_table": bare.name,
        "harm": run["fault"] != HEALTHY and run["badness"] > HARM * worst_healthy,
        "seconds": run["seconds"],
    }


def plan(splits) -> list[tuple[str, dict, str, int]]:
    """List all runs: split, configuration, fault, seed."""
    runs = []
    for split in splits:
        for configuration in SPLITS[split]:
            runs += [(split, configuration, HEALTHY, seed) for seed in range(HEALTHY_RUNS[split])]
            case = healthy(**configuration)
            runs += [
                (split, configuration, name, 100)
                for name, fault in FAULTS.items()
                if fault.applies(case)
            ]
    return runs


COSTS = (
    ("ring, fully connected", "ring", {}, 400),
    ("digits, fully connected", "digits", {}, 400),
    ("footballs of 32x32, convolutional", "soccer", {"count": 256}, 100),
)


def cost(name: str, load: dict, steps: int) -> float:
    """Return the time of the doctor's looks over that of the training beside them."""
    samples = data.load(name, **load)
    doctor, spent = Doctor(held_out=samples, warn=False), []

    def timed(run):
        began = time.process_time()
        doctor(run)
        if run.step > 2:  # not the check-up, which is done once
            spent.append(time.process_time() - began)

    began = time.process_time()
    fit(GAN.for_data(samples), samples, steps, callbacks=[timed], progress=False, device="cpu")
    whole = time.process_time() - began
    return sum(spent) / (whole - sum(spent))


def trained(options) -> dict[tuple, dict]:
    """Return what each run of the plan showed, from the file or from training it now."""
    runs, began = {}, time.process_time()
    if options.runs and options.runs.is_file():
        for line in options.runs.read_text().splitlines():
            run = json.loads(line)
            runs[named(run["configuration"]), run["fault"], run["seed"]] = run
    for _, configuration, fault, seed in plan(options.split):
        key = named(configuration), fault, seed
        if key in runs:
            continue
        if time.process_time() - began > options.seconds:
            raise SystemExit(f"Out of time; {options.runs} holds {len(runs)} runs. Go on later.")
        runs[key] = examine(configuration, fault, seed, options.quick)
        print(*key, runs[key]["seconds"], flush=True)
        if options.runs:
            with open(options.runs, "a") as file:
                file.write(json.dumps(runs[key]) + "\n")
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="60 steps in place of hundreds")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--split", nargs="+", choices=tuple(SPLITS), default=list(SPLITS))
    parser.add_argument("--runs", type=Path, help="keep what each run showed in this file")
    parser.add_argument("--seconds", type=float, default=1e9, help="train for so long at most")
    options = parser.parse_args()
    torch.set_num_threads(1)
    runs, rows = trained(options), []
    for split in options.split:
        for configuration in SPLITS[split]:
            name = named(configuration)
            here = [run for key, run in runs.items() if key[0] == name]
            worst = max(run["badness"] for run in here if run["fault"] == HEALTHY)
            rows += [judge(run, worst, split) for run in here]
    print(f"{'':9}{'configuration':46}{'planted':26}{'harm':6}{'found':26}in the table")
    for row in rows:
        where = f"{row['data']}, {row['loss']}, {row['network']}, {row['lr']:g}"
        harm = "yes" if row["harm"] else ""
        print(
            f"{row['split'][:8]:9}{where:46}{row['fault']:26}{harm:6}{row['found']:26}"
            f"{row['found_in_table']}"
        )
    summary = {}
    for split in options.split:
        of_split = [row for row in rows if row["split"] == split]
        summary[split] = rates(of_split)
        summary[f"{split}_table"] = rates(of_split, "found_in_table")
        print(split, summary[split], "from the table alone:", summary[f"{split}_table"], sep="\n  ")
    costs = []
    for name, samples, load, steps in COSTS:
        ratios = [cost(samples, load, 60 if options.quick else steps) for _ in range(3)]
        costs.append({"work": name, "ratio": round(statistics.median(ratios), 4)})
        print(f"a look every 100 steps costs {costs[-1]['ratio']:.2%} of {name}")
    if options.json:
        result = {"name": "doctor", "machine": report.machine(), "rows": rows}
        result |= {"summary": summary, "cost": costs}
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
