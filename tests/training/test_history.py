import math

import numpy as np
import pytest

from gan_tutorial import History


def filled():
    history = History()
    history.append(step=1, d_loss=1.25)
    history.append(step=2, d_loss=1.0, g_loss=0.1234567891)
    return history


def test_columns_are_aligned_and_missing_values_are_nan():
    history = filled()
    assert history.columns == ("step", "d_loss", "g_loss")
    np.testing.assert_array_equal(history["g_loss"], [math.nan, 0.1234567891])
    assert len(history) == 2


def test_last_skips_what_was_not_measured():
    history = filled()
    history.append(step=3, d_loss=0.5)
    assert history.last() == {"step": 3.0, "d_loss": 0.5, "g_loss": 0.1234567891}


def test_csv_round_trip(tmp_path):
    path = tmp_path / "run" / "history.csv"
    filled().to_csv(path)
    back = History.read_csv(path)
    assert back.columns == filled().columns
    for name in back.columns:
        np.testing.assert_allclose(back[name], filled()[name], rtol=1e-7)


def test_state_round_trip_is_exact():
    back = History()
    back.load_state_dict(filled().state_dict())
    np.testing.assert_array_equal(back["g_loss"], filled()["g_loss"])


def test_unknown_column_lists_the_known():
    with pytest.raises(KeyError, match="d_loss"):
        filled()["loss"]


@pytest.mark.parametrize(
    ("text", "message"), [("a,b\n1,2\n", "no column 'step'"), ("step,x\n1,what\n", "line 2")]
)
def test_bad_csv_is_refused(tmp_path, text, message):
    path = tmp_path / "h.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        History.read_csv(path)


def test_values_can_be_put_into_the_last_row():
    history = History()
    with pytest.raises(ValueError, match="no row"):
        history.fill(memory=0.5)
    history.append(step=1, loss=2.0)
    history.append(step=2, loss=1.0)
    history.fill(memory=0.5, loss=3)
    assert history.last() == {"step": 2.0, "loss": 3.0, "memory": 0.5}
    np.testing.assert_array_equal(history["memory"], [np.nan, 0.5])
