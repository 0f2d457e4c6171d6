"""Equal effort: every committed comparison is held to the rule of `benchmarks/equal.py`."""

import copy
import importlib
import json
import math

import pytest

# Results that compare no methods of learning, so that there is nothing to search equally.
NO_COMPARISON = {
    "compile.json": "times of the same training with and without a compiler",
    "cross.json": "planted faults against the signs that they set off, each in one run",
    "doctor.json": "a test of the doctor: planted faults against what it finds",
    "faults.json": "one switch at a time in one run, whose other settings stay as they are",
    "games.json": "rates of update rules on games with a closed form, at one step size",
    "gpu.json": "times of this library's own code on two kinds of machine",
    "processes.json": "times of the same training in one process and in two",
    "sizes.json": "what one training costs, as pictures and batches grow",
    "step.json": "times of the same step, written in several ways",
    "watch.json": "a test of the watch: planted faults against what it finds",
}
# The searches themselves, which other results refer to.
RECORDS = ("repair_search.json",)
QUALITY = {"fid", "accuracy", "psnr", "hq", "kl", "kid"}  # by which methods are compared


@pytest.fixture
def equal(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("equal")


@pytest.fixture
def results(root):
    """Return every committed result by the name of its file."""
    files = sorted((root / "benchmarks" / "results").glob("*.json"))
    return {file.name: json.loads(file.read_text()) for file in files}


@pytest.fixture
def clean():
    """A result that keeps the rule: two methods with an optimizer, one without, one fixed."""

    def tried(name, scores, chosen):
        settings = [{"lr": lr, "beta1": b} for lr in (1e-3, 2e-3) for b in (0.0, 0.5)]
        found = [
            {"settings": each, "score": score, "seeds": [100]}
            for each, score in zip(settings, scores, strict=True)
        ]
        row = {"method": name, "seed": 0, "fid": 3.0, "settings": settings[chosen]}
        return {"tried": found, "chosen": settings[chosen]}, row

    gan, gan_row = tried("GAN", [4.0, 3.0, None, 3.5], 1)
    vae, vae_row = tried("VAE", [9.0, 8.0, 8.5, 7.0], 3)
    tree = {
        "tried": [{"settings": {"k": k}, "score": 9.0 + k, "seeds": [100]} for k in range(4)],
        "chosen": {"k": 0},
    }
    return {
        "name": "example",
        "rows": [
            gan_row,
            vae_row,
            {"method": "neighbors", "seed": 0, "fid": 9.0, "k": 0},
            {"method": "real", "seed": 0, "fid": 1.0},
        ],
        "search": [
            {
                "table": "rows",
                "split": "validation",
                "measure": "FID, lower is better",
                "trials": 4,
                "methods": {"GAN": gan, "VAE": vae, "neighbors": tree},
                "fixed": {"real": "has no setting"},
                "closed": {"neighbors": "nothing is trained"},
            }
        ],
    }


def test_every_result_keeps_the_rule_or_compares_nothing(results, equal):
    listed = [*NO_COMPARISON, *RECORDS]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(results)
    for name, result in results.items():
        if name not in listed:
            assert "search" in result, name
            assert equal.complaints(result) == [], name


def test_what_compares_nothing_has_no_table_of_quality(results, equal):
    for name in NO_COMPARISON:
        assert "search" not in results[name], name
        for row in results[name]["rows"]:
            assert not QUALITY & row.keys(), name


def test_a_result_that_keeps_the_rule_has_no_complaint(clean, equal):
    assert equal.complaints(clean) == []
    more = copy.deepcopy(clean)
    more["search"][0]["where"] = {"data": "digits"}
    for row in more["rows"]:
        row["data"] = "digits"
    other = copy.deepcopy(more["search"][0]) | {"where": {"data": "soccer"}}
    more["search"].append(other)
    more["rows"] += [row | {"data": "soccer"} for row in more["rows"]]
    assert equal.complaints(more) == []


def fewer_trials(search, rows):
    search["methods"]["VAE"]["tried"].pop(0)


def fewer_seeds(search, rows):
    for each in search["methods"]["GAN"]["tried"]:
        each["seeds"] = [100, 101]


def no_seed(search, rows):
    for method in search["methods"].values():
        for each in method["tried"]:
            each["seeds"] = []


def one_rate(search, rows):
    for k, each in enumerate(search["methods"]["GAN"]["tried"]):
        each["settings"] |= {"lr": 1e-3, "width": k}
    search["methods"]["GAN"]["chosen"] |= {"lr": 1e-3, "width": 1}
    rows[0]["settings"] = search["methods"]["GAN"]["chosen"]


def no_beta1(search, rows):
    for k, each in enumerate(search["methods"]["VAE"]["tried"]):
        del each["settings"]["beta1"]
        each["settings"]["beta"] = k
    search["methods"]["VAE"]["chosen"] = search["methods"]["VAE"]["tried"][3]["settings"]
    rows[1]["settings"] = search["methods"]["VAE"]["chosen"]


def a_trial_twice(search, rows):
    search["methods"]["GAN"]["tried"][0]["settings"] = {"beta1": 0.5, "lr": 2e-3}


def another_setting(search, rows):
    rows[0]["settings"] = {"lr": 2e-3, "beta1": 0.5}


def no_setting(search, rows):
    del rows[0]["settings"]


def another_column(search, rows):
    rows[2]["k"] = 3


def the_test_split(search, rows):
    search["split"] = "test"


def not_the_best(search, rows):
    chosen = search["methods"]["GAN"]["tried"][0]["settings"]
    search["methods"]["GAN"]["chosen"] = rows[0]["settings"] = chosen


def the_worst_way_round(search, rows):
    search["measure"] = "FID, higher is better"


def a_diverged_one(search, rows):
    chosen = search["methods"]["GAN"]["tried"][2]["settings"]
    search["methods"]["GAN"]["chosen"] = rows[0]["settings"] = chosen


def not_tried(search, rows):
    new = {"lr": 4e-3, "beta1": 0.0}
    search["methods"]["GAN"]["chosen"] = rows[0]["settings"] = new


def no_direction(search, rows):
    search["measure"] = "FID"


def no_reason(search, rows):
    search["fixed"]["real"] = ""


def no_reason_to_be_closed(search, rows):
    search["closed"]["neighbors"] = ""


def a_stranger(search, rows):
    rows.append({"method": "unsearched", "seed": 0, "fid": 2.0})


def another_data_set(search, rows):
    search["where"] = {"data": "digits"}
    for row in rows:
        row["data"] = "digits"
    rows.append(rows[0] | {"data": "soccer"})


def no_row(search, rows):
    del rows[1]


def no_such_table(search, rows):
    search["table"] = "lines"


def nameless(search, rows):
    for row in rows:
        row["who"] = row.pop("method")


def half_an_entry(search, rows):
    del search["trials"]


VIOLATIONS = {
    fewer_trials: "VAE tried 3 settings and not 4",
    fewer_seeds: "not the same number",
    no_seed: "not the same number",
    one_rate: "GAN has an optimizer, and only one lr",
    no_beta1: "VAE has an optimizer, and only one beta1",
    a_trial_twice: "GAN tried a setting twice",
    another_setting: "a row of GAN has",
    no_setting: "a row of GAN has {}",
    another_column: "a row of neighbors has {'k': 3}",
    the_test_split: "on the split 'test'",
    not_the_best: "GAN has not chosen the best",
    the_worst_way_round: "VAE has not chosen the best",
    a_diverged_one: "GAN has not chosen the best",
    not_tried: "which was not tried",
    no_direction: "lower is better",
    no_reason: "real is left out of the search without a reason",
    no_reason_to_be_closed: "neighbors is left out of the search without a reason",
    a_stranger: "no search stands for unsearched",
    another_data_set: "no search stands for GAN",
    no_row: "VAE was searched and has no row",
    no_such_table: "which are not there",
    nameless: "no column of its rows names the method",
    half_an_entry: "lacks trials",
}


@pytest.mark.parametrize("plant", VIOLATIONS, ids=lambda plant: plant.__name__)
def test_planted_violations_are_found(clean, equal, plant):
    plant(clean["search"][0], clean["rows"])
    found = equal.complaints(clean)
    assert any(VIOLATIONS[plant] in text for text in found), found


def test_a_comparison_without_a_search_is_found(clean, equal):
    del clean["search"]
    assert equal.complaints(clean) == ["rows: no search stands for GAN, VAE, neighbors, real."]


def test_a_search_tries_each_setting_once_and_writes_what_keeps_the_rule(equal):
    asked = []

    def score(setting, seed):
        asked.append((setting["lr"], setting["beta1"], seed))
        return math.nan if setting["lr"] > 1e-3 else abs(setting["beta1"] - 0.5) + seed / 1000

    settings = equal.grid(lr=(1e-3, 1.0), beta1=(0.0, 0.5))
    search = equal.Search("rows", "FID, lower is better", 4, seeds=(100, 101))
    assert search.run("GAN", settings, score) == {"lr": 1e-3, "beta1": 0.5}
    search.run("VAE", settings, score)
    assert len(asked) == len(set(asked)) * 2 == 2 * 4 * 2
    entry = json.loads(json.dumps(search.entry()))
    assert entry["methods"]["GAN"]["tried"][2]["score"] is None  # diverged
    rows = [{"method": name, "settings": search.chosen(name)} for name in ("GAN", "VAE")]
    assert equal.complaints({"rows": rows, "search": [entry]}) == []

    again = equal.Search("rows", "FID, lower is better", 4, seeds=(100, 101), before=[entry])
    again.run("GAN", settings, lambda setting, seed: pytest.fail("tried before"))
    assert again.entry() == entry


def test_an_unequal_search_is_refused_before_it_begins(equal):
    search = equal.Search("rows", "accuracy, higher is better", 4)
    with pytest.raises(ValueError, match="GAN has 2 settings to try; equal effort is 4"):
        search.run("GAN", equal.grid(lr=(1e-3,), beta1=(0.0, 0.5)), lambda setting, seed: 0.0)
    with pytest.raises(ValueError, match='must end in "lower is better"'):
        equal.Search("rows", "accuracy", 4)


def test_a_search_in_which_all_diverge_says_so(equal):
    search = equal.Search("rows", "FID, lower is better", 2)
    settings = equal.grid(lr=(1.0,), beta1=(0.0, 0.5))
    with pytest.raises(ValueError, match="None of 2 settings came to an end"):
        search.run("GAN", settings, lambda setting, seed: math.inf)
    assert search.entry()["methods"]["GAN"]["chosen"] is None
    rows = [{"method": "GAN", "settings": settings[0]}]
    assert equal.complaints({"rows": rows, "search": [search.entry()]})


def test_a_file_keeps_its_search_when_rows_are_added(monkeypatch, root, tmp_path):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    report, file = importlib.import_module("report"), tmp_path / "example.json"
    report.write("example", [{"fid": 1.0}], file, search=[{"table": "rows"}])
    report.write("example", [{"fid": 1.0}, {"fid": 2.0}], file)
    written = json.loads(file.read_text())
    assert written["search"] == [{"table": "rows"}]
    assert len(written["rows"]) == 2
