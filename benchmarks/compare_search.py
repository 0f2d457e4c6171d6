"""What `compare.py` tries for each method: the book's recipe, and five other settings.

Every method of a data set is given as many trials as every other, and those with an optimizer vary
its learning rate and its beta1 among them. For a VAE they also vary the decoder's standard
deviation (`std`; None is learned), the length of the code and the weight of the divergence, for a
GAN the penalty and the length of the code, for a method with a mixture the number of its parts.
"""

from itertools import chain

from compare_models import METHODS, Settings

TRIALS = 6


def varied(first: Settings, *changes: Settings) -> list[Settings]:
    """Return the first settings, and as many others, each with some entries changed."""
    return [first, *({**first, **change} for change in changes)]


def each(key: str, values: tuple, **others: object) -> list[Settings]:
    """Return settings that differ in one entry."""
    return [{key: value, **others} for value in values]


def coders(code: int) -> dict[str, list[Settings]]:
    """Return the trials of the methods with an encoder; `code` is the recipe's length of a code."""
    vae = varied(
        {"lr": 1e-3, "beta1": 0.9, "latent_dim": code, "std": None, "beta": 1.0},
        {"lr": 2e-3, "beta": 4.0},
        {"lr": 2e-3, "latent_dim": code // 4, "std": 0.3},
        {"beta1": 0.5, "latent_dim": code // 2, "std": 0.15},
        {"beta1": 0.5, "latent_dim": code // 4},
        {"lr": 2e-3, "beta1": 0.5, "latent_dim": code // 2, "beta": 2.0},
    )
    parts = (10, 30, 10, 30, 30, 10)
    ae = varied(
        {"lr": 1e-3, "beta1": 0.9, "latent_dim": code, "code_penalty": 0.0, "parts": 10},
        {"lr": 2e-3, "parts": 30},
        {"lr": 2e-3, "latent_dim": code // 4, "code_penalty": 1e-3},
        {"beta1": 0.5, "latent_dim": code // 2, "parts": 30},
        {"beta1": 0.5, "latent_dim": code // 4},
        {"lr": 2e-3, "beta1": 0.5, "code_penalty": 1e-2, "parts": 30},
    )
    bernoulli = varied(
        {"lr": 1e-3, "beta1": 0.9, "latent_dim": code, "beta": 1.0},
        {"lr": 2e-3, "beta": 0.3},
        {"lr": 2e-3, "latent_dim": code // 4},
        {"beta1": 0.5, "latent_dim": code // 2},
        {"lr": 2e-3},
        {"lr": 2e-3, "beta1": 0.5, "beta": 0.5},
    )
    with_parts = [{**one, "parts": n} for one, n in zip(vae, parts, strict=True)]
    return {
        "VAE": vae,
        "VAE + mixture": with_parts,
        "AE + mixture": ae,
        "VAE, Bernoulli": bernoulli,
    }


def games(lr: float, penalty: float, code: int) -> dict[str, list[Settings]]:
    """Return the trials of the methods with a discriminator, around the recipe's settings."""
    regularized = varied(
        {"lr": lr, "beta1": 0.0, "penalty": penalty, "latent_dim": code},
        {"lr": 2 * lr, "penalty": penalty / 5},
        {"lr": 2 * lr, "penalty": 2 * penalty, "latent_dim": code // 2},
        {"beta1": 0.5},
        {"lr": lr / 2},
        {"lr": 2 * lr, "beta1": 0.5, "penalty": 2 * penalty},
    )
    plain = varied(
        {"lr": 2e-4, "beta1": 0.5, "latent_dim": code},
        {"lr": 1e-3},
        {"lr": 1e-3, "beta1": 0.0},
        {"lr": 5e-4, "latent_dim": code // 2},
        {"beta1": 0.0},
        {"lr": 5e-4, "beta1": 0.0},
    )
    both = varied(
        {"lr": lr, "beta1": 0.0, "penalty": penalty, "beta": 0.1, "latent_dim": code},
        {"lr": 2 * lr, "beta": 0.03, "penalty": penalty / 5},
        {"lr": 2 * lr, "beta": 0.3, "latent_dim": code // 2},
        {"beta1": 0.5},
        {"lr": lr / 2},
        {"lr": 2 * lr, "beta1": 0.5, "beta": 0.03},
    )
    return {"VAE-GAN": both, "GAN, plain": plain, "GAN, regularized": regularized}


def clusterings(clusters: tuple[int, ...]) -> dict[str, list[Settings]]:
    """Return the trials of k-means without and with noise."""
    noises = (0.5, 1.0, 0.5, 1.0, 0.5, 1.0)
    with_noise = [{"clusters": n, "noise": z} for n, z in zip(clusters, noises, strict=True)]
    return {"k-means": each("clusters", clusters), "k-means + noise": with_noise}


TRIES: dict[str, dict[str, list[Settings]]] = {
    "digits": {
        "PCA + Gaussian": each("components", (4, 8, 16, 24, 32, 48)),
        "Gaussian mixture": each("parts", (5, 10, 20, 30, 40, 60)),
        **clusterings((25, 50, 100, 200, 300, 400)),
        **coders(32),
        **games(2e-3, 0.5, 32),
    },
    "soccer": {
        "PCA + Gaussian": each("components", (16, 32, 64, 96, 128, 256)),
        "Gaussian mixture": [
            {"components": n, "parts": parts}
            for n, parts in ((32, 10), (32, 30), (64, 10), (64, 30), (128, 10), (128, 30))
        ],
        **clusterings((50, 100, 200, 400, 700, 1000)),
        # black or white pixels do not draw footballs
        **{name: tries for name, tries in coders(64).items() if "Bernoulli" not in name},
        **games(1e-3, 0.1, 64),
    },
}
FIXED = {"independent pixels": "has no setting"}
CLOSED = dict.fromkeys(
    ("PCA + Gaussian", "Gaussian mixture", "k-means", "k-means + noise"),
    "fitted in closed form or to convergence: no optimizer has a rate here",
)

for tries in chain.from_iterable(by_method.values() for by_method in TRIES.values()):
    assert len(tries) == TRIALS
for by_method in TRIES.values():
    assert {*by_method, *FIXED} <= {*METHODS}
