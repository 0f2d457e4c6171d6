"""Digits, for `repair.py`: the articles' formulas, cured one at a time, and several answers."""

from collections.abc import Callable
from functools import partial

import torch
from repair_keeper import Clock, Keeper, product

from gan_tutorial import GAN, data, fit, inpainting, masks, metrics
from gan_tutorial.losses import LOSSES
from gan_tutorial.models import PatchDiscriminator, UNetGenerator
from gan_tutorial.repair import Repair, latent_search
from gan_tutorial.repair.measures import repair_report

DIGIT_STEPS = 800
# what D calls real, whether there is an L1 term, whether G is told the mask, and whether known
# pixels are copied
CURES = {
    "the formulas, literally": ("damaged", 0.0, False, False),
    "+ clean reals": ("clean", 0.0, False, False),
    "+ L1": ("clean", 10.0, False, False),
    "+ mask": ("clean", 10.0, True, False),
    "+ copied pixels": ("clean", 10.0, True, True),
}


COMPONENTS = [{"components": count} for count in (8, 16, 32, 48)]


def digit_gan(setting: dict, seed: int, cure: str, steps: int):
    """Train a generator that completes digits; return the function that does."""
    real_is, l1, told, copied = CURES[cure]
    training = data.load("digits")[:]
    hole = masks.center(1, 8)
    damage = digit_damage(hole)
    torch.manual_seed(seed)
    G = UNetGenerator(channels=1, size=8, width=32, depth=2, mask_input=told)
    D = PatchDiscriminator(channels=1, width=32, depth=1)
    lr, betas = setting["lr"], (setting["beta1"], 0.99)
    optimizers = [torch.optim.Adam(net.parameters(), lr, betas) for net in (G, D)]
    game = LOSSES["non-saturating"]
    draw = torch.Generator().manual_seed(seed)

    def repaired(x):
        drawn = G(damage(x), hole.expand(len(x), -1, -1, -1))
        return masks.composite(x, drawn, hole) if copied else drawn

    for _ in range(steps):
        x = training[torch.randint(len(training), (64,), generator=draw)]
        real = damage(x) if real_is == "damaged" else x
        fake = repaired(x)
        d_loss = game.discriminator(D(real).flatten(), D(fake.detach()).flatten())
        optimizers[1].zero_grad()
        d_loss.backward()
        optimizers[1].step()
        loss = game.generator(None, D(fake).flatten()) + l1 * (fake - x).abs().mean()
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
    return torch.no_grad()(repaired)


def digit_damage(hole):
    """The damage is black ink, -1, as an article's damaged picture would have it."""
    return lambda x: x * hole - (1 - hole)


def digit_l1(setting: dict, seed: int, steps: int):
    """The same generator by L1 alone, with as much compute."""
    training = data.load("digits")
    torch.manual_seed(seed)
    G = UNetGenerator(channels=1, size=8, width=32, depth=2)
    task = Repair(
        G, PatchDiscriminator(channels=1, depth=1), adversarial=0.0, ema=0.9,
        lr=setting["lr"], betas=(setting["beta1"], 0.99),
    )  # fmt: skip
    fit(task, training, 2 * steps, seed=seed, device="cpu", progress=False)
    return lambda x: task.complete(x, masks.center(1, 8))


def digit_noise(setting: dict, seed: int, diversity: float, quick: bool):
    """A generator that is given noise, with or without a reward for using it."""
    training = data.load("digits")
    torch.manual_seed(seed)
    G = UNetGenerator(channels=1, size=8, width=32, depth=2, noise_dim=8)
    D = PatchDiscriminator(channels=1, width=32, depth=1)
    task = Repair(
        G, D, r1=1.0, diversity=diversity, warm_up=20 if quick else 400,
        lr=setting["lr"], betas=(setting["beta1"], 0.99),
    )  # fmt: skip
    steps = 30 if quick else 1200
    fit(task, training, steps, schedule="hold-cosine", seed=seed, device="cpu", progress=False)
    hole = masks.center(1, 8)
    return lambda x, k=0: task.complete(x, hole, seed=seed + 1000 * k)


def digit_search(setting: dict, seed: int, quick: bool):
    """A GAN of whole digits, and a search among its codes."""
    training = data.load("digits")
    torch.manual_seed(seed)
    gan = GAN.for_data(training, lr=setting["lr"], betas=(setting["beta1"], 0.99))
    fit(
        gan, training, 20 if quick else 3000, batch_size=64, schedule="hold-cosine", seed=seed,
        device="cpu", progress=False,
    )  # fmt: skip
    hole = masks.center(1, 8)
    generator = gan.average["generator"]

    def completions(x, k=None):
        """The best of four starts; or the end of a search from one start of its own."""
        starts, start_seed = (4, seed) if k is None else (1, seed + 1000 * k)
        steps = 20 if quick else 300
        return latent_search(
            generator, x, hole, starts=starts, steps=steps, seed=start_seed, window=3
        )[0][0]

    return completions


def variety(function, real, hole, count: int) -> dict:
    """How much `count` completions of one picture differ: in gray levels, and in what they show."""
    several = torch.stack([function(real, k) for k in range(1, count + 1)])
    classes = torch.stack(
        [metrics.extract(x.clamp(-1, 1), "digits").outputs["class"].argmax(1) for x in several]
    )
    missing = (1 - hole).expand(len(real), -1, -1, -1)
    spread = (several.std(0) * missing).sum() / missing.sum()
    return {
        "spread": float(spread),
        "readings": sum(len(column.unique()) for column in classes.T) / len(real),
    }


def digit_row(method: str, seed: int, real, labels, repaired, seconds: float) -> dict:
    hole = masks.center(1, 8)
    found = repair_report(real, repaired, hole, sigma=0.5)
    real_features, features = (metrics.extract(x, "digits") for x in (real, repaired.clamp(-1, 1)))
    decided = features.outputs["class"].argmax(1)
    square = (real - repaired).square()
    return {
        "data": "digits",
        "method": method,
        "seed": seed,
        "psnr": found.psnr if found.hole_l1 else None,  # infinite, which JSON does not know
        "ssim": found.ssim,
        "fid": metrics.fid(real_features, features, spread=False).value,
        "seconds": seconds,
        "hole_mse": float((square * (1 - hole)).sum() / (1 - hole).sum() / len(real)),
        "known_mse": float((square * hole).sum() / hole.sum() / len(real)),
        "hole_l1": found.hole_l1,
        "known_l1": found.known_l1,
        "gradient_ratio": found.gradient_ratio,
        "seam": found.seam,
        "hole_level": float((repaired * (1 - hole)).sum() / (1 - hole).sum() / len(real)),
        "label_kept": float((decided == labels).double().mean()),
    }


def measured(
    method: str, make: Callable, setting: dict, seed: int, test: data.Dataset
) -> tuple[dict, Callable]:
    """Train a method and measure it on a set of pictures; return the row, and what repairs."""
    clock = Clock()
    function = make(setting, seed)
    repaired = function(test[:])
    row = digit_row(method, seed, test[:], test.labels, repaired, clock.seconds())
    return row | ({"settings": setting} if setting else {}), function


def score(make: Callable, setting: dict, seed: int) -> float:
    """Return the score of a trial, on validation pictures."""
    return product(measured("trial", make, setting, seed, data.load("digits", "validation"))[0])


def digits(seeds: list[int], quick: bool, keep: Keeper) -> None:
    """The articles' formulas and their cures, L1 alone, and what needs no network."""
    test, training, hole = data.load("digits", "test"), data.load("digits")[:], masks.center(1, 8)
    steps = 30 if quick else DIGIT_STEPS
    simple = {
        "untouched": lambda x: x,
        "nothing done": digit_damage(hole),
        "mean color": lambda x: inpainting.mean(x, hole),
        "harmonic": lambda x: inpainting.harmonic(x, hole),
        "biharmonic": lambda x: inpainting.biharmonic(x, hole),
        "nearest training picture": lambda x: inpainting.nearest(x, hole, training),
    }
    for name, method in simple.items():
        if not keep.has("digits", name, 0):
            keep(measured(name, lambda setting, seed, f=method: f, {}, 0, test)[0])

    def regression(setting: dict, seed: int) -> Callable:
        learned = inpainting.PCARegression(**setting).fit(training)
        return lambda x: learned(x, hole)

    name = "PCA regression"
    if not keep.has("digits", name, 0):
        setting = keep.choose("digits", name, partial(score, regression), COMPONENTS)
        keep(measured(name, regression, setting, 0, test)[0])
    methods = {name: partial(digit_gan, cure=name, steps=steps) for name in CURES}
    for name, make in {**methods, "L1 alone": partial(digit_l1, steps=steps)}.items():
        setting = keep.choose("digits", name, partial(score, make))
        for seed in seeds:
            if not keep.has("digits", name, seed):
                keep(measured(name, make, setting, seed, test)[0])


def digits_noise(seeds: list[int], quick: bool, keep: Keeper) -> None:
    """Several completions of each picture: does the noise matter?"""
    test, hole = data.load("digits", "test"), masks.center(1, 8)
    methods = {
        "with noise": partial(digit_noise, diversity=0.0, quick=quick),
        "with noise, rewarded": partial(digit_noise, diversity=1.0, quick=quick),
        "latent search": partial(digit_search, quick=quick),
    }
    for name, make in methods.items():
        setting = keep.choose("digits", name, partial(score, make))
        for seed in seeds:
            if not keep.has("digits", name, seed):
                row, function = measured(name, make, setting, seed, test)
                keep(row | variety(function, test[:100], hole, 10))
