"""What the book says of the watch is what was measured."""

import json
import re


def test_the_page_of_own_pictures_tells_the_committed_rates(root):
    result = json.loads((root / "benchmarks" / "results" / "watch.json").read_text())
    rates, text = result["summary"]["untouched"], (root / "book" / "own.md").read_text()
    told = " ".join(text[text.index("How often is it right?") :].split())
    found = re.search(
        r"did harm it called (\d+)% sick, (\d+)% by the right name; (\d+)% of all runs .*? "
        r"Of (\d+) healthy runs it doubted (\d+)",
        told,
    )
    measured = [100 * rates[name] for name in ("sensitivity", "named", "wrong_name")]
    doubted = rates["false_alarm"] * rates["healthy_runs"]
    assert [int(x) for x in found.groups()] == [
        *map(round, measured), rates["healthy_runs"], round(doubted),
    ]  # fmt: skip
    cost = {row["work"]: row["ratio"] for row in result["cost"]}
    assert any(f"{100 * ratio:.1f}%" in told for ratio in cost.values())


def test_what_was_doubted_without_a_fault_is_of_a_script_that_learned_nothing(root):
    rows = json.loads((root / "benchmarks" / "results" / "watch.json").read_text())["rows"]
    healthy = [r for r in rows if (r["fault"], r["split"]) == ("healthy", "untouched")]
    assert {r["script"] for r in healthy if r["found"] != "healthy"} == {"conditional"}
    assert all(r["badness"] == 1000 for r in healthy if r["found"] != "healthy")


def test_every_script_has_as_many_healthy_runs_and_more_than_ten_faults(root):
    rows = json.loads((root / "benchmarks" / "results" / "watch.json").read_text())["rows"]
    rows = [r for r in rows if r["split"] == "untouched"]
    for script in {r["script"] for r in rows}:
        here = [r["fault"] for r in rows if r["script"] == script]
        assert here.count("healthy") == 4
        assert 14 <= len({*here} - {"healthy"}) <= 20
