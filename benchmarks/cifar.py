"""CIFAR-10, told the class and not told it, on one core.

    GAN_TUTORIAL_DATA_DIR=/path/to/shared/data python benchmarks/cifar.py [--quick] [--json FILE]
        [--only METHOD] [--seeds 0 1 2] [--minutes 90] [--picture FILE]

Two GANs of the same recipe and size: one generates photographs of any kind, the other is asked for
one of ten classes (projection discriminator). FID and KID are measured in the features of a small
classifier that is trained here on the training pictures; its accuracy on test pictures is written
with the rows. They cannot be set beside published numbers, which are of Inception's features.
The classifier sees halves of the test pictures: validation for the choice of settings, test for
the rows. Row `real` is the floor: the one half against the other. `agreement` is the share of
conditional samples that the classifier finds to be of the class that was asked for.

The pictures are a copy in JPEG, two archives of one folder a class, in ``cifar10-jpeg/`` of the
data folder. Settings of each method are tried for a tenth of the time. Rows are written as they
are measured, and the classifier is kept beside them: a run that was cut off goes on.

The committed rows are of ``--minutes 10``, each method in a process and a file of its own
(``--only``), which were then put together.
"""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import equal
import numpy as np
import report
import torch
from PIL import Image
from torch import Tensor, nn

from gan_tutorial import GAN, fit, metrics
from gan_tutorial.cli.output import save_samples
from gan_tutorial.conditional import ConditionalGAN
from gan_tutorial.data import Dataset

FOLDER = "cifar10-jpeg"
METHODS = ("unconditional", "conditional")
SETTINGS = [{"lr": 1e-3, "beta1": 0.0}, {"lr": 5e-4, "beta1": 0.0}, {"lr": 1e-3, "beta1": 0.5}]
WIDTH, BATCH, TRIAL = 32, 32, 200
SHOWN = 8  # of each class in the picture


def pictures(archive: Path, count: int | None) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Read an archive of one folder a class: pictures, labels, and the names of the classes."""
    with zipfile.ZipFile(archive) as files:
        names = sorted(n for n in files.namelist() if n.lower().endswith((".jpg", ".jpeg", ".png")))
        classes = tuple(sorted({Path(name).parent.name for name in names}))
        if count is not None:  # as many of each class
            names = [
                name
                for k in classes
                for name in [n for n in names if Path(n).parent.name == k][: count // len(classes)]
            ]
        rows = [np.asarray(Image.open(io.BytesIO(files.read(n))).convert("RGB")) for n in names]
    labels = torch.tensor([classes.index(Path(name).parent.name) for name in names])
    images = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return images, labels, classes


def splits(quick: bool) -> dict[str, Dataset]:
    """Return the training pictures, and the two halves of the test pictures."""
    place = os.environ.get("GAN_TUTORIAL_DATA_DIR")
    folder = Path(place or ".") / FOLDER
    if not (folder / "train.zip").is_file():
        raise SystemExit(
            f"There is no {FOLDER}/train.zip: set GAN_TUTORIAL_DATA_DIR to the folder that holds "
            f"{FOLDER}."
        )
    made = {}
    for part in ("train", "test"):
        images, labels, classes = pictures(folder / f"{part}.zip", 1000 if quick else None)
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
        made[part] = (images[order], labels[order])
    half = len(made["test"][0]) // 2
    images, labels = made["test"]
    made["validation"] = (images[:half], labels[:half])
    made["test"] = (images[half:], labels[half:])
    return {
        part: Dataset("cifar10-jpeg", images, labels=labels, classes=classes)
        for part, (images, labels) in made.items()
    }


def classifier(train: Dataset, test: Dataset, epochs: int) -> tuple[nn.Sequential, float]:
    """Train a small convolutional classifier; return it with its accuracy on test pictures."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.Conv2d(after, after, 4, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    body, head = nn.Sequential(*layers), nn.Linear(128, 10)
    network = nn.Sequential(body, head)
    images, labels = train[:], train.labels
    steps = epochs * (len(images) // 128)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps + 1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        rows = torch.randint(len(images), (128,), generator=generator)
        x = images[rows]
        if torch.rand((), generator=generator) < 0.5:
            x = x.flip(3)
        shift = torch.randint(-3, 4, (2,), generator=generator).tolist()
        loss = nn.functional.cross_entropy(network(x.roll(shift, (2, 3))), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
    network.eval()
    accuracy = float((predicted(network, test[:]) == test.labels).float().mean())
    return network, accuracy


@torch.no_grad()
def predicted(network: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([network(part).argmax(1) for part in images.split(500)])


class Body(nn.Module):
    """The classifier's last hidden layer, as `metrics.extract` takes it."""

    def __init__(self, network: nn.Sequential):
        super().__init__()
        self.net, self.name, self.shape = network[0], "cifar classifier", (3, 32, 32)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Benchmark:
    def __init__(self, options):
        self.options = options
        there = options.json and options.json.is_file()
        old = json.loads(options.json.read_text()) if there else {}
        self.rows = old.get("rows", [])
        self.steps = old.get("steps", {})
        self.search = equal.Search(
            "rows", "KID, lower is better", len(SETTINGS), seeds=(TRIAL,),
            fixed={"real": "is the floor, not a method"}, before=old.get("search", ()),
        )  # fmt: skip
        self.data = splits(options.quick)
        self.network, self.accuracy = self._classifier()
        print(f"classifier: {self.accuracy:.3f} of the test pictures are right", flush=True)
        self.body = Body(self.network).eval()

    def _classifier(self) -> tuple[nn.Sequential, float]:
        """Train the judge, or take the one that an earlier run has left beside its rows."""
        if self.options.quick:  # not to be taken for the real one
            return classifier(self.data["train"], self.data["test"], 1)
        file = self.options.json and self.options.json.with_suffix(".classifier.pt")
        if file and file.is_file():
            return torch.load(file, weights_only=False)
        found = classifier(self.data["train"], self.data["test"], 5)
        if file:
            torch.save(found, file)
        return found

    def write(self, row: dict | None = None) -> None:
        if row is not None:
            self.rows.append(row)
            print(row, flush=True)
        done = {(each["method"], each["seed"]) for each in self.rows}
        waiting = [
            f"{method}, seed {seed}: not run yet"
            for method in METHODS
            for seed in self.options.seeds
            if (method, seed) not in done
        ]
        report.write(
            "cifar", self.rows, self.options.json, steps=self.steps, search=[self.search.entry()],
            accuracy=self.accuracy, batch=BATCH, waiting=waiting,
        )  # fmt: skip

    def task(self, method: str, setting: dict, seed: int, steps: int):
        torch.manual_seed(seed)
        kind = ConditionalGAN if method == "conditional" else GAN
        options = {"lr": setting["lr"], "betas": (setting["beta1"], 0.9), "augment": ["flip"]}
        task = kind.for_data(self.data["train"], width=WIDTH, **options)
        fit(
            task, self.data["train"], steps, batch_size=BATCH, seed=seed, device="cpu",
            progress=False,
        )  # fmt: skip
        return task

    def steps_for(self, method: str) -> int:
        """Return how many steps take the time."""
        if method not in self.steps:
            few = 3 if self.options.quick else 30
            self.task(method, SETTINGS[0], 0, few)
            began = time.process_time()
            self.task(method, SETTINGS[0], 0, 2 * few)
            seconds = 6.0 if self.options.quick else 60 * self.options.minutes
            self.steps[method] = round(2 * few * seconds / (time.process_time() - began))
        return self.steps[method]

    def apart(self, real: Tensor, made: Tensor) -> dict:
        sets = [metrics.extract(each, self.body) for each in (real, made)]
        return {"fid": metrics.fid(*sets, spread=False).value, "kid": metrics.kid(*sets).value}

    def floor(self) -> None:
        if all(row["method"] != "real" for row in self.rows):
            halves = [self.data[split][:] for split in ("test", "validation")]
            self.write({"method": "real", "seed": 0, **self.apart(*halves)})

    def measured(self, task, split: str) -> dict:
        real = self.data[split][:]
        made = task.sample(len(real))
        found = self.apart(real, made)
        if isinstance(task, ConditionalGAN):
            wanted = torch.arange(len(made)) % len(task.classes)
            right = predicted(self.network, made) == wanted
            found["agreement"] = float(right.float().mean())
        return found

    def run(self, method: str, seeds: list[int]) -> None:
        steps = self.steps_for(method)
        chosen = self.search.run(
            method, SETTINGS,
            lambda s, seed: self.measured(
                self.task(method, s, seed, max(2, steps // 10)), "validation"
            )["kid"],
            self.write,
        )  # fmt: skip
        for seed in seeds:
            if any((r["method"], r["seed"]) == (method, seed) for r in self.rows):
                continue
            began = time.process_time()
            task = self.task(method, chosen, seed, steps)
            seconds = round(time.process_time() - began, 1)
            self.write(
                {"method": method, "seed": seed, **self.measured(task, "test"),
                 "seconds": seconds, "settings": chosen}
            )  # fmt: skip
            if self.options.picture and seed == seeds[0]:
                path = self.options.picture
                shown = task.sample(10 * SHOWN)
                save_samples(shown, path.with_stem(f"{path.stem}_{method}"), columns=10)


def main() -> None:
    options = report.options(
        __doc__, seeds=3,
        only={"choices": METHODS, "help": "run this method alone"},
        minutes={"type": float, "default": 90.0, "help": "processor minutes of each training"},
        picture={"type": Path, "help": "write samples to this file, a column for each class"},
    )  # fmt: skip
    torch.set_num_threads(1)
    benchmark = Benchmark(options)
    for method in [options.only] if options.only else METHODS:
        benchmark.run(method, options.seeds[:1] if options.quick else options.seeds)
    benchmark.floor()


if __name__ == "__main__":
    main()
