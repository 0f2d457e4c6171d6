"""How well are holes filled: by simple means, by an L1 network, by an adversarial one?

    python benchmarks/repair.py [--quick] [--json FILE] [--only PART ...] [--seeds 0 1 2]
                                [--split validation] [--weights W ...] [--patches 12]

``soccer`` repairs footballs on grass, 32x32 with an 18x18 hole in the middle: simple baselines, a
U-Net trained by L1 alone, and the same U-Net whose last steps add an adversarial loss of several
weights, all with the same total compute (L1 steps are cheaper, so the L1 network gets more of
them). ``digits`` repairs 8x8 digits with a 4x4 hole: the articles' formulas read literally, cured
one step at a time, and a search among latent codes. Settings were chosen on the validation split;
all numbers are from the test split. Every row is written to the JSON file as soon as it is
measured, and rows that the file holds are not measured again: a run that was cut off goes on, and
parts and seeds can be run one by one. Warm-ups are kept beside the file for that purpose.

The parts ``short`` and ``long`` compare the same two with less and with more compute, and with a
smaller discriminator that looks at smaller patches. The goal was a texture distance at least five
times below that of L1 alone at a cost of at most 1 dB of PSNR, on three seeds. ``short`` reaches
it. Its weight was chosen on the validation split, among those of ``results/repair_search.json``:

    python benchmarks/repair.py --only short --split validation --weights 0.7 1 1.4 --json SEARCH
    python benchmarks/repair.py --only short --split validation --weights 0.4 --patches 26 ...

Before that, single runs of half a minute on validation pictures told what to look at. Smaller
patches and a narrower discriminator cost less PSNR for the same texture, and less time. A
non-saturating or hinge loss, another decay of Adam's moments, twice the discriminator's learning
rate, a discriminator that is shown the mask or sees 54 pixels, a weaker or a stronger R1 did not
help, or moved along the same trade. With the usual compute the goal stays out of reach: L1 alone
improves, too, and two sets of real pictures are hardly nearer to each other than a fifth of it.
"""

import argparse
import copy
import itertools
import json
import time
from functools import partial
from pathlib import Path

import report
import torch

from gan_tutorial import GAN, data, fit, inpainting, masks, metrics
from gan_tutorial.models import PatchDiscriminator, UNetGenerator
from gan_tutorial.repair import Repair, latent_search, recipe_for
from gan_tutorial.repair.measures import HoleTexture, repair_report

# --- Footballs: one warm-up a seed, then L1 alone or with an adversarial loss ----------------

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


class Clock:
    """Processor time, which other programs on the machine do not disturb."""

    def __init__(self):
        self.began = time.process_time()

    def seconds(self) -> float:
        return time.process_time() - self.began


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


def soccer_networks(seeds: list[int], quick: bool, keep: "Keeper", name: str) -> None:
    """Train one warm-up a seed, go on from it by each method of a budget, and measure."""
    warm_up, methods = BUDGETS[name][0], plans(name, keep.weights, keep.patches)
    training = data.load("soccer", count=500 if quick else 10_000)
    real = data.load("soccer", keep.split, count=100 if quick else HELD_OUT)[:]
    hole = masks.center(1, 32)
    scale = 0.01 if quick else 1.0

    def make(seed: int, adversarial: float, patches: int) -> Repair:
        recipe = recipe_for(training.shape)
        torch.manual_seed(seed)
        generator = UNetGenerator(**recipe["generator"])
        discriminator = PatchDiscriminator(**{**recipe["discriminator"], **JUDGES[patches][0]})
        return Repair(generator, discriminator, **{**recipe["options"], "adversarial": adversarial})

    def learn(task: Repair, seed: int, steps: int, schedule: str) -> float:
        clock = Clock()
        fit(
            task, training, max(8, round(steps * scale)), batch_size=32, seed=seed,
            schedule=schedule, precision="bf16", device="cpu", progress=False,
        )  # fmt: skip
        return clock.seconds()

    def measure(method: str, seed: int, task: Repair, seconds: float) -> None:
        repaired = task.complete(real, hole)
        with torch.no_grad():
            network = task.average["generator"]
            parts = (real * hole).split(250)
            raw = torch.cat([network(x, hole.expand(len(x), -1, -1, -1)) for x in parts])
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


def soccer_baselines(seeds: list[int], quick: bool, keep: "Keeper") -> None:
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
        keep(soccer_row(name, 0, real, repaired, hole, clock.seconds()))
    if keep.has("soccer", "other real pictures", 0):
        return
    other = data.load("soccer", "validation", count=len(real))[:]
    row = soccer_row("other real pictures", 0, real, other, hole, 0.0)
    keep({**row, "psnr": None, "ssim": None, "hole_l1": None, "known_l1": None})


# --- Digits: the articles' formulas, cured one at a time -------------------------------------

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


def digit_gan(seed: int, real_is: str, l1: float, told: bool, copied: bool, steps: int):
    """Train a generator that completes digits; return the function that does."""
    from gan_tutorial.losses import LOSSES

    training = data.load("digits")[:]
    hole = masks.center(1, 8)
    damage = digit_damage(hole)
    torch.manual_seed(seed)
    G = UNetGenerator(channels=1, size=8, width=32, depth=2, mask_input=told)
    D = PatchDiscriminator(channels=1, width=32, depth=1)
    optimizers = [torch.optim.Adam(net.parameters(), 1e-3, (0.5, 0.99)) for net in (G, D)]
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


def digit_l1(seed: int, steps: int):
    """The same generator by L1 alone, with as much compute."""
    training = data.load("digits")
    torch.manual_seed(seed)
    G = UNetGenerator(channels=1, size=8, width=32, depth=2)
    task = Repair(G, PatchDiscriminator(channels=1, depth=1), adversarial=0.0, ema=0.9)
    fit(task, training, 2 * steps, seed=seed, device="cpu", progress=False)
    return lambda x: task.complete(x, masks.center(1, 8))


def digit_noise(seed: int, diversity: float, quick: bool):
    """A generator that is given noise, with or without a reward for using it."""
    training = data.load("digits")
    torch.manual_seed(seed)
    G = UNetGenerator(channels=1, size=8, width=32, depth=2, noise_dim=8)
    D = PatchDiscriminator(channels=1, width=32, depth=1)
    task = Repair(G, D, r1=1.0, diversity=diversity, warm_up=20 if quick else 400)
    steps = 30 if quick else 1200
    fit(task, training, steps, schedule="hold-cosine", seed=seed, device="cpu", progress=False)
    hole = masks.center(1, 8)
    return lambda x, k=0: task.complete(x, hole, seed=seed + 1000 * k)


def digit_search(seed: int, quick: bool):
    training = data.load("digits")
    torch.manual_seed(seed)
    gan = GAN.for_data(training)
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


def digits(seeds: list[int], quick: bool, keep: "Keeper") -> None:
    test = data.load("digits", "test")
    real, labels = test[:], test.labels
    training = data.load("digits")[:]
    hole = masks.center(1, 8)
    steps = 30 if quick else DIGIT_STEPS

    def measure(method, seed, make):
        if keep.has("digits", method, seed):
            return
        clock = Clock()
        function = make()
        repaired = function(real)
        keep(digit_row(method, seed, real, labels, repaired, clock.seconds()))

    measure("untouched", 0, lambda: lambda x: x)
    measure("nothing done", 0, lambda: digit_damage(hole))
    measure("mean color", 0, lambda: lambda x: inpainting.mean(x, hole))
    measure("harmonic", 0, lambda: lambda x: inpainting.harmonic(x, hole))
    measure("biharmonic", 0, lambda: lambda x: inpainting.biharmonic(x, hole))
    measure("nearest training picture", 0, lambda: lambda x: inpainting.nearest(x, hole, training))
    learned = inpainting.PCARegression(32).fit(training)
    measure("PCA regression", 0, lambda: lambda x: learned(x, hole))
    for seed, (name, cure) in itertools.product(seeds, CURES.items()):
        measure(name, seed, lambda: digit_gan(seed, *cure, steps))  # noqa: B023
    for seed in seeds:
        measure("L1 alone", seed, lambda: digit_l1(seed, steps))  # noqa: B023


def digits_noise(seeds: list[int], quick: bool, keep: "Keeper") -> None:
    """Several completions of each picture: does the noise matter?"""
    test = data.load("digits", "test")
    real, labels, hole = test[:], test.labels, masks.center(1, 8)
    methods = {
        "with noise": lambda seed: digit_noise(seed, 0.0, quick),
        "with noise, rewarded": lambda seed: digit_noise(seed, 1.0, quick),
        "latent search": lambda seed: digit_search(seed, quick),
    }
    for seed, (name, make) in itertools.product(seeds, methods.items()):
        if keep.has("digits", name, seed):
            continue
        clock = Clock()
        function = make(seed)
        repaired = function(real)
        row = digit_row(name, seed, real, labels, repaired, clock.seconds())
        keep(row | variety(function, real[:100], hole, 10))


# --- The program -----------------------------------------------------------------------------

COLUMNS = ("psnr", "ssim", "fid", "seam", "gradient_ratio", "seconds")
MORE = ("fid_content", "label_kept", "spread", "readings")


class Keeper:
    """Shows each row and writes it to the file at once; knows which rows the file holds."""

    def __init__(self, path: Path | None, split: str, weights: list[float], patches: int):
        self.path, self.split, self.weights, self.patches = path, split, weights, patches
        self.rows = json.loads(path.read_text())["rows"] if path and path.exists() else []

    def __call__(self, row: dict) -> None:
        cells = (f"{row[c]:9.4f}" if row[c] is not None else f"{'-':>9}" for c in COLUMNS)
        more = " ".join(f"{name} {row[name]:.3f}" for name in MORE if name in row)
        print(f"{row['data']:7} {row['method']:32} {row['seed']}", *cells, more, flush=True)
        self.rows.append(row if self.split == "test" else {**row, "split": self.split})
        report.write("repair", self.rows, self.path)

    def has(self, *key) -> bool:
        """Return whether there is a row of this data set, method and seed, on this split."""
        return any(
            (row["data"], row["method"], row["seed"]) == key
            and row.get("split", "test") == self.split
            for row in self.rows
        )

    def _beside(self, name: str) -> Path | None:
        return self.path and self.path.with_suffix(f".{name}.pt")

    def stored(self, name: str) -> dict | None:
        """Return what `store` kept beside the file under this name, if anything."""
        path = self._beside(name)
        return torch.load(path, weights_only=True) if path and path.exists() else None

    def store(self, name: str, state: dict) -> None:
        if self.path:
            torch.save(state, self._beside(name))


USUAL = ["baselines", "networks", "digits", "noise"]
PARTS = {
    "baselines": soccer_baselines,
    **{name: partial(soccer_networks, name=name) for name in BUDGETS},
    "digits": digits,
    "noise": digits_noise,
}


def main() -> None:
    """Run the parts asked for, print a table and write the JSON file if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few steps on a few pictures")
    parser.add_argument("--json", type=Path, help="write the rows to this file; go on if it exists")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=USUAL)
    parser.add_argument(
        "--split", choices=("test", "validation"), default="test", help="to measure"
    )
    parser.add_argument(
        "--weights", nargs="+", type=float, default=[1.0], help="of the parts short and long"
    )
    parser.add_argument(
        "--patches", type=int, choices=JUDGES, default=12, help="side, in short and long"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args()
    seeds = options.seeds[:1] if options.quick else options.seeds
    keep = Keeper(options.json, options.split, options.weights, options.patches)
    if options.split != "test" and not set(options.only) <= set(BUDGETS):
        parser.error(
            f"only {', '.join(BUDGETS)} are measured on another split: name them by --only"
        )
    print(f"{'data':7} {'method':32} s", *(f"{column[:9]:>9}" for column in COLUMNS))
    for part in options.only:
        PARTS[part](seeds, options.quick, keep)


if __name__ == "__main__":
    main()
