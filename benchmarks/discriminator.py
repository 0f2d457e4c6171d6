"""What a discriminator adds as a loss: classes, translation with and without pairs, one step.

    python benchmarks/discriminator.py [--quick] [--only PART ...] [--json FILE]

Three tables, each with three seeds (one with --quick). In each, every method tries the same
number of settings (`SETTINGS`, `FEWER`), on the validation split, with a seed that no row has.

- ``translation``: footballs of 16x16 pixels from plain ground to grass. Without pairs, the pictures
  of the two sets are of different balls. ``error`` is the mean absolute error of a pixel in
  gray levels of 0 to 255, ``ball_error`` that of pixels on the ball; ``fid`` compares the results,
  enlarged to 32x32, with real grass in the features of the football network; ``texture`` is the
  size of the Laplacian on the ground over that of real pictures. The methods have about the same
  time, of which a step needs most without pairs.
- ``distillation``: digits. A flow with 32 steps, followed in fewer; students of one step; and the
  GAN and the VAE (with a mixture of ten normal densities for its codes) of the book. ``ms`` is the
  processor's time for a picture, in batches of 64.
- ``conditional``: digits. ``recognized`` is the share of 1,000 samples that a classifier trained on
  real digits takes for the class that was asked for; ``fid`` as ever, over all classes.

A part that the JSON file holds is not run again, unless it is named.
"""

import json
import statistics
import time
from pathlib import Path

import equal
import report
import torch
from PIL import Image
from torch.nn.functional import conv2d, interpolate

from gan_tutorial import GAN, VAE, data, fit, metrics, plots
from gan_tutorial.autoencoders import CodeSampler
from gan_tutorial.conditional import ConditionalGAN
from gan_tutorial.data import Dataset
from gan_tutorial.distillation import FlowMatching, OneStep
from gan_tutorial.models import FlowSampler, latent_codes, sample_generator
from gan_tutorial.semi_supervised import Classifier, classifier_body
from gan_tutorial.translation import PairedTranslation, Pairs, UnpairedTranslation

SETTINGS = [
    {"lr": 1e-3, "beta1": 0.0},
    {"lr": 1e-3, "beta1": 0.5},
    {"lr": 2e-3, "beta1": 0.5},
]
FEWER = SETTINGS[::2]  # for the two parts on digits
SEARCH_SEED = 100
SIZE, WIDTH, BATCH = 16, 16, 16
SHADOW = 0.12  # around the ball, where the ground is no bare ground
STEPS = {"L1 alone": 1066, "with pairs": 466, "without pairs": 214}
FLOW_STEPS = (1, 2, 4, 8, 16, 32)


def optimizer(setting: dict) -> dict:
    """Return a setting as the options of a task."""
    return {"lr": setting["lr"], "betas": (setting["beta1"], 0.99)}


# --- Translation -------------------------------------------------------------------------------


def footballs(split: str, ground: str, count: int, seed: int = 0) -> Dataset:
    """Draw balls; on the two grounds the same seed shows the same balls in the same light."""
    return data.load("soccer", split, image_size=SIZE, ground=ground, count=count, seed=seed)


def on_ball(factors: dict) -> torch.Tensor:
    """Return which pixels show the ball, (N, 1, SIZE, SIZE)."""
    at = (torch.arange(SIZE) + 0.5) / SIZE
    x, y = (factors["center"][:, k].view(-1, 1, 1) for k in (0, 1))
    inside = (at.view(1, 1, -1) - x) ** 2 + (at.view(1, -1, 1) - y) ** 2
    return (inside < (factors["radius"].view(-1, 1, 1) - 0.5 / SIZE) ** 2)[:, None]


def texture(images: torch.Tensor, factors: dict) -> float:
    """Return how strongly neighboring pixels of the ground differ: the size of the Laplacian."""
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    laplacian = conv2d(images.flatten(0, 1)[:, None], kernel).view(
        *images.shape[:2], *[SIZE - 2] * 2
    )
    wider = {**factors, "radius": factors["radius"] + SHADOW}
    ground = ~on_ball(wider)[:, :, 1:-1, 1:-1].expand_as(laplacian)
    return laplacian[ground].square().mean().sqrt().item()


def features(images: torch.Tensor) -> metrics.Features:
    """Enlarge pictures to the size that the feature network looks at, and look."""
    return metrics.extract(interpolate(images, size=32, mode="bilinear").clamp(-1, 1), "soccer")


def judged(result: torch.Tensor, target: Dataset, real: metrics.Features) -> dict:
    """Measure translations against the true partners."""
    wanted, ball = target[:], on_ball(target.factors).expand_as(target[:])
    error = (result - wanted).abs() * 127.5
    return {
        "error": error.mean().item(),
        "ball_error": error[ball].mean().item(),
        "fid": metrics.fid(real, features(result), spread=False).value,
        "texture": texture(result, target.factors) / texture(wanted, target.factors),
    }


def alone(pairs: Pairs) -> Pairs:
    """Return two sets without a ball in common: nobody can know which belong together."""
    half = len(pairs) // 2
    return Pairs(pairs.origin.subset(slice(0, half)), pairs.target.subset(slice(half, None)))


def translator(method: str, setting: dict, seed: int, pairs: Pairs, share: float):
    """Train one translation."""
    torch.manual_seed(seed)
    options = {"width": WIDTH, "ema": 0.98, **optimizer(setting)}
    steps = max(2, round(share * STEPS[method]))
    if method == "without pairs":
        pairs, task = alone(pairs), UnpairedTranslation.for_data(pairs, **options)
    else:
        weight = {"adversarial": 0.0} if method == "L1 alone" else {"warm_up": steps // 4}
        task = PairedTranslation.for_data(pairs, **options, **weight)
    fit(task, pairs, steps, batch_size=BATCH, seed=seed, device="cpu", progress=False)
    return task


def matched(images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Give every picture the target's shares of levels, color by color."""
    levels = target.transpose(0, 1).flatten(1).sort(1).values
    flat = images.flatten(2)
    ranks = (flat.argsort(2).argsort(2) + 0.5) / flat.shape[2]
    at = (ranks * levels.shape[1]).long()
    return torch.stack([levels[c][at[:, c]] for c in range(3)], 1).view_as(images)


def nearest(images: torch.Tensor, pairs: Pairs) -> torch.Tensor:
    """Return the true partner of the training picture that is most alike."""
    return pairs.target[torch.cdist(images.flatten(1), pairs.origin[:].flatten(1)).argmin(1)]


def translation(quick: bool, result: dict, keep) -> None:
    """Compare translations from plain ground to grass."""
    share, seeds = (0.01, 1) if quick else (1.0, 3)
    tests = {split: [footballs(split, g, 500) for g in ("plain", "grass")]
             for split in ("validation", "test")}  # fmt: skip
    others = {split: features(footballs(split, "grass", 500, seed=1)[:]) for split in tests}
    search = equal.Search(
        "translation", "FID of translations after half of the steps, lower is better",
        len(SETTINGS), seeds=[SEARCH_SEED], before=result["search"],
        fixed={
            "nearest neighbor": "has no setting", "histogram matching": "has no setting",
            "unchanged": "the picture as it is", "true partner": "what is wanted",
        },
    )  # fmt: skip

    def drawn(seed: int) -> Pairs:
        return Pairs(*(footballs("train", g, 1000, seed) for g in ("plain", "grass")))

    def after() -> None:
        keep("translation", rows, search)

    rows: list[dict] = []
    for method in STEPS:

        def score(setting: dict, seed: int, method: str = method) -> float:
            task = translator(method, setting, seed, drawn(seed), share / 2)
            origin, target = tests["validation"]
            return judged(task.translate(origin[:]), target, others["validation"])["fid"]

        print(method, "takes", search.run(method, SETTINGS, score, after), flush=True)
    origin, target = tests["test"]
    for seed in range(seeds):
        pairs = drawn(seed)
        made = {
            "unchanged": origin[:],
            "true partner": target[:],
            "histogram matching": matched(origin[:], alone(pairs).target[:]),
            "nearest neighbor": nearest(origin[:], pairs),
        }
        found = {}
        for method in STEPS:
            setting, began = search.chosen(method), time.process_time()
            task = translator(method, setting, seed, pairs, share)
            found[method] = {"settings": setting, "seconds": time.process_time() - began}
            made[method] = task.translate(origin[:])
            if method == "without pairs":
                home = task.translate(made[method], back=True)
                found[method]["cycle"] = (home - origin[:]).abs().mean().item() * 127.5
        for method, images in made.items():
            row = {"method": method, "seed": seed, **judged(images, target, others["test"])}
            rows.append(row | found.get(method, {}))
            print(row, flush=True)
        after()


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
    steps = {"teacher": 800, "student": 120, "GAN": 500, "VAE": 500}
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


def conditional(quick: bool, result: dict, keep) -> None:
    """Compare two ways of telling the discriminator the class."""
    train, held_out = data.load("digits"), data.load("digits", "test")
    network = metrics.network_for(train)
    real = {s: metrics.extract(data.load("digits", s), network) for s in ("validation", "test")}
    torch.manual_seed(0)
    judge = Classifier(classifier_body(train), train)
    steps = 20 if quick else 500
    fit(judge, train, steps, schedule="cosine", seed=0, device="cpu", progress=False)
    right = (judge.predict(held_out) == held_out.labels).float().mean().item()
    result["classifier"] = right
    wanted = torch.arange(1000) % 10
    search = equal.Search(
        "conditional", "FID of 1,000 samples, lower is better", len(FEWER),
        seeds=[SEARCH_SEED], before=result["search"], fixed={"real": "held-out digits"},
    )  # fmt: skip
    rows: list[dict] = [{"method": "real", "seed": 0, "recognized": right,
                         "fid": metrics.fid(real["test"], metrics.extract(train, network),
                                            spread=False).value}]  # fmt: skip

    def after() -> None:
        keep("conditional", rows, search)

    def make(method: str, setting: dict, seed: int):
        torch.manual_seed(seed)
        task = ConditionalGAN.for_data(train, condition=method, **optimizer(setting))
        fit(task, train, 10 if quick else 400, seed=seed, device="cpu", progress=False)
        return task.sample(1000, seed=seed + 1000, label=wanted)

    def fid(images: torch.Tensor, split: str) -> float:
        return metrics.fid(real[split], metrics.extract(images, network), spread=False).value

    for name in ("projection", "auxiliary"):
        chosen = search.run(
            name, FEWER, lambda s, seed, n=name: fid(make(n, s, seed), "validation"), after
        )
        print(name, "takes", chosen, flush=True)
    for seed in range(1 if quick else 3):
        for name in ("projection", "auxiliary"):
            images = make(name, search.chosen(name), seed)
            seen = judge.predict(Dataset("made", images, labels=wanted, classes=train.classes))
            rows.append({
                "method": name, "seed": seed, "fid": fid(images, "test"),
                "recognized": (seen == wanted).float().mean().item(),
                "settings": search.chosen(name),
            })  # fmt: skip
            print(rows[-1], flush=True)
    after()


PARTS = {
    "translation": translation,
    "distillation": distillation,
    "conditional": conditional,
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
