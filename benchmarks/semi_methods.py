"""The nine ways of `semi.py` to learn from few labels, and the settings that each may choose."""

from collections.abc import Sequence
from functools import cache
from itertools import product

import torch
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


def grid(**choices: Sequence) -> list[dict]:
    """Return every combination of the choices."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


AUGMENT = ("none", "shift")
SPREADING = {"neighbors": (5, 10, 20), "alpha": (0.2, 0.5, 0.9)}


def with_rates(**strength: Sequence[float]) -> list[dict]:
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


def run(
    name: str, method: str, count: int, seed: int, setting: dict, part: str, quick: bool
) -> float:
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
