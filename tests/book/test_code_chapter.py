"""Chapter 3 and the page on the articles' systems settle what they promise to settle."""

import ast
import copy
import functools
import re

import claims
import nbformat
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch.optim import Adam

from gan_tutorial import GAN, data

PAGES = ("03_code", "appendix_systems")


@pytest.fixture(scope="module")
def pages(root) -> dict[str, list]:
    return {
        name: nbformat.read(root / "book" / f"{name}.ipynb", as_version=4).cells for name in PAGES
    }


@pytest.fixture(scope="module")
def program(pages) -> dict:
    """Return what the reader's cells define: networks, the forty lines, the recipe in them."""
    names = {
        "np": pytest.importorskip("numpy"),
        "torch": torch,
        "nn": nn,
        "Adam": Adam,
        "bce": binary_cross_entropy_with_logits,
        "softplus": softplus,
        "copy": copy,
        "partial": functools.partial,
        "LOOKS": (),
    }
    source = {cell.id: cell.source for cell in pages["03_code"]}
    for cell in ("code-networks", "deb91655", "code-steepness", "code-train"):
        exec(compile(source[cell], cell, "exec"), names)
    return names


@pytest.fixture
def doubles():
    """Run a test in double precision: Adam makes full steps of gradients that are rounding only."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


RECIPE = {"pairs": True, "r1": 0.5, "r2": 0.5, "beta1": 0.0, "decay": 0.995}


def digits() -> torch.Tensor:
    return data.load("digits").tensor()[:200].double()


def close(one, other, tolerance=1e-8):
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=tolerance, atol=tolerance)


def test_switched_off_the_recipe_leaves_the_forty_lines(program, doubles):
    plain, *_ = program["forty_lines"](digits(), steps=8, seed=4)
    average, latest, _ = program["train"](digits(), steps=8, seed=4)
    close(latest, plain)
    close(average, plain)


@pytest.mark.parametrize("left_out", [None, *RECIPE])
def test_the_forty_lines_with_the_recipe_equal_the_step_of_the_library(program, doubles, left_out):
    """All five lines, and each of them switched off: the same weights, and the same average."""
    recipe = {name: value for name, value in RECIPE.items() if name != left_out}
    average, G, D = program["train"](digits(), steps=10, seed=7, **recipe)

    torch.manual_seed(7)
    g, d = program["networks"]()
    g.latent_dim = 32
    gan = GAN(
        g,
        d,
        loss="relativistic" if recipe.get("pairs") else "non-saturating",
        r1=recipe.get("r1", 0.0),
        r2=recipe.get("r2", 0.0),
        lr=2e-3,
        betas=(recipe.get("beta1", 0.5), 0.999),
        ema=recipe.get("decay", 0.0),
    )
    gan.seed(7)
    for _ in range(10):
        gan.step(digits()[torch.randint(200, (64,))])
        gan.finish_step()
    close(G, g)
    close(average, gan.average["generator"])
    close(D, d)


def test_each_line_of_the_recipe_changes_the_result(program, doubles):
    """Else the comparison with the library would prove nothing."""
    full = program["train"](digits(), steps=4, seed=7, **RECIPE)[0]
    for name in RECIPE:
        rest = {key: value for key, value in RECIPE.items() if key != name}
        other = program["train"](digits(), steps=4, seed=7, **rest)[0]
        with pytest.raises(AssertionError):
            close(full, other)


def test_every_defect_of_the_articles_programs_is_named(root):
    """Defects 1 to 50 are those of the printed programs; the page that settles one names it."""
    rows = {row.id: row for row in claims.read(root)}
    for number in range(1, 51):
        row = rows[f"D-{number:02d}"]
        cells = nbformat.read(root / "book" / f"{row.page}.ipynb", as_version=4).cells
        assert row.id in claims.named("\n".join(cell.source for cell in cells)), row.id


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_is_described(pages, page):
    """A cell that draws has an alternative text, unless it gives one to the animation."""
    drawing = re.compile(r"plt\.subplots|plots\.image_grid|(?<!def )(?<!\w)show_rows\(")
    for cell in pages[page]:
        shown = re.sub(r"^def .*?(?=^\S|\Z)", "", cell.source, flags=re.M | re.S)
        if cell.cell_type == "code" and drawing.search(shown):
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


def test_no_cell_shows_a_progress_bar(pages):
    """Bars would fill the page: every call of `fit` turns its own off."""
    calls = [
        call
        for cell in pages["03_code"]
        if cell.cell_type == "code"
        for call in re.findall(r"(?<!\w)fit\((?:[^()]|\([^()]*\))*\)", cell.source)
    ]
    assert len(calls) >= 2
    assert all("progress=False" in call for call in calls)


def test_cells_need_no_network(pages):
    """The forms of access that the pages could have, the installation in Colab left out."""
    # Long results are beside the page, or, for a page alone, where they were published.
    beside = "here.read_text() if here.exists() else urlopen(ONLINE + place).read().decode()"
    for cells in pages.values():
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        code = code.replace("from urllib.request import urlopen\n", "").replace(beside, "")
        assert not re.search(r"urlopen|requests\.|torch\.hub", code)


def test_every_seed_counts(pages):
    """What is said about training in chapter 3 rests on three seeds, each of which is used."""
    source = {cell.id: cell.source for cell in pages["03_code"]}
    setup = ast.parse(source["283b414c"])
    (seeds,) = (
        ast.literal_eval(node.value)
        for node in setup.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "SEEDS"
    )
    assert len(set(seeds)) >= 3
    for cell in ("code-three-runs", "code-ladder", "code-legible", "8262c974"):
        assert "in SEEDS" in source[cell], cell
