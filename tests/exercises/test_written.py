"""Honest written answers never vanish, and their marks survive a spreadsheet."""

import csv
import io

import making
import nbformat
import pytest
import written
from grade import write_all
from making import answered, blank, cell_of, tiny, with_cell
from results import keep
from written import STUB, number, plain

TEXT = "The loss only bounds the distance."


def end(notebook) -> int:
    """Return the place behind the written cell."""
    return [cell.id for cell in notebook.cells].index("why") + 1


def under_the_stub():
    return answered(why=f"{STUB}\n\n{TEXT}")


def above_the_stub():
    return answered(why=f"{TEXT}\n\n{STUB}")


def in_a_new_cell():
    notebook = answered(why=STUB)
    return with_cell(notebook, TEXT, end(notebook), "markdown")


def in_a_new_cell_above():
    notebook = answered(why=STUB)
    return with_cell(notebook, TEXT, end(notebook) - 1, "markdown")


def in_a_raw_cell():
    notebook = answered(why=STUB)
    notebook.cells.insert(end(notebook), nbformat.v4.new_raw_cell(TEXT))
    return notebook


def split_and_both_keep_the_id():
    notebook = answered(why="The loss only")
    second = nbformat.from_dict({**cell_of(notebook, "why"), "id": "half"})
    second.source = "bounds the distance."
    notebook.cells.insert(end(notebook), second)
    return notebook


def split_and_one_loses_it():
    notebook = answered(why="The loss only")
    return with_cell(notebook, "bounds the distance.", end(notebook), "markdown")


def without_metadata():
    notebook = answered(why=TEXT)
    for cell in notebook.cells:
        cell.metadata.clear()
    return notebook


def without_metadata_and_ids():
    notebook = without_metadata()
    for place, cell in enumerate(notebook.cells):
        cell.id = f"c{place}"
    return notebook


def cell_deleted_and_text_at_the_end():
    notebook = answered()
    notebook.cells.remove(cell_of(notebook, "why"))
    return with_cell(notebook, TEXT, len(notebook.cells), "markdown")


def at_the_very_top():
    notebook = answered(why=STUB)
    return with_cell(notebook, TEXT, 0, "markdown")


def as_code():
    notebook = answered()
    cell = nbformat.v4.new_code_cell(TEXT, metadata=cell_of(notebook, "why").metadata)
    notebook.cells[end(notebook) - 1] = cell
    return notebook


def that_speaks_of_the_stub():
    return answered(why="Your answer here is what I was to write. " + TEXT)


FOUND = [
    under_the_stub, above_the_stub, in_a_new_cell, in_a_new_cell_above, in_a_raw_cell,
    split_and_both_keep_the_id, split_and_one_loses_it, without_metadata,
    without_metadata_and_ids, cell_deleted_and_text_at_the_end, at_the_very_top, as_code,
    that_speaks_of_the_stub,
]  # fmt: skip


@pytest.fixture
def find(tiny_set, tmp_path):
    """Return a function from a notebook to its written answer."""
    import judging
    import problem_sets
    from results import Mark, Result
    from submissions import read_submission

    official = problem_sets.cells(problem_sets.read(tiny_set[making.TINY]))

    def run(notebook):
        path = making.save(notebook, tmp_path / "x.ipynb")
        result = Result("ada", making.TINY, marks=[Mark("why", 3, None)])
        judging.find_written(official, read_submission(path), result)
        return result

    return run


@pytest.mark.parametrize("make", FOUND)
def test_an_answer_is_found(make, find):
    result = find(make())
    words = result.written["why"].replace("\n", " ").split()
    assert [word for word in TEXT.split() if word not in words] == []
    assert result.unread == 3


def test_where_it_was_found_is_said(find):
    assert "cell" in find(in_a_new_cell()).marks[0].why
    assert "other text" in find(at_the_very_top()).marks[0].why


@pytest.mark.parametrize("source", [STUB, f"\n{STUB}\n ", "", "   \n"])
def test_only_the_stub_is_blank(source, find):
    result = find(answered(why=source))
    assert not result.written
    assert (result.marks[0].score, result.marks[0].why) == (0, "blank")


def test_a_blank_notebook_is_blank(find):
    assert not find(blank(tiny())).written


@pytest.mark.parametrize(
    ("mark", "points", "meant"),
    [("4", 5, 4), ("4.5", 5, 4.5), ("4,5", 5, 4.5), ("4/5", 5, 4), ("8/10", 5, 4), ("80%", 5, 4),
     ("80 %", 5, 4), ("3 points", 5, 3), ("3 Punkte", 5, 3), ("'2", 5, 2), (" 0 ", 5, 0),
     (".5", 5, 0.5),
     ("5,0", 5, 5), ("\uff13", 5, 3), ("1/0", 5, None), ("good", 5, None), ("04. Mai", 5, None),
     ("nan", 5, None), ("inf", 5, None), ("1e9", 5, None)],
)  # fmt: skip
def test_marks_are_understood_or_listed(mark, points, meant):
    value, said = number(mark, points)
    assert value == meant
    assert bool(said) == (meant is None)


@pytest.mark.parametrize(("mark", "counts"), [("7", 5), ("-1", 0), ("200%", 5), ("6/5", 5)])
def test_clamping_is_said(mark, counts):
    value, said = number(mark, 5)
    assert value == counts
    assert "outside" in said


# --- The table ----------------------------------------------------------------------------------


@pytest.fixture
def out(grade_one, tiny_set, tmp_path):
    """Return a folder of results: 007 and a student whose answer looks like a formula."""
    out = tmp_path / "out"
    keep(grade_one(answered(), "007"), out)
    keep(grade_one(answered(why="=1+1\r\n=2;=3\n-1, Größe"), "zoë"), out)
    write_all(out, tiny_set)
    return out


def table(out) -> list[dict]:
    text = (out / "written.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def scores(out, tiny_set) -> dict:
    results, said = write_all(out, tiny_set)
    return {r.student: r.score for r in results}, said


def rewrite(out, rows, separator=",", encoding="utf-8-sig", drop=()) -> None:
    """Write the table as some spreadsheet would."""
    text = io.StringIO()
    names = [name for name in rows[0] if name not in drop]
    writer = csv.DictWriter(text, names, delimiter=separator, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    (out / "written.csv").write_bytes(text.getvalue().encode(encoding, "replace"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_marks_survive_a_spreadsheet(separator, encoding, out, tiny_set):
    rows = table(out)
    assert not any(row["key"].replace(".", "").isdigit() for row in rows)
    for row in rows:
        row["student"] = row["student"].lstrip("0")  # what a spreadsheet does to 007
        row["mark"], row["comment"] = ("2,5" if row["student"] == "7" else "2/3"), "Fürwahr"
    rewrite(out, rows, separator, encoding)
    for _ in range(3):  # and they stay, however often the table is written again
        points, said = scores(out, tiny_set)
        assert points == {"007": 9.5, "zoë": 9}
        assert not said


def test_rows_that_match_nothing_are_kept(out, grade_one, tiny_set):
    rows = table(out)
    rows[0]["mark"], rows[0]["comment"] = "3", "well said"
    rewrite(out, rows)
    assert scores(out, tiny_set)[0]["007"] == 10
    keep(grade_one(answered(why="I say something else now."), "007"), out)
    points, said = scores(out, tiny_set)
    assert points["007"] == 7  # it waits to be read again
    assert any("1 marks of answers that have changed" in line for line in said)
    old = [row for row in table(out) if row["comment"] == "well said"]
    assert len(old) == 1
    assert "changed" in old[0]["note"]
    keep(grade_one(answered(), "007"), out)
    assert scores(out, tiny_set)[0]["007"] == 10  # the old answer, and so its mark


def test_there_is_a_backup_before_each_rewrite(out, grade_one, tiny_set):
    before = (out / "written.csv").read_bytes()
    assert not (out / "backups").exists()
    write_all(out, tiny_set)
    assert not (out / "backups").exists()  # nothing had changed
    keep(grade_one(answered(why="Other."), "eve"), out)
    write_all(out, tiny_set)
    assert [path.read_bytes() for path in (out / "backups").iterdir()] == [before]


def test_a_table_without_its_columns_is_left_alone(out, tiny_set):
    rewrite(out, table(out), drop=("key",))
    content = (out / "written.csv").read_bytes()
    _, said = scores(out, tiny_set)
    assert any("no columns" in line for line in said)
    assert (out / "written.csv").read_bytes() == content
    assert (out / "written-new.csv").is_file()


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "a\r=1", "a\n=1", "a;=1", "a,=1", "a\t@x",
             "\uff1d1", ";;=1", "a|=1"]
)  # fmt: skip
def test_formulas_are_neutralized(text):
    cells = [piece for line in plain(text).splitlines() for piece in line.replace(",", ";")
             .replace("\t", ";").replace("|", ";").split(";")]  # fmt: skip
    assert not [cell for cell in cells if cell[:1] in set("=+-@\uff1d\t\r")]
    assert plain(plain(text)) == plain(text)


def test_honest_texts_stay():
    for text in ("a - b", "x = 1", "", "5.0", "ada@example.org", "it's"):
        assert plain(text) == text


def test_rubrics_are_for_those_who_mark(out):
    assert "2 points for a good one" in (out / "rubrics.md").read_text()
    assert written.STUB not in (out / "rubrics.md").read_text()
