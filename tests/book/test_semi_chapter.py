"""Chapter 7 settles what it promises to settle, and its numbers are those of the benchmark."""

import json
import re

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
def benchmark(root) -> dict:
    return json.loads((root / "benchmarks" / "results" / "semi.json").read_text())


@pytest.fixture(scope="module")
def results(benchmark) -> list[dict]:
    return benchmark["rows"]


@pytest.fixture(scope="module")
def search(benchmark) -> dict:
    (search,) = benchmark["search"]
    return search


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
    """Eleven methods, five seeds, every number of labels: each exactly once."""
    assert {row["data"] for row in results} == {"digits"}
    labels = {row["labels"] for row in results}
    assert labels == {10, 20, 50, 100}
    methods = {row["method"] for row in results}
    assert len(methods) == 11
    assert {"Pi-model", "FixMatch", "K+1 GAN", "label spreading", "supervised"} <= methods
    runs = [(row["labels"], row["method"], row["seed"]) for row in results]
    assert len(set(runs)) == len(runs) == len(labels) * 11 * 5
    assert {row["seed"] for row in results} == set(range(5))


def test_settings_were_chosen_without_the_test_split_and_without_the_seeds(results, search):
    assert search["split"] == "validation"
    assert set(search["methods"]) == {row["method"] for row in results}
    seeds = {row["seed"] for row in results}
    for method in search["methods"].values():
        assert len(method["tried"]) == search["trials"] == 8
        assert all(seeds.isdisjoint(each["seeds"]) for each in method["tried"])
    chosen = {name: method["chosen"] for name, method in search["methods"].items()}
    assert all(row["settings"] == chosen[row["method"]] for row in results)


def test_whoever_has_an_optimizer_chose_among_the_same_rates(search):
    """The larger of the two rates is as open to the rivals as to the GAN, and so is beta1."""
    rates = {
        name: {each["settings"]["lr"] for each in method["tried"]}
        for name, method in search["methods"].items()
        if name not in search["closed"]
    }
    assert len(rates) == 10
    assert {frozenset(tried) for tried in rates.values()} == {frozenset({1e-3, 3e-3})}
    for name in rates:
        assert len({t["settings"]["beta1"] for t in search["methods"][name]["tried"]}) == 2


def test_no_rival_is_trained_for_less(results):
    """A step of the K+1 GAN trains two networks: whoever trains one takes more steps."""
    steps = {row["method"]: row["steps"] for row in results}
    gan = steps.pop("K+1 GAN")
    assert steps.pop("label spreading") == 0
    assert min(steps.values()) > gan > 0


def test_the_settings_are_those_of_the_program(results, search, root, monkeypatch):
    """What is committed was made by the program that is: the same steps and settings to try."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import semi_methods

    for name, method in search["methods"].items():
        assert [each["settings"] for each in method["tried"]] == semi_methods.SETTINGS[name]
    for row in results:
        assert row["steps"] == sum(semi_methods.steps_of("digits", row["method"]))


def test_the_curve_on_mnist_is_of_the_papers_setting(root):
    stored = json.loads((root / "benchmarks" / "results" / "semi_mnist.json").read_text())
    for row in stored["rows"]:
        assert (row["data"], row["method"]) == ("mnist28", "K+1 GAN")
        assert row["curve"][-1]["step"] == row["steps_done"] <= row["steps"]
        assert row["accuracy"] == row["curve"][-1]["test"]
        seconds = [point["cpu_seconds"] for point in row["curve"]]
        assert seconds == sorted(seconds)
    runs = [(row["labels"], row["seed"]) for row in stored["rows"]]
    assert len(set(runs)) == len(runs)
