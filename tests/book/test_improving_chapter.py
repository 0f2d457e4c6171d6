"""Chapter 10: the rows it settles, the rule it promises, and numbers that are those of its runs."""

import json
import math
import re

import nbformat
import pytest

ROWS = {
    *("S0-18", "S0-19", "S2-13", "S2-48", "S2-50", "T-12", "T-13", "T-14", "T-15", "T-16", "T-17"),
    *("T-18", "T-19", "T-20", "T-23", "T-25", "T-26", "T-27"),
}
START = {"plain: plain GAN", "modern: modern recipe"}
BUDGET = {"digits": 5_500, "footballs": 750}  # steps of the plain GAN


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "10_improving.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def advice(root) -> dict:
    return json.loads((root / "benchmarks" / "results" / "advice.json").read_text())


@pytest.fixture(scope="module")
def rows(advice) -> list[dict]:
    return advice["rows"]


@pytest.fixture
def variants(root, monkeypatch) -> list:
    """Return the variants that the benchmark trains."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    from improving.advised import VARIANTS

    return VARIANTS


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

    assert first("{admonition} The rule") < first('benchmark("advice")')
    assert first("**H1.**") < first("def dots(")
    assert first("**H2.**") < first("def dots(")


def test_every_variant_has_its_seeds_once(rows, variants):
    runs = [(row["data"], row["variant"], row["seed"]) for row in rows]
    assert len(set(runs)) == len(runs)
    shared = {v.key: f"{v.base}: {v.same_run}" for v in variants if v.same_run}
    for variant in variants:
        for where in variant.where:
            seeds = {seed for d, key, seed in runs if (d, key) == (where, variant.key)}
            count = 5 if shared.get(variant.key, variant.key) in START else 3
            assert seeds == set(range(count)), (where, variant.key)


def test_all_variants_had_the_same_time(rows, advice, variants):
    """Steps times what a step costs is the budget, for every run."""
    shared = {v.key: f"{v.base}: {v.same_run}" for v in variants if v.same_run}
    for row in rows:
        source = shared.get(row["variant"], row["variant"])
        cost = advice["costs"][f"{row['data']}, {source}"]
        assert row["steps"] == round(BUDGET[row["data"]] / cost), row["variant"]


def test_settings_were_chosen_with_seeds_that_no_row_has(rows, advice):
    tried = [each for entry in advice["search"] for m in entry["methods"].values()
             for each in m["tried"]]  # fmt: skip
    assert {s for each in tried for s in each["seeds"]}.isdisjoint({row["seed"] for row in rows})


def test_what_is_reported_is_not_what_was_chosen_on(rows):
    for row in rows:
        if not row.get("diverged"):
            assert math.isfinite(row["fid"])
            assert row["fid"] != row["fid_validation"]


def test_fine_tuning_is_compared_with_training_from_scratch(cells, root):
    text = "\n".join(cell.source for cell in cells)
    assert "(section-fine-tuning)=" in text
    rows = json.loads((root / "benchmarks" / "results" / "finetune.json").read_text())["rows"]
    for method in ("fine-tuned", "from scratch"):
        assert len({row["seed"] for row in rows if row["method"] == method}) >= 3
