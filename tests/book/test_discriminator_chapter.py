"""Chapter 11: the rows it settles, what its tables rest on, and that nothing is left out."""

import importlib
import json
import re
import statistics

import nbformat
import pytest
import torch

TABLES = ("translation", "distillation", "conditional")


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "11_discriminator.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def result(root) -> dict:
    return json.loads((root / "benchmarks" / "results" / "discriminator.json").read_text())


@pytest.fixture
def benchmark(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module("discriminator")


def test_pictures_from_pictures_are_settled_here(settled):
    assert settled("11_discriminator") == ["T-28"]


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(r"plt\.subplots|plots\.image_grid|(?<!def )show_rows\(", cell.source)
        if cell.cell_type == "code" and draws and not cell.source.startswith("import"):
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


def test_the_prediction_stands_before_what_it_is_about(cells):
    sources = [cell.source for cell in cells]
    (asked,) = (k for k, s in enumerate(sources) if "**Predict**: what will a CycleGAN do" in s)
    (shown,) = (k for k, s in enumerate(sources) if "def opposite" in s)
    assert asked < shown


def test_the_page_has_a_place_for_the_tokenizer(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert text.count("(discriminator-tokenizer)=\n## ") == 1


@pytest.mark.parametrize("table", TABLES)
def test_every_method_has_three_seeds(result, table):
    seeds: dict[str, list] = {}
    for row in result[table]:
        seeds.setdefault(row["method"], []).append(row["seed"])
    assert len(seeds) >= 2
    assert all(sorted(found) == [0, 1, 2] for name, found in seeds.items() if name != "real")


def test_methods_of_translation_had_about_the_same_time(result):
    seconds: dict[str, list] = {}
    for row in result["translation"]:
        if "seconds" in row:
            seconds.setdefault(row["method"], []).append(row["seconds"])
    means = [statistics.fmean(found) for found in seconds.values()]
    assert len(means) == 3
    assert max(means) < 2.5 * min(means)


def test_the_pictures_of_one_step_are_there(result, root):
    from PIL import Image

    file = root / "benchmarks" / "results" / result["one_step"]["file"]
    assert Image.open(file).size == (8 * result["one_step"]["columns"], 8 * 7)


# --- The benchmark measures what it says ---------------------------------------------------------


def test_pixels_on_the_ball_are_those_that_a_ground_does_not_change(benchmark):
    plain, grass = (benchmark.footballs("test", g, 20) for g in ("plain", "grass"))
    ball = benchmark.on_ball(plain.factors)
    different = (plain[:] - grass[:]).abs().amax(1, keepdim=True)
    assert 0.15 < ball.float().mean() < 0.5
    assert different[ball].median() < 0.02
    assert different[~ball].median() > 0.2


def test_texture_is_that_of_the_ground(benchmark):
    grass, plain = (benchmark.footballs("test", g, 50) for g in ("grass", "plain"))
    real = benchmark.texture(grass[:], grass.factors)
    assert benchmark.texture(plain[:], plain.factors) < 0.7 * real
    ball = benchmark.on_ball(grass.factors)
    repainted = torch.where(ball, torch.zeros(()), grass[:])  # the ball does not count
    assert abs(benchmark.texture(repainted, grass.factors) - real) < 0.02 * real


def test_histogram_matching_gives_the_shares_of_the_target(benchmark):
    random = torch.Generator().manual_seed(0)
    images, target = (torch.randn(3, 3, 8, 8, generator=random) for _ in range(2))
    made = benchmark.matched(images, target)
    for c in range(3):
        for picture in made[:, c]:
            assert abs(picture.mean() - target[:, c].mean()) < 0.03
    order = images[0, 0].flatten().argsort()
    assert (made[0, 0].flatten()[order].diff() >= 0).all()


def test_the_nearest_neighbor_of_a_training_picture_is_its_partner(benchmark):
    pairs = benchmark.Pairs(*(benchmark.footballs("train", g, 12) for g in ("plain", "grass")))
    assert torch.equal(benchmark.nearest(pairs.origin[:5], pairs), pairs.target[:5])


def test_sets_without_pairs_share_no_ball(benchmark):
    pairs = benchmark.Pairs(*(benchmark.footballs("train", g, 12) for g in ("plain", "grass")))
    apart = benchmark.alone(pairs)
    assert len(apart.origin) == len(apart.target) == 6
    assert torch.equal(apart.origin[:], pairs.origin[:6])
    assert torch.equal(apart.target[:], pairs.target[6:])
