"""Three ways to footballs of 32x32 pixels: at once, by growing networks, and by two stages."""

import copy
import itertools
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan_tutorial import GAN, data, fit, models
from gan_tutorial.gan import recipe_for
from gan_tutorial.training import Run

from .judging import Judge, Rows
from .stages import FadingDiscriminator, FadingGenerator, Refiner
from .training import timed_once

SOCCER_BUDGET = 200  # steps at full size, in whose time every way is trained
SHARES = {8: 1 / 6, 16: 1 / 4, 32: 7 / 12}  # of the time, for each size of the growing networks
STAGES = (0.4, 0.6)  # of the time, for the first stage and the refiner
Made = list[tuple[str, GAN, int]]  # name, trained task, steps


def soccer_fit(
    gan: GAN,
    pictures: data.Dataset,
    steps: int,
    seed: int,
    callbacks: Sequence[Callable[[Run], None]] = (),
    last: bool = True,
) -> GAN:
    """Train on footballs; the rate falls at the end of the last part only."""
    fit(gan, pictures, steps, batch_size=32, schedule="hold-cosine" if last else "constant",
        seed=seed, precision="bf16", device="cpu", callbacks=callbacks, progress=False)  # fmt: skip
    return gan


def fade(run: Run) -> None:
    """Give the new layers their full share by the middle of the part."""
    alpha = min(1.0, 2 * run.step / run.steps)
    for network in (run.task.generator, run.task.discriminator):
        network.alpha.fill_(alpha)


def soccer_pair(size: int) -> tuple[models.DCGANGenerator, models.DCGANDiscriminator]:
    """Make the pair of networks of one size; each holds the layers of the smaller ones."""
    return models.dcgan_pair(size, 3, latent_dim=64, width=16 * 32 // size)


def timed(
    counts: dict, key: str, share: float, make: Callable[[], GAN], train: Callable[..., GAN]
) -> int:
    """Return the steps of one part with this share of the time, timed in turns with full size."""
    if key not in counts:
        began, best = time.process_time(), {}
        others = {"whole": counts["whole"], "part": (make, train)}
        for _, (name, (build_it, train_it)) in itertools.product(range(4), others.items()):
            took = timed_once(lambda few, b=build_it, t=train_it: t(b(), few), 4)
            best[name] = min(took, best.get(name, took))
        counts[key] = max(1, round(counts["budget"] * share * best["whole"] / best["part"]))
        counts["timing"] += time.process_time() - began
    return counts[key]


def direct(sizes: dict[int, data.Dataset], counts: dict, seed: int) -> Made:
    """Train at the full size from the start."""
    make, train = counts["whole"]
    torch.manual_seed(seed)
    return [("at once", train(make(), counts["budget"], seed), counts["budget"])]


def growing(sizes: dict[int, data.Dataset], counts: dict, seed: int) -> Made:
    """Train at 8, then 16, then 32 pixels; new layers fade in."""
    options = recipe_for((3, 32, 32)).options
    torch.manual_seed(seed)
    networks, total = soccer_pair(8), 0
    for size, share in SHARES.items():

        def make(size: int = size, networks: Sequence[nn.Module] = networks) -> GAN:
            if size == 8:
                return GAN(*copy.deepcopy(networks), **options)
            (g, d), (new_g, new_d) = copy.deepcopy(networks), soccer_pair(size)
            return GAN(FadingGenerator(new_g, g), FadingDiscriminator(new_d, d), **options)

        def train(gan: GAN, steps: int, size: int = size) -> GAN:
            callbacks = [] if size == 8 else [fade]
            return soccer_fit(gan, sizes[size], steps, seed, callbacks, last=size == 32)

        steps = timed(counts, f"grow {size}", share, make, train)
        torch.manual_seed(seed)
        gan, total = train(make(), steps), total + steps
        networks = [getattr(n, "new", n) for n in (gan.generator, gan.discriminator)]
    return [("growing", gan, total)]


def two_stages(sizes: dict[int, data.Dataset], counts: dict, seed: int) -> Made:
    """Train at 16 pixels, then a refiner to 32 on top of the finished first stage."""
    options = recipe_for((3, 32, 32)).options

    def first() -> GAN:
        return GAN(*soccer_pair(16), **options)

    def train_first(gan: GAN, steps: int) -> GAN:
        return soccer_fit(gan, sizes[16], steps, seed)

    steps = timed(counts, "first", STAGES[0], first, train_first)
    torch.manual_seed(seed)
    gan = train_first(first(), steps)
    small = gan.average["generator"]

    def second() -> GAN:
        return GAN(Refiner(copy.deepcopy(small)), soccer_pair(32)[1], **options)

    def train_second(gan: GAN, steps: int) -> GAN:
        return soccer_fit(gan, sizes[32], steps, seed)

    more = timed(counts, "second", STAGES[1], second, train_second)
    torch.manual_seed(seed)
    return [("two stages", train_second(second(), more), steps + more), ("first", gan, steps)]


def do_soccer(rows: Rows, seeds: list[int], quick: bool) -> None:
    """Compare three ways to pictures of 32x32 pixels."""
    pictures = data.load("soccer", count=4000)
    held = [data.load("soccer", split, count=1000) for split in ("validation", "test")]
    judge = Judge(pictures, *held)
    sizes = {
        side: data.Dataset("soccer", avg_pool2d(pictures[:], 32 // side), source="soccer")
        for side in (8, 16, 32)
    }
    options = recipe_for((3, 32, 32)).options
    counts = {
        "whole": (
            lambda: GAN(*soccer_pair(32), **options),
            lambda gan, steps, seed=0: soccer_fit(gan, sizes[32], steps, seed),
        ),
        "budget": SOCCER_BUDGET // (20 if quick else 1),
    }
    names = {direct: "at once", growing: "growing", two_stages: "two stages"}
    for seed, method in itertools.product(sorted(seeds)[:3], names):
        if rows.find(data="soccer", variant=names[method], seed=seed):
            continue
        if rows.late():
            return
        counts["timing"], began = 0.0, time.process_time()
        made = method(sizes, counts, seed)
        spent = time.process_time() - began - counts["timing"]
        for name, gan, steps in made:
            enlarge = 2 if name == "first" else 1

            def sample(
                count: int, gan: GAN = gan, enlarge: int = enlarge, seed: int = seed
            ) -> Tensor:
                drawn = gan.sample(count, seed=1000 + seed)
                return interpolate(drawn, scale_factor=enlarge, mode="bilinear")

            found = judge.measure(sample, pictures, draws=1)
            label = "first stage only, enlarged" if name == "first" else name
            rows.add(
                data="soccer", base="modern", topic="stages", variant=label, seed=seed,
                steps=steps, seconds=spent, **found,
            )  # fmt: skip
