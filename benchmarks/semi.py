"""What are unlabeled pictures worth? Nine ways to learn from few labels, five seeds each.

For each data set, number of labels and seed, prints the accuracy on the test split. Unlabeled are
all 1,197 training digits; of MNIST, shrunk to 16x16, 5,000 pictures drawn with seed 0 (its files
are read from GAN_TUTORIAL_DATA_DIR or downloaded). A seed decides which samples are labeled, the
first weights and all noise. All classifiers have the same body, and are trained for as many steps
as the K+1 GAN; so are the VAEs, or for longer. ("steps" of a row counts all stages together. The
GANs whose features are used take 2,000, and fine-tuning 800 more.) On MNIST the VAE may also train
for as many processor seconds as the K+1 GAN takes, if the validation split says so. The results of
three baselines with 800 steps are kept in results/semi_short.json: the chapter compares them.

Every setting is chosen on the validation split, from the grid below, by one run with 50 labels and
a seed that is not among the five:

    python benchmarks/semi.py --search [--data NAME] [--method NAME ...]

writes the validation accuracies to results/semi_search.json, where the benchmark finds the best
setting of each method. Settings of baselines are searched like those of the GANs, and learning
rates on both sides of the K+1 GAN's.

    python benchmarks/semi.py [--quick] [--json FILE] [--data NAME] [--seed N ...] [--method NAME]

With --json, rows that the file has already are kept, and only the others are run: parts may be run
one after the other.
"""

import argparse
import json
import statistics
import time
from functools import cache
from itertools import product
from pathlib import Path

import report
import torch
from torch import nn

from gan_tutorial import GAN, data, fit
from gan_tutorial.autoencoders import VAE
from gan_tutorial.models import DCGANGenerator, dcgan_pair, mlp_pair
from gan_tutorial.semi_supervised import (
    Classifier,
    SemiSupervisedGAN,
    classifier_body,
    hide_labels,
    linear_probe,
    spread_labels,
)

SEARCH_FILE = Path(__file__).parent / "results" / "semi_search.json"
SEARCH_SEED, SEARCH_LABELS = 100, 50

# What is fixed for a data set: labels, size of the networks, and the training of each method.
SETUPS = {
    "digits": {
        "labels": (10, 20, 50, 100), "width": 128, "features": 128, "latent_dim": 32,
        "generator_width": 16, "batch_size": 64, "steps": 1200, "vae_steps": (2000,),
        "gan_steps": 2000, "tuning_steps": 800,
    },
    "mnist": {
        "labels": (50, 100, 200), "width": 16, "features": 128, "latent_dim": 64,
        "generator_width": 16, "batch_size": 32, "steps": 2400, "vae_steps": (2400, 5700),
        "gan_steps": 2000, "tuning_steps": 800,
    },
}  # fmt: skip


def grid(**choices) -> list[dict]:
    """Return every combination of the choices."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


AUGMENT = ("none", "shift")
SPREADING = {"neighbors": (5, 10, 20), "alpha": (0.2, 0.5, 0.9)}


def with_rates(**strength) -> list[dict]:
    """Return every strength of a term, and with the larger learning rate those that promise most.

    Shifts and the larger rate help each other: with both, every strength; else the middle one.
    """
    ((name, values),) = strength.items()
    small = grid(augment=AUGMENT, lr=(1e-3,), **strength)
    large = grid(augment=AUGMENT, lr=(3e-3,), **{name: values[1:2]})
    rest = grid(augment=("shift",), lr=(3e-3,), **{name: values[::2]})
    return small + large + rest


def grids(name: str) -> dict[str, list[dict]]:
    """Return the settings from which each method chooses on a data set."""
    vae_steps = SETUPS[name]["vae_steps"]
    return {
        "supervised": grid(augment=AUGMENT, lr=(1e-3, 3e-3)),
        "entropy": with_rates(weight=(0.1, 0.3, 1.0)),
        "pseudo-labels": with_rates(threshold=(0.6, 0.8, 0.95)),
        "label spreading": grid(**SPREADING),
        "VAE codes, linear": grid(steps=vae_steps, C=(0.01, 0.1, 1.0)),
        "VAE codes, spreading": grid(steps=vae_steps, **SPREADING),
        "GAN features, linear": grid(C=(0.001, 0.01, 0.1, 1.0)),
        "GAN features, fine-tuned": grid(augment=AUGMENT, body_lr=(1e-4, 1e-3)),
        "K+1 GAN": grid(
            augment=("shift",), lr=(2e-3,), entropy_weight=(0.0, 0.3), noise=(0.1, 0.3)
        ),
    }


METHODS = tuple(grids("digits"))


def steps_of(name: str, method: str, setting: dict) -> int:
    """Return for how many steps a method trains, all its stages together."""
    setup = SETUPS[name]
    if method == "label spreading":
        return 0
    if method.startswith("VAE"):
        return setting["steps"]
    if method.startswith("GAN"):
        return setup["gan_steps"] + ("tuned" in method) * setup["tuning_steps"]
    return setup["steps"]


@cache
def split(name: str, part: str):
    """Load one split."""
    if name == "digits":
        return data.load("digits", part)
    return data.load("mnist", part, image_size=16, count=5000 if part == "train" else None)


def body(name: str) -> nn.Module:
    """Make the body that all classifiers of a data set share."""
    setup = SETUPS[name]
    return classifier_body(split(name, "train"), setup["features"], setup["width"])


def quiet_fit(task, samples, steps: int, name: str, seed: int) -> None:
    """Train without a progress bar."""
    size = SETUPS[name]["batch_size"]
    options = {"schedule": "hold-cosine", "device": "cpu", "progress": False}
    fit(task, samples, steps, batch_size=size, seed=seed, **options)


@cache
def vae(name: str, seed: int, steps: int) -> VAE:
    """Train a VAE on all pictures; it sees no label."""
    setup, train = SETUPS[name], split(name, "train")
    torch.manual_seed(seed)
    width = setup["width"] if name == "digits" else setup["generator_width"]
    task = VAE.for_data(train, latent_dim=setup["latent_dim"], width=width)
    quiet_fit(task, train, steps, name, seed)
    return task


@cache
def gan_body(name: str, seed: int, quick: bool) -> nn.Module:
    """Train a GAN on all pictures, without a label; return the body of its discriminator."""
    setup, train = SETUPS[name], split(name, "train")
    torch.manual_seed(seed)
    of_d = body(name)
    discriminator = nn.Sequential(
        of_d, nn.LeakyReLU(0.2), nn.Linear(setup["features"], 1), nn.Flatten(0)
    )
    if name == "digits":
        generator = mlp_pair(train.shape, setup["latent_dim"])[0]
    else:
        generator = dcgan_pair(16, 1, setup["latent_dim"], setup["generator_width"])[0]
    penalties = {"r1": 0.5, "r2": 0.5} if name == "digits" else {"r1": 0.1, "r2": 0.1}
    task = GAN(
        generator,
        discriminator,
        lr=1e-3,
        betas=(0.0, 0.9),
        ema=0.995,
        penalty_every=4,
        **penalties,
    )
    quiet_fit(task, train, 20 if quick else setup["gan_steps"], name, seed)
    return of_d.eval()


@torch.no_grad()
def hidden(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the last hidden layer of a body, before its features are mixed from it.

    A linear classifier of the features would see less: they are linear in this layer, and fewer.
    """
    layers = [layer for layer in network.net if not isinstance(layer, nn.Flatten)]
    before = nn.Sequential(*layers[:-1])
    if isinstance(layers[0], nn.Linear):
        images = images.flatten(1)
    return torch.cat([before(part).flatten(1) for part in images.split(500)])


def run(name, method, count, seed, setting, part, quick) -> float:
    """Train one method with one setting; return its accuracy on a split."""
    setup, setting = SETUPS[name], dict(setting)
    train, held_out = split(name, "train"), split(name, part)
    few = hide_labels(train, count, seed)
    steps = 20 if quick else setup["steps"]
    torch.manual_seed(seed)
    if method.startswith("VAE"):
        vae_steps = setting.pop("steps")
        codes = vae(name, seed, 20 if quick else vae_steps).encode
    if method == "label spreading":
        guess = spread_labels(few, held_out[:], **setting)
    elif method == "VAE codes, spreading":
        guess = spread_labels(few, held_out[:], features=codes, **setting)
    elif method.endswith("linear"):
        if method.startswith("VAE"):
            features = codes
        else:
            network = gan_body(name, seed, quick)
            features = lambda x: hidden(network, x)  # noqa: E731
        probe = linear_probe(features(few.labeled[:]), few.labeled.labels, **setting)
        guess = probe(features(held_out[:]))
    else:
        if method == "K+1 GAN":
            generator = DCGANGenerator(
                setup["latent_dim"],
                train.shape[1],
                train.shape[0],
                setup["generator_width"],
            )
            task = SemiSupervisedGAN(body(name), few.labeled, generator, **setting)
        elif method == "GAN features, fine-tuned":
            network = body(name)
            network.load_state_dict(gan_body(name, seed, quick).state_dict())
            task = Classifier(network, few.labeled, **setting)
            steps = 20 if quick else setup["tuning_steps"]
        else:
            term = {
                "supervised": "none",
                "entropy": "entropy",
                "pseudo-labels": "pseudo",
            }[method]
            task = Classifier(
                body(name),
                few.labeled,
                unlabeled=term,
                ramp=max(1, steps // 2),
                **setting,
            )
        quiet_fit(task, few.unlabeled, steps, name, seed)
        guess = task.predict(held_out)
    return (guess == held_out.labels).float().mean().item()


def stored(path: Path | None) -> list[dict]:
    """Return the rows that a result file holds already."""
    return json.loads(path.read_text())["rows"] if path and path.exists() else []


def search(names, methods, quick: bool) -> None:
    """Measure every setting on the validation split; write after each, so that a run may stop."""
    rows = stored(SEARCH_FILE)
    done = {(row["data"], row["method"], json.dumps(row["setting"])) for row in rows}
    for name, method in product(names, methods):
        for setting in grids(name)[method]:
            if (name, method, json.dumps(setting)) in done:
                continue
            began = time.process_time()
            accuracy = run(
                name, method, SEARCH_LABELS, SEARCH_SEED, setting, "validation", quick
            )  # fmt: skip
            seconds = time.process_time() - began
            print(
                f"{name:7} {method:25} {accuracy:.3f} {seconds:5.1f} s  {setting}",
                flush=True,
            )
            rows.append(
                {
                    "data": name,
                    "method": method,
                    "setting": setting,
                    "steps": steps_of(name, method, setting),
                    "labels": SEARCH_LABELS,
                    "seed": SEARCH_SEED,
                    "validation_accuracy": accuracy,
                }
            )
            if not quick:
                report.write("semi_search", rows, SEARCH_FILE)


def best_settings() -> dict[tuple[str, str], dict]:
    """Return the setting of each data set and method with the best validation accuracy."""
    best: dict[tuple[str, str], dict] = {}
    for row in stored(SEARCH_FILE):
        key = row["data"], row["method"]
        if key not in best or row["validation_accuracy"] > best[key]["validation_accuracy"]:
            best[key] = row
    return {key: row["setting"] for key, row in best.items()}


def show(rows: list[dict]) -> None:
    """Print mean and standard deviation over seeds, a method a line."""
    for name in dict.fromkeys(row["data"] for row in rows):
        labels = SETUPS[name]["labels"]
        print(f"\n{name:25}" + "".join(f"{count:>16} labels" for count in labels))
        for method in METHODS:
            cells = []
            for count in labels:
                key = (name, method, count)
                values = [
                    row["accuracy"]
                    for row in rows
                    if (row["data"], row["method"], row["labels"]) == key
                ]
                deviation = f" +- {statistics.stdev(values):.3f}" if len(values) > 1 else ""
                cells.append(f"{statistics.fmean(values):.3f}{deviation}" if values else "")
            print(f"{method:25}" + "".join(f"{cell:>23}" for cell in cells))


def main() -> None:
    """Search for settings, or run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few steps of one seed on digits")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    parser.add_argument("--search", action="store_true", help="choose settings, on validation")
    parser.add_argument("--data", choices=tuple(SETUPS), action="append", help="run only this")
    parser.add_argument("--method", choices=METHODS, action="append", help="run only this")
    parser.add_argument("--seed", type=int, action="append", help="run only this")
    options = parser.parse_args()
    names = options.data or (["digits"] if options.quick else list(SETUPS))
    methods = options.method or list(METHODS)
    if options.search:
        search(names, methods, options.quick)
        return
    seeds = options.seed or ([0] if options.quick else range(5))
    settings = best_settings()
    rows = stored(options.json)
    done = {(row["data"], row["labels"], row["method"], row["seed"]) for row in rows}
    for name, seed, method in product(names, seeds, methods):
        for count in SETUPS[name]["labels"]:
            if (name, count, method, seed) in done:
                continue
            setting = settings[name, method]
            accuracy = run(name, method, count, seed, setting, "test", options.quick)
            rows.append(
                {
                    "data": name,
                    "labels": count,
                    "method": method,
                    "seed": seed,
                    "steps": steps_of(name, method, setting),
                    "accuracy": accuracy,
                }
            )
            report.write("semi", rows, options.json)
    show(rows)


if __name__ == "__main__":
    main()
