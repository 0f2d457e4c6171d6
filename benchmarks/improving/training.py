"""Train one variant, for so many steps of so many seconds."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import report
import torch
from torch import nn

from gan_tutorial import GAN, augment, data, fit, losses, models
from gan_tutorial.gan import recipe_for
from gan_tutorial.training import Run

from .variants import BASES, VARIANTS, Change, SparseGAN, chosen

COSTS: dict[str, float] = {}
COST_FILE = Path(__file__).parent.parent / "results" / "improve_costs.json"


def build(samples: data.Dataset, base: str, change: Change, seed: int) -> GAN:
    """Make the task of one variant."""
    torch.manual_seed(seed)
    shape = samples.shape
    recipe = recipe_for(shape)
    defaults = {"width": 128, "depth": recipe.networks["generator_depth"]}
    generator = models.MLPGenerator(
        recipe.networks["latent_dim"], shape, **{**defaults, **change.generator}
    )
    seen = (shape[0] * change.pack, *shape[1:])
    discriminator = models.MLPDiscriminator(seen, **{"width": 128, **change.discriminator})
    if change.pack > 1:
        discriminator = models.Packed(discriminator, change.pack)
    if change.wrap:
        discriminator = change.wrap(discriminator)
    if change.noise:
        discriminator = models.Augmented(discriminator, augment.Noise(change.noise))
    options = {**recipe.options, **BASES["plain" if base == "plain" else "modern"][0]}
    if base == "plain" and "lr" not in change.gan:  # the rate that the validation split chose
        options |= chosen("plain", "plain GAN", VARIANTS["plain"]["baseline", "plain GAN"]).gan
    options |= change.gan
    if change.sparse:
        gan = SparseGAN(generator, discriminator, weight=change.sparse, **options)
    else:
        gan = GAN(generator, discriminator, **options)
    if change.optimizer:
        gan.optimizers = {n: change.optimizer(net.parameters()) for n, net in gan.networks.items()}
    return gan


def cooled(start: float) -> Callable[[Run], None]:
    """Return a callback that lowers instance noise along a line to 0."""

    def cool(run: Run) -> None:
        run.task.discriminator.changes[0].std = start * (1 - run.step / run.steps)

    return cool


def part_of(samples: data.Dataset, count: int | None, seed: int) -> data.Dataset:
    """Return so many of the samples, other ones for each seed."""
    if count is None:
        return samples
    order = torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))
    return samples.subset(order[:count])


def run(samples: data.Dataset, base: str, change: Change, seed: int, steps: int) -> GAN:
    """Train one variant for so many steps."""
    gan = build(samples, base, change, seed)
    schedule = change.schedule or BASES["plain" if base == "plain" else "modern"][1]
    callbacks = [cooled(change.noise)] if change.noise else []
    fit(gan, samples, steps, batch_size=64, schedule=schedule, seed=seed, device="cpu",
        callbacks=callbacks, progress=False)  # fmt: skip
    return gan


def timed_once(train: Callable[[int], object], few: int) -> float:
    """Return the processor seconds of some steps."""
    began = time.process_time()
    train(few)
    return time.process_time() - began


def cost_key(base: str, change: Change) -> str:
    """Describe what decides the time of a step: variants that agree in it are timed as one."""
    options = {**BASES["plain" if base == "plain" else "modern"][0], **change.gan}
    loss = options.get("loss", "relativistic")
    parts = (
        losses.get_loss(loss).paired,
        options.get("r1", 0.5) > 0,
        options.get("r2", 0.5) > 0,
        sorted(change.generator.items()),
        sorted(change.discriminator.items()),
        change.wrap.__qualname__ if change.wrap else None,
        type(change.optimizer([nn.Parameter(torch.zeros(1))])).__name__ if change.optimizer else "",
        change.noise > 0,
        change.sparse > 0,
        change.pack,
    )
    return repr(parts)


def cost(samples: data.Dataset, base: str, change: Change, pairs: int = 8, few: int = 12) -> float:
    """Return the time of one step in steps of the plain GAN, timed in turns with it.

    Whatever else the machine does disturbs both alike; of each the fastest trial counts.
    """
    if not COSTS and COST_FILE.is_file():
        COSTS.update({row["key"]: row["cost"] for row in json.loads(COST_FILE.read_text())["rows"]})
    key = cost_key(base, change)
    plain = Change(gan={"lr": 2e-4})
    if key == cost_key("plain", plain):
        return 1.0
    if key not in COSTS:
        best = {}
        for _ in range(pairs):
            for name, b, c in (("plain", "plain", plain), ("other", base, change)):
                took = timed_once(lambda n, b=b, c=c: run(samples, b, c, 0, n), few)
                best[name] = min(took, best.get(name, took))
        COSTS[key] = best["other"] / best["plain"]
        report.write("improve_costs", [{"key": k, "cost": v} for k, v in COSTS.items()], COST_FILE)
    return COSTS[key]
