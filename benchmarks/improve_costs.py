"""What does a step of each variant cost, in steps of the plain GAN?

    python benchmarks/improve_costs.py

Prints the costs by which `improve.py` and `improve_search.py` give all variants the same time, and
writes those that results/improve_costs.json does not hold yet. They are timed in short turns with
the plain GAN, so that whatever else the machine does disturbs both; the fastest turns count.
"""

import torch
from improving.training import cost
from improving.variants import all_variants, chosen

from gan_tutorial import data


def main() -> None:
    """Print what a step of every variant costs."""
    torch.set_num_threads(1)
    samples = data.load("digits")
    for base, topic, name, change in all_variants():
        print(
            f"{base:7} {topic:10} {name:34} {cost(samples, base, chosen(base, name, change)):.2f}"
        )


if __name__ == "__main__":
    main()
