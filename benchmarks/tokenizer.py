"""What does a discriminator buy an autoencoder with a codebook, at the same processor time?

    python benchmarks/tokenizer.py [--quick] [--json FILE] [--seeds 0 1 2] [--seconds 90]
                                   [--picture FILE]

Footballs of 32x32 on grass become 8x8 tokens out of 256 and are drawn again: by the error alone,
and with a discriminator of patches, weighed adaptively, after a third of the time. A trial says how
many steps of each fit into the same seconds of one core. Each method tries as many learning rates
and decays on validation pictures; rows are of test pictures. Two simple rivals stand beside: the
same map of 8x8 mean colors, enlarged (which needs three times as many bits), and the nearest
training picture. The texture distance is a Frechet distance of how strongly the first filters of
the football network respond, over the whole picture; real pictures against others are its floor.

Every row is written as soon as it is measured; a run that was cut off goes on.
"""

import time
from pathlib import Path

import equal
import report
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d, interpolate

from gan_tutorial import data, fit, metrics, plots
from gan_tutorial.autoencoders import Tokenizer
from gan_tutorial.repair.measures import HoleTexture

WIDTH, BATCH = 16, 16
METHODS = {"error alone": 0.0, "with discriminator": 0.5}
SETTINGS = [{"lr": 1e-3, "beta1": 0.5}, {"lr": 2e-3, "beta1": 0.5}, {"lr": 2e-3, "beta1": 0.9}]
FIXED = {
    "mean colors": "has no setting",
    "nearest training picture": "has no setting",
    "other real pictures": "is the floor, not a method",
}
TRIAL = 200  # its seed
SHOWN = 8


def everywhere() -> HoleTexture:
    """Return features of the texture of whole pictures."""
    return HoleTexture(torch.zeros(1, 32, 32))


def measured(real: torch.Tensor, made: torch.Tensor) -> dict:
    """Return error and texture of pictures that were made of these."""
    psnr = 10 * torch.log10(4 / (real - made).square().flatten(1).mean(1))
    features = [metrics.extract(each, everywhere()) for each in (real, made)]
    return {
        "psnr": float(psnr.mean()),
        "texture": metrics.fid(*features, spread=False).value,
    }


class Benchmark:
    """The pictures, the steps that fit, and what is measured already."""

    def __init__(self, options):
        self.options, quick = options, options.quick
        self.training = data.load("soccer", count=200 if quick else 4000)
        self.held = {
            split: data.load("soccer", split, count=100 if quick else 500)[:]
            for split in ("validation", "test")
        }
        old = equal.json.loads(options.json.read_text()) if self._there() else {}
        self.rows = old.get("rows", [])
        self.steps = old.get("steps", {})
        self.search = equal.Search(
            "rows", "texture distance, lower is better", len(SETTINGS), seeds=(TRIAL,),
            fixed=FIXED, before=old.get("search", ()),
        )  # fmt: skip

    def _there(self) -> bool:
        return bool(self.options.json and self.options.json.is_file())

    def write(self, row: dict | None = None) -> None:
        if row is not None:
            self.rows.append(row)
            print(row, flush=True)
        report.write(
            "tokenizer", self.rows, self.options.json, steps=self.steps,
            search=[self.search.entry()],
        )  # fmt: skip

    def task(self, method: str, setting: dict, seed: int, steps: int) -> Tokenizer:
        torch.manual_seed(seed)
        task = Tokenizer.for_data(
            self.training, width=WIDTH, adversarial=METHODS[method], warm_up=steps // 3,
            lr=setting["lr"], betas=(setting["beta1"], 0.99),
        )  # fmt: skip
        fit(
            task, self.training, steps, batch_size=BATCH, seed=seed, device="cpu", progress=False,
            schedule="hold-cosine",
        )  # fmt: skip
        return task

    def steps_for(self, method: str) -> int:
        """Return how many steps take the time; with the game, two thirds of them have it."""
        if method not in self.steps:
            few = 6 if self.options.quick else 20
            seconds = 1.0 if self.options.quick else self.options.seconds
            self.task(method, SETTINGS[0], 0, few)  # what is made once
            began = time.process_time()
            self.task(method, SETTINGS[0], 0, 3 * few)
            self.steps[method] = round(3 * few * seconds / (time.process_time() - began))
        return self.steps[method]

    def score(self, method: str, setting: dict, seed: int) -> float:
        task = self.task(method, setting, seed, self.steps_for(method))
        real = self.held["validation"]
        return measured(real, task.reconstruct(real))["texture"]

    def train(self, method: str, seeds: list[int], strip: Path | None) -> None:
        chosen = self.search.run(
            method, SETTINGS, lambda s, seed: self.score(method, s, seed), self.write
        )
        real = self.held["test"]
        for seed in seeds:
            if any((row["method"], row["seed"]) == (method, seed) for row in self.rows):
                continue
            began = time.process_time()
            task = self.task(method, chosen, seed, self.steps_for(method))
            seconds = time.process_time() - began
            made = task.reconstruct(real)
            if strip and seed == seeds[0]:
                torch.save(made[:SHOWN], strip)
            self.write(
                {"method": method, "seed": seed, **measured(real, made), "used": task.used(real),
                 "seconds": round(seconds, 1), "settings": chosen}
            )  # fmt: skip

    def rivals(self) -> None:
        real, training = self.held["test"], self.training[:]
        made = {
            "mean colors": interpolate(avg_pool2d(real, 4), scale_factor=4.0, mode="bilinear"),
            "nearest training picture": training[
                torch.cdist(real.flatten(1), training.flatten(1)).argmin(1)
            ],
            "other real pictures": self.held["validation"],
        }
        for name, images in made.items():
            if any(row["method"] == name for row in self.rows):
                continue
            found = measured(real, images)
            if name == "other real pictures":
                found["psnr"] = None
            self.write({"method": name, "seed": 0, **found, "used": None, "seconds": 0.0})


def main() -> None:
    options = report.options(
        __doc__, seeds=3,
        seconds={"type": float, "default": 90.0, "help": "processor seconds of each training"},
        picture={"type": Path, "help": "write originals and reconstructions to this file"},
    )  # fmt: skip
    torch.set_num_threads(1)
    benchmark = Benchmark(options)
    strips = {}
    if options.picture:  # kept on the way, since a run may be cut off
        strips = {m: options.picture.with_suffix(f".{k}.pt") for k, m in enumerate(METHODS)}
    seeds = options.seeds[:1] if options.quick else options.seeds
    for method in METHODS:
        benchmark.train(method, seeds, strips.get(method))
    benchmark.rivals()
    if options.picture:
        rows = [benchmark.held["test"][:SHOWN], *(torch.load(path) for path in strips.values())]
        Image.fromarray(plots.tile(torch.cat(rows), columns=SHOWN, gap=0)).save(options.picture)
        for path in strips.values():
            path.unlink()


if __name__ == "__main__":
    main()
