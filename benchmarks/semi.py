"""What are unlabeled pictures worth? Eleven ways to learn from few labels, five seeds each.

    python benchmarks/semi.py [--quick] [--json FILE] [--data NAME ...] [--seeds N ...]

For each data set, number of labels and seed, prints the accuracy on the test split. Unlabeled are
all 1,197 training digits; of MNIST, shrunk to 16x16, 5,000 pictures drawn with seed 0 (its files
are read from GAN_TUTORIAL_DATA_DIR or downloaded). A seed decides which samples are labeled, the
first weights and all noise. All classifiers have the same body, and all methods train for about
the same processor time (`semi_methods.py`).

First the search (`equal.py`): every method tries eight settings, the learning rate and beta1 among
them, on 50 labels and seeds that no row has, scored by the accuracy on the validation split. An
earlier version of this table, in which the methods had from 4 to 10 settings and equally many
steps, was looked at on the test split before this one was made.

A file that exists is added to: what it holds, trials and rows, is not run again.
"""

import json
import statistics
import time
from itertools import product

import report
from equal import Search
from semi_methods import CLOSED, METHODS, SETTINGS, SETUPS, TRIALS, run, steps_of

SEARCH_LABELS = 50
MEASURE = f"accuracy on the validation split with {SEARCH_LABELS} labels, higher is better"


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
    """Search for settings, then run the benchmark."""
    options = report.options(__doc__, data=SETUPS, seeds=5)
    stored = options.json and options.json.exists()
    before = json.loads(options.json.read_text()) if stored else {"rows": [], "search": []}
    rows = before["rows"]
    searches = {
        name: Search(
            "rows", MEASURE, TRIALS, seeds=setup["trial_seeds"], where={"data": name},
            closed=CLOSED, before=before["search"],
        )
        for name, setup in SETUPS.items()
    }  # fmt: skip

    def save() -> None:
        entries = [search.entry() for search in searches.values() if search.tried]
        report.write("semi", rows, options.json, search=entries)

    chosen = {}
    for name, method in product(options.data, METHODS):

        def score(setting: dict, seed: int, name: str = name, method: str = method) -> float:
            value = run(name, method, SEARCH_LABELS, seed, setting, "validation", options.quick)
            print(f"{name:7} {method:25} {value:.3f}  {setting}", flush=True)
            return value

        chosen[name, method] = searches[name].run(method, SETTINGS[method], score, save)
    done = {(row["data"], row["labels"], row["method"], row["seed"]) for row in rows}
    for name, seed, method in product(options.data, options.seeds, METHODS):
        for count in SETUPS[name]["labels"]:
            if (name, count, method, seed) in done:
                continue
            setting, began = chosen[name, method], time.process_time()
            accuracy = run(name, method, count, seed, setting, "test", options.quick)
            seconds = time.process_time() - began
            rows.append(
                {
                    "data": name, "labels": count, "method": method, "seed": seed,
                    "steps": sum(steps_of(name, method)), "cpu_seconds": round(seconds, 1),
                    "settings": setting, "accuracy": accuracy,
                }
            )  # fmt: skip
            save()
    show(rows)


if __name__ == "__main__":
    main()
