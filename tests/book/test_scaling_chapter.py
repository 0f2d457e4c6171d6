"""What chapter 12 promises: the claims it settles, and numbers that come from measurements."""

import json
import re

import nbformat
import pytest


@pytest.fixture(scope="module")
def cells(root) -> list:
    return nbformat.read(root / "book" / "12_scaling.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def prose(cells) -> str:
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_claims_and_techniques_are_settled(settled):
    assert set(settled()) >= {"S1-23", "T-07", "T-24"}
    assert settled("12_scaling") == ["S1-23"]


def test_every_inserted_number_is_computed(cells, prose):
    used = set(re.findall(r"\{glue:text\}`([^`]+)`", prose))
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    names = re.findall(r"\bsay\(\s*f?\"([^\"]+)\"", code)
    patterns = [re.sub(r"\\\{[^}]*\\\}", r"\\w+", re.escape(name)) for name in names]
    patterns += [r"batch_gain_\w+"]
    for name in used:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name


def test_it_says_what_was_not_run(prose, cells):
    text = prose + "".join(cell.source for cell in cells)
    assert "no GPU was available" in text
    assert text.count("not run") >= 4


def test_benchmarks_that_it_quotes_are_committed_and_complete(root, cells):
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    quoted = set(re.findall(r"benchmark\(\"(\w+)\"\)", code))
    assert {"step", "stacked", "compile", "quality", "cifar"} <= quoted
    for name in quoted:
        result = json.loads((root / "benchmarks" / "results" / f"{name}.json").read_text())
        assert result["rows"]
    stacked = json.loads((root / "benchmarks" / "results" / "stacked.json").read_text())["rows"]
    runs = {row["seed"] for row in stacked if row["method"] == "default"}
    assert len(runs) >= 3
    assert all(row["samples"] == 26_000 for row in stacked)


def test_photographs_have_three_seeds_a_floor_and_their_picture(root):
    folder = root / "benchmarks" / "results"
    result = json.loads((folder / "cifar.json").read_text())
    seeds: dict[str, list[int]] = {}
    for row in result["rows"]:
        seeds.setdefault(row["method"], []).append(row["seed"])
    assert {name: sorted(found) for name, found in seeds.items()} == {
        "unconditional": [0, 1, 2],
        "conditional": [0, 1, 2],
        "real": [0],
    }
    assert result["waiting"] == []
    assert (folder / "cifar_conditional.png").is_file()
