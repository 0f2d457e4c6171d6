"""How strong should each piece of advice be? Every strength once, on the validation split.

    python benchmarks/improve_search.py [--minutes M]

Writes results/improve_search.json, where `improve.py` finds the best strength of each advice that
has one. All runs take the same time, with one seed that is used nowhere else. What the file holds
is not run again.
"""

import argparse

import report
import torch
from improving.judging import Judge, Rows, digits_run
from improving.variants import BUDGET, SEARCH_SEED, SEARCHED, all_variants

from gan_tutorial import data
from gan_tutorial.training import NonFiniteError


def search(rows: Rows) -> None:
    """Try every strength of every advice that has one."""
    samples, validation = (data.load("digits", s) for s in ("train", "validation"))
    judge = Judge(samples, validation, validation)
    for base, topic, name, candidates in all_variants():
        for k, change in enumerate(candidates if isinstance(candidates, list) else []):
            if rows.find(base=base, variant=name, candidate=k) or rows.late():
                continue
            try:
                digits_run(
                    rows, judge, samples, base, topic, name, change, SEARCH_SEED, BUDGET,
                    candidate=k,
                )  # fmt: skip
                rows.rows[-1].pop("fid")  # measured against the validation split as well
            except NonFiniteError:
                print(base, name, k, "left the numbers", flush=True)
                about = {"data": "digits", "base": base, "topic": topic, "variant": name}
                rows.rows.append({**about, "seed": SEARCH_SEED, "candidate": k, "diverged": True})
            report.write("improve_search", rows.rows, rows.path)


def main() -> None:
    """Run what is missing of the search."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1e9, help="start no run after these")
    options = parser.parse_args()
    torch.set_num_threads(1)
    search(Rows("improve_search", SEARCHED, options.minutes))


if __name__ == "__main__":
    main()
