"""How well are holes filled: by simple means, by an L1 network, by an adversarial one?

    python benchmarks/repair.py [--quick] [--json FILE] [--only PART ...] [--seeds 0 1 2]
                                [--precision fp32] [--pictures FOLDER]

``soccer`` repairs footballs on grass, 32x32 with an 18x18 hole in the middle: simple baselines, a
U-Net trained by L1 alone, and the same U-Net whose last steps add an adversarial loss of several
weights, all with the same total compute (L1 steps are cheaper, so the L1 network gets more of
them). The parts ``short`` and ``long`` compare L1 alone with a game of weight 1 in two fifths and
in nearly twice the compute, with a smaller discriminator that looks at smaller patches. ``digits``
repairs 8x8 digits with a 4x4 hole: the articles' formulas read literally, cured one step at a time,
and a search among latent codes.

Rate and beta1 are searched equally (`equal.py`): every method tries four settings with a seed that
no row has, on validation pictures, scored by the error in the hole times the distance in texture
(of digits: in the features of a classifier). Networks for footballs are searched within the short
budget, and so is what the other budgets take. What is not trained tries four patch sizes or numbers
of components. All numbers of the rows are from the test split.

What came before and is not equal: the game's weight of 1 and its patches of 12 pixels, in ``short``
and ``long``, were chosen by an earlier form of this script on validation pictures, at a rate of
.001 and a beta1 of .5 (its trials: ``results/repair_search.json``), after some single runs of half
a minute, in which other losses, a faster discriminator, one that is shown the mask, and other
strengths of R1 did not help. Of L1 alone there is nothing like it to choose.

Every row is written to the JSON file as soon as it is measured, and rows and trials that the file
holds are not computed again: a run that was cut off goes on, and parts and seeds can be run one by
one. Warm-ups are kept beside the file for that purpose. A processor without instructions for bf16
takes fifteen times as long for such a step as in fp32: then use ``--precision fp32``.

``--pictures FOLDER`` also writes what seed 0 of each method makes of the first test pictures, one
strip a method: ``results/repair_pictures``.
"""

import argparse
from functools import partial
from pathlib import Path

from repair_digits import digits, digits_noise
from repair_footballs import BUDGETS, soccer_baselines, soccer_networks
from repair_keeper import COLUMNS, Keeper

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
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16", help="of networks")
    parser.add_argument("--pictures", type=Path, help="write strips of repairs to this folder")
    options = parser.parse_args()
    seeds = options.seeds[:1] if options.quick else options.seeds
    keep = Keeper(options.json, options.pictures, options.precision)
    print(f"{'data':7} {'method':32} s", *(f"{column[:9]:>9}" for column in COLUMNS))
    for part in options.only:
        PARTS[part](seeds, options.quick, keep)


if __name__ == "__main__":
    main()
