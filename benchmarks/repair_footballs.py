"""Footballs on grass, for `repair.py`: one warm-up a seed, then L1 alone or with a game."""

import copy
from functools import partial
from typing import NamedTuple

import torch
from repair_keeper import Clock, Keeper, product

from gan_tutorial import data, fit, inpainting, masks, metrics
from gan_tutorial.models import PatchDiscriminator, UNetGenerator
from gan_tutorial.repair import Repair, recipe_for
from gan_tutorial.repair.measures import HoleTexture, repair_report

# By the side of its patches in pixels: what else differs in the discriminator from the recipe's,
# and the cost of an adversarial step in steps of L1 alone, as timed.
JUDGES = {26: ({}, 1.75), 12: ({"width": 16, "depth": 1}, 1.35)}
# Steps of warm-up, and what follows it in L1 alone.
BUDGETS = {"networks": (2500, 2100), "short": (1000, 875), "long": (2500, 7000)}
HELD_OUT = 1000
SIDES = [{"side": side} for side in (5, 7, 9, 11)]
COMPONENTS = [{"components": count} for count in (64, 128, 256, 512)]


class Plan(NamedTuple):
    """One method of a budget."""

    weight: float  # of the game; 0 is L1 alone
    patches: int  # which the discriminator sees, in pixels
    steps: int  # after the warm-up
    like: str  # the method whose search, within the short budget, is this one's, too


def plans(name: str) -> dict[str, Plan]:
    """Return the methods of a budget."""
    alone = BUDGETS[name][1]

    def after(patches: int) -> int:
        return round(alone / JUDGES[patches][1])

    l1 = "L1 alone, short"
    if name != "networks":
        game = "L1 + 1 adversarial, {}, patches of 12"
        return {
            f"L1 alone, {name}": Plan(0.0, 12, alone, l1),
            game.format(name): Plan(1.0, 12, after(12), game.format("short")),
        }
    games = {f"L1 + {w:g} adversarial": w for w in (0.1, 0.3, 1.0)}
    return {
        "L1, warm-up only": Plan(0.0, 26, 0, l1),
        "L1 alone": Plan(0.0, 26, alone, l1),
        **{method: Plan(w, 26, after(26), method) for method, w in games.items()},
    }


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


class Footballs:
    """Trains the networks, each from the warm-up of its seed and setting."""

    def __init__(self, keep: Keeper, quick: bool):
        self.keep, self.scale = keep, 0.01 if quick else 1.0
        self.count = 100 if quick else HELD_OUT
        self.training = data.load("soccer", count=500 if quick else 10_000)
        self.hole = masks.center(1, 32)

    def real(self, split: str) -> torch.Tensor:
        """Return the pictures to be repaired."""
        return data.load("soccer", split, count=self.count)[:]

    def make(self, seed: int, setting: dict, weight: float = 0.0, patches: int = 26) -> Repair:
        """Return a task that has not been trained."""
        recipe = recipe_for(
            self.training.shape, noise_dim=0, masks="center", warm_up=0, adversarial=weight,
            lr=setting["lr"], betas=(setting["beta1"], 0.99),
        )  # fmt: skip
        torch.manual_seed(seed)
        generator = UNetGenerator(**recipe.networks["generator"])
        judge = PatchDiscriminator(**{**recipe.networks["discriminator"], **JUDGES[patches][0]})
        return Repair(generator, judge, **recipe.options)

    def learn(self, task: Repair, seed: int, steps: int, schedule: str) -> float:
        """Train a task; return the seconds."""
        clock = Clock()
        fit(
            task, self.training, max(8, round(steps * self.scale)), batch_size=32, seed=seed,
            schedule=schedule, precision=self.keep.precision, device="cpu", progress=False,
        )  # fmt: skip
        return clock.seconds()

    def warmed_up(self, seed: int, setting: dict, steps: int) -> dict:
        """Return what L1 alone has learned in so many steps; it is kept beside the file."""
        name = f"warm-up-{steps}-{seed}-{setting['lr']:g}-{setting['beta1']:g}"
        state = self.keep.stored(name)
        if state is None:
            base = self.make(seed, setting)
            seconds = self.learn(base, seed, steps, "constant")
            state = {
                "generator": base.generator.state_dict(),
                "average": base.average["generator"].state_dict(),
                "optimizer": base.optimizers["generator"].state_dict(),
                "seconds": seconds,
            }
            self.keep.store(name, state)
        return state

    def train(self, plan: Plan, seed: int, setting: dict, warm_up: int) -> tuple[Repair, float]:
        """Return a trained task, and its seconds with those of its warm-up."""
        state = self.warmed_up(seed, setting, warm_up)
        task, seconds = start(self.make(seed, setting, plan.weight, plan.patches), state), 0.0
        if plan.steps:
            seconds = self.learn(task, seed, plan.steps, "hold-cosine")
        return task, state["seconds"] + seconds

    def score(self, plan: Plan, setting: dict, seed: int) -> float:
        """Return the score of a trial of a method, within the short budget."""
        warm_up, alone = BUDGETS["short"]
        steps = round(alone / JUDGES[plan.patches][1]) if plan.weight else alone
        task, seconds = self.train(plan._replace(steps=steps), seed, setting, warm_up)
        real = self.real("validation")
        repaired = task.complete(real, self.hole)
        return product(soccer_row("trial", seed, real, repaired, self.hole, seconds))


def soccer_networks(seeds: list[int], quick: bool, keep: Keeper, name: str) -> None:
    """Search the settings of a budget's methods, train each with every seed, and measure."""
    balls = Footballs(keep, quick)
    real, hole = balls.real("test"), balls.hole
    for method, plan in plans(name).items():
        setting = keep.choose("soccer", method, partial(balls.score, plan), like=plan.like)
        for seed in seeds:
            if keep.has("soccer", method, seed):
                continue
            task, seconds = balls.train(plan, seed, setting, BUDGETS[name][0])
            repaired = task.complete(real, hole)
            with torch.no_grad():
                network = task.average["generator"]
                parts = (real * hole).split(250)
                raw = torch.cat([network(x, hole.expand(len(x), -1, -1, -1)) for x in parts])
            keep.show(method, seed, repaired)
            row = soccer_row(method, seed, real, repaired, hole, seconds, raw)
            keep(row | {"settings": setting})


def soccer_baselines(seeds: list[int], quick: bool, keep: Keeper) -> None:
    """What needs no network; nothing in it is random, so there is one row each."""
    balls = Footballs(keep, quick)
    training, hole = balls.training[:], balls.hole
    real, held = balls.real("test"), balls.real("validation")
    methods = {
        "mean color": inpainting.mean,
        "harmonic": inpainting.harmonic,
        "biharmonic": inpainting.biharmonic,
        "patch copy": inpainting.patches,
        "nearest training picture": lambda x, m: inpainting.nearest(x, m, training),
        "PCA regression": lambda x, m, **k: inpainting.PCARegression(**k).fit(training)(x, m),
    }
    choices = {"patch copy": SIDES, "PCA regression": COMPONENTS}

    def score(method: str, setting: dict, seed: int) -> float:
        repaired = methods[method](held, hole, **setting)
        return product(soccer_row(method, seed, held, repaired, hole, 0.0))

    for name, method in methods.items():
        if keep.has("soccer", name, 0):
            continue
        setting = {}
        if name in choices:
            setting = keep.choose("soccer", name, partial(score, name), choices[name])
        clock = Clock()
        repaired = method(real, hole, **setting)
        keep.show(name, 0, repaired)
        row = soccer_row(name, 0, real, repaired, hole, clock.seconds())
        keep(row | ({"settings": setting} if setting else {}))
    if keep.has("soccer", "other real pictures", 0):
        return
    row = soccer_row("other real pictures", 0, real, held, hole, 0.0)
    keep({**row, "psnr": None, "ssim": None, "hole_l1": None, "known_l1": None})
