"""What a discriminator adds as a loss: classes, translation with and without pairs, one step.

    python benchmarks/discriminator.py [--quick] [--only PART ...] [--json FILE]

Four tables, each with three seeds (one with --quick). In each, every method tries the same
number of settings (`SETTINGS`, `FEWER`), on the validation split, with a seed that no row has.

- ``translation``: footballs of 16x16 pixels from plain ground to grass. Without pairs, the pictures
  of the two sets are of different balls. ``error`` is the mean absolute error of a pixel in
  gray levels of 0 to 255, ``ball_error`` that of pixels on the ball; ``fid`` compares the results,
  enlarged to 32x32, with real grass in the features of the football network, ``patches`` compares
  patches of 4x4 pixels, the Frechet distance in gray levels squared; ``texture`` is the size of the
  Laplacian over that of real pictures, where the ground would be even if it were plain. "Dust" is
  random numbers on the pixels of the origin; "statistics" is a formula in the judge's place, the
  covariances of the Laplacian at neighboring pixels (after Portilla and Simoncelli 2000). The
  methods have about the same time, of which a step needs most without pairs.
- ``distillation``: digits. A flow with 32 steps, followed in fewer; students of one step; and the
  GAN and the VAE (with a mixture of ten normal densities for its codes) of the book. ``ms`` is the
  processor's time for a picture, in batches of 64.
- ``conditional``: digits. ``recognized`` is the share of 1,000 samples that the library's network,
  which learned from real digits, takes for the class that was asked for; ``fid`` as ever, over all
  classes.
- ``kinds``: the same of balls of 32x32 pixels of five kinds, which differ in their panels alone; a
  classifier is trained for it on 6,000 real ones.

A part that the JSON file holds is not run again, unless it is named.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import equal
import report
import torch
from PIL import Image
from translations import SEARCH_SEED, SETTINGS, optimizer, translation

from gan_tutorial import GAN, VAE, data, fit, metrics, plots
from gan_tutorial.autoencoders import CodeSampler
from gan_tutorial.conditional import ConditionalGAN
from gan_tutorial.data import Dataset
from gan_tutorial.distillation import FlowMatching, OneStep
from gan_tutorial.models import FlowSampler, latent_codes, sample_generator
from gan_tutorial.semi_supervised import Classifier, classifier_body

FEWER = SETTINGS[::2]  # for the two parts on digits
FLOW_STEPS = (1, 2, 4, 8, 16, 32)


# --- One step ----------------------------------------------------------------------------------


def student(method: str, teacher: FlowMatching, setting: dict, seed: int, train, steps: int):
    """Train a student of one step."""
    weights = {
        "regression": {"adversarial": 0.0},
        "discriminator": {"regression": 0.0},
        "both": {},
    }[method]
    torch.manual_seed(seed)
    task = OneStep.for_data(train, teacher.average["generator"], **weights, **optimizer(setting))
    fit(task, train, steps, seed=seed, device="cpu", progress=False)
    return task


def milliseconds(generator) -> float:
    """Return the processor's time for one picture, the middle of nine batches of 64."""
    z = latent_codes(64, generator.latent_dim, 0)
    times = []
    with torch.no_grad():
        for _ in range(9):
            began = time.process_time()
            for _ in range(3):
                generator(z)
            times.append((time.process_time() - began) / 3 / 64 * 1000)
    return statistics.median(times)


def distillation(quick: bool, result: dict, keep) -> None:
    """Compare a flow in few and many steps, its students, a GAN and a VAE."""
    few = 100 if quick else 1
    train = data.load("digits")
    network = metrics.network_for(train)
    real = {s: metrics.extract(data.load("digits", s), network) for s in ("validation", "test")}
    steps = {"teacher": 4000, "student": 1200, "GAN": 4000, "VAE": 4000}
    steps = {name: count // few for name, count in steps.items()}

    def fid(images: torch.Tensor, split: str) -> float:
        return metrics.fid(real[split], metrics.extract(images, network), spread=False).value

    def make(method: str, setting: dict, seed: int):
        torch.manual_seed(seed)
        options = optimizer(setting)
        if method == "flow":
            task = FlowMatching.for_data(train, **options)
            fit(task, train, steps["teacher"], seed=seed, device="cpu", progress=False)
            return task
        if method == "GAN":
            task = GAN.for_data(train, **options)
        else:
            task = VAE.for_data(train, **options)
        fit(task, train, steps[method], seed=seed, device="cpu", progress=False)
        return task if method == "GAN" else CodeSampler(task, train, components=10)

    search = equal.Search(
        "distillation", "FID of 2,000 samples, lower is better", len(FEWER),
        seeds=[SEARCH_SEED], before=result["search"],
        fixed={
            "real": "training pictures",
            **{f"flow, {k}": "the flow, followed in fewer steps" for k in FLOW_STEPS[:-1]},
        },
    )  # fmt: skip
    rows: list[dict] = []

    def after() -> None:
        keep("distillation", rows, search)

    def score(setting: dict, seed: int, method: str) -> float:
        return fid(make(method, setting, seed).sample(2000, seed=seed), "validation")

    for name in ("flow", "GAN", "VAE"):
        chosen = search.run(name, FEWER, lambda s, seed, n=name: score(s, seed, n), after)
        print(name, "takes", chosen, flush=True)
    teacher = make("flow", search.chosen("flow"), SEARCH_SEED)
    for name in ("regression", "discriminator", "both"):

        def trial(setting: dict, seed: int, name: str = name) -> float:
            task = student(name, teacher, setting, seed, train, steps["student"])
            return fid(task.sample(2000, seed=seed), "validation")

        print(name, "takes", search.run(name, FEWER, trial, after), flush=True)
    shown = {}
    for seed in range(1 if quick else 3):
        teacher = make("flow", search.chosen("flow"), seed)
        whole = teacher.average["generator"].eval()
        found = {}
        for k in FLOW_STEPS:
            flow = FlowSampler(whole.network, k).eval()
            images = sample_generator(flow, latent_codes(2000, flow.latent_dim, seed + 1000))
            found["flow" if k == 32 else f"flow, {k}"] = (images, milliseconds(flow), k)
        for name in ("regression", "discriminator", "both"):
            task = student(name, teacher, search.chosen(name), seed, train, steps["student"])
            one = task.average["generator"].eval()
            found[name] = (task.sample(2000, seed=seed + 1000), milliseconds(one), 1)
        gan, vae = (make(name, search.chosen(name), seed) for name in ("GAN", "VAE"))
        for name, task, net in (
            ("GAN", gan, gan.average["generator"]),
            ("VAE", vae, vae.task.average["generator"]),
        ):
            found[name] = (task.sample(2000, seed=seed + 1000), milliseconds(net.eval()), 1)
        for name, (images, ms, k) in found.items():
            row = {"method": name, "seed": seed, "steps": k, "ms": ms, "fid": fid(images, "test")}
            rows.append(row | ({"settings": search.chosen(name)} if name in search.tried else {}))
            print(rows[-1], flush=True)
        if not seed:
            rows.append({"method": "real", "seed": 0, "steps": 0, "ms": 0.0,
                         "fid": fid(train[:], "test")})  # fmt: skip
        shown = shown or found
        after()
    if not quick:
        names = ["flow", "flow, 1", "regression", "discriminator", "both", "GAN", "VAE"]
        sheet = torch.cat([shown[name][0][:12] for name in names])
        tiles = plots.tile(sheet, columns=12, gap=0)
        Image.fromarray(tiles).save(Path(__file__).parent / "results" / "one_step.png")
    result["one_step"] = {"columns": 12, "file": "one_step.png"}
    after()


# --- Classes -----------------------------------------------------------------------------------


CONDITIONS = ("projection", "auxiliary")
Right = Callable[[torch.Tensor], torch.Tensor]  # from pictures to the class that each is taken for


def obeyed(table: str, train: Dataset, held: dict, judge: Right, steps: int, options: dict):
    """Return the part that compares two ways of telling the discriminator the class."""

    def run(seeds: int, result: dict, keep) -> None:
        network = metrics.network_for(train)
        real = {split: metrics.extract(images, network) for split, images in held.items()}
        wanted = torch.arange(1000) % len(train.classes)
        search = equal.Search(
            table, "FID of 1,000 samples, lower is better", len(FEWER),
            seeds=[SEARCH_SEED], before=result["search"], fixed={"real": "held-out pictures"},
        )  # fmt: skip
        rows: list[dict] = []

        def after() -> None:
            keep(table, rows, search)

        def add(name: str, seed: int, images: torch.Tensor, labels: torch.Tensor, **more) -> None:
            right = (judge(images) == labels).float().mean().item()
            rows.append({"method": name, "seed": seed, "recognized": right, **more})
            print(rows[-1], flush=True)
            after()

        def make(method: str, setting: dict, seed: int) -> torch.Tensor:
            torch.manual_seed(seed)
            task = ConditionalGAN.for_data(train, condition=method, **options, **optimizer(setting))
            fit(task, train, steps, seed=seed, device="cpu", progress=False)
            return task.sample(1000, seed=seed + 1000, label=wanted)

        def fid(images: torch.Tensor, split: str) -> float:
            features = metrics.extract(images, network)
            return metrics.fid(real[split], features, spread=False).value

        add("real", 0, held["test"][:], held["test"].labels, fid=fid(train[:1000], "test"))
        for name in CONDITIONS:
            chosen = search.run(
                name, FEWER, lambda s, seed, n=name: fid(make(n, s, seed), "validation"), after
            )
            print(name, "takes", chosen, flush=True)
        for seed in range(seeds):
            for name in CONDITIONS:
                images, setting = make(name, search.chosen(name), seed), search.chosen(name)
                add(name, seed, images, wanted, fid=fid(images, "test"), settings=setting)

    return run


def conditional(quick: bool, result: dict, keep) -> None:
    """Digits, judged by the library's network of digits."""
    splits = {split: data.load("digits", split) for split in ("train", "validation", "test")}

    def judge(images: torch.Tensor) -> torch.Tensor:
        return metrics.extract(images, "digits").outputs["class"].argmax(1)

    train = splits.pop("train")
    part = obeyed("conditional", train, splits, judge, 10 if quick else 4000, {})
    part(1 if quick else 3, result, keep)


def kinds(quick: bool, result: dict, keep) -> None:
    """Balls of five kinds, judged by a classifier that learned from real ones."""
    counts = {"train": 6000, "validation": 1000, "test": 1000}
    few = 10 if quick else 1
    splits = {
        split: data.load("soccer", split, kinds="all", image_size=32, count=count // few)
        for split, count in counts.items()
    }
    train = splits.pop("train")
    torch.manual_seed(0)
    classifier = Classifier(classifier_body(train), train, augment="shift")
    steps = 10 if quick else 4000
    fit(classifier, train, steps, schedule="cosine", seed=0, device="cpu", progress=False)
    part = obeyed("kinds", train, splits, classifier.predict, 5 if quick else 3000, {"width": 16})
    part(1 if quick else 3, result, keep)


PARTS = {
    "translation": translation,
    "distillation": distillation,
    "conditional": conditional,
    "kinds": kinds,
}


def main() -> None:
    """Run the parts, and write the JSON file after each step that is done."""
    options = report.options(__doc__, only={"nargs": "+", "choices": list(PARTS)})
    torch.set_num_threads(1)
    result: dict = {"search": []}
    if options.json and options.json.is_file():
        result = json.loads(options.json.read_text())

    def keep(table: str, rows: list[dict], search: equal.Search | None = None) -> None:
        result[table] = rows
        if search:
            others = [e for e in result["search"] if e["table"] != table]
            result["search"] = [*others, search.entry()]
        if options.json:
            more = {k: v for k, v in result.items() if k not in ("name", "machine", "rows")}
            report.write("discriminator", [], options.json, **more)

    for name in options.only or [part for part in PARTS if part not in result]:
        PARTS[name](options.quick, result, keep)


if __name__ == "__main__":
    main()
