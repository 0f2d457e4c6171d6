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
    return importlib.import_module("translations")


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
    (search,) = (each for each in result["search"] if each["table"] == "translation")
    assert set(seconds) == set(search["methods"])
    means = [statistics.fmean(found) for found in seconds.values()]
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
    grass = benchmark.footballs("test", "grass", 50)
    real = benchmark.texture(grass[:], grass.factors)
    ball = benchmark.on_ball(grass.factors)
    repainted = torch.where(ball, torch.zeros(()), grass[:])  # the ball does not count
    assert abs(benchmark.texture(repainted, grass.factors) - real) < 0.02 * real
    half = grass[:].mean((2, 3), keepdim=True).lerp(grass[:], 0.5)
    assert benchmark.texture(half, grass.factors) == pytest.approx(real / 2, rel=1e-5)


def test_plain_ground_has_no_texture(benchmark):
    grass, plain = (benchmark.footballs("test", g, 200) for g in ("grass", "plain"))
    floor = benchmark.texture(plain[:], plain.factors)
    assert floor < 0.06 * benchmark.texture(grass[:], grass.factors)
    assert benchmark.bare(plain.factors).float().mean() > 0.2  # and something is looked at


def test_the_distance_of_patches_sees_blades(benchmark):
    one, other = (benchmark.footballs("test", "grass", 200, seed) for seed in (0, 1))
    floor = benchmark.patch_distance(one[:], other)
    smooth = torch.nn.functional.avg_pool2d(one[:], 3, stride=1, padding=1)
    without_blades = torch.where(benchmark.on_ball(one.factors), one[:], smooth)
    assert benchmark.patch_distance(without_blades, other) > 3 * floor


def test_statistics_are_zero_apart_for_the_same_texture_elsewhere(benchmark):
    x = torch.randn(4, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    of_x = benchmark.covariance(x)
    assert of_x.shape == (27, 27)
    # of white noise the Laplacian varies as the sum of the squares of its stencil, 16 + 4
    assert of_x.diagonal().mean() == pytest.approx(20, rel=0.1)
    assert (benchmark.covariance(-x) - of_x).norm() < 1e-4 * of_x.norm()
    assert (benchmark.covariance(0.5 * x) - of_x).norm() > 0.5 * of_x.norm()


def test_dust_is_other_dust_at_each_look(benchmark):
    pairs = benchmark.Pairs(*(benchmark.footballs("train", g, 8) for g in ("plain", "grass")))
    task = benchmark.Dusty.for_data(pairs, width=4, adversarial=0.0)
    rows = torch.arange(8)
    (a, b), (again, _) = task.take(pairs, rows), task.take(pairs, rows)
    assert torch.equal(b, pairs.target[:])
    for origin in (a, again):
        assert (origin - pairs.origin[:]).std() == pytest.approx(benchmark.DUST, rel=0.1)
    assert not torch.equal(a, again)


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
    found = benchmark.nearest(pairs.origin[:5], pairs)
    assert torch.equal(found[:], pairs.target[:5])
    assert torch.equal(found.factors["center"], pairs.target.factors["center"][:5])


def test_sets_without_pairs_share_no_ball(benchmark):
    pairs = benchmark.Pairs(*(benchmark.footballs("train", g, 12) for g in ("plain", "grass")))
    apart = benchmark.alone(pairs)
    assert len(apart.origin) == len(apart.target) == 6
    assert torch.equal(apart.origin[:], pairs.origin[:6])
    assert torch.equal(apart.target[:], pairs.target[6:])
