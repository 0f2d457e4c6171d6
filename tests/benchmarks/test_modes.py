"""The protocol of the published mode-coverage table, as `benchmarks/modes.py` measures it."""

import importlib
import json
import math

import pytest
import torch


@pytest.fixture
def modes(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("modes")


def test_the_mixtures_are_those_of_the_paper(modes):
    ring, grid = modes.MIXTURES["ring-published"], modes.MIXTURES["grid-published"]
    assert ring.std == 0.01
    assert ring.means.norm(dim=1).tolist() == pytest.approx([1.0] * 8)
    assert grid.std == 0.05
    ticks = {-4.0, -2.0, 0.0, 2.0, 4.0}
    assert {tuple(mean) for mean in grid.means.tolist()} == {(x, y) for x in ticks for y in ticks}


def test_the_three_columns_against_a_hand_computation(modes):
    centers = modes.MIXTURES["grid-published"].means
    up = torch.tensor([0.0, 0.05])  # one standard deviation
    samples = torch.cat(
        [
            centers[:1].repeat(6, 1) + 2.9 * up,  # good
            centers[1:2].repeat(2, 1) - 2.9 * up,  # good
            centers[2:3].repeat(3, 1) + 3.1 * up,  # too far from their mode, which is not covered
            centers[:1] + torch.tensor([[1.0, 0.0]]),  # between two modes
        ]
    )
    found = modes.measure(samples, "grid-published")
    assert found["modes"] == 2
    assert found["hq"] == 8 / 12
    # shares 3/4 and 1/4 of the good samples against 1/25 each
    by_hand = 0.75 * math.log(0.75 * 25) + 0.25 * math.log(0.25 * 25)
    assert found["reverse_kl"] == pytest.approx(by_hand, rel=1e-7)


def test_scaled_points_are_the_same_points(modes):
    plain, scaled = modes.points("grid-published", 3), modes.points("grid-published", 3, 4.0)
    assert len(plain) == 100_000
    assert torch.equal(scaled[:100] * 4.0, plain[:100])


def test_every_row_is_asked_for_once_and_a_quick_run_takes_one_seed(modes):
    rows = modes.wanted(["ring-published"], range(3))
    assert len(set(rows)) == len(rows) == 4 * 3
    quick = modes.wanted(["ring-published"], range(3), quick=True)
    assert quick == [("ring-published", recipe, 0) for recipe in modes.RECIPES]
    assert len(modes.wanted(["ring-published"], range(10))) == 5 + 5 + 10 + 5


def test_recipes_of_a_pair_differ_in_the_game_alone(modes):
    setting = {"lr": 1e-3, "beta1": 0.0}
    for ours, plain in (("default", "plain"), ("minute", "plain, a minute")):
        ours, plain = (modes.configured(recipe, setting) for recipe in (ours, plain))
        assert ours.networks == plain.networks
        changed = {"loss", "r1", "r2"}
        kept = [{k: v for k, v in r.options.items() if k not in changed} for r in (ours, plain)]
        assert kept[0] == kept[1]
        assert plain.options["loss"] == "non-saturating"
        assert plain.options["r1"] == plain.options["r2"] == 0
        assert ours.options["loss"] == "relativistic"
        assert ours.options["lr"] == 1e-3
        assert ours.options["betas"] == (0.0, 0.9)


def test_a_score_is_of_both_mixtures(modes, monkeypatch):
    """The share of good points times that of modes, as a mean."""
    found = {"ring-published": (4, 0.5), "grid-published": (25, 0.8)}

    def train(name, recipe, seed, setting, quick):
        return dict(zip(("modes", "hq"), found[name], strict=True))

    monkeypatch.setattr(modes, "train", train)
    assert modes.score("plain", {}, 100) == pytest.approx((0.5 * 0.5 + 0.8) / 2)


def test_a_run_goes_on_where_the_file_ends(modes, monkeypatch, tmp_path):
    trained = []

    def train(name, recipe, seed, setting, quick):
        trained.append((name, recipe, seed))
        row = {"data": name, "recipe": recipe, "seed": seed, "settings": setting}
        return row | {"modes": 8, "hq": setting["lr"], "reverse_kl": 0.0, "seconds": 1.0}

    monkeypatch.setattr(modes, "train", train)
    file = tmp_path / "modes.json"
    asked = ["--data", "ring-published", "--recipes", "default", "plain"]
    for seeds in (["1"], ["0", "1"]):
        arguments = ["modes.py", "--json", str(file), *asked, "--seeds", *seeds]
        monkeypatch.setattr("sys.argv", arguments)
        modes.main()
    rows = [each for each in trained if each[2] != modes.SEARCH_SEED]
    wanted = modes.wanted(["ring-published"], range(2), ("default", "plain"))
    assert sorted(rows) == sorted(wanted)
    trials = len(modes.TRIED) * len(modes.MIXTURES)
    assert len(trained) - len(rows) == 2 * trials  # each setting once, though there were two runs
    written = json.loads(file.read_text())
    assert [(r["recipe"], r["seed"]) for r in written["rows"]] == [
        ("default", 0), ("default", 1), ("plain", 0), ("plain", 1),
    ]  # fmt: skip
    assert written["search"][0]["methods"]["plain"]["chosen"] == {"lr": 1.5e-3, "beta1": 0.0}


def test_the_committed_result_is_complete(modes, root):
    rows = json.loads((root / "benchmarks" / "results" / "modes.json").read_text())["rows"]
    assert [(r["data"], r["recipe"], r["seed"]) for r in rows] == modes.wanted(
        modes.MIXTURES, range(10)
    )
    columns = {"data", "recipe", "seed", "steps", "settings", "modes", "hq", "reverse_kl"}
    for row in rows:
        assert row.keys() == columns | {"seconds"}
