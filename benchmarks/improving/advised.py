"""The pieces of advice that `advice.py` tests: what each changes in one of two starting points."""

from dataclasses import dataclass, field

import torch
from equal import grid
from torch import Tensor, nn

from gan_tutorial import GAN, augment, data, fit, losses, models
from gan_tutorial.gan import recipe_for

from .parts import SparseGAN, cooled

# What every variant with Adam tries, and what others try instead; six settings each.
ADAM = grid(lr=(5e-4, 1e-3, 2e-3), beta1=(0.0, 0.5))
SGD = grid(lr=(0.01, 0.03, 0.1), beta1=(0.0, 0.5))  # here beta1 is the momentum
NESTEROV = grid(lr=(0.003, 0.01, 0.03), beta1=(0.5, 0.9))
NOISE = [{**s, "noise": std} for s in grid(lr=(1e-3, 2e-3), beta1=(0.0,)) for std in (0.1, 0.3)]
NOISE += [{"lr": 1e-3, "beta1": 0.5, "noise": std} for std in (0.1, 0.3)]
SPARSE = [{**s, "sparse": w} for s in grid(lr=(1e-3, 2e-3), beta1=(0.0,)) for w in (0.01, 0.1)]
SPARSE += [{"lr": 1e-3, "beta1": 0.5, "sparse": w} for w in (0.01, 0.1)]
TRIALS = len(ADAM)
WHERE = ("digits", "footballs")

RECIPE = "as in the recipe"  # the strength of a penalty
NO_PENALTY = {"r1": 0.0, "r2": 0.0}
BASES: dict[str, dict] = {
    "plain": {
        "options": {"loss": "non-saturating", **NO_PENALTY},
        "schedule": "constant",
        "averaged": False,
    },
    "modern": {"options": {}, "schedule": "hold-cosine", "averaged": True},
}


@dataclass(frozen=True)
class Variant:
    """One change of a starting point: `options` of GAN, `wider` and `deeper` networks, ..."""

    base: str
    topic: str
    name: str
    options: dict = field(default_factory=dict)
    settings: list[dict] = field(default_factory=lambda: ADAM)
    optimizer: str = "adam"
    wider: bool = False
    deeper: bool = False
    norm: str | None = None  # of the discriminator
    augmented: bool = False
    pack: int = 1
    schedule: str | None = None
    averaged: bool | None = None
    count: int | None = None  # training pictures
    where: tuple[str, ...] = WHERE
    same_run: str | None = None  # the variant whose training it shares: it only samples otherwise

    @property
    def key(self) -> str:
        """The name by which the rows and the search know it."""
        return f"{self.base}: {self.name}"

    def of(self, what: str) -> object:
        """Return what this variant changes, else what its starting point says."""
        own = getattr(self, what)
        return BASES[self.base][what] if own is None else own


DIGITS = ("digits",)
VARIANTS = [
    Variant("plain", "start", "plain GAN"),
    Variant("modern", "start", "modern recipe"),
    Variant("plain", "average", "EMA of the weights", averaged=True, same_run="plain GAN"),
    Variant("plain", "loss", "relativistic", {"loss": "relativistic"}),
    Variant("plain", "penalty", "R1", {"r1": RECIPE}, where=DIGITS),
    Variant("plain", "penalty", "R1 and R2", {"r1": RECIPE, "r2": RECIPE}),
    Variant("plain", "penalty", "spectral norm", norm="spectral"),
    Variant("plain", "networks", "both twice as wide", wider=True, where=DIGITS),
    Variant("plain", "optimizer", "SGD", settings=SGD, optimizer="sgd", where=DIGITS),
    Variant("plain", "noise", "label smoothing", {"loss": losses.smoothed(0.9)}, where=DIGITS),
    Variant("modern", "average", "without EMA", averaged=False, same_run="modern recipe"),
    Variant("modern", "schedule", "constant rate", schedule="constant"),
    Variant("modern", "loss", "non-saturating", {"loss": "non-saturating"}, where=DIGITS),
    Variant("modern", "penalty", "without R2", {"r2": 0.0}),
    Variant("modern", "penalty", "without R1 and R2", NO_PENALTY),
    Variant("modern", "penalty", "spectral norm, too", norm="spectral", where=DIGITS),
    Variant("modern", "networks", "both twice as wide", wider=True),
    Variant("modern", "networks", "both deeper", deeper=True, where=DIGITS),
    Variant("modern", "optimizer", "SGD, Nesterov", settings=NESTEROV, optimizer="nesterov",
            where=DIGITS),
    Variant("modern", "noise", "instance noise", settings=NOISE, where=DIGITS),
    Variant("modern", "penalty", "sparse activations", settings=SPARSE, where=DIGITS),
    Variant("modern", "variety", "packs of two", pack=2, where=DIGITS),
    Variant("modern", "data", "DiffAugment", augmented=True),
    Variant("modern", "data", "100 pictures", count=100),
    Variant("modern", "data", "100 pictures, DiffAugment", augmented=True, count=100),
    # From plain to modern, each rung on top of the one before; between them stand
    # "plain: relativistic" and "modern: constant rate", without and with the average.
    Variant("plain", "ladder", "relativistic and R1",
            {"loss": "relativistic", "r1": RECIPE}, where=DIGITS),
    Variant("modern", "ladder", "constant rate, without EMA", schedule="constant", averaged=False,
            same_run="constant rate"),
]  # fmt: skip


def networks(variant: Variant, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module]:
    """Make the pair: fully connected for digits, convolutional for footballs."""
    recipe, factor = recipe_for(shape), 2 if variant.wider else 1
    seen = (shape[0] * variant.pack, *shape[1:])
    if len(shape) == 3 and shape[-1] >= 16:
        width = 16 * factor
        generator, _ = models.dcgan_pair(shape[-1], shape[0], latent_dim=64, width=width)
        discriminator = models.DCGANDiscriminator(
            seen[1], seen[0], width=width, norm=variant.norm or "none"
        )
    else:
        deep_g = 10 if variant.deeper else recipe.networks["generator_depth"]
        generator = models.MLPGenerator(
            recipe.networks["latent_dim"], shape, width=128 * factor, depth=deep_g
        )
        more = {"norm": variant.norm} if variant.norm else {}
        discriminator = models.MLPDiscriminator(
            seen, width=128 * factor, **({"depth": 6} if variant.deeper else {}), **more
        )
    if variant.pack > 1:
        discriminator = models.Packed(discriminator, variant.pack)
    return generator, discriminator


def build(variant: Variant, setting: dict, shape: tuple[int, ...], seed: int) -> GAN:
    """Make the task of one variant with one setting."""
    torch.manual_seed(seed)
    generator, discriminator = networks(variant, shape)
    if variant.augmented:
        changes = augment.DiffAugment("translation", "cutout")
        discriminator = models.Augmented(discriminator, changes)
    if "noise" in setting:
        discriminator = models.Augmented(discriminator, augment.Noise(setting["noise"]))
    recipe = recipe_for(shape).options
    changed = {**BASES[variant.base]["options"], **variant.options}
    options = {**recipe, **{k: recipe[k] if v == RECIPE else v for k, v in changed.items()}}
    options |= {"lr": setting["lr"] if variant.optimizer == "adam" else 1e-3}
    options |= {"betas": (setting["beta1"], 0.999 if variant.base == "plain" else 0.9)}
    if "sparse" in setting:
        return SparseGAN(generator, discriminator, weight=setting["sparse"], **options)
    gan = GAN(generator, discriminator, **options)
    if variant.optimizer != "adam":
        nesterov = variant.optimizer == "nesterov"
        gan.optimizers = {
            name: torch.optim.SGD(
                network.parameters(), setting["lr"], setting["beta1"], nesterov=nesterov
            )
            for name, network in gan.networks.items()
        }
    return gan


def train(variant: Variant, setting: dict, samples: data.Dataset, seed: int, steps: int) -> GAN:
    """Train one variant for so many steps."""
    gan = build(variant, setting, samples.shape, seed)
    callbacks = [cooled(setting["noise"])] if "noise" in setting else []
    fit(gan, samples, steps, batch_size=64 if samples.shape[-1] < 16 else 32,
        schedule=variant.of("schedule"), seed=seed, device="cpu", callbacks=callbacks,
        progress=False)  # fmt: skip
    return gan


def drawn(gan: GAN, variant: Variant, count: int, seed: int) -> Tensor:
    """Return samples of a trained variant, from the average where it says so."""
    torch.manual_seed(seed)  # for noise within the generator
    return gan.sample(count, seed=1000 + seed, averaged=variant.of("averaged"))
