"""Which advice improves a GAN? Each piece alone, at equal compute, on a plain and a modern GAN.

    python benchmarks/improve.py [--data digits soccer transfer] [--seeds N ...] [--search]
                                 [--minutes M] [--quick] [--json FILE]

``digits``: scikit-learn's 8x8 digits, fully connected networks. Two starting points: ``plain``, the
non-saturating game with Adam as in the DCGAN paper, at a rate that the validation split chose, and
``modern``, the library's recipe (relativistic loss, R1 and R2, average of the weights, rate held
and then lowered). Every variant changes one thing in one of them. ``ladder`` goes from one starting
point to the other, one change at a time.

Equal compute: every variant is trained for the processor time, on one thread, of `BUDGET` steps of
the plain GAN. What a step costs is timed once for each kind of variant, in short turns with the
plain GAN, so that whatever else the machine does disturbs both; the fastest turns count. All seeds
then take the same number of steps (results/improve_costs.json). `seconds` is what a run took.

``soccer``: footballs of 32x32 pixels, drawn at once, by growing networks (8, 16, 32), and by two
stages (16, then a refiner to 32), all in the time of `SOCCER_BUDGET` steps at full size.
``transfer``: fifty pictures of the digits 5 to 9 (ten of each),
from scratch and from networks trained on the digits 0 to 4.

Where an advice has a strength (a rate, a noise, a weight), ``--search`` tries several with one
seed that is used nowhere else, and the one with the best FID on the *validation* split is taken;
these runs are in results/improve_search.json. Reported is the *test* split: FID, precision and
recall in the features of the library's own networks, means over three draws of as many samples.
`memorized` is the probability that a sample is nearer to the training set than a test picture is
(0.5 is fair), `gap` the mean logit of training pictures minus that of validation pictures, in
standard deviations of the latter.

A file that exists is added to, and what it holds is not run again.
"""

import argparse
import copy
import itertools
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import report
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from gan_tutorial import GAN, augment, data, fit, losses, metrics, models
from gan_tutorial.gan import recipe_for
from gan_tutorial.training.run import NonFiniteError

BUDGET = 700  # steps of the plain GAN, in whose time every variant is trained
DRAWS, SEARCH_SEED = 3, 100
SEARCHED = Path(__file__).parent / "results" / "improve_search.json"

# --- What the ablation needs and the library does not offer ----------------------------------


class SparseGAN(GAN):
    """A GAN whose generator also pays for the mean absolute activation of its hidden layers."""

    def __init__(self, *networks, weight: float, **options):
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


def augmented(*policy: str):
    """Return what puts augmentations in front of a discriminator."""
    return lambda d: models.Augmented(d, augment.DiffAugment(*policy))


class Fading(nn.Module):
    """A network of one size in which that of half the size fades out (Karras et al. 2018).

    `alpha`, a buffer, is the share of the new: 0 at first, 1 at the end.
    """

    def __init__(self, new: nn.Module, old: nn.Module):
        super().__init__()
        self.new, self.shape = new, new.shape
        self.register_buffer("alpha", torch.zeros(()))
        self.old = old

    def mix(self, old: Callable[[], Tensor], new: Tensor) -> Tensor:
        """Blend the two; once the old one has no share, it is not computed."""
        alpha = self.alpha.item()
        return new if alpha >= 1 else (1 - alpha) * old() + alpha * new


class FadingGenerator(Fading):
    """The smaller generator's picture, enlarged, becomes the larger one's."""

    def __init__(self, new: models.DCGANGenerator, old: models.DCGANGenerator):
        shared = len(old.net) - 2  # all but the layer that draws the picture, and the tanh
        new.net[:shared].load_state_dict(old.net[:shared].state_dict())
        super().__init__(new, old.net[shared:])
        self.latent_dim, self.shared = new.latent_dim, shared

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes to pictures of the new size."""
        hidden = self.new.net[: self.shared](z)
        picture = self.new.net[self.shared :](hidden)
        return self.mix(lambda: interpolate(self.old(hidden), scale_factor=2), picture)


class FadingDiscriminator(Fading):
    """The layer that reads pictures of half the size is replaced by two for the whole size."""

    def __init__(self, new: models.DCGANDiscriminator, old: models.DCGANDiscriminator):
        nn.Sequential(*new.net[4:]).load_state_dict(nn.Sequential(*old.net[2:]).state_dict())
        super().__init__(new, old.net[:2])

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures of the new size to logits."""
        hidden = self.new.net[:4](x)
        return self.new.net[4:](self.mix(lambda: self.old(avg_pool2d(x, 2)), hidden))


class Refiner(nn.Module):
    """A second stage (Zhang et al. 2017): it corrects the enlarged pictures of a first one."""

    def __init__(self, first: nn.Module, width: int = 64):
        super().__init__()
        self.first, self.latent_dim = first.requires_grad_(False).eval(), first.latent_dim
        self.net = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2),
            models.UpsampleConv2d(width, width // 2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width // 2, 3, 3, padding=1),
        )

    def train(self, mode: bool = True) -> nn.Module:
        """Leave the first stage in evaluation mode: it is done."""
        super().train(mode)
        self.first.eval()
        return self

    def forward(self, z: Tensor) -> Tensor:
        """Map latent codes to pictures of twice the first stage's size."""
        with torch.no_grad():
            small = self.first(z)
        large = interpolate(small, scale_factor=2, mode="bilinear")
        return (large + self.net(small)).clamp(-1, 1)


# --- The variants ----------------------------------------------------------------------------


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


def sgd(lr: float, **options):
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


def build(samples, base: str, change: Change, seed: int) -> GAN:
    """Make the task of one variant."""
    torch.manual_seed(seed)
    recipe = recipe_for(tuple(samples.shape))
    shape = tuple(samples.shape)
    defaults = {"width": 128, "depth": recipe["generator_depth"]}
    generator = models.MLPGenerator(recipe["latent_dim"], shape, **{**defaults, **change.generator})
    seen = (shape[0] * change.pack, *shape[1:])
    discriminator = models.MLPDiscriminator(seen, **{"width": 128, **change.discriminator})
    if change.pack > 1:
        discriminator = models.Packed(discriminator, change.pack)
    if change.wrap:
        discriminator = change.wrap(discriminator)
    if change.noise:
        discriminator = models.Augmented(discriminator, augment.Noise(change.noise))
    options = {**recipe["options"], **BASES["plain" if base == "plain" else "modern"][0]}
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


def cooled(start: float):
    """Return a callback that lowers instance noise along a line to 0."""

    def cool(run) -> None:
        run.task.discriminator.changes[0].std = start * (1 - run.step / run.steps)

    return cool


def part_of(samples, count: int | None, seed: int):
    """Return so many of the samples, other ones for each seed."""
    if count is None:
        return samples
    order = torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))
    return samples.subset(order[:count])


def run(samples, base: str, change: Change, seed: int, steps: int) -> GAN:
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


COSTS: dict[str, float] = {}
COST_FILE = Path(__file__).parent / "results" / "improve_costs.json"


def cost(samples, base: str, change: Change, pairs: int = 8, few: int = 12) -> float:
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


# --- Measuring -------------------------------------------------------------------------------


class Judge:
    """Held-out pictures of one kind, and what is measured against them."""

    def __init__(self, train, validation, test):
        self.network = metrics.network_for(train)
        self.held = validation
        self.validation, self.test = (
            metrics.extract(split, self.network) for split in (validation, test)
        )

    def measure(self, sample: Callable[[int], Tensor], trained_on, draws: int = DRAWS) -> dict:
        """Draw samples several times and return means of what is measured."""
        count = min(len(self.test), len(self.validation))
        fakes = metrics.extract(sample(draws * count), self.network)
        seen = metrics.extract(trained_on, self.network)
        found = []
        for k in range(draws):
            part = fakes[k * count : (k + 1) * count]
            manifold = metrics.manifold_report(self.test, part, spread=False)
            found.append(
                {
                    "fid": metrics.fid(self.test, part, spread=False).value,
                    "fid_validation": metrics.fid(self.validation, part, spread=False).value,
                    "precision": manifold.precision,
                    "recall": manifold.recall,
                    "memorized": metrics.memorization(seen, self.test, part).closer,
                }
            )
        return {key: statistics.fmean(row[key] for row in found) for key in found[0]}

    @torch.no_grad()
    def gap(self, gan: GAN, trained_on) -> float:
        """Mean logit of training pictures minus that of others, in standard deviations."""
        seen, unseen = (gan.discriminator(s[:100]) for s in (trained_on, self.held))
        return ((seen.mean() - unseen.mean()) / unseen.std()).item()


# --- Digits ----------------------------------------------------------------------------------


class Rows:
    """The rows of a file, to which new ones are added and written at once."""

    def __init__(self, name: str, path: Path | None, minutes: float):
        self.name, self.path = name, path
        self.rows = json.loads(path.read_text())["rows"] if path and path.is_file() else []
        self.until = time.monotonic() + 60 * minutes

    def find(self, **wanted) -> list[dict]:
        """Return the rows with these values."""
        return [r for r in self.rows if all(r.get(k) == v for k, v in wanted.items())]

    def add(self, **row) -> None:
        """Keep a row and print it."""
        self.rows.append(row)
        print(
            f"{row['data']:9}{row['base']:7} {row['variant']:34} {row['seed']:4} "
            f"{row['steps']:6} {row['seconds']:5.1f} s  FID {row['fid']:7.2f} "
            f"({row['fid_validation']:.2f})  {row['precision']:.2f} {row['recall']:.2f}",
            flush=True,
        )
        report.write(self.name, self.rows, self.path)

    def late(self) -> bool:
        """Say whether the time that was given is over."""
        return time.monotonic() > self.until


def digits_run(rows: Rows, judge: Judge, samples, base, topic, name, change, seed, budget, **more):
    """Train and measure one variant with one seed, and those that share its run."""
    trained_on = part_of(samples, change.count, seed)
    steps = max(1, round(budget / cost(samples, base, change)))
    began = time.process_time()
    gan = run(trained_on, base, change, seed, steps)
    took = time.process_time() - began
    gap = judge.gap(gan, trained_on)

    def add(base, topic, name, change):
        averaged = change.averaged
        if averaged is None:
            averaged = BASES["plain" if base == "plain" else "modern"][2]
        torch.manual_seed(seed)  # for noise within the generator
        found = judge.measure(
            lambda count: gan.sample(count, seed=1000 + seed, averaged=averaged), trained_on
        )
        row = {"data": "digits", "base": base, "topic": topic, "variant": name, "seed": seed}
        rows.add(**row, **more, steps=steps, seconds=took, **found, gap=gap)

    add(base, topic, name, change)
    for (other_base, other), source in SHARED.items():
        if source == (base, name) and not more:
            for (other_topic, n), other_change in VARIANTS[other_base].items():
                if n == other:
                    add(other_base, other_topic, n, other_change)


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


def all_variants():
    """Return (base, topic, name, change) of every variant, baselines first."""
    listed = [
        (base, topic, name, change)
        for base, variants in VARIANTS.items()
        for (topic, name), change in variants.items()
    ]
    return sorted(listed, key=lambda v: (v[1] != "baseline", v[0] == "modern"))


def do_digits(rows: Rows, seeds: list[int], quick: bool) -> None:
    """Run what is missing of the ablation."""
    samples, validation, test = (data.load("digits", s) for s in ("train", "validation", "test"))
    judge = Judge(samples, validation, test)
    budget = BUDGET / (20 if quick else 1)
    if not quick:
        do_search(Rows("improve_search", SEARCHED, (rows.until - time.monotonic()) / 60))
    for (base, topic, name, change), seed in itertools.product(all_variants(), seeds):
        if seed > 2 and topic != "baseline":
            continue  # five seeds for the two starting points, three for the rest
        if (base, name) in SHARED or rows.find(data="digits", base=base, variant=name, seed=seed):
            continue
        if rows.late():
            return
        picked = chosen(base, name, change)
        try:
            digits_run(rows, judge, samples, base, topic, name, picked, seed, budget)
        except NonFiniteError as error:
            print(base, name, seed, error, flush=True)


def do_search(rows: Rows) -> None:
    """Try every strength of every advice that has one."""
    samples, validation = (data.load("digits", s) for s in ("train", "validation"))
    judge = Judge(samples, validation, validation)
    for base, topic, name, candidates in all_variants():
        for k, change in enumerate(candidates if isinstance(candidates, list) else []):
            if rows.find(base=base, variant=name, candidate=k) or rows.late():
                continue
            try:
                digits_run(
                    rows, judge, samples, base, topic, name, change, SEARCH_SEED, BUDGET,
                    candidate=k,
                )  # fmt: skip
                rows.rows[-1].pop("fid")  # measured against the validation split as well
            except NonFiniteError:
                print(base, name, k, "left the numbers", flush=True)
                about = {"data": "digits", "base": base, "topic": topic, "variant": name}
                rows.rows.append({**about, "seed": SEARCH_SEED, "candidate": k, "diverged": True})
            report.write("improve_search", rows.rows, rows.path)


# --- Footballs: growing, and two stages -------------------------------------------------------


SOCCER_BUDGET = 200  # steps at full size, in whose time every way is trained
SHARES = {8: 1 / 6, 16: 1 / 4, 32: 7 / 12}  # of the time, for each size of the growing networks
STAGES = (0.4, 0.6)  # of the time, for the first stage and the refiner


def soccer_fit(gan: GAN, pictures, steps: int, seed: int, callbacks=(), last: bool = True) -> GAN:
    """Train on footballs; the rate falls at the end of the last part only."""
    fit(gan, pictures, steps, batch_size=32, schedule="hold-cosine" if last else "constant",
        seed=seed, precision="bf16", device="cpu", callbacks=callbacks, progress=False)  # fmt: skip
    return gan


def fade(run) -> None:
    """Give the new layers their full share by the middle of the part."""
    alpha = min(1.0, 2 * run.step / run.steps)
    for network in (run.task.generator, run.task.discriminator):
        network.alpha.fill_(alpha)


def soccer_pair(size: int):
    """Make the pair of networks of one size; each holds the layers of the smaller ones."""
    return models.dcgan_pair(size, 3, latent_dim=64, width=16 * 32 // size)


def timed(counts: dict, key: str, share: float, make: Callable[[], GAN], train) -> int:
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


def direct(sizes: dict, counts: dict, seed: int):
    """Train at the full size from the start."""
    make, train = counts["whole"]
    torch.manual_seed(seed)
    return [("at once", train(make(), counts["budget"], seed), counts["budget"])]


def growing(sizes: dict, counts: dict, seed: int):
    """Train at 8, then 16, then 32 pixels; new layers fade in."""
    options = recipe_for((3, 32, 32))["options"]
    torch.manual_seed(seed)
    networks, total = soccer_pair(8), 0
    for size, share in SHARES.items():

        def make(size=size, networks=networks):
            if size == 8:
                return GAN(*copy.deepcopy(networks), **options)
            (g, d), (new_g, new_d) = copy.deepcopy(networks), soccer_pair(size)
            return GAN(FadingGenerator(new_g, g), FadingDiscriminator(new_d, d), **options)

        def train(gan, steps, size=size):
            callbacks = [] if size == 8 else [fade]
            return soccer_fit(gan, sizes[size], steps, seed, callbacks, last=size == 32)

        steps = timed(counts, f"grow {size}", share, make, train)
        torch.manual_seed(seed)
        gan, total = train(make(), steps), total + steps
        networks = [getattr(n, "new", n) for n in (gan.generator, gan.discriminator)]
    return [("growing", gan, total)]


def two_stages(sizes: dict, counts: dict, seed: int):
    """Train at 16 pixels, then a refiner to 32 on top of the finished first stage."""
    options = recipe_for((3, 32, 32))["options"]

    def first():
        return GAN(*soccer_pair(16), **options)

    def train_first(gan, steps):
        return soccer_fit(gan, sizes[16], steps, seed)

    steps = timed(counts, "first", STAGES[0], first, train_first)
    torch.manual_seed(seed)
    gan = train_first(first(), steps)
    small = gan.average["generator"]

    def second():
        return GAN(Refiner(copy.deepcopy(small)), soccer_pair(32)[1], **options)

    def train_second(gan, steps):
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
    options = recipe_for((3, 32, 32))["options"]
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

            def sample(count, gan=gan, enlarge=enlarge, seed=seed):
                drawn = gan.sample(count, seed=1000 + seed)
                return interpolate(drawn, scale_factor=enlarge, mode="bilinear")

            found = judge.measure(sample, pictures, draws=1)
            label = "first stage only, enlarged" if name == "first" else name
            rows.add(
                data="soccer", base="modern", topic="stages", variant=label, seed=seed,
                steps=steps, seconds=spent, **found,
            )  # fmt: skip


# --- Transfer --------------------------------------------------------------------------------


def do_transfer(rows: Rows, seeds: list[int], quick: bool) -> None:
    """Learn five digits from ten pictures of each, with and without having learned five others."""
    splits = [data.load("digits", split) for split in ("train", "validation", "test")]
    old, _, _ = (s.subset(s.labels < 5) for s in splits)
    pool, validation, test = (s.subset(s.labels >= 5) for s in splits)
    judge = Judge(pool, validation, test)
    modern = Change()
    whole = (BUDGET / (20 if quick else 1)) / cost(pool, "modern", modern)  # steps

    for seed in sorted(seeds)[:3]:
        methods = ("from scratch", "from scratch, twice the time", "fine-tuned",
                   "fine-tuned, lower half of D fixed")  # fmt: skip
        missing = [
            (method, given)
            for method, given in itertools.product(methods, (0.25, 1.0))
            if (method, given) != ("from scratch, twice the time", 0.25)
            and not rows.find(data="transfer", variant=method, seed=seed, given=given)
        ]
        if not missing or rows.late():
            continue
        shuffled = torch.randperm(len(pool), generator=torch.Generator().manual_seed(seed))
        chosen_rows = [shuffled[pool.labels[shuffled] == k][:10] for k in range(5, 10)]
        few = pool.subset(torch.cat(chosen_rows))
        taught = run(old, "modern", modern, seed, round(whole))
        for method, given in missing:
            steps = round(whole * given * (2 if "twice" in method else 1))
            gan = build(few, "modern", modern, seed)
            if method.startswith("fine-tuned"):
                for name, network in gan.networks.items():
                    network.load_state_dict(taught.networks[name].state_dict())
                weights = taught.average["generator"].state_dict()
                gan.generator.load_state_dict(weights)
                gan.average["generator"].load_state_dict(weights)
            if "fixed" in method:  # Mo et al. (2020): the lower layers of D stay as they are
                upper = list(gan.discriminator.parameters())[4:]
                gan.optimizers["discriminator"] = torch.optim.Adam(upper, 2e-3, (0.0, 0.9))
            began = time.process_time()
            fit(gan, few, steps, batch_size=50, schedule="hold-cosine", seed=seed, device="cpu",
                progress=False)  # fmt: skip
            took = time.process_time() - began

            def sample(count, gan=gan, seed=seed):
                return gan.sample(count, seed=1000 + seed)

            found = judge.measure(sample, few)
            rows.add(
                data="transfer", base="modern", topic="transfer", variant=method, seed=seed,
                given=given, steps=steps, seconds=took, **found,
            )  # fmt: skip


def main() -> None:
    """Run what was asked for and is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the training time")
    parser.add_argument("--json", type=Path, help="add the rows to this file")
    parser.add_argument("--data", nargs="+", choices=tuple(WORKS), default=list(WORKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--search", action="store_true", help="choose strengths (validation)")
    parser.add_argument("--minutes", type=float, default=1e9, help="start no run after these")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.search:
        do_search(Rows("improve_search", SEARCHED, options.minutes))
        return
    rows = Rows("improve", options.json, options.minutes)
    for name in options.data:
        WORKS[name](rows, options.seeds, options.quick)


WORKS = {"digits": do_digits, "soccer": do_soccer, "transfer": do_transfer}

if __name__ == "__main__":
    main()
