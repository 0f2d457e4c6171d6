"""Is W more linear than Z? Probes of the renderer's factors in both, and in an untrained W.

    python benchmarks/style.py [--quick] [--json FILE] [--seeds 0 1 2] [--seconds 60]

A generator by style learns footballs of 32x32. Of each sample the football network estimates light,
radius, center and ground; a least-squares fit with a small ridge predicts them from the latent code
(`Z`), from the style (`W`), and from what the mapping made of the code before it was trained
(`W, untrained`), all of one length. R2 is measured on pairs that were not fitted: 1 is a straight
line, 0 knows nothing. If `W` gains on `Z`, the same gain by `W, untrained` would say that any bend
helps, and not what was learned. What is easy to read off is not yet "disentangled": `alone` is the
R2 of the best single number of the code, averaged over the factors.

How far the estimates can be trusted is the row `real pictures`: R2 of the network's estimates
against what the renderer drew. One training a seed serves all spaces, at the recipe's rate; how
good its samples are stands beside, as FID in the same network's features. Rows are written as they
are measured.
"""

import json
import time

import report
import torch
from torch import Tensor

from gan_tutorial import GAN, data, fit, metrics
from gan_tutorial.metrics.networks import load_network
from gan_tutorial.models import latent_codes, sample_generator

WIDTH, BATCH, RIDGE = 12, 32, 1e-3
FACTORS = ("light", "radius", "center", "ground")
FITTED = 0.75  # of the pairs
SEARCH = {
    "table": "rows",
    "split": "validation",
    "measure": "R2, higher is better",
    "trials": 1,
    "methods": {},
    "fixed": {
        "Z": "a least-squares fit; one training at the recipe's settings serves all spaces",
        "W": "as Z",
        "W, untrained": "as Z",
        "real pictures": "measures the football network",
    },
}


def probe(codes: Tensor, truth: Tensor) -> tuple[float, float]:
    """R2 on held-out pairs, by all numbers of a code and by the best one; means over `truth`."""
    cut = int(FITTED * len(codes))
    mean, scale = codes[:cut].mean(0), codes[:cut].std(0).clamp(min=1e-8)
    x = ((codes - mean) / scale).double()
    center = truth[:cut].mean(0).double()
    y = truth.double() - center
    a, b = x[:cut], y[:cut]
    gram = a.T @ a / cut + RIDGE * torch.eye(a.shape[1], dtype=torch.float64)
    slopes = torch.linalg.solve(gram, a.T @ b / cut)
    spread = y[cut:].var(0, correction=0)

    def r2(guess: Tensor) -> Tensor:
        return 1 - (y[cut:] - guess).square().mean(0) / spread

    single = a.T @ b / cut  # by each number alone: inputs have variance 1
    best = single.abs().argmax(0)
    alone = r2(x[cut:][:, best] * single[best, torch.arange(y.shape[1])])
    return float(r2(x[cut:] @ slopes).mean()), float(alone.mean())


def estimates(images: Tensor) -> dict[str, Tensor]:
    """What the football network says of each factor."""
    found = metrics.extract(images, "soccer").outputs
    return {name: found[name].reshape(len(images), -1) for name in FACTORS}


def of_real(count: int) -> dict:
    """R2 of the network's estimates on pictures whose factors are known."""
    images, factors = data.soccer(count, seed=11)
    r2 = {}
    for name, guess in estimates(images).items():
        truth = factors[name].reshape(count, -1)
        r2[name] = float(1 - ((guess - truth).square().mean(0) / truth.var(0)).mean())
    return {"method": "real pictures", "seed": 0, "r2": r2, "mean_r2": sum(r2.values()) / len(r2)}


def rows_of(seed: int, options, steps: int) -> list[dict]:
    """Train once, and probe every space."""
    training = data.load("soccer", count=200 if options.quick else 6000)
    torch.manual_seed(seed)
    gan = GAN.for_data(training, network="style", width=WIDTH)
    untrained = [p.detach().clone() for p in gan.generator.mapping.parameters()]
    began = time.process_time()
    fit(gan, training, steps, batch_size=BATCH, seed=seed, device="cpu", progress=False)
    seconds = round(time.process_time() - began, 1)
    generator = gan.average["generator"]
    count = 300 if options.quick else 4000
    z = latent_codes(count, generator.latent_dim, seed=1000 + seed)
    images = sample_generator(generator, z)
    truth = estimates(images)
    with torch.no_grad():
        spaces = {"Z": z, "W": generator.mapping(z)}
        for p, old in zip(generator.mapping.parameters(), untrained, strict=True):
            p.copy_(old)
        spaces["W, untrained"] = generator.mapping(z)
    real = data.load("soccer", "test", count=min(count, 1000))[:]
    sets = [metrics.extract(each, "soccer") for each in (real, images[: len(real)])]
    fid = metrics.fid(*sets, spread=False).value
    rows = []
    for space, codes in spaces.items():
        found = {name: probe(codes, y) for name, y in truth.items()}
        r2, alone = ({n: each[k] for n, each in found.items()} for k in (0, 1))
        rows.append(
            {"method": space, "seed": seed, "r2": r2, "mean_r2": sum(r2.values()) / len(r2),
             "alone": sum(alone.values()) / len(alone), "fid": fid, "seconds": seconds}
        )  # fmt: skip
    return rows


def main() -> None:
    options = report.options(
        __doc__, seeds=3,
        seconds={"type": float, "default": 60.0, "help": "processor seconds of each training"},
    )  # fmt: skip
    torch.set_num_threads(1)
    load_network("soccer")
    there = options.json and options.json.is_file()
    old = json.loads(options.json.read_text()) if there else {}
    rows, steps = old.get("rows", []), old.get("steps")

    def write(new: list[dict]) -> None:
        rows.extend(new)
        print(*new, sep="\n", flush=True)
        report.write("style", rows, options.json, steps=steps, search=[SEARCH])

    if steps is None:
        few = data.load("soccer", count=64)
        gan = GAN.for_data(few, network="style", width=WIDTH)
        seconds = 2.0 if options.quick else options.seconds
        steps = report.steps_in(
            seconds,
            lambda n: fit(
                gan, few, gan.steps_done + n, batch_size=BATCH, device="cpu", progress=False
            ),
            few=20,
        )
    if not any(row["method"] == "real pictures" for row in rows):
        write([of_real(300 if options.quick else 2000)])
    for seed in options.seeds[:1] if options.quick else options.seeds:
        if not any((row["method"], row["seed"]) == ("W", seed) for row in rows):
            write(rows_of(seed, options, steps))


if __name__ == "__main__":
    main()
