"""Train the feature networks that the library ships.

``python tools/artifacts/train_features.py NAME ...``

Writes gan_tutorial/assets/NAME.safetensors and beside it NAME.json, which says how the network
was made and how well it predicts pictures that it never saw. Minutes on one core each. A network
that is trained again has other numbers: every result that names the old one is then outdated.

digits, mnist: the class. soccer: what the library knows about every football it draws: where the
light comes from, size, place, color of the ground, and which points of the visible half of the
ball lie on a black panel. The last stands for the rotation, which itself cannot be learned: sixty
rotations give the same picture. To say where the panels are, the network has to look at what makes
a football one, and it ranks sets of pictures as the eye does; tests/metrics holds it to that. Its
weak spot is noise: of 5% of the range, which the eye sees, it sees next to nothing.

natural: the class of CIFAR-10, ten kinds of animals and vehicles, for pictures of any kind that
have no network of their own. ``--pictures FOLDER`` takes them from a folder with ``train/`` and
``test/`` and a subfolder for each class, as those of the shipped network were: from a JPEG copy.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from torch.nn import functional

from gan_tutorial import data
from gan_tutorial.data.balls import panels
from gan_tutorial.data.shading import rotation_matrix
from gan_tutorial.metrics.networks import FeatureNetwork, load_network, save_network

ASSETS = Path(__file__).resolve().parents[2] / "gan_tutorial" / "assets"
PANEL_GRID = 9  # points across the ball


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=list(RECIPES))
    parser.add_argument("--out", type=Path, default=ASSETS, help="folder to write to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=Path, help="of natural: a folder in place of CIFAR-10")
    arguments = parser.parse_args()
    if arguments.pictures is not None:
        RECIPES["natural"]["load"] = lambda split: load_folder(arguments.pictures, split)
        RECIPES["natural"]["about"] += ", as JPEG files"
    for name in arguments.names:
        train(name, arguments.out, arguments.seed)


def train(name: str, out: Path, seed: int) -> None:
    torch.manual_seed(seed)
    recipe = RECIPES[name]
    pictures, targets = recipe["load"]("train")
    network = FeatureNetwork(**recipe["network"]).train()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=recipe["weight_decay"])
    steps_per_epoch = len(pictures) // recipe["batch_size"]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 3e-3, total_steps=steps_per_epoch * recipe["epochs"]
    )
    begin = time.perf_counter()
    for epoch in range(recipe["epochs"]):
        for rows in torch.randperm(len(pictures)).split(recipe["batch_size"])[:steps_per_epoch]:
            batch = shifted(pictures[rows], recipe["shift"])
            if recipe.get("flip"):
                batch = mirrored(batch)
            loss = recipe["loss"](
                network.predict(network(batch)), {k: v[rows] for k, v in targets.items()}
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"{name} epoch {epoch + 1}: loss {loss:.4f}, {time.perf_counter() - begin:.0f} s")
    network.eval()
    standardize(network, pictures)

    path = out / f"{name}.safetensors"
    save_network(path, network)
    load_network.cache_clear()
    network = load_network(path)  # what is stated is of the weights as they are shipped
    pictures, targets = recipe["load"]("test")
    with torch.no_grad():
        parts = [network.predict(network(pictures[rows])) for rows in _slices(len(pictures))]
    outputs = {key: torch.cat([part[key] for part in parts]) for key in parts[0]}
    about = {
        "name": network.name,
        "data": recipe["about"],
        "features": network.num_features,
        "parameters": sum(p.numel() for p in network.parameters()),
        "seed": seed,
        "epochs": recipe["epochs"],
        "held_out": {"pictures": len(pictures), **recipe["judge"](outputs, targets)},
    }
    path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(about["held_out"]), f"{path.stat().st_size / 1024:.0f} KB")


def _slices(count: int, size: int = 512):
    return (slice(start, start + size) for start in range(0, count, size))


def shifted(images, most: int):
    """Move each picture of a batch by up to `most` pixels; what comes in repeats the border."""
    if most == 0:
        return images
    padded = functional.pad(images, (most,) * 4, mode="replicate")
    side = images.shape[-1]
    y, x = torch.randint(0, 2 * most + 1, (2, len(images), 1))
    rows, columns = y + torch.arange(side), x + torch.arange(side)
    n = torch.arange(len(images))[:, None, None]
    return padded[n, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def mirrored(images):
    """Mirror each picture of a batch left to right, or not, by chance."""
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, images.flip(3), images)


@torch.no_grad()
def standardize(network, pictures) -> None:
    """Set the last normalization to mean 0 and variance 1 over the unshifted training set.

    The head learned with the statistics of batches; the difference is far below a deviation.
    """
    last = network.body[-1]
    before = torch.cat([network.body[:-1](pictures[r]) for r in _slices(len(pictures))])
    last.running_mean.copy_(before.mean(0))
    last.running_var.copy_(before.var(0))


# --- Classes: digits and MNIST ---------------------------------------------------------------


def load_classes(name: str, split: str):
    options = {"image_size": 32} if name == "mnist" else {}
    dataset = data.load(name, split, **options)
    return dataset, {"class": dataset.labels}


def load_folder(path: Path, split: str):
    dataset = data.folder(path, 32, split)
    return dataset, {"class": dataset.labels}


def class_loss(outputs, targets):
    return functional.cross_entropy(outputs["class"], targets["class"])


def class_accuracy(outputs, targets) -> dict:
    right = (outputs["class"].argmax(1) == targets["class"]).double().mean()
    return {"accuracy": round(float(right), 4)}


# --- Factors: footballs ----------------------------------------------------------------------


def load_footballs(split: str):
    # Seed 1: pictures that `data.load("soccer")`, which has seed 0, never shows.
    dataset = data.load("soccer", split, seed=1, count=FOOTBALLS if split == "train" else 2000)
    targets = {key: dataset.factors[key] for key in SPREADS}
    return dataset, {**targets, "panels": black_panels(dataset.factors["rotation"])}


def panel_points():
    """Return the points of a grid on the visible half of the unit sphere, shape (points, 3)."""
    line = torch.linspace(-0.85, 0.85, PANEL_GRID)
    x, y = (side.flatten() for side in torch.meshgrid(line, line, indexing="xy"))
    inside = x * x + y * y <= 0.85**2 + 1e-6
    x, y = x[inside], y[inside]
    return torch.stack([x, y, (1 - x * x - y * y).sqrt()], dim=1)


def black_panels(rotation):
    """Return how black the ball is at each point of the grid, shape (N, points), in [0, 1]."""
    points = torch.einsum("pj,njk->nkp", panel_points(), rotation_matrix(rotation))
    pentagon, seam = panels(points.permute(1, 0, 2).reshape(3, -1))
    signed = torch.where(pentagon, seam, -seam).view(len(rotation), -1)
    return (0.5 + signed / 0.1).clamp(0, 1)  # a soft edge, since pixels blur it


SPREADS = {"light": 0.5, "radius": 0.043, "center": 0.05, "ground": 0.06}
FOOTBALLS = 24_000


def football_loss(outputs, targets):
    loss = 2 * functional.binary_cross_entropy_with_logits(outputs["panels"], targets["panels"])
    for key, spread in SPREADS.items():
        error = (outputs[key] - targets[key].view_as(outputs[key])) / spread
        loss = loss + error.square().mean() / len(SPREADS)
    return loss


def football_errors(outputs, targets) -> dict:
    """Share of the variance that is explained, and of the panel points that are right."""
    found = {}
    for key in SPREADS:
        truth = targets[key].view_as(outputs[key])
        left = (outputs[key] - truth).square().mean() / truth.var(0).mean()
        found[f"{key}_r2"] = round(1 - float(left), 4)
    right = (outputs["panels"] > 0) == (targets["panels"] > 0.5)
    found["panels_accuracy"] = round(float(right.double().mean()), 4)
    found["panels_white_share"] = round(float((targets["panels"] <= 0.5).double().mean()), 4)
    return found


def _classes(name: str, **recipe) -> dict:
    return {
        "load": lambda split: load_classes(name, split),
        "loss": class_loss,
        "judge": class_accuracy,
        "about": f"the class of {name}; trained on its train split, judged on its test split",
        **recipe,
    }


RECIPES = {
    "digits": _classes(
        "digits",
        network={"shape": (1, 8, 8), "layers": [(16, 1), (32, 2)], "features": 32,
                 "heads": {"class": 10}},
        epochs=60, batch_size=64, shift=1, weight_decay=0.05,
    ),
    "mnist": _classes(
        "mnist",
        network={"shape": (1, 32, 32), "layers": [(16, 2), (32, 2), (64, 2)], "features": 64,
                 "heads": {"class": 10}, "margin": 4},
        epochs=4, batch_size=128, shift=2, weight_decay=0.05,
    ),
    "natural": _classes(
        "cifar10",
        network={"shape": (3, 32, 32), "layers": [(24, 1), (48, 2), (56, 2), (64, 2)],
                 "features": 64, "heads": {"class": 10}},
        epochs=8, batch_size=128, shift=3, flip=True, weight_decay=0.05,
    ),
    "soccer": {
        "load": load_footballs,
        "loss": football_loss,
        "judge": football_errors,
        "about": "light, radius, center, ground and black panels of footballs (seed 1); trained "
                 "on the train split, judged on the test split",
        "network": {"shape": (3, 32, 32), "layers": [(32, 2), (64, 2), (64, 2)], "features": 64,
                    "heads": {"light": 3, "radius": 1, "center": 2, "ground": 3,
                              "panels": len(panel_points())}},
        "epochs": 10, "batch_size": 128, "shift": 0, "weight_decay": 0.01,
    },
}  # fmt: skip


if __name__ == "__main__":
    main()
