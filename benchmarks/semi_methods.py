"""The eleven ways of `semi.py` to learn from few labels, and the settings that each may choose."""

from functools import cache
from typing import Any

import torch
from equal import grid
from torch import nn

from gan_tutorial import GAN, Task, data, fit
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

# What is fixed for a data set: the numbers of labels, the size of the networks, and for how many
# steps each method trains. A step of the K+1 GAN, with two networks, costs 3.6 steps of a
# classifier that sees labels only: the steps are such that all methods take about the same
# processor time (what they took in the end is in the rows). Features of a GAN: its own training,
# and then that of the classifier. What sees no label is trained once for a seed: `cpu_seconds` of
# the first row of a seed has its time.
SETUPS: dict[str, dict[str, Any]] = {
    "digits": {
        "labels": (10, 20, 50, 100), "width": 128, "features": 128, "latent_dim": 32,
        "generator_width": 16, "batch_size": 64, "trial_seeds": (100, 101),
        "steps": {
            "supervised": 4300, "entropy": 3200, "pseudo-labels": 3600, "Pi-model": 2600,
            "FixMatch": 2500, "VAE": 2250, "GAN features, linear": 1900,
            "GAN features, fine-tuned": (1400, 1100), "K+1 GAN": 1200,
        },
    },
    "mnist": {
        "labels": (50, 100, 200), "width": 16, "features": 128, "latent_dim": 64,
        "generator_width": 16, "batch_size": 32, "trial_seeds": (100,),
        "steps": {
            "supervised": 8700, "entropy": 5400, "pseudo-labels": 5500, "Pi-model": 4000,
            "FixMatch": 4400, "VAE": 5500, "GAN features, linear": 2150,
            "GAN features, fine-tuned": (1600, 2000), "K+1 GAN": 2400,
        },
    },
}  # fmt: skip
TRIALS = 8
RATES: dict[str, tuple] = {"lr": (1e-3, 3e-3), "beta1": (0.5, 0.9)}
CLASSIFIERS = {
    "supervised": "none", "entropy": "entropy", "pseudo-labels": "pseudo", "Pi-model": "pi-model",
    "FixMatch": "fixmatch",
}  # fmt: skip
# Eight settings for each method. Shifts keep the class of a digit: whoever sees unlabeled pictures
# uses them; supervised classifiers, whose pictures are few, choose whether to.
SETTINGS: dict[str, list[dict]] = {
    "supervised": grid(**RATES, augment=("none", "shift")),
    "entropy": grid(**RATES, weight=(0.1, 0.3)),
    "pseudo-labels": grid(**RATES, threshold=(0.8, 0.95)),
    "Pi-model": grid(**RATES, weight=(1.0, 10.0)),
    "FixMatch": grid(**RATES, threshold=(0.8, 0.95)),
    "label spreading": grid(neighbors=(5, 7, 10, 20), alpha=(0.2, 0.9)),
    "VAE codes, linear": grid(**RATES, C=(0.1, 1.0)),
    "VAE codes, spreading": grid(**RATES, neighbors=(10, 20)),
    "GAN features, linear": grid(lr=(1e-3, 3e-3), beta1=(0.0, 0.5), C=(0.01, 1.0)),
    "GAN features, fine-tuned": grid(**RATES, body_lr=(1e-4, 1e-3)),
    "K+1 GAN": grid(**RATES, noise=(0.1, 0.3)),
}
METHODS = tuple(SETTINGS)
CLOSED = {"label spreading": "trains nothing: it solves for the labels of a graph"}


@cache
def split(name: str, part: str) -> data.Dataset:
    """Load one split."""
    if name == "digits":
        return data.load("digits", part)
    return data.load("mnist", part, image_size=16, count=5000 if part == "train" else None)


def body(name: str) -> nn.Module:
    """Make the body that all classifiers of a data set share."""
    setup = SETUPS[name]
    return classifier_body(split(name, "train"), setup["features"], setup["width"])


def quiet_fit(task: Task, samples: data.Dataset, steps: int, name: str, seed: int) -> None:
    """Train without a progress bar."""
    size = SETUPS[name]["batch_size"]
    options = {"schedule": "hold-cosine", "device": "cpu", "progress": False}
    fit(task, samples, steps, batch_size=size, seed=seed, **options)


def steps_of(name: str, method: str) -> tuple[int, ...]:
    """Return for how many steps a method trains on a data set, stage by stage."""
    if method in CLOSED:
        return ()
    steps = SETUPS[name]["steps"]["VAE" if method.startswith("VAE") else method]
    return steps if isinstance(steps, tuple) else (steps,)


@cache
def vae(name: str, seed: int, steps: int, lr: float, beta1: float) -> VAE:
    """Train a VAE on all pictures; it sees no label."""
    setup, train = SETUPS[name], split(name, "train")
    torch.manual_seed(seed)
    width = setup["width"] if name == "digits" else setup["generator_width"]
    task = VAE.for_data(
        train, latent_dim=setup["latent_dim"], width=width, lr=lr, betas=(beta1, 0.999)
    )
    quiet_fit(task, train, steps, name, seed)
    return task


@cache
def gan_body(name: str, seed: int, steps: int, lr: float = 1e-3, beta1: float = 0.0) -> nn.Module:
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
    gamma = 0.5 if name == "digits" else 0.1
    task = GAN(
        generator, discriminator, lr=lr, betas=(beta1, 0.9), ema=0.995, r1=gamma, r2=gamma,
        penalty_every=4,
    )  # fmt: skip
    quiet_fit(task, train, steps, name, seed)
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


def run(
    name: str, method: str, count: int, seed: int, setting: dict, part: str, quick: bool
) -> float:
    """Train one method with one setting; return its accuracy on a split."""
    setting = dict(setting)
    few, held_out = hide_labels(split(name, "train"), count, seed), split(name, part)
    steps = tuple(20 if quick else each for each in steps_of(name, method))
    if method in CLOSED:
        guess = spread_labels(few, held_out[:], **setting)
        return (guess == held_out.labels).float().mean().item()
    lr, beta1 = setting.pop("lr"), setting.pop("beta1")
    if method.startswith("VAE"):
        codes = vae(name, seed, *steps, lr, beta1).encode
        if method.endswith("spreading"):
            guess = spread_labels(few, held_out[:], features=codes, **setting)
        else:
            probe = linear_probe(codes(few.labeled[:]), few.labeled.labels, **setting)
            guess = probe(codes(held_out[:]))
    elif method == "GAN features, linear":
        network = gan_body(name, seed, *steps, lr, beta1)
        probe = linear_probe(hidden(network, few.labeled[:]), few.labeled.labels, **setting)
        guess = probe(hidden(network, held_out[:]))
    else:
        task = _task(name, method, few, seed, steps, lr=lr, betas=(beta1, 0.999), **setting)
        quiet_fit(task, few.unlabeled, steps[-1], name, seed)
        guess = task.predict(held_out)
    return (guess == held_out.labels).float().mean().item()


def _task(name, method, few, seed, steps, **options):
    """Make what is trained on labeled and unlabeled pictures together."""
    setup = SETUPS[name]
    torch.manual_seed(seed)
    network = body(name)
    if method == "K+1 GAN":
        channels, side = few.labeled.shape[:2]
        generator = DCGANGenerator(setup["latent_dim"], side, channels, setup["generator_width"])
        return SemiSupervisedGAN(
            network, few.labeled, generator, augment="shift", entropy_weight=0.3, **options
        )
    if method == "GAN features, fine-tuned":
        network.load_state_dict(gan_body(name, seed, steps[0]).state_dict())
        return Classifier(network, few.labeled, augment="shift", **options)
    term = CLASSIFIERS[method]
    options = {"augment": "shift", "ramp": max(1, steps[0] // 2), **options}
    noise = 0.1 if term in ("pi-model", "fixmatch") else 0.0
    return Classifier(network, few.labeled, unlabeled=term, noise=noise, **options)
