"""What is a trained generator worth on another task? Fine-tuning against training from scratch.

    python benchmarks/finetune.py [--quick] [--json FILE]

The shipped 64x64 generator has learned footballs on grass. It is trained on to draw them on plain
ground of any color, beside a generator with fresh weights: the same data, discriminator, recipe,
seeds and number of steps. Three seeds (one with --quick). `fid` compares 1,000 samples, halved to
32x32, with 1,000 held-out pictures in the features of the library's football network; "real" is
the floor. Seconds are those of the processor.
"""

import time

import report
import torch
from torch.nn.functional import interpolate

from gan_tutorial import GAN, checkpoints, data, fit, metrics

STEPS, BATCH, SAMPLES = 160, 16, 1000
LOOKS = (0, 5, 10, 20, 40, 80, 160)


def halved(images):
    """Shrink 64x64 pictures to the size that the feature network looks at."""
    small = interpolate(images, size=32, mode="bilinear", antialias=True)
    return small.clamp(-1, 1)


class Looks:
    """Measure samples after some of the steps, with the clock stopped."""

    def __init__(self, method: str, seed: int, real):
        self.method, self.seed, self.real, self.rows = method, seed, real, []
        self.began, self.seconds = time.process_time(), 0.0

    def look(self, gan, step: int) -> None:
        self.seconds += time.process_time() - self.began
        samples = halved(gan.sample(SAMPLES, seed=self.seed + 1000))
        value = metrics.fid(self.real, metrics.extract(samples, "soccer"), spread=False).value
        self.rows.append(row(self.method, self.seed, step, value, self.seconds))
        self.began = time.process_time()

    def __call__(self, run) -> None:
        if run.step in LOOKS:
            self.look(run.task, run.step)


def row(method: str, seed: int, step: int, fid: float, seconds: float) -> dict:
    """Make a row of the table."""
    return {
        "data": "soccer64 on plain ground",
        "method": method,
        "seed": seed,
        "step": step,
        "fid": fid,
        "seconds": seconds,
    }


def train(method: str, seed: int, pictures, real, steps: int) -> list[dict]:
    """Train one generator, with a fresh discriminator, and return its rows."""
    torch.manual_seed(seed)
    gan = GAN.for_data(pictures, ema=0.98)  # the run is short: average over fifty steps
    if method == "fine-tuned":
        weights = checkpoints.load_generator(checkpoints.shipped("soccer64")).state_dict()
        gan.generator.load_state_dict(weights)
        gan.average["generator"].load_state_dict(weights)
    looks = Looks(method, seed, real)
    looks.look(gan, 0)
    fit(
        gan,
        pictures,
        steps,
        batch_size=BATCH,
        seed=seed,
        precision="bf16",
        device="cpu",
        callbacks=[looks],
        progress=False,
    )
    return looks.rows


def main() -> None:
    """Train both ways with every seed, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    torch.set_num_threads(1)
    steps = 20 if options.quick else STEPS
    plain = {"count": SAMPLES, "ground": "plain"}
    real = metrics.extract(data.load("soccer", "test", image_size=32, **plain), "soccer")
    other = metrics.extract(data.load("soccer", "validation", image_size=32, **plain), "soccer")
    rows = [row("real", 0, 0, metrics.fid(real, other, spread=False).value, 0.0)]
    print("method        seed  step     fid  seconds")
    for seed in range(1 if options.quick else 3):
        pictures = data.load("soccer", image_size=64, seed=seed, **plain)
        for method in ("fine-tuned", "from scratch"):
            new = train(method, seed, pictures, real, steps)
            rows += new
            for r in new:
                print(
                    f"{r['method']:13} {r['seed']:4} {r['step']:5} {r['fid']:7.1f} "
                    f"{r['seconds']:8.1f}",
                    flush=True,
                )
    report.write("finetune", rows, options.json)


if __name__ == "__main__":
    main()
