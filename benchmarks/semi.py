"""What are unlabeled pictures worth? Nine ways to learn from few labels, five seeds each.

For each data set, number of labels and seed, prints the accuracy on the test split. Unlabeled are
all 1,197 training digits; of MNIST, shrunk to 16x16, 5,000 pictures drawn with seed 0 (its files
are read from GAN_TUTORIAL_DATA_DIR or downloaded). A seed decides which samples are labeled, the
first weights and all noise. All classifiers have the same body, and are trained for as many steps
as the K+1 GAN; so are the VAEs, or for longer. ("steps" of a row counts all stages together. The
GANs whose features are used take 2,000, and fine-tuning 800 more.) On MNIST the VAE may also train
for as many processor seconds as the K+1 GAN takes, if the validation split says so. The results of
three baselines with 800 steps are kept in results/semi_short.json: the chapter compares them.

Every setting is chosen on the validation split, from the grids in `semi_methods.py`, by one run
with 50 labels and a seed that is not among the five:

    python benchmarks/semi.py --search [--data NAME] [--method NAME ...]

writes the validation accuracies to results/semi_search.json, where the benchmark finds the best
setting of each method. Settings of baselines are searched like those of the GANs, and learning
rates on both sides of the K+1 GAN's.

    python benchmarks/semi.py [--quick] [--json FILE] [--data NAME] [--seed N ...] [--method NAME]

With --json, rows that the file has already are kept, and only the others are run: parts may be run
one after the other.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import report
from semi_methods import METHODS, SETUPS, grids, run, steps_of

SEARCH_FILE = Path(__file__).parent / "results" / "semi_search.json"
SEARCH_SEED, SEARCH_LABELS = 100, 50


def stored(path: Path | None) -> list[dict]:
    """Return the rows that a result file holds already."""
    return json.loads(path.read_text())["rows"] if path and path.exists() else []


def search(names: Sequence[str], methods: Sequence[str], quick: bool) -> None:
    """Measure every setting on the validation split; write after each, so that a run may stop."""
    rows = stored(SEARCH_FILE)
    done = {(row["data"], row["method"], json.dumps(row["setting"])) for row in rows}
    for name, method in product(names, methods):
        for setting in grids(name)[method]:
            if (name, method, json.dumps(setting)) in done:
                continue
            began = time.process_time()
            accuracy = run(
                name, method, SEARCH_LABELS, SEARCH_SEED, setting, "validation", quick
            )  # fmt: skip
            seconds = time.process_time() - began
            print(
                f"{name:7} {method:25} {accuracy:.3f} {seconds:5.1f} s  {setting}",
                flush=True,
            )
            rows.append(
                {
                    "data": name,
                    "method": method,
                    "setting": setting,
                    "steps": steps_of(name, method, setting),
                    "labels": SEARCH_LABELS,
                    "seed": SEARCH_SEED,
                    "validation_accuracy": accuracy,
                }
            )
            if not quick:
                report.write("semi_search", rows, SEARCH_FILE)


def best_settings() -> dict[tuple[str, str], dict]:
    """Return the setting of each data set and method with the best validation accuracy."""
    best: dict[tuple[str, str], dict] = {}
    for row in stored(SEARCH_FILE):
        key = row["data"], row["method"]
        if key not in best or row["validation_accuracy"] > best[key]["validation_accuracy"]:
            best[key] = row
    return {key: row["setting"] for key, row in best.items()}


def show(rows: list[dict]) -> None:
    """Print mean and standard deviation over seeds, a method a line."""
    for name in dict.fromkeys(row["data"] for row in rows):
        labels = SETUPS[name]["labels"]
        print(f"\n{name:25}" + "".join(f"{count:>16} labels" for count in labels))
        for method in METHODS:
            cells = []
            for count in labels:
                key = (name, method, count)
                values = [
                    row["accuracy"]
                    for row in rows
                    if (row["data"], row["method"], row["labels"]) == key
                ]
                deviation = f" +- {statistics.stdev(values):.3f}" if len(values) > 1 else ""
                cells.append(f"{statistics.fmean(values):.3f}{deviation}" if values else "")
            print(f"{method:25}" + "".join(f"{cell:>23}" for cell in cells))


def main() -> None:
    """Search for settings, or run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few steps of one seed on digits")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--search", action="store_true", help="choose settings, on validation")
    parser.add_argument("--data", choices=tuple(SETUPS), action="append", help="run only this")
    parser.add_argument("--method", choices=METHODS, action="append", help="run only this")
    parser.add_argument("--seed", type=int, action="append", help="run only this")
    options = parser.parse_args()
    names = options.data or (["digits"] if options.quick else list(SETUPS))
    methods = options.method or list(METHODS)
    if options.search:
        search(names, methods, options.quick)
        return
    seeds = options.seed or ([0] if options.quick else range(5))
    settings = best_settings()
    rows = stored(options.json)
    done = {(row["data"], row["labels"], row["method"], row["seed"]) for row in rows}
    for name, seed, method in product(names, seeds, methods):
        for count in SETUPS[name]["labels"]:
            if (name, count, method, seed) in done:
                continue
            setting = settings[name, method]
            accuracy = run(name, method, count, seed, setting, "test", options.quick)
            rows.append(
                {
                    "data": name,
                    "labels": count,
                    "method": method,
                    "seed": seed,
                    "steps": steps_of(name, method, setting),
                    "accuracy": accuracy,
                }
            )
            report.write("semi", rows, options.json)
    show(rows)


if __name__ == "__main__":
    main()
