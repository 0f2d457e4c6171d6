"""Stacked MNIST: eight games that differ in what their names say, and their committed rows."""

import importlib
import json

import pytest
import torch

from gan_tutorial import GAN, data, metrics


@pytest.fixture
def stacked(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("stacked")


@pytest.fixture(scope="module")
def pictures():
    """A few pictures of the right shape; the games are made for that, and not trained."""
    return data.Dataset("noise", torch.zeros(8, 3, 32, 32))


def test_methods_are_what_they_are_called(stacked, pictures):
    tasks = {
        name: GAN.for_data(pictures, width=8, **options)
        for name, options in stacked.METHODS.items()
    }
    plain = {"plain", "not relativistic"}
    for name, task in tasks.items():
        settings = task.settings
        assert settings["loss"] == ("non-saturating" if name in plain else "relativistic")
        assert (settings["r1"] > 0) == (name not in ("plain", "relativistic alone", "R2 alone"))
        assert (settings["r2"] > 0) == (name not in ("plain", "relativistic alone", "R1 alone"))
    every = {name: task.settings["penalty_every"] for name, task in tasks.items()}
    assert (every["every update"], every["default"], every["every 8th"]) == (1, 4, 8)


def test_a_look_counts_what_the_task_samples_and_stops_the_clock(stacked, monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(stacked.report, "clock", lambda device: float(next(now)))
    found = metrics.stacked_report(torch.full((50, 3, 28, 28), -1.0))
    monkeypatch.setattr(stacked.metrics, "stacked_report", lambda samples: found)

    class Task:
        def sample(self, count, seed):
            assert (count, seed) == (stacked.SAMPLES, 1002)
            return torch.zeros(1)

    looks = stacked.Looks("plain", 2, 16, {"lr": 1e-3, "beta1": 0.0})
    for step in range(1, 17):
        looks(type("Run", (), {"step": step, "task": Task()}))
    assert [row["step"] for row in looks.rows] == [2, 4, 8, 16]
    # between two looks the clock is read twice, and what lies between is one second of training
    assert [row["seconds"] for row in looks.rows] == [1.0, 2.0, 3.0, 4.0]
    assert all(row["settings"] == {"lr": 1e-3, "beta1": 0.0} for row in looks.rows)


def test_the_committed_result_is_complete_and_its_times_are_alike(stacked, root):
    result = json.loads((root / "benchmarks" / "results" / "stacked.json").read_text())
    ends: dict[tuple, dict] = {}
    for row in result["rows"]:
        assert row["samples"] == stacked.SAMPLES
        ends[row["method"], row["seed"]] = row  # the last look at it
    wanted = {(method, seed) for method in stacked.METHODS for seed in range(3)}
    assert set(ends) == wanted | {("real", None)}
    seconds = [row["seconds"] for (method, _), row in ends.items() if method != "real"]
    assert max(seconds) < 1.25 * stacked.SECONDS
    assert min(seconds) > 0.8 * stacked.SECONDS
    for row in result.get("long", ()):
        method = result["search"][0]["methods"][row["method"]]
        assert row["settings"] == method["chosen"]
