"""The K+1 GAN of Salimans et al. (2016, section 6.1) on all of MNIST: accuracy against time.

Networks, noise, batch and learning rate are those of the paper: fully connected with weight
normalization whose scales are set by the first pictures and stay, Gaussian noise on the input and
on every hidden layer of the discriminator, feature matching for the generator. All pictures of the
training part are seen without labels, at 28x28; of some the labels are known, as many of each
class. What is ours: the logits of R/F are held by the library's `SemiSupervisedGAN`, the features
are matched in absolute difference, the learning rate falls to zero (the paper's run is three to ten
times as long and needs no end), and what is measured is the moving average of the weights, as in
the program of the paper's authors.

    python benchmarks/semi_mnist.py --labels 100 --seed 0 1 2 [--json FILE] [--runs FOLDER]

Tried once each, on validation pictures, and left out: squared distances with half the weight of L_D
(82% after 8,000 steps with a falling rate); pictures from 0 to 1 in place of -1 to 1 (94% after
11,000 steps, and down again to 82% after 22,000).

It is bfloat16 where the processor has it. A run takes up to an hour of one core. It is kept in
FOLDER and goes on where it was stopped; its row is written at every point of the curve, and says
under `steps_done` how far it has come.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import report
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from gan_tutorial import data, fit
from gan_tutorial.semi_supervised import SemiSupervisedGAN, hide_labels
from gan_tutorial.training import Run
from gan_tutorial.training.speed import has_bf16

WIDTHS = (1000, 500, 250, 250, 250)
BATCH, EVERY = 100, 500  # EVERY: steps between two points of the curve


class HiddenNoise(nn.Module):
    """Gaussian noise on hidden units, while a network is trained."""

    def __init__(self, std: float):
        super().__init__()
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        """Add it."""
        return x + self.std * torch.randn_like(x) if self.training and self.std else x


class Normalized(nn.Module):
    """A dense layer whose weights are directions: each unit has a scale that stays as it began.

    `begin` sets scales and biases so that on the first pictures every unit has mean 0 and standard
    deviation 1 (Salimans and Kingma 2016, "weight normalization", section 3). So noise of a fixed
    size is as large beside what every layer says.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.linear = weight_norm(nn.Linear(inputs, outputs))
        weight = self.linear.parametrizations.weight
        self.scale, direction = weight.original0, weight.original1
        nn.init.normal_(direction, std=0.05)
        nn.init.ones_(self.scale.requires_grad_(False))
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to (N, outputs)."""
        return self.linear(x)

    @torch.no_grad()
    def begin(self, x: Tensor) -> Tensor:
        """Set scales and biases by these inputs; return what the layer then says of them."""
        std, mean = torch.std_mean(self(x), dim=0)
        self.scale /= std[:, None]
        self.linear.bias -= mean / std
        return self(x)


class Body(nn.Module):
    """The discriminator of the paper, without its last layer: (N, 1, 28, 28) to (N, 250)."""

    outputs = WIDTHS[-1]

    def __init__(self, noise: float):
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for inputs, outputs in zip((784, *WIDTHS), WIDTHS, strict=False):
            layers += [Normalized(inputs, outputs), nn.ReLU(), HiddenNoise(noise)]
        self.net = nn.Sequential(*layers)

    @torch.no_grad()
    def begin(self, x: Tensor) -> None:
        """Set scales and biases of all layers by these pictures."""
        for layer in self.net:
            x = layer.begin(x) if isinstance(layer, Normalized) else layer(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return the features that the generator matches."""
        return self.net(x)


class Generator(nn.Module):
    """The generator of the paper: two hidden layers of 500 softplus units with batch norm."""

    def __init__(self, latent_dim: int = 100):
        super().__init__()
        self.latent_dim = latent_dim
        self.net = nn.Sequential(
            nn.Linear(latent_dim, 500, bias=False), nn.BatchNorm1d(500), nn.Softplus(),
            nn.Linear(500, 500, bias=False), nn.BatchNorm1d(500), nn.Softplus(),
            nn.Linear(500, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)),
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        """Return pictures."""
        return self.net(z)


class OnePass(SemiSupervisedGAN):
    """A K+1 GAN whose body gets all batches of an update at once, which its layers allow."""

    def forward(
        self, name: str, batches: Sequence[Tensor], given: Sequence[Tensor] = ()
    ) -> list[Tensor]:
        """Pass batches through a network."""
        if name != "body":
            return super().forward(name, batches, given)
        (together,) = super().forward(name, [torch.cat(list(batches))], given)
        return list(together.split([len(batch) for batch in batches]))


def train(
    labels: int,
    seed: int,
    setting: dict,
    steps: int,
    folder: Path | None,
    keep: Callable[[dict], None],
) -> None:
    """Train one K+1 GAN; hand on its row, with accuracy against time, at each point of it."""
    few = hide_labels(data.load("mnist", "train"), labels, seed)
    parts = {part: data.load("mnist", part) for part in ("validation", "test")}
    torch.manual_seed(seed)
    body = Body(setting["hidden_noise"])
    body.begin(few.unlabeled[:500])
    task = OnePass(
        body, few.labeled, Generator(),
        lr=setting["lr"], betas=(setting["beta1"], 0.999), ema=setting["ema"],
        noise=setting["noise"], augment=setting["augment"], weight=setting["weight"],
        generator_loss=setting["generator_loss"],
    )  # fmt: skip
    curve_file = folder / "curve.json" if folder else None
    curve = json.loads(curve_file.read_text()) if curve_file and curve_file.exists() else []
    before = curve[-1]["cpu_seconds"] if curve else 0.0
    began = time.process_time()

    def measure(run: Run) -> None:
        nonlocal began
        if run.step % EVERY and run.step != run.steps:
            return
        seconds = before + time.process_time() - began
        paused = time.process_time()
        point = {"step": run.step, "cpu_seconds": round(seconds, 1)}
        point |= {part: task.accuracy(held_out) for part, held_out in parts.items()}
        while curve and curve[-1]["step"] >= run.step:  # a resumed run comes by once more
            curve.pop()
        curve.append(point)
        if curve_file:
            curve_file.write_text(json.dumps(curve))
        keep(row_of(labels, seed, setting, steps, curve))
        print(f"{labels} labels, seed {seed}: {point}", flush=True)
        began += time.process_time() - paused  # measuring is not training

    fit(
        task, few.unlabeled, steps, batch_size=BATCH, schedule=setting["schedule"], seed=seed,
        device="cpu", progress=False, callbacks=[measure], out=folder, resume=folder is not None,
        save_every=EVERY, precision=setting["precision"],
    )  # fmt: skip


def row_of(labels: int, seed: int, setting: dict, steps: int, curve: list[dict]) -> dict:
    """Return the row of a run, as far as it has come."""
    last = curve[-1]
    return {
        "data": "mnist28", "method": "K+1 GAN", "labels": labels, "seed": seed, "steps": steps,
        "steps_done": last["step"], "settings": setting, "cpu_seconds": last["cpu_seconds"],
        "accuracy": last["test"], "validation_accuracy": last["validation"], "curve": curve,
    }  # fmt: skip


SETTING = {
    "lr": 3e-3, "beta1": 0.5, "noise": 0.6, "hidden_noise": 0.5, "ema": 0.999,
    "augment": "none", "schedule": "hold-cosine", "weight": 1.0, "generator_loss": "features",
    "precision": "bf16" if has_bf16(torch.device("cpu")) else "fp32",
}  # fmt: skip


# No rival is in this table, and nothing was chosen by a search.
SEARCH = {
    "table": "rows", "split": "validation", "measure": "accuracy, higher is better", "trials": 0,
    "methods": {},
    "fixed": {"K+1 GAN": "rate, beta1, noise and networks are the paper's; no rival is here"},
}  # fmt: skip


def main() -> None:
    """Train the runs that the file does not have yet, or not to their end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 50])
    parser.add_argument("--seed", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=36_000)
    parser.add_argument("--set", default="{}", help="other settings, as JSON")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--runs", type=Path, help="keep runs here, and resume them")
    options = parser.parse_args()
    stored = options.json and options.json.exists()
    found = json.loads(options.json.read_text())["rows"] if stored else []
    rows = {(row["labels"], row["seed"]): row for row in found}
    setting = SETTING | json.loads(options.set)

    def keep(row: dict) -> None:
        rows[row["labels"], row["seed"]] = row
        report.write("semi_mnist", list(rows.values()), options.json, search=[SEARCH])

    for labels in options.labels:
        for seed in options.seed:
            before = rows.get((labels, seed))
            if before and before["steps_done"] >= options.steps:
                continue
            folder = options.runs / f"labels{labels}-seed{seed}" if options.runs else None
            train(labels, seed, setting, options.steps, folder, keep)


if __name__ == "__main__":
    main()
