import math

import numpy as np
import pytest

from gan_tutorial import History
from gan_tutorial.doctor import COLUMNS, read_table


def test_history_mapping_and_file_give_the_same_table(tmp_path):
    history = History()
    history.append(step=10, d_loss=1.5)
    history.append(step=20, d_loss=1.25, ranked=0.5)
    path = tmp_path / "history.csv"
    history.to_csv(path)
    columns = {"step": [10, 20], "d_loss": ["1.5", 1.25], "ranked": [None, 0.5]}
    for source in (history, path, str(path), columns):
        table = read_table(source)
        assert list(table) == ["step", "d_loss", "ranked"]
        np.testing.assert_array_equal(table["d_loss"], [1.5, 1.25])
        assert math.isnan(table["ranked"][0])
        assert table["ranked"][1] == 0.5


def test_a_file_from_a_spreadsheet(tmp_path):
    """A byte order mark, spaces in the names, an empty line, a column of one's own."""
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xef\xbb\xbfstep, mine\r\n1,2\r\n\r\n2,\r\n")
    table = read_table(path)
    assert list(table) == ["step", "mine"]
    assert math.isnan(table["mine"][1])


def test_rows_are_put_in_order_and_the_later_of_two_counts():
    table = read_table({"step": [30, 10, 20, 10], "d_loss": [3, 1, 2, 9]})
    assert table["step"].tolist() == [10, 20, 30]
    assert table["d_loss"].tolist() == [9, 2, 3]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"when": [1]}, "The table has no column 'step'; its columns are: when"),
        ({}, "its columns are: none"),
        ({"step": []}, "no row"),
        ({"step": [1, 2], "d_loss": [1]}, "2 steps and 1 values of 'd_loss'"),
        ({"step": [1], "d_loss": ["low"]}, "'low' in the column 'd_loss' is not a number"),
        ({"step": [1, None]}, "a row without a step"),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(columns, message):
    with pytest.raises(ValueError, match=message) as error:
        read_table(columns)
    assert str(error.value).count("\n") == 0


def test_bad_files_are_refused_with_their_line(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("step,d_loss\n1,2\n2\n")
    with pytest.raises(ValueError, match=r"bad.csv, line 3: 1 fields under 2 names"):
        read_table(path)
    with pytest.raises(ValueError, match="There is no file"):
        read_table(tmp_path / "none.csv")


def test_every_column_is_explained():
    assert all(text and text[0].islower() for text in COLUMNS.values())
    assert next(iter(COLUMNS)) == "step"
