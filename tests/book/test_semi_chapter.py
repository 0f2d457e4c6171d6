"""Chapter 7 settles what it promises to settle, and its numbers are those of the benchmark."""

import json
import re
import statistics

import nbformat
import pytest

ROWS = {
    *("D-09", "D-12", "D-75", "D-76", "D-82", "S0-07", "T-40", "T-41", "T-42"),
    *("S3-01", "S3-09", "S3-10", "S3-11", "S3-13", "S3-14", "S3-16"),
}


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "07_semi_supervised.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def results(root) -> list[dict]:
    return json.loads((root / "benchmarks" / "results" / "semi.json").read_text())["rows"]


def test_every_row_of_the_ledger_is_settled(settled):
    """Here, where the fold names it, or in a chapter to which it belongs more."""
    assert set(settled()) >= ROWS
    assert settled("07_semi_supervised")


def test_every_figure_is_described(cells):
    for cell in cells:
        draws = re.search(r"plt\.subplots|plots\.image_grid", cell.source)
        if cell.cell_type == "code" and draws:
            assert cell.metadata.get("mystnb", {}).get("image", {}).get("alt"), cell.source[:80]


def test_at_least_five_exercises(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert len(re.findall(r"^```{exercise-start}", text, re.M)) >= 5


def test_the_benchmark_is_complete(results):
    """Nine methods, five seeds, every number of labels: each exactly once."""
    for name, labels in (("digits", {10, 20, 50, 100}), ("mnist", {50, 100, 200})):
        rows = [row for row in results if row["data"] == name]
        assert {row["labels"] for row in rows} == labels
        methods = {row["method"] for row in rows}
        assert len(methods) == 9
        runs = [(row["labels"], row["method"], row["seed"]) for row in rows]
        assert len(set(runs)) == len(runs) == len(labels) * 9 * 5
        assert {row["seed"] for row in rows} == set(range(5))


def test_settings_were_chosen_without_the_test_split_and_without_the_seeds(root, results):
    path = root / "benchmarks" / "results" / "semi_search.json"
    searched = json.loads(path.read_text())["rows"]
    assert {row["seed"] for row in searched}.isdisjoint({row["seed"] for row in results})
    assert all("validation_accuracy" in row for row in searched)
    assert {(r["data"], r["method"]) for r in searched} == {
        (r["data"], r["method"]) for r in results
    }
    # the baselines had at least as many settings to choose from, where settings cost a training
    tries = {
        method: sum(row["method"] == method for row in searched if row["data"] == "mnist")
        for method in ("entropy", "pseudo-labels", "supervised", "K+1 GAN")
    }
    assert tries["K+1 GAN"] <= min(tries.values())


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_no_rival_is_trained_for_less(root, results, name):
    """Networks without a GAN take at least as many steps, with rates on both sides of the GAN's."""
    steps = {row["method"]: row["steps"] for row in results if row["data"] == name}
    rivals = {method for method in steps if "GAN" not in method} - {"label spreading"}
    assert min(steps[method] for method in rivals) >= steps["K+1 GAN"] > 0
    path = root / "benchmarks" / "results" / "semi_search.json"
    rates: dict[str, set[float]] = {}
    for row in json.loads(path.read_text())["rows"]:
        if row["data"] == name and "lr" in row["setting"]:
            rates.setdefault(row["method"], set()).add(row["setting"]["lr"])
    (of_the_gan,) = rates.pop("K+1 GAN")
    assert set(rates) == {"supervised", "entropy", "pseudo-labels"}
    for tried in rates.values():
        assert min(tried) < of_the_gan < max(tried)


@pytest.mark.parametrize("labels", [100, 200])
def test_a_gan_is_ahead_of_every_baseline_on_mnist_by_more_than_the_spread(results, labels):
    """What the chapter says of MNIST: the difference of means exceeds both deviations."""
    accuracy: dict[str, list[float]] = {}
    for row in results:
        if row["data"] == "mnist" and row["labels"] == labels:
            accuracy.setdefault(row["method"], []).append(row["accuracy"])
    gan = accuracy["K+1 GAN"]
    for method, values in accuracy.items():
        if "GAN" not in method:
            lead = statistics.fmean(gan) - statistics.fmean(values)
            assert lead > max(statistics.stdev(gan), statistics.stdev(values)), method
