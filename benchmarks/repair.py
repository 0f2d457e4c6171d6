"""How well are holes filled: by simple means, by an L1 network, by an adversarial one?

    python benchmarks/repair.py [--quick] [--json FILE] [--only PART ...] [--seeds 0 1 2]
                                [--split validation] [--weights W ...] [--patches 12]
                                [--precision fp32]

``soccer`` repairs footballs on grass, 32x32 with an 18x18 hole in the middle: simple baselines, a
U-Net trained by L1 alone, and the same U-Net whose last steps add an adversarial loss of several
weights, all with the same total compute (L1 steps are cheaper, so the L1 network gets more of
them). ``digits`` repairs 8x8 digits with a 4x4 hole: the articles' formulas read literally, cured
one step at a time, and a search among latent codes. Settings were chosen on the validation split;
all numbers are from the test split. Every row is written to the JSON file as soon as it is
measured, and rows that the file holds are not measured again: a run that was cut off goes on, and
parts and seeds can be run one by one. Warm-ups are kept beside the file for that purpose.

The parts ``short`` and ``long`` compare the same two with two fifths and with nearly twice the
compute, and with a smaller discriminator that looks at smaller patches:

    python benchmarks/repair.py --only short long --json FILE

How widely settings were searched is written with the rows, under ``search``. The weight 1 of
``short`` and ``long`` was chosen among those of ``results/repair_search.json``:

    python benchmarks/repair.py --only short --split validation --weights 0.7 1 1.4 --json SEARCH
    python benchmarks/repair.py --only short --split validation --weights 0.4 --patches 26 ...

Before that, single runs of half a minute on validation pictures told what to look at. Smaller
patches and a narrower discriminator cost less PSNR for the same texture, and less time. A
non-saturating or hinge loss, another decay of Adam's moments, twice the discriminator's learning
rate, a discriminator that is shown the mask or sees 54 pixels, a weaker or a stronger R1 did not
help, or moved along the same trade. L1 alone had no such trials.

``--pictures FOLDER`` also writes what seed 0 of each method makes of the first test pictures, one
strip a method. Those of ``results/repair_pictures`` are from

    python benchmarks/repair.py --only baselines networks short long --seeds 0 --json NEW \\
        --pictures benchmarks/results/repair_pictures --precision fp32

(The rows were measured in bf16. A processor without instructions for it takes fifteen times as long
for such a step as in fp32, so the strips are from runs in fp32.)
"""

import argparse
from functools import partial
from pathlib import Path

from repair_digits import digits, digits_noise
from repair_footballs import BUDGETS, JUDGES, soccer_baselines, soccer_networks
from repair_keeper import COLUMNS, Keeper

USUAL = ["baselines", "networks", "digits", "noise"]
PARTS = {
    "baselines": soccer_baselines,
    **{name: partial(soccer_networks, name=name) for name in BUDGETS},
    "digits": digits,
    "noise": digits_noise,
}


def main() -> None:
    """Run the parts asked for, print a table and write the JSON file if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few steps on a few pictures")
    parser.add_argument("--json", type=Path, help="write the rows to this file; go on if it exists")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=USUAL)
    parser.add_argument(
        "--split", choices=("test", "validation"), default="test", help="to measure"
    )
    parser.add_argument(
        "--weights", nargs="+", type=float, default=[1.0], help="of the parts short and long"
    )
    parser.add_argument(
        "--patches", type=int, choices=JUDGES, default=12, help="side, in short and long"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16", help="of networks")
    parser.add_argument("--pictures", type=Path, help="write strips of repairs to this folder")
    options = parser.parse_args()
    seeds = options.seeds[:1] if options.quick else options.seeds
    keep = Keeper(options.json, options.split, options.weights, options.patches, options.pictures)
    keep.precision = options.precision
    if options.split != "test" and not set(options.only) <= set(BUDGETS):
        parser.error(
            f"only {', '.join(BUDGETS)} are measured on another split: name them by --only"
        )
    print(f"{'data':7} {'method':32} s", *(f"{column[:9]:>9}" for column in COLUMNS))
    for part in options.only:
        PARTS[part](seeds, options.quick, keep)


if __name__ == "__main__":
    main()
