"""Footballs on grass, for `repair.py`: one warm-up a seed, then L1 alone or with a game."""

import copy

import torch
from repair_keeper import Clock, Keeper

from gan_tutorial import data, fit, inpainting, masks, metrics
from gan_tutorial.models import PatchDiscriminator, UNetGenerator
from gan_tutorial.repair import Repair, recipe_for
from gan_tutorial.repair.measures import HoleTexture, repair_report

WEIGHTS = (0.1, 0.3, 1.0)
# By the side of its patches in pixels: what else differs in the discriminator from the recipe's,
# and the cost of an adversarial step in steps of L1 alone, as timed.
JUDGES = {26: ({}, 1.75), 12: ({"width": 16, "depth": 1}, 1.35)}
# Steps of warm-up, and what follows it in L1 alone.
BUDGETS = {"networks": (2500, 2100), "short": (1000, 875), "long": (2500, 7000)}


def plans(name: str, weights: list[float], patches: int) -> dict[str, tuple[float, int, int]]:
    """Return the methods of a budget: adversarial weight (0 is L1 alone), patches, and steps."""
    if name == "networks":  # the chapter's curve
        weights, patches, ending, judge = WEIGHTS, 26, "", ""
    else:
        ending, judge = f", {name}", f", patches of {patches}"
    alone = BUDGETS[name][1]
    steps = round(alone / JUDGES[patches][1])
    games = {f"L1 + {w:g} adversarial{ending}{judge}": (w, patches, steps) for w in weights}
    return {f"L1 alone{ending}": (0.0, patches, alone), **games}


HELD_OUT = 1000


def soccer_row(method: str, seed: int, real, repaired, hole, seconds: float, raw=None) -> dict:
    found = repair_report(real, repaired, hole)
    texture = HoleTexture(hole[0])
    features = [metrics.extract(real, network) for network in ("soccer", texture)]
    others = [metrics.extract(repaired, network) for network in ("soccer", texture)]
    content, filters = (
        metrics.fid(a, b, spread=False).value for a, b in zip(features, others, strict=True)
    )
    return {
        "data": "soccer",
        "method": method,
        "seed": seed,
        "psnr": found.psnr,
        "ssim": found.ssim,
        "fid": filters,
        "fid_content": content,
        "seconds": seconds,
        "hole_l1": found.hole_l1,
        "known_l1": found.known_l1,
        "drawn_known_l1": None if raw is None else repair_report(real, raw, hole).known_l1,
        "gradient_ratio": found.gradient_ratio,
        "seam": found.seam,
    }


def start(task: Repair, state: dict) -> Repair:
    """Give a task the generator that another one has warmed up, with its optimizer's moments."""
    task.generator.load_state_dict(state["generator"])
    task.average["generator"].load_state_dict(state["average"])
    moments = copy.deepcopy(state["optimizer"])
    moments["param_groups"] = task.optimizers["generator"].state_dict()["param_groups"]
    task.optimizers["generator"].load_state_dict(moments)
    return task


def soccer_networks(seeds: list[int], quick: bool, keep: Keeper, name: str) -> None:
    """Train one warm-up a seed, go on from it by each method of a budget, and measure."""
    warm_up, methods = BUDGETS[name][0], plans(name, keep.weights, keep.patches)
    training = data.load("soccer", count=500 if quick else 10_000)
    real = data.load("soccer", keep.split, count=100 if quick else HELD_OUT)[:]
    hole = masks.center(1, 32)
    scale = 0.01 if quick else 1.0

    def make(seed: int, adversarial: float, patches: int) -> Repair:
        recipe = recipe_for(
            training.shape, noise_dim=0, masks="center", warm_up=0, adversarial=adversarial
        )
        torch.manual_seed(seed)
        generator = UNetGenerator(**recipe.networks["generator"])
        judge = PatchDiscriminator(**{**recipe.networks["discriminator"], **JUDGES[patches][0]})
        return Repair(generator, judge, **recipe.options)

    def learn(task: Repair, seed: int, steps: int, schedule: str) -> float:
        clock = Clock()
        fit(
            task, training, max(8, round(steps * scale)), batch_size=32, seed=seed,
            schedule=schedule, precision=keep.precision, device="cpu", progress=False,
        )  # fmt: skip
        return clock.seconds()

    def measure(method: str, seed: int, task: Repair, seconds: float) -> None:
        repaired = task.complete(real, hole)
        with torch.no_grad():
            network = task.average["generator"]
            parts = (real * hole).split(250)
            raw = torch.cat([network(x, hole.expand(len(x), -1, -1, -1)) for x in parts])
        keep.show(method, seed, repaired)
        keep(soccer_row(method, seed, real, repaired, hole, seconds, raw))

    for seed in seeds:
        missing = {m: plan for m, plan in methods.items() if not keep.has("soccer", m, seed)}
        if not missing:
            continue
        warmed = f"warm-up-{warm_up}-{seed}"
        state = keep.stored(warmed)
        if state is None:
            base = make(seed, 0.0, 26)
            seconds = learn(base, seed, warm_up, "constant")
            state = {
                "generator": base.generator.state_dict(),
                "average": base.average["generator"].state_dict(),
                "optimizer": base.optimizers["generator"].state_dict(),
                "seconds": seconds,
            }
            keep.store(warmed, state)
            if name == "networks":
                measure("L1, warm-up only", seed, base, seconds)
        for method, (weight, patches, steps) in missing.items():
            task = start(make(seed, weight, patches), state)
            seconds = state["seconds"] + learn(task, seed, steps, "hold-cosine")
            measure(method, seed, task, seconds)


def soccer_baselines(seeds: list[int], quick: bool, keep: Keeper) -> None:
    """What needs no network; nothing in it is random, so there is one row each."""
    training = data.load("soccer", count=500 if quick else 10_000)[:]
    real = data.load("soccer", "test", count=100 if quick else HELD_OUT)[:]
    hole = masks.center(1, 32)
    learned = inpainting.PCARegression(128).fit(training)
    methods = {
        "mean color": inpainting.mean,
        "harmonic": inpainting.harmonic,
        "biharmonic": inpainting.biharmonic,
        "patch copy": inpainting.patches,
        "nearest training picture": lambda x, m: inpainting.nearest(x, m, training),
        "PCA regression": learned,
    }
    for name, method in methods.items():
        if keep.has("soccer", name, 0):
            continue
        clock = Clock()
        repaired = method(real, hole)
        keep.show(name, 0, repaired)
        keep(soccer_row(name, 0, real, repaired, hole, clock.seconds()))
    if keep.has("soccer", "other real pictures", 0):
        return
    other = data.load("soccer", "validation", count=len(real))[:]
    row = soccer_row("other real pictures", 0, real, other, hole, 0.0)
    keep({**row, "psnr": None, "ssim": None, "hole_l1": None, "known_l1": None})
