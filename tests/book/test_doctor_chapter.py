"""What the chapter on the doctor promises, and the measurement that it quotes."""

import json
import re

import nbformat
import pytest

from gan_tutorial.doctor import COLUMNS, diagnose, read_table
from gan_tutorial.faults import FAULTS
from gan_tutorial.faults import healthy as case


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "09_doctor.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def result(root) -> dict:
    return json.loads((root / "benchmarks" / "results" / "doctor.json").read_text())


def rows_of(result, split) -> list[dict]:
    return [row for row in result["rows"] if row["split"] == split]


def configurations(rows) -> dict[tuple, list[dict]]:
    keys = ("data", "loss", "network", "lr", "width", "r1")
    found: dict[tuple, list[dict]] = {}
    for row in rows:
        key = tuple((name, row[name]) for name in keys if name in row)
        found.setdefault(key, []).append(row)
    return found


def test_it_follows_the_pitfalls(root):
    text = (root / "_toc.yml").read_text(encoding="utf-8")
    assert re.search(r"- file: book/08_pitfalls\n +- file: book/09_doctor\n", text)


def test_every_inserted_number_is_computed(cells):
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    used = set(re.findall(r"\{glue:text\}`([^`]+)`", prose))
    names = re.findall(r"(?:glue|say)\(\s*f?\"([^\"]+)\"", code)
    patterns = [re.sub(r"\\\{[^}]*\\\}", r"\\w+", re.escape(name)) for name in names]
    assert used
    for name in used:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name


@pytest.mark.parametrize("split", ["tuned", "untouched"])
def test_every_fault_was_planted_wherever_it_can_be(result, split):
    for key, rows in configurations(rows_of(result, split)).items():
        planted = sorted(row["fault"] for row in rows if row["fault"] != "healthy")
        options = dict(key)
        options["network"] = options.get("network", "auto")
        expected = sorted(name for name, fault in FAULTS.items() if fault.applies(case(**options)))
        assert planted == expected, key
        assert sum(row["fault"] == "healthy" for row in rows) >= 3


def test_the_untouched_runs_are_of_other_configurations(result):
    tuned, untouched = (configurations(rows_of(result, s)) for s in ("tuned", "untouched"))
    assert not set(tuned) & set(untouched)
    losses = [{dict(key)["loss"] for key in part} for part in (tuned, untouched)]
    assert losses[1] - losses[0], "an untouched loss"
    assert {dict(key)["data"] for key in untouched} - {dict(key)["data"] for key in tuned}


@pytest.mark.parametrize("split", ["tuned", "untouched"])
def test_the_summary_is_that_of_the_rows(result, split):
    for found, name in (("found", split), ("found_in_table", f"{split}_table")):
        rows, summary = rows_of(result, split), result["summary"][name]
        well = [row[found] for row in rows if row["fault"] == "healthy"]
        harmed = [row for row in rows if row["harm"]]
        sick = [row for row in rows if row["fault"] != "healthy"]
        wrong = [r for r in sick if r[found] not in (r["fault"], "healthy", "unknown")]
        caught = [row for row in harmed if row[found] != "healthy"]
        right = [row for row in harmed if row[found] == row["fault"]]
        assert summary["false_alarm"] == pytest.approx(
            sum(name != "healthy" for name in well) / len(well), abs=1e-4
        )
        assert summary["sensitivity"] == pytest.approx(len(caught) / len(harmed), abs=1e-4)
        assert summary["named"] == pytest.approx(len(right) / len(harmed), abs=1e-4)
        assert summary["wrong_name"] == pytest.approx(len(wrong) / len(sick), abs=1e-4)


def test_the_targets_on_the_untouched_runs(result):
    summary = result["summary"]["untouched"]
    assert summary["healthy_runs"] >= 20
    assert summary["false_alarm"] <= 0.05
    assert summary["sensitivity"] >= 0.8
    assert summary["wrong_name"] <= 0.1


def test_no_cell_of_the_table_of_columns_is_cut(cells):
    """A bar in a sentence would end its cell, so it is escaped."""
    (table,) = (c.source for c in cells if "COLUMNS.items()" in c.source)
    assert any("|" in text for text in COLUMNS.values())
    assert "text.replace('|', bar)" in table
    assert 'bar = "\\\\|"' in table


def test_headings_are_no_deeper_than_two_levels_below_the_chapter(cells):
    text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    assert not re.search(r"^####", text, re.M)


def test_the_log_gone_wrong_is_what_its_solution_says(root):
    log = read_table(root / "benchmarks" / "results" / "log_gone_wrong.csv")
    assert diagnose(log, loss="non-saturating").name == "tiny-data"
    four = {name: log[name] for name in ("step", "d_loss", "g_loss", "real_logit", "fake_logit")}
    assert diagnose(four, loss="non-saturating").name != "tiny-data"
    late = len(log["step"]) // 2
    assert log["d_loss"][late:].mean() < 0.7 * log["d_loss"][:5].mean()
    assert (log["real_logit"] - log["fake_logit"])[late:].min() > 1


def test_a_look_costs_less_than_three_percent(result):
    assert {row["work"] for row in result["cost"]} >= {"digits, fully connected"}
    assert all(row["ratio"] < 0.03 for row in result["cost"])
