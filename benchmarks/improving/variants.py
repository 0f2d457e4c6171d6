"""The two starting points, and all that is changed in them, one thing at a time."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from gan_tutorial import GAN, augment, losses, models

BUDGET = 700  # steps of the plain GAN, in whose time every variant is trained
SEARCH_SEED = 100
SEARCHED = Path(__file__).parent.parent / "results" / "improve_search.json"


class SparseGAN(GAN):
    """A GAN whose generator also pays for the mean absolute activation of its hidden layers."""

    def __init__(self, *networks: nn.Module, weight: float, **options: object):
        super().__init__(*networks, **options)
        self.weight, self.active = weight, {}
        for name, layer in self.generator.named_modules():
            if isinstance(layer, nn.LeakyReLU):
                layer.register_forward_hook(
                    lambda _, __, out, name=name: self.active.update({name: out.abs().mean()})
                )

    def update(self, loss: Tensor, *names: str) -> None:
        """Add the price of activity to the generator's loss."""
        if "generator" in names:
            loss = loss + self.weight * torch.stack(list(self.active.values())).mean()
        super().update(loss, *names)


def augmented(*policy: str) -> Callable[[nn.Module], nn.Module]:
    """Return what puts augmentations in front of a discriminator."""
    return lambda d: models.Augmented(d, augment.DiffAugment(*policy))


@dataclass(frozen=True)
class Change:
    """What a variant does differently from its starting point."""

    gan: dict = field(default_factory=dict)  # options of GAN
    generator: dict = field(default_factory=dict)  # options of MLPGenerator
    discriminator: dict = field(default_factory=dict)  # options of MLPDiscriminator
    wrap: Callable | None = None  # the discriminator
    optimizer: Callable | None = None  # from parameters to an optimizer
    noise: float = 0.0  # instance noise, falling to 0
    sparse: float = 0.0
    pack: int = 1
    schedule: str | None = None
    averaged: bool | None = None
    count: int | None = None  # training pictures


def sgd(lr: float, **options: object) -> Callable:
    """Return what makes an optimizer without Adam's scaling."""
    return lambda parameters: torch.optim.SGD(parameters, lr, **options)


PLAIN = {"loss": "non-saturating", "r1": 0.0, "r2": 0.0, "betas": (0.5, 0.999)}  # and a rate
BASES = {"plain": (PLAIN, "constant", False), "modern": ({}, "hold-cosine", True)}
TWICE, DEEP_G, DEEP_D = {"width": 256}, {"depth": 10}, {"depth": 6}
NESTEROV = {"momentum": 0.9, "nesterov": True}
TC = ("translation", "cutout")

# base -> (topic, name) -> change, or a list of changes from which the validation split chooses.
VARIANTS: dict[str, dict[tuple[str, str], Change | list[Change]]] = {
    "plain": {
        ("baseline", "plain GAN"): [Change(gan={"lr": lr}) for lr in (2e-4, 5e-4, 1e-3, 2e-3)],
        ("networks", "both twice as wide"): Change(generator=TWICE, discriminator=TWICE),
        ("networks", "deeper generator (10)"): Change(generator=DEEP_G),
        ("networks", "deeper discriminator (6)"): Change(discriminator=DEEP_D),
        ("optimizer", "Adam, β₁ = 0"): Change(gan={"betas": (0.0, 0.999)}),
        ("optimizer", "Adam, β₁ = 0.9"): Change(gan={"betas": (0.9, 0.999)}),
        ("optimizer", "SGD"): [Change(optimizer=sgd(lr)) for lr in (0.01, 0.03, 0.1, 0.3)],
        ("optimizer", "SGD, Nesterov 0.9"): [
            Change(optimizer=sgd(lr, **NESTEROV)) for lr in (0.001, 0.003, 0.01, 0.0003, 0.03)
        ],
        ("schedule", "linear decay"): Change(schedule="linear"),
        ("average", "EMA of the weights"): Change(averaged=True),
        ("noise", "instance noise"): [Change(noise=std) for std in (0.1, 0.3)],
        ("noise", "label smoothing"): Change(gan={"loss": losses.smoothed(0.9)}),
        ("loss", "relativistic"): Change(gan={"loss": "relativistic"}),
        ("penalty", "R1"): Change(gan={"r1": 0.5}),
        ("penalty", "R1 and R2"): Change(gan={"r1": 0.5, "r2": 0.5}),
        ("penalty", "spectral norm"): Change(discriminator={"norm": "spectral"}),
    },
    "modern": {
        ("baseline", "modern recipe"): Change(),
        ("networks", "wider generator"): Change(generator=TWICE),
        ("networks", "wider discriminator"): Change(discriminator=TWICE),
        ("networks", "deeper generator (10)"): Change(generator=DEEP_G),
        ("networks", "deeper discriminator (6)"): Change(discriminator=DEEP_D),
        ("optimizer", "Adam, β₁ = 0.5"): Change(gan={"betas": (0.5, 0.9)}),
        ("optimizer", "SGD"): [Change(optimizer=sgd(lr)) for lr in (0.01, 0.03, 0.1, 0.3)],
        ("optimizer", "SGD, Nesterov 0.9"): [
            Change(optimizer=sgd(lr, **NESTEROV)) for lr in (0.001, 0.003, 0.01, 0.0003, 0.03)
        ],
        ("schedule", "constant rate"): Change(schedule="constant"),
        ("schedule", "linear decay"): Change(schedule="linear"),
        ("average", "without EMA"): Change(averaged=False),
        ("noise", "instance noise"): [Change(noise=std) for std in (0.1, 0.3)],
        ("loss", "non-saturating"): Change(gan={"loss": "non-saturating"}),
        ("penalty", "without R2"): Change(gan={"r2": 0.0}),
        ("penalty", "without R1 and R2"): Change(gan={"r1": 0.0, "r2": 0.0}),
        ("penalty", "spectral norm, too"): Change(discriminator={"norm": "spectral"}),
        ("penalty", "sparse activations"): [Change(sparse=w) for w in (0.01, 0.1)],
        ("variety", "packs of two"): Change(pack=2),
        ("data", "DiffAugment"): Change(wrap=augmented(*TC)),
        ("data", "100 pictures"): Change(count=100),
        ("data", "100 pictures, DiffAugment"): Change(count=100, wrap=augmented(*TC)),
    },
    # From plain to modern, each rung on top of the one before; the ends are the two baselines.
    "ladder": {
        ("1", "+ Adam (0, 0.9), rate .002"): Change(
            gan={**PLAIN, "lr": 2e-3, "betas": (0.0, 0.9)}, schedule="constant", averaged=False
        ),
        ("2", "+ relativistic loss"): Change(
            gan={"r1": 0.0, "r2": 0.0}, schedule="constant", averaged=False
        ),
        ("3", "+ R1"): Change(gan={"r2": 0.0}, schedule="constant", averaged=False),
        ("4", "+ R2"): Change(schedule="constant", averaged=False),
        ("5", "+ EMA"): Change(schedule="constant"),
    },
}
# Measured on the same runs as another variant, with or without the average of the weights.
SHARED = {
    ("plain", "EMA of the weights"): ("plain", "plain GAN"),
    ("modern", "without EMA"): ("modern", "modern recipe"),
    ("ladder", "+ R2"): ("modern", "constant rate"),
    ("ladder", "+ EMA"): ("modern", "constant rate"),
}


def chosen(base: str, name: str, change: Change | list[Change]) -> Change:
    """Return the change that was best on the validation split."""
    if isinstance(change, Change):
        return change
    searched = json.loads(SEARCHED.read_text())["rows"]
    tried = [r for r in searched if (r["base"], r["variant"]) == (base, name)]
    if len(tried) != len(change):
        raise SystemExit(f"Run --search first: {len(tried)} of {len(change)} of {name} are there.")
    finished = [r for r in tried if "diverged" not in r]
    return change[min(finished, key=lambda r: r["fid_validation"])["candidate"]]


def all_variants() -> list[tuple[str, str, str, Change | list[Change]]]:
    """Return (base, topic, name, change) of every variant, baselines first."""
    listed = [
        (base, topic, name, change)
        for base, variants in VARIANTS.items()
        for (topic, name), change in variants.items()
    ]
    return sorted(listed, key=lambda v: (v[1] != "baseline", v[0] == "modern"))
