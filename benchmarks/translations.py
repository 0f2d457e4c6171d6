"""From plain ground to grass: the part ``translation`` of `discriminator.py`."""

import time

import equal
import torch
from torch.nn.functional import conv2d, interpolate, unfold

from gan_tutorial import data, fit, metrics
from gan_tutorial.data import Dataset
from gan_tutorial.data.soccer import draw
from gan_tutorial.translation import PairedTranslation, Pairs, UnpairedTranslation

SETTINGS = [
    {"lr": 1e-3, "beta1": 0.0},
    {"lr": 1e-3, "beta1": 0.5},
    {"lr": 2e-3, "beta1": 0.5},
]
SEARCH_SEED = 100
SIZE, WIDTH, BATCH = 16, 16, 16
SHADOW = 0.12  # around the ball, where its rim and its shadow are
EVEN = 1.0  # gray levels: what the Laplacian of plain ground has at most where texture is measured
DUST = 0.2  # standard deviation of the numbers added to an origin, of pixels in [-1, 1]
GAME = 2.0  # weight of the adversarial loss with pairs
STEPS = {
    "L1 alone": 1066,
    "L1, dust": 1066,
    "statistics, dust": 900,
    "with pairs": 466,
    "with pairs, dust": 466,
    "without pairs": 214,
}


def optimizer(setting: dict) -> dict:
    """Return a setting as the options of a task."""
    return {"lr": setting["lr"], "betas": (setting["beta1"], 0.99)}


def footballs(split: str, ground: str, count: int, seed: int = 0) -> Dataset:
    """Draw balls; on the two grounds the same seed shows the same balls in the same light."""
    return data.load("soccer", split, image_size=SIZE, ground=ground, count=count, seed=seed)


def on_ball(factors: dict) -> torch.Tensor:
    """Return which pixels show the ball, (N, 1, SIZE, SIZE)."""
    at = (torch.arange(SIZE) + 0.5) / SIZE
    x, y = (factors["center"][:, k].view(-1, 1, 1) for k in (0, 1))
    inside = (at.view(1, 1, -1) - x) ** 2 + (at.view(1, -1, 1) - y) ** 2
    return (inside < (factors["radius"].view(-1, 1, 1) - 0.5 / SIZE) ** 2)[:, None]


def laplacian(images: torch.Tensor) -> torch.Tensor:
    """Return how each pixel but those at the edge differs from its four neighbors."""
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    found = conv2d(images.flatten(0, 1)[:, None], kernel)
    return found.view(*images.shape[:2], *found.shape[2:])


def bare(factors: dict) -> torch.Tensor:
    """Return at which pixels of the Laplacian there is ground that would be even if plain."""
    gray = draw({**factors, "ground": torch.full_like(factors["ground"], 0.5)}, SIZE, "plain")
    even = laplacian(gray).abs().amax(1, keepdim=True) * 127.5 < EVEN
    wider = {**factors, "radius": factors["radius"] + SHADOW}
    return even & ~on_ball(wider)[:, :, 1:-1, 1:-1]


def texture(images: torch.Tensor, factors: dict) -> float:
    """Return how strongly neighboring pixels of bare ground differ: the size of the Laplacian."""
    found = laplacian(images)
    return found[bare(factors).expand_as(found)].square().mean().sqrt().item()


def patches(images: torch.Tensor) -> metrics.Features:
    """Cut pictures into patches of 4x4 pixels, in gray levels: they see blades."""
    return metrics.Features(
        unfold(images * 127.5, 4, stride=4).transpose(1, 2).flatten(0, 1), "patches"
    )


def features(images: torch.Tensor) -> metrics.Features:
    """Enlarge pictures to the size that the feature network looks at, and look."""
    return metrics.extract(interpolate(images, size=32, mode="bilinear").clamp(-1, 1), "soccer")


def judged(result: torch.Tensor, target: Dataset, others: Dataset, of: dict | None = None) -> dict:
    """Measure translations against the true partners, and as a set against `others`.

    `of` are the factors of what a result shows, if they are not those of its partner.
    """
    wanted, ball = target[:], on_ball(target.factors).expand_as(target[:])
    error = (result - wanted).abs() * 127.5
    return {
        "error": error.mean().item(),
        "ball_error": error[ball].mean().item(),
        "fid": metrics.fid(features(others[:]), features(result), spread=False).value,
        "patches": patch_distance(result, others),
        "texture": texture(result, of or target.factors) / texture(wanted, target.factors),
    }


def patch_distance(result: torch.Tensor, others: Dataset) -> float:
    """Return the Frechet distance between patches of results and of other real pictures."""
    return metrics.fid(patches(others[:]), patches(result), spread=False).value


def alone(pairs: Pairs) -> Pairs:
    """Return two sets without a ball in common: nobody can know which belong together."""
    half = len(pairs) // 2
    return Pairs(pairs.origin.subset(slice(0, half)), pairs.target.subset(slice(half, None)))


def dusty(images: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Add random numbers to every pixel, out of which a network can make what nobody told it."""
    return images + DUST * torch.randn(images.shape, generator=rng)


class Dusty(PairedTranslation):
    """Paired translation of origins with dust on them, at each look another."""

    def take(self, data, rows):
        a, b = super().take(data, rows)
        return dusty(a, self.rng), b


class ByStatistics(Dusty):
    """A formula in the place of the discriminator: statistics of the second order, as in `b`."""

    def step(self, batch):
        a, b = batch
        fake = self.fast["generator"](a)
        loss = self.l1 * (b - fake).abs().mean() + (covariance(fake) - covariance(b)).norm()
        self.update(loss, "generator")
        return {"loss": loss.detach()}


def covariance(images: torch.Tensor) -> torch.Tensor:
    """Return how the Laplacian varies together in 3x3 pixels and three colors, (27, 27)."""
    return torch.cov(unfold(laplacian(images), 3).transpose(0, 1).flatten(1))


def translator(method: str, setting: dict, seed: int, pairs: Pairs, share: float):
    """Train one translation."""
    torch.manual_seed(seed)
    options = {"width": WIDTH, "ema": 0.98, **optimizer(setting)}
    steps = max(2, round(share * STEPS[method]))
    if method == "without pairs":
        pairs, task = alone(pairs), UnpairedTranslation.for_data(pairs, **options)
    else:
        kind = ByStatistics if "statistics" in method else PairedTranslation
        if method in ("L1, dust", "with pairs, dust"):
            kind = Dusty
        game = GAME if "pairs" in method else 0.0
        task = kind.for_data(pairs, **options, adversarial=game, warm_up=steps // 4)
    fit(task, pairs, steps, batch_size=BATCH, seed=seed, device="cpu", progress=False)
    return task


def translated(method: str, task, images: torch.Tensor, seed: int) -> torch.Tensor:
    """Translate pictures with what was trained, with dust on them if it learned with dust."""
    rng = torch.Generator().manual_seed(seed)
    return task.translate(dusty(images, rng) if "dust" in method else images)


def matched(images: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Give every picture the target's shares of levels, color by color."""
    levels = target.transpose(0, 1).flatten(1).sort(1).values
    flat = images.flatten(2)
    ranks = (flat.argsort(2).argsort(2) + 0.5) / flat.shape[2]
    at = (ranks * levels.shape[1]).long()
    return torch.stack([levels[c][at[:, c]] for c in range(3)], 1).view_as(images)


def nearest(images: torch.Tensor, pairs: Pairs) -> Dataset:
    """Return the true partner of the training picture that is most alike."""
    rows = torch.cdist(images.flatten(1), pairs.origin[:].flatten(1)).argmin(1)
    return pairs.target.subset(rows)


def translation(quick: bool, result: dict, keep) -> None:
    """Compare translations from plain ground to grass."""
    share, seeds = (0.01, 1) if quick else (1.0, 3)
    tests = {split: [footballs(split, g, 500) for g in ("plain", "grass")]
             for split in ("validation", "test")}  # fmt: skip
    others = {split: footballs(split, "grass", 500, seed=1) for split in tests}
    search = equal.Search(
        "translation", "Frechet distance of patches after half of the steps, lower is better",
        len(SETTINGS), seeds=[SEARCH_SEED], before=result["search"],
        fixed={
            "nearest neighbor": "has no setting", "histogram matching": "has no setting",
            "unchanged": "the picture as it is", "true partner": "what is wanted",
        },
    )  # fmt: skip

    def drawn(seed: int) -> Pairs:
        return Pairs(*(footballs("train", g, 1000, seed) for g in ("plain", "grass")))

    # a part that was cut off goes on where it was, unless its search is another one
    rows: list[dict] = result.get("translation", []) if search.tried else []

    def after() -> None:
        keep("translation", rows, search)

    for method in STEPS:

        def score(setting: dict, seed: int, method: str = method) -> float:
            task = translator(method, setting, seed, drawn(seed), share / 2)
            made = translated(method, task, tests["validation"][0][:], seed)
            return patch_distance(made, others["validation"])

        print(method, "takes", search.run(method, SETTINGS, score, after), flush=True)
    origin, target = tests["test"]
    for seed in range(seeds):
        pairs = drawn(seed)
        neighbors = nearest(origin[:], pairs)
        known = {
            "unchanged": (origin[:], None),
            "true partner": (target[:], None),
            "histogram matching": (matched(origin[:], alone(pairs).target[:]), None),
            "nearest neighbor": (neighbors[:], neighbors.factors),
        }
        done = {row["method"] for row in rows if row["seed"] == seed}
        for method in (*known, *STEPS):
            if method in done:
                continue
            row = {"method": method, "seed": seed}
            if method in known:
                images, of = known[method]
                rows.append(row | judged(images, target, others["test"], of))
            else:
                setting, began = search.chosen(method), time.process_time()
                task = translator(method, setting, seed, pairs, share)
                row |= {"settings": setting, "seconds": time.process_time() - began}
                made = translated(method, task, origin[:], seed)
                if method == "without pairs":
                    home = task.translate(made, back=True)
                    row["cycle"] = (home - origin[:]).abs().mean().item() * 127.5
                rows.append(row | judged(made, target, others["test"]))
            print(rows[-1], flush=True)
            after()
