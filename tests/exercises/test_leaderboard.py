"""The leaderboard: what it shows, whom it ranks, and the data of the set that has one."""

import re
from dataclasses import replace

import leaderboard
import making
import problem_sets
import pytest
import torch
from judging import grade
from leaderboard import Row, places, rows, write_all
from limits import Limits
from results import Mark, Result, kept

SET = "ps8_improving"
BOARD = {
    "alias": "Anna", "kid": 0.05, "spread": 0.01, "copies": 0.0, "closer": 0.4, "admitted": True,
    "pictures": [[[0, 255], [10, 20]]] * 3, "rivals": [("other boats", 0.0, 0.002)],
}  # fmt: skip


def result(student: str, **changes) -> Result:
    mark = Mark("test-quality", 7, 6.5, board={**BOARD, **changes})
    return Result(student, SET, marks=[mark, Mark("test-samples", 3, 3.0)])


def test_places_are_shared_where_the_spreads_allow_it():
    row = Row("ada", SET, "Anna", 0.05, 0.01, 0.0, 0.4, True, 6.5)
    near, far = replace(row, kid=0.075), replace(row, kid=0.09)
    copies = replace(row, kid=0.0, admitted=False)
    assert places([row, near, far, copies]) == [1, 1, 2, None]
    assert places([row, replace(near, spread=0.001), copies]) == [1, 2, None]  # 0.025 > 2 * 0.01005


def test_the_best_come_first_and_copies_last():
    found = rows([result("bob", kid=0.3), result("cleo", kid=0.001, admitted=False), result("ada")])
    assert [row.student for row in found] == ["ada", "bob", "cleo"]


def test_a_class_without_such_a_set_has_no_page(tmp_path):
    assert write_all([Result("ada", "ps1_games", marks=[Mark("test-a", 3, 3.0)])], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_the_page_shows_aliases_and_the_table_names(tmp_path):
    said = write_all([result("ada"), result("bob", alias="Bea", kid=0.5)], tmp_path)
    assert said == ["2 generators are compared: leaderboard.html"]
    page = (tmp_path / "leaderboard.html").read_text(encoding="utf-8")
    assert page.index("other boats") < page.index("Anna") < page.index("Bea")
    assert "0.050&nbsp;±&nbsp;0.010" in page
    assert 'alt="3 samples of Anna"' in page
    assert "ada" not in re.sub(r"base64,[^\"]*", "", page)
    table = (tmp_path / "leaderboard.csv").read_text(encoding="utf-8")
    assert f"{SET},1,ada,Anna,0.0500,0.0100" in table
    assert f"{SET},2,bob,Bea" in table


@pytest.mark.parametrize(
    ("alias", "shown"),
    [("<script>alert(1)</script>", "&lt;script&gt;"), ("\x1b[31mred", ">red<"), ("", ">no name<"),
     ("x" * 99, f"{'x' * 24} ... (cut)"), (["list"], "(list)"), ('" onload="x', "&quot; onload")],
)  # fmt: skip
def test_a_chosen_name_is_text_and_no_more(alias, shown, tmp_path):
    write_all([result("ada", alias=alias)], tmp_path)
    page = (tmp_path / "leaderboard.html").read_text(encoding="utf-8")
    assert shown in page
    assert "<script" not in page
    assert '" onload="' not in page


def test_a_name_that_is_a_formula_is_none_in_the_table(tmp_path):
    write_all([result("ada", alias='=HYPERLINK("x")')], tmp_path)
    assert ",=HYPERLINK" not in (tmp_path / "leaderboard.csv").read_text(encoding="utf-8")


# --- From a submission to the page --------------------------------------------------------------


def tiny_board():
    """Return the tiny set with a part that is measured."""
    notebook = making.tiny()
    cell = making.cell_of(notebook, "test-path")
    cell.source += (
        "\nboard = {'alias': str(len(values)), 'kid': max(values), 'spread': 0.1, 'copies': 0.0, "
        "'closer': 0.5, 'admitted': True}"
    )
    return notebook


def test_what_was_measured_is_kept_and_survives_a_second_run(grade_folder, tmp_path):
    sets = {making.TINY: making.save(tiny_board(), tmp_path / "sets" / f"{making.TINY}.ipynb")}
    making.save(making.answered(), tmp_path / "in" / f"ada_{making.TINY}.ipynb")
    out = tmp_path / "out"
    grade_folder(tmp_path / "in", out, sets=sets, isolated=False)
    first = (out / "leaderboard.csv").read_text(encoding="utf-8")
    assert ",ada,10," in first
    for again in (None, "test-twice", "test-path"):
        grade_folder(tmp_path / "in", out, sets=sets, isolated=False, again=again)
        assert (out / "leaderboard.csv").read_text(encoding="utf-8") == first


def test_results_that_were_kept_before_are_read(tmp_path):
    path = tmp_path / "results" / SET / "ada.json"
    path.parent.mkdir(parents=True)
    marks = '[{"id": "a", "points": 1, "score": 1}]'
    path.write_text(f'{{"student": "ada", "set": "{SET}", "marks": {marks}}}')
    assert [result.student for result in kept(tmp_path)] == ["ada"]
    assert leaderboard.rows(kept(tmp_path)) == []


# --- The pictures of the set --------------------------------------------------------------------


@pytest.fixture(scope="module")
def boats() -> dict:
    """Return the names of the set's given cells, and of what draws its pictures."""
    notebook = problem_sets.read(problem_sets.sets()[SET])
    cells = {cell.id: cell.source for cell in problem_sets.cells(notebook)}
    names: dict = {}
    for id in ("given", "parameters", "pictures"):
        exec(cells[id], names)
    hidden = cells["test-quality"].split(problem_sets.HIDDEN)[1]
    exec(hidden[hidden.index("def draw(") : hidden.index("drawn = [")], names)
    return names


def test_pictures_are_of_the_kind_of_the_hidden_ones_and_none_of_them(boats):
    pictures, hidden = boats["pictures"], boats["hidden"]
    torch.testing.assert_close(pictures, boats["draw"](600, 20261))
    assert (torch.cdist(hidden.flatten(1), pictures.flatten(1)).min(1).values < 1e-3).sum() <= 5
    assert pictures.min() >= -1
    assert pictures.max() <= 1


def test_distances_are_those_of_the_book(boats):
    from gan_tutorial.metrics import Features, kid

    one, other = boats["draw"](60, 1), boats["pictures"][:60]
    found = boats["distance"](one, other)
    x, y = (Features(boats["features"](x), "random") for x in (one, other))
    assert found == pytest.approx(kid(x, y, subsets=1, subset_size=60).value, abs=1e-5)


def test_packed_tensors_come_back(boats):
    tensors = {"a.weight": torch.randn(3, 4), "b": torch.tensor(0.5), "c": torch.zeros(2, 1, 2)}
    back = boats["unpacked"](boats["packed"](tensors))
    assert list(back) == list(tensors)
    for name, values in tensors.items():
        torch.testing.assert_close(back[name], values, atol=2e-3, rtol=1e-3)


@pytest.mark.slow
def test_quality_is_paid_by_measure_and_not_by_luck(boats):
    """Points fall as samples get worse, and other seeds of one generator get the same."""
    from local import Examined

    exam = Examined(problem_sets.read(problem_sets.sets()[SET]), {})
    program = (
        "official = samples\ndef samples(count, seed):\n    x = official(count, seed + {seed})\n"
        "    torch.manual_seed(seed)\n    return (x + {noise} * torch.randn(x.shape)).clamp(-1, 1)"
    )
    scores = [
        [exam.marks(["test-quality"], program.format(seed=seed, noise=noise))["test-quality"][0]
         for seed in (0, 1000)]
        for noise in (0.0, 0.1, 0.2, 0.4)
    ]  # fmt: skip
    assert all(abs(one - other) <= 0.3 for one, other in scores), scores
    means = [sum(pair) / 2 for pair in scores]
    assert means == sorted(means, reverse=True)
    assert means[0] == 7
    assert means[-1] == 0
    assert 0 < means[2] < means[1] < 7


@pytest.mark.slow
def test_the_whole_set_is_judged_in_its_sandbox(isolation, tmp_path):
    """A generator that was handed in as a text, in the sandbox, as a class would hand it in."""
    source = problem_sets.sets()[SET]
    path = making.save(making.solved(problem_sets.read(source)), tmp_path / "ada.ipynb")
    judged = grade(path, "ada", SET, {"limits": Limits(), "source": source})
    assert not [(m.id, m.why) for m in judged.marks if m.score not in (None, m.points)]
    (row,) = rows([judged])
    assert row.admitted
    assert row.kid < 0.1
    assert len(row.pictures) == 16
