"""Chapter 10: the rows it settles, the rule it promises, and numbers that are those of its runs."""

import importlib
import json
import math
import re

import nbformat
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

ROWS = {
    *("S0-18", "S0-19", "S2-13", "S2-48", "S2-50", "T-12", "T-13", "T-14", "T-15", "T-16", "T-17"),
    *("T-18", "T-19", "T-20", "T-23", "T-25", "T-26", "T-27"),
}
BASELINES = {"plain GAN", "modern recipe"}


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "10_improving.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def rows(root) -> list[dict]:
    return json.loads((root / "benchmarks" / "results" / "improve.json").read_text())["rows"]


@pytest.fixture(scope="module")
def searched(root) -> list[dict]:
    path = root / "benchmarks" / "results" / "improve_search.json"
    return json.loads(path.read_text())["rows"]


@pytest.fixture
def improving(root, monkeypatch):
    """Return what imports a module of the benchmark's own program."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    return lambda name: importlib.import_module(f"improving.{name}")


def test_every_row_of_the_ledger_is_settled(settled):
    """Here, where the fold names it, or in a chapter to which it belongs more."""
    assert set(settled()) >= ROWS
    assert settled("10_improving")


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(r"plt\.subplots|plots\.image_grid", cell.source)
        if cell.cell_type == "code" and draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


def test_the_rule_and_the_predictions_come_before_what_they_are_about(cells):
    sources = [cell.source for cell in cells]

    def first(text):
        return next(k for k, source in enumerate(sources) if text in source)

    assert first("{admonition} The rule") < first('benchmark("improve")')
    assert first("**H1.**") < first("dots(base, ax)")
    assert first("**H2.**") < first("dots(base, ax)")


def test_every_variant_has_its_seeds_once(rows, improving):
    shared = improving("variants").SHARED
    digits = [row for row in rows if row["data"] == "digits"]
    runs = [(row["base"], row["variant"], row["seed"]) for row in digits]
    assert len(set(runs)) == len(runs)
    for base, variant in {run[:2] for run in runs}:
        seeds = {seed for b, v, seed in runs if (b, v) == (base, variant)}
        _, source = shared.get((base, variant), (base, variant))
        assert seeds == set(range(5 if source in BASELINES else 3)), (base, variant)


def test_all_variants_of_the_ablation_had_the_same_time(rows, improving):
    """Steps times what a step costs is the budget, for every run."""
    variants, training = improving("variants"), improving("training")
    costs = json.loads(training.COST_FILE.read_text())["rows"]
    by_key = {row["key"]: row["cost"] for row in costs}
    changes = {
        (base, name): change[0] if isinstance(change, list) else change
        for base, named in variants.VARIANTS.items()
        for (_, name), change in named.items()
    }
    digits = [row for row in rows if row["data"] == "digits"]
    assert {(row["base"], row["variant"]) for row in digits} == set(changes)
    for row in digits:
        source = variants.SHARED.get((row["base"], row["variant"]), (row["base"], row["variant"]))
        cost = by_key.get(training.cost_key(source[0], changes[source]), 1.0)
        assert row["steps"] == round(variants.BUDGET / cost), row["variant"]


def test_networks_that_grow_begin_as_the_small_ones_enlarged(improving):
    torch.manual_seed(0)
    pair, stages = improving("soccer").soccer_pair, improving("stages")
    (g8, d8), (g16, d16) = pair(8), pair(16)
    generator = stages.FadingGenerator(g16, g8).eval()
    discriminator = stages.FadingDiscriminator(d16, d8)
    z, x = torch.randn(4, 64), torch.randn(4, 3, 16, 16)
    enlarged = interpolate(g8.eval()(z), scale_factor=2)
    torch.testing.assert_close(generator(z), enlarged, atol=1e-5, rtol=0)
    torch.testing.assert_close(discriminator(x), d8(avg_pool2d(x, 2)), atol=1e-4, rtol=0)
    for network in (generator, discriminator):
        network.alpha.fill_(1.0)
    assert torch.equal(generator(z), g16.eval()(z))
    assert torch.equal(discriminator(x), d16(x))


def test_strengths_were_chosen_on_the_validation_split_with_a_seed_of_its_own(rows, searched):
    assert {row["seed"] for row in searched}.isdisjoint({row["seed"] for row in rows})
    assert all("fid" not in row for row in searched)
    assert all("fid_validation" in row or row["diverged"] for row in searched)


def test_what_is_reported_is_not_what_was_chosen_on(rows):
    assert all(math.isfinite(row["fid"]) and row["fid"] != row["fid_validation"] for row in rows)


def test_fine_tuning_is_compared_with_training_from_scratch(cells, root):
    text = "\n".join(cell.source for cell in cells)
    assert "(section-fine-tuning)=" in text
    rows = json.loads((root / "benchmarks" / "results" / "finetune.json").read_text())["rows"]
    for method in ("fine-tuned", "from scratch"):
        assert len({row["seed"] for row in rows if row["method"] == method}) >= 3
