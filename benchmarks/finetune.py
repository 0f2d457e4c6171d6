"""What is a trained generator worth on another task? Fine-tuning against training from scratch.

    python benchmarks/finetune.py [--quick] [--json FILE]

The shipped 64x64 generator has learned footballs on grass. It is trained on to draw them on plain
ground of any color, beside a generator with fresh weights: the same data, discriminator, recipe,
seeds and number of steps. Three seeds (one with --quick). Each of the two first tries the settings
of `TRIED`, with one seed that is used nowhere else, and takes the one with the best FID on the
validation split (`equal.py`). `fid` compares 1,000 samples, halved to 32x32, with 1,000 pictures of
the test split in the features of the library's football network; "real" is the floor. Seconds are
those of the processor. A search that the JSON file holds already is not made again.
"""

import json
import time

import equal
import report
import torch
from torch.nn.functional import interpolate

from gan_tutorial import GAN, checkpoints, data, fit, metrics

STEPS, BATCH, SAMPLES = 160, 16, 1000
LOOKS = (0, 5, 10, 20, 40, 80, 160)
METHODS, SEARCH_SEED = ("fine-tuned", "from scratch"), 100
TRIED = equal.grid(lr=(5e-4, 1e-3, 2e-3), beta1=(0.0, 0.5))  # the recipe has 1e-3 and 0


def halved(images):
    """Shrink 64x64 pictures to the size that the feature network looks at."""
    small = interpolate(images, size=32, mode="bilinear", antialias=True)
    return small.clamp(-1, 1)


class Looks:
    """Measure samples after some of the steps, with the clock stopped."""

    def __init__(self, seed: int, real, steps: tuple[int, ...] = LOOKS):
        self.seed, self.real, self.steps, self.found = seed, real, steps, []
        self.began, self.seconds = time.process_time(), 0.0

    def look(self, gan, step: int) -> None:
        self.seconds += time.process_time() - self.began
        samples = halved(gan.sample(SAMPLES, seed=self.seed + 1000))
        value = metrics.fid(self.real, metrics.extract(samples, "soccer"), spread=False).value
        self.found.append({"step": step, "fid": value, "seconds": self.seconds})
        self.began = time.process_time()

    def __call__(self, run) -> None:
        if run.step in self.steps:
            self.look(run.task, run.step)


def train(method: str, setting: dict, seed: int, pictures, steps: int, looks: Looks) -> list[dict]:
    """Train one generator, with a fresh discriminator, and return what the looks have found."""
    torch.manual_seed(seed)
    # The run is short: average over fifty steps.
    gan = GAN.for_data(pictures, ema=0.98, lr=setting["lr"], betas=(setting["beta1"], 0.9))
    if method == "fine-tuned":
        weights = checkpoints.load_generator(checkpoints.shipped("soccer64")).state_dict()
        gan.generator.load_state_dict(weights)
        gan.average["generator"].load_state_dict(weights)
    if 0 in looks.steps:
        looks.look(gan, 0)
    fit(gan, pictures, steps, batch_size=BATCH, seed=seed, device="cpu",
        callbacks=[looks], progress=False)  # fmt: skip
    return looks.found


def drawn(split: str, size: int, seed: int = 0):
    """Draw footballs on plain ground."""
    return data.load("soccer", split, image_size=size, seed=seed, count=SAMPLES, ground="plain")


def main() -> None:
    """Search, train both ways with every seed, print the table and write the JSON file if asked."""
    options = report.options(__doc__)
    torch.set_num_threads(1)
    steps = 20 if options.quick else STEPS
    real, other = (metrics.extract(drawn(split, 32), "soccer") for split in ("test", "validation"))
    old = {}
    if options.json and options.json.is_file():
        old = json.loads(options.json.read_text())
    search = equal.Search(
        "rows", f"FID after {steps} steps, lower is better", len(TRIED),
        seeds=[SEARCH_SEED], before=old.get("search", []),
        fixed={"real": "pictures of the validation split"},
    )  # fmt: skip
    for method in METHODS:

        def score(setting: dict, seed: int, method: str = method) -> float:
            looks = Looks(seed, other, (steps,))
            return train(method, setting, seed, drawn("train", 64, seed), steps, looks)[-1]["fid"]

        def keep() -> None:
            search_so_far = [search.entry()]
            report.write("finetune", old.get("rows", []), options.json, search=search_so_far)

        chosen = search.run(method, TRIED, score, keep)
        print(f"{method} takes {chosen}", flush=True)
    about = {"data": "soccer64 on plain ground"}
    floor = metrics.fid(real, other, spread=False).value
    rows = [{**about, "method": "real", "seed": 0, "step": 0, "fid": floor, "seconds": 0.0}]
    print("method        seed  step     fid  seconds")
    for seed in range(1 if options.quick else 3):
        pictures = drawn("train", 64, seed)
        for method in METHODS:
            setting = search.chosen(method)
            for found in train(method, setting, seed, pictures, steps, Looks(seed, real)):
                rows.append({**about, "method": method, "seed": seed, **found, "settings": setting})
                print(
                    f"{method:13} {seed:4} {found['step']:5} {found['fid']:7.1f} "
                    f"{found['seconds']:8.1f}",
                    flush=True,
                )
    report.write("finetune", rows, options.json, search=[search.entry()])


if __name__ == "__main__":
    main()
