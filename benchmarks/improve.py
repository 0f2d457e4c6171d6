"""Which advice improves a GAN? Each piece alone, at equal compute, on a plain and a modern GAN.

    python benchmarks/improve.py [--data digits soccer transfer] [--seeds N ...] [--minutes M]
                                 [--quick] [--json FILE]

``digits``: scikit-learn's 8x8 digits, fully connected networks. Two starting points: ``plain``, the
non-saturating game with Adam as in the DCGAN paper, at a rate that the validation split chose, and
``modern``, the library's recipe (relativistic loss, R1 and R2, average of the weights, rate held
and then lowered). Every variant changes one thing in one of them. ``ladder`` goes from one starting
point to the other, one change at a time.

Equal compute: every variant is trained for the processor time, on one thread, of `BUDGET` steps of
the plain GAN. What a step costs is timed once for each kind of variant, in short turns with the
plain GAN, so that whatever else the machine does disturbs both; the fastest turns count. All seeds
then take the same number of steps (`improve_costs.py`). `seconds` is what a run took.

``soccer``: footballs of 32x32 pixels, drawn at once, by growing networks (8, 16, 32), and by two
stages (16, then a refiner to 32), all in the time of `SOCCER_BUDGET` steps at full size.
``transfer``: fifty pictures of the digits 5 to 9 (ten of each),
from scratch and from networks trained on the digits 0 to 4.

Where an advice has a strength (a rate, a noise, a weight), `improve_search.py` tries several with
one seed that is used nowhere else, and the one with the best FID on the *validation* split is
taken. Reported is the *test* split: FID, precision and
recall in the features of the library's own networks, means over three draws of as many samples.
`memorized` is the probability that a sample is nearer to the training set than a test picture is
(0.5 is fair), `gap` the mean logit of training pictures minus that of validation pictures, in
standard deviations of the latter.

A file that exists is added to, and what it holds is not run again.
"""

import argparse
import itertools
import time
from pathlib import Path

import torch
from improve_search import search
from improving.judging import Judge, Rows, digits_run
from improving.soccer import do_soccer
from improving.training import build, cost, run
from improving.variants import BUDGET, SEARCHED, SHARED, Change, all_variants, chosen
from torch import Tensor

from gan_tutorial import GAN, data, fit
from gan_tutorial.training import NonFiniteError


def do_digits(rows: Rows, seeds: list[int], quick: bool) -> None:
    """Run what is missing of the ablation."""
    samples, validation, test = (data.load("digits", s) for s in ("train", "validation", "test"))
    judge = Judge(samples, validation, test)
    budget = BUDGET / (20 if quick else 1)
    if not quick:
        search(Rows("improve_search", SEARCHED, (rows.until - time.monotonic()) / 60))
    for (base, topic, name, change), seed in itertools.product(all_variants(), seeds):
        if seed > 2 and topic != "baseline":
            continue  # five seeds for the two starting points, three for the rest
        if (base, name) in SHARED or rows.find(data="digits", base=base, variant=name, seed=seed):
            continue
        if rows.late():
            return
        picked = chosen(base, name, change)
        try:
            digits_run(rows, judge, samples, base, topic, name, picked, seed, budget)
        except NonFiniteError as error:
            print(base, name, seed, error, flush=True)


def do_transfer(rows: Rows, seeds: list[int], quick: bool) -> None:
    """Learn five digits from ten pictures of each, with and without having learned five others."""
    splits = [data.load("digits", split) for split in ("train", "validation", "test")]
    old, _, _ = (s.subset(s.labels < 5) for s in splits)
    pool, validation, test = (s.subset(s.labels >= 5) for s in splits)
    judge = Judge(pool, validation, test)
    modern = Change()
    whole = (BUDGET / (20 if quick else 1)) / cost(pool, "modern", modern)  # steps

    for seed in sorted(seeds)[:3]:
        methods = ("from scratch", "from scratch, twice the time", "fine-tuned",
                   "fine-tuned, lower half of D fixed")  # fmt: skip
        missing = [
            (method, given)
            for method, given in itertools.product(methods, (0.25, 1.0))
            if (method, given) != ("from scratch, twice the time", 0.25)
            and not rows.find(data="transfer", variant=method, seed=seed, given=given)
        ]
        if not missing or rows.late():
            continue
        shuffled = torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))
        chosen_rows = [shuffled[pool.labels[shuffled] == k][:10] for k in range(5, 10)]
        few = pool.subset(torch.cat(chosen_rows))
        taught = run(old, "modern", modern, seed, round(whole))
        for method, given in missing:
            steps = round(whole * given * (2 if "twice" in method else 1))
            gan = build(few, "modern", modern, seed)
            if method.startswith("fine-tuned"):
                for name, network in gan.networks.items():
                    network.load_state_dict(taught.networks[name].state_dict())
                weights = taught.average["generator"].state_dict()
                gan.generator.load_state_dict(weights)
                gan.average["generator"].load_state_dict(weights)
            if "fixed" in method:  # Mo et al. (2020): the lower layers of D stay as they are
                upper = list(gan.discriminator.parameters())[4:]
                gan.optimizers["discriminator"] = torch.optim.Adam(upper, 2e-3, (0.0, 0.9))
            began = time.process_time()
            fit(gan, few, steps, batch_size=50, schedule="hold-cosine", seed=seed, device="cpu",
                progress=False)  # fmt: skip
            took = time.process_time() - began

            def sample(count: int, gan: GAN = gan, seed: int = seed) -> Tensor:
                return gan.sample(count, seed=1000 + seed)

            found = judge.measure(sample, few)
            rows.add(
                data="transfer", base="modern", topic="transfer", variant=method, seed=seed,
                given=given, steps=steps, seconds=took, **found,
            )  # fmt: skip


def main() -> None:
    """Run what was asked for and is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the training time")
    parser.add_argument("--json", type=Path, help="add the rows to this file")
    parser.add_argument("--data", nargs="+", choices=tuple(WORKS), default=list(WORKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--minutes", type=float, default=1e9, help="start no run after these")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = Rows("improve", options.json, options.minutes)
    for name in options.data:
        WORKS[name](rows, options.seeds, options.quick)


WORKS = {"digits": do_digits, "soccer": do_soccer, "transfer": do_transfer}

if __name__ == "__main__":
    main()
