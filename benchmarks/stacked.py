"""How many of Stacked MNIST's 1,000 modes does the recipe find in two minutes on one core?

    python benchmarks/stacked.py [--quick] [--json FILE]

The protocol of Lin et al. (2018), Table 2, with our budget in place of theirs: 128,000 training
pictures, 26,000 samples, a classifier of digits that looks at each channel; but one epoch where
they took fifty. Three seeds (one with --quick, and a tenth of the steps), at 32x32 in bfloat16,
by the recipe of `GAN.for_data`. Seconds are those of the processor. The row called "real" is the
floor: as many pictures stacked from held-out digits.

Beside the JSON file lie two pictures, of the same name and with "_real" behind it: samples of
seed 0, chosen by nobody, and the first of the held-out stacks.

Rows that the JSON file already holds are not computed again, so a run can be cut in pieces.
MNIST has to be at hand: see `data.mnist`.
"""

import json
import time

import report
import torch

from gan_tutorial import GAN, data, fit, metrics, plots

STEPS, BATCH, SAMPLES = 2000, 64, 26_000
LOOKS = (8, 4, 2, 1)  # the samples are looked at after these fractions of the steps
PICTURES = {None: "_real", 0: ""}  # what is drawn: no seed stands for real pictures


def real_row(picture=None) -> dict:
    """Count the modes of real pictures; draw the first ones into a file, if asked."""
    held_out = data.load("stacked_mnist", "test", count=SAMPLES, image_size=32)
    if picture:
        plots.save_image_grid(held_out[:12], picture, columns=12, scale=1)
    found = metrics.stacked_report(held_out)
    return {**row("real", None, 0, 0.0, found), "right": agreement(found, held_out)}


def agreement(found, held_out) -> float:
    """Share of the pictures whose three digits are all recognized."""
    return float((found.labels == held_out.labels).double().mean())


def row(method: str, seed: int | None, step: int, seconds: float, found) -> dict:
    """Make a row of the table."""
    return {
        "data": "stacked_mnist",
        "method": method,
        "seed": seed,
        "step": step,
        "modes": found.modes,
        "kl": found.kl,
        "confidence": found.confidence,
        "seconds": seconds,
        "samples": found.samples,
    }


class Looks:
    """A callback of `fit` that counts modes now and then, with the clock stopped."""

    def __init__(self, seed: int, steps: int):
        self.seed, self.rows = seed, []
        self.due = {steps // part for part in LOOKS}
        self.began = time.process_time()

    def __call__(self, run) -> None:
        if run.step not in self.due:
            return
        seconds = time.process_time() - self.began
        samples = run.task.sample(SAMPLES, seed=self.seed + 1000)
        found = metrics.stacked_report(samples)
        self.rows.append(row("default", self.seed, run.step, seconds, found))
        self.began = time.process_time() - seconds


def train(seed: int, steps: int, picture=None) -> list[dict]:
    """Train one GAN and return its rows; draw its first samples into a file, if asked."""
    stacked = data.load("stacked_mnist", image_size=32, seed=seed)
    torch.manual_seed(seed)
    gan = GAN.for_data(stacked)
    looks = Looks(seed, steps)
    fit(
        gan,
        stacked,
        steps,
        batch_size=BATCH,
        schedule="hold-cosine",
        seed=seed,
        precision="bf16",
        device="cpu",
        callbacks=[looks],
        progress=False,
    )
    if picture:
        plots.save_image_grid(gan.sample(36, seed=1000), picture, columns=12, scale=1)
    return looks.rows


def main() -> None:
    """Train every seed, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    torch.set_num_threads(1)
    steps = STEPS // 10 if options.quick else STEPS
    rows = []
    if options.json and options.json.exists():
        rows = json.loads(options.json.read_text())["rows"]
    print("method   seed   step  modes     KL  confidence  seconds")
    for seed in (None, *range(1 if options.quick else 3)):
        new = [r for r in rows if r["seed"] == seed]
        if not new:
            picture = None
            if options.json and seed in PICTURES:
                picture = options.json.with_name(f"{options.json.stem}{PICTURES[seed]}.png")
            new = [real_row(picture)] if seed is None else train(seed, steps, picture)
            rows += new
            report.write("stacked", rows, options.json)
        for r in new:
            print(
                f"{r['method']:8} {r['seed'] if seed is not None else '':4} {r['step']:6} "
                f"{r['modes']:6} {r['kl']:6.3f} {r['confidence']:11.3f} {r['seconds']:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
