"""Few pictures: the default recipe against the ingredients that FastGAN has for them.

    python benchmarks/small.py [--quick] [--json FILE] [--emoji FOLDER] [--pictures FOLDER]
                               [--only METHOD ...] [--minutes 10 30] [--footballs 150 1000]
                               [--seeds 0 1 2]

What `train` takes for a folder of a hundred to some thousand pictures (the recipe, with everything
that the discriminator sees moved about and cut out of) against the same without augmentation, with
skip-layer excitation, with a discriminator that draws copies, and with both and FastGAN's own loss
(hinge, no gradient penalty; its betas are among the settings; see `small_parts.py`). A mixture of
Gaussians on principal components is the simple rival, and training pictures are the floor. FastGAN
judges copies by LPIPS, whose weights would have to be downloaded; here it is the absolute error.

Data: 150 and 1,000 footballs of the library, and with ``--emoji`` a folder of emoji (such as
Noto's, 72x72), all at 64x64. Every method has the same processor time on one core: 10 and 30
minutes. Its number of steps comes from a trial, and its schedule is fitted to it; as `train` does,
it computes in bfloat16 where the processor has instructions for it. Each tries the settings of
`TRIED`, for a minute with a seed used nowhere else, and takes the one with the best KID on the
validation pictures (`equal.py`). KID is against the test pictures, in two feature spaces: that of
the shipped network for pictures of any kind, and pixels averaged to 16x16. ``--pictures`` keeps a
grid of each run, to be looked at. A search that the JSON file holds is not made again. The programs
of FastGAN and of StyleGAN2-ADA do not start without a GPU.
"""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import equal
import report
import small_parts
import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from gan_tutorial import GAN, data, fit, metrics, models, plots
from gan_tutorial.metrics.choosing import fitted
from gan_tutorial.models.augment import DiffAugment
from gan_tutorial.training.speed import has_bf16

SIZE, LATENT, WIDTH, BATCH = 64, 64, 32, 64
SPACES = ("natural", "pixels")
MINUTES, SEARCH_MINUTES, SEARCH_SEED = (10, 30), 1, 100
FAKES, HELD_OUT = 1000, 1000
TRIED = equal.grid(lr=(5e-4, 1e-3), beta1=(0.0, 0.5))
COMPONENTS, PARTS = 64, (4, 16, 32, 64)  # of the mixture of Gaussians
Make = Callable[[data.Dataset, dict], GAN]


# --- The methods -----------------------------------------------------------------------------


def recipe(setting: dict, **options: object) -> dict:
    """Return the options of a GAN by the book's recipe, with one setting tried."""
    betas = (setting["beta1"], 0.9)
    common = {"lr": setting["lr"], "betas": betas, "ema": 0.995}
    return {**common, "loss": "relativistic", "r1": 0.1, "r2": 0.1, "penalty_every": 4, **options}


def default(pictures: data.Dataset, setting: dict) -> GAN:
    """Make what `train` makes."""
    policy = ("translation", "cutout")
    return GAN.for_data(pictures, augment=policy, **recipe(setting))


def not_augmented(pictures: data.Dataset, setting: dict) -> GAN:
    """Make the recipe for many pictures."""
    return GAN.for_data(pictures, augment=(), **recipe(setting))


def with_ingredients(excited: bool, reconstructing: bool, **options: object) -> Make:
    """Return what makes a GAN of these parts."""

    def make(pictures: data.Dataset, setting: dict) -> GAN:
        channels = pictures.shape[0]
        generator, discriminator = models.dcgan_pair(SIZE, channels, LATENT, WIDTH)
        if excited:
            generator = small_parts.ExcitedGenerator(LATENT, SIZE, channels, WIDTH)
        if reconstructing:
            discriminator = small_parts.ReconstructingDiscriminator(SIZE, channels, WIDTH)
        kind = small_parts.ReconstructingGAN if reconstructing else GAN
        change = DiffAugment() if options else DiffAugment("translation", "cutout")
        judge = models.Augmented(discriminator, change)
        return kind(generator, judge, **recipe(setting, **options))

    return make


METHODS: dict[str, Make] = {
    "default": default,
    "without augmentation": not_augmented,
    "skip-layer excitation": with_ingredients(True, False),
    "reconstruction": with_ingredients(False, True),
    "FastGAN's ingredients": with_ingredients(True, True, loss="hinge", r1=0.0, r2=0.0),
}


def precision() -> str:
    """Return the number format that `train` takes on this processor."""
    return "bf16" if has_bf16(torch.device("cpu")) else "fp32"


def trained(make: Make, pictures: data.Dataset, setting: dict, seed: int, seconds: float) -> tuple:
    """Train for so much processor time; return the GAN, its steps and the seconds they took."""

    def run(steps: int) -> GAN:
        torch.manual_seed(seed)
        gan = make(pictures, setting)
        fit(gan, pictures, steps, batch_size=BATCH, schedule="hold-cosine", seed=seed, device="cpu",
            precision=precision(), progress=False)  # fmt: skip
        return gan

    few = 12 if seconds >= 60 else 4
    steps = report.steps_in(seconds, run, few) if seconds > 0 else 3
    began = report.clock(torch.device("cpu"))
    gan = run(steps)
    return gan, steps, report.clock(torch.device("cpu")) - began


def mixture(pictures: data.Dataset, parts: int, seed: int) -> Tensor:
    """Draw from a mixture of Gaussians on the principal components of the training pictures."""
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    rows = pictures[:].flatten(1).numpy()
    space = PCA(min(COMPONENTS, len(rows) - 1), random_state=seed).fit(rows)
    model = GaussianMixture(parts, covariance_type="diag", random_state=seed, reg_covar=1e-3)
    drawn, _ = model.fit(space.transform(rows)).sample(FAKES)
    made = torch.from_numpy(space.inverse_transform(drawn)).float().clamp(-1, 1)
    return made.unflatten(1, pictures.shape)


# --- Data and measures -----------------------------------------------------------------------


class Averaged(nn.Module):
    """Features that need no learning: pixels, averaged over squares."""

    name = "pixels averaged to 16x16"

    def forward(self, images: Tensor) -> Tensor:
        """Map pictures (N, C, H, W) to features (N, C * 16 * 16)."""
        return adaptive_avg_pool2d(images, 16).flatten(1)


class Trial:
    """One set of pictures, with what measures against those that are held out."""

    def __init__(self, name: str, load: Callable[[str], data.Dataset]):
        self.name, self.train = name, load("train")
        self.held = {split: load(split) for split in ("validation", "test")}
        general = fitted(metrics.load_network("natural"), self.train.shape, any_shape=True)
        self.networks = dict(zip(SPACES, (general, Averaged()), strict=True))
        self.real = {
            (split, space): metrics.extract(part, network)
            for split, part in self.held.items()
            for space, network in self.networks.items()
        }

    def kid(self, made: Tensor | data.Dataset, split: str) -> dict[str, float]:
        """Return KID in every feature space, with its standard error."""
        found = {}
        for space, network in self.networks.items():
            result = metrics.kid(self.real[split, space], metrics.extract(made, network))
            found[f"kid_{space}"] = result.value
            found[f"kid_{space}_error"] = result.spread
        return found


def trials(emoji: Path | None, counts: list[int], quick: bool) -> list[Trial]:
    """Load every set of pictures."""

    def footballs(count: int) -> Callable[[str], data.Dataset]:
        few = 60 if quick else HELD_OUT
        return lambda split: data.load(
            "soccer", split, image_size=SIZE, count=count if split == "train" else few
        )

    counts = [60] if quick and counts else counts
    found = [Trial(f"footballs {count}", footballs(count)) for count in counts]
    if emoji is not None:
        found.append(Trial("emoji", lambda split: data.folder(emoji, SIZE, split, progress=False)))
    return found


def main() -> None:
    """Search, train every method, print the table and write the JSON file if asked."""
    folder = {"type": Path, "help": "folder of emoji to train on as well"}
    options = report.options(
        __doc__,
        emoji=folder,
        pictures={"type": Path, "help": "folder to write grids to"},
        only={"nargs": "+", "choices": tuple(METHODS), "default": list(METHODS)},
        minutes={"nargs": "+", "type": float, "default": list(MINUTES)},
        footballs={"nargs": "*", "type": int, "default": [150, 1000]},
        seeds=3,
    )
    torch.set_num_threads(1)
    old = {}
    if options.json and options.json.is_file():
        old = json.loads(options.json.read_text())
    rows, searches = list(old.get("rows", [])), {}
    for trial in trials(options.emoji, options.footballs, options.quick):
        search = equal.Search(
            "rows", f"KID in 'natural' after {SEARCH_MINUTES} minute, lower is better", len(TRIED),
            seeds=[SEARCH_SEED], where={"data": trial.name}, before=old.get("search", []),
            fixed={"training pictures": "has no setting"},
            closed={"mixture of Gaussians": "is fitted by EM, for each number of parts"},
        )  # fmt: skip
        searches[trial.name] = search

        def keep(rows: list = rows) -> None:
            entries = [each.entry() for each in searches.values()]
            report.write("small", rows, options.json, search=entries)

        compare(trial, search, rows, keep, options)
    keep()


def compare(
    trial: Trial, search: equal.Search, rows: list, keep: Callable[[], None], options: object
) -> None:
    """Search and train on one set of pictures; add a row for each run."""
    there = {(r["data"], r["method"], r["minutes"], r["seed"]) for r in rows}

    def add(
        method: str, minutes: float, seed: int, made: Tensor | data.Dataset, **more: object
    ) -> None:
        found = trial.kid(made, "test")
        about = {"data": trial.name, "method": method, "minutes": minutes, "seed": seed}
        rows.append({**about, **found, **more})
        values = ", ".join(
            f"{s} {found[f'kid_{s}']:.4f} +- {found[f'kid_{s}_error']:.4f}" for s in SPACES
        )
        print(f"{trial.name}, {minutes} min, {method}, seed {seed}: {values}", flush=True)
        if options.pictures:
            name = f"{trial.name}-{minutes}-{method}-{seed}.png".replace(" ", "-").replace("'", "")
            plots.save_image_grid(made[:64], options.pictures / name)
        keep()

    count = min(FAKES, len(trial.train))
    if (trial.name, "training pictures", 0, 0) not in there:
        add("training pictures", 0, 0, trial.train.random_subset(count))

    def mixed(setting: dict, seed: int) -> float:
        made = mixture(trial.train, setting["parts"], seed)
        return trial.kid(made, "validation")["kid_natural"]

    best = search.run("mixture of Gaussians", [{"parts": each} for each in PARTS], mixed, keep)
    for seed in options.seeds:
        if (trial.name, "mixture of Gaussians", 0, seed) not in there:
            made = mixture(trial.train, best["parts"], seed)
            add("mixture of Gaussians", 0, seed, made, settings=best)
    for method in options.only:
        make = METHODS[method]
        seconds = 0.0 if options.quick else 60.0 * SEARCH_MINUTES

        def tried_once(
            setting: dict, seed: int, make: Make = make, limit: float = seconds
        ) -> float:
            gan, _, _ = trained(make, trial.train, setting, seed, limit)
            return trial.kid(gan.sample(FAKES, seed=seed), "validation")["kid_natural"]

        setting = search.run(method, TRIED, tried_once, keep)
        budgets = (0.0,) if options.quick else options.minutes
        for minutes, seed in itertools.product(budgets, options.seeds):
            if (trial.name, method, minutes, seed) in there:
                continue
            gan, steps, taken = trained(make, trial.train, setting, seed, 60.0 * minutes)
            add(method, minutes, seed, gan.sample(FAKES, seed=1), settings=setting, steps=steps,
                seconds=taken, precision=precision())  # fmt: skip


if __name__ == "__main__":
    main()
