"""The rates by which the doctor and its watch are judged."""

import importlib

import pytest


@pytest.fixture
def rates(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("verdicts").rates


def run(fault, found, harm=False):
    return {"fault": fault, "found": found, "harm": harm}


ROWS = [
    run("healthy", "healthy"), run("healthy", "healthy"), run("healthy", "unknown"),
    run("healthy", "weak-d"),
    run("weak-d", "weak-d", True), run("weak-d", "unknown", True), run("weak-d", "strong-d", True),
    run("weak-d", "healthy", True), run("strong-d", "weak-d"),
]  # fmt: skip


def test_the_rates_of_a_medical_test(rates):
    assert rates(ROWS) == {
        "false_alarm": 0.5, "sensitivity": 0.75, "named": 0.25, "wrong_name": 0.4,
        "healthy_runs": 4, "harmed_runs": 4, "sick_runs": 5,
    }  # fmt: skip


def test_what_counts_as_an_alarm_and_as_right_may_be_said(rates):
    found = rates(
        ROWS, sick=lambda row: row["found"] not in ("healthy", "unknown"), right=lambda row: True
    )
    assert (found["false_alarm"], found["sensitivity"]) == (0.25, 0.5)
    assert (found["named"], found["wrong_name"]) == (1, 0)


def test_of_no_runs_there_is_no_rate(rates):
    assert rates([])["false_alarm"] is None
