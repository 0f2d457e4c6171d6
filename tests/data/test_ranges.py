import math

import numpy as np
import pytest

from gan_tutorial.data.ranges import check_count, check_number


@pytest.mark.parametrize("value", [1, 5, np.int64(3)])
def test_whole_numbers_in_range_pass(value):
    assert check_count("steps", value, 1, 5) == value


@pytest.mark.parametrize("value", [0, -1, 6, 2.0, math.nan, math.inf, "3", None, [1], True])
def test_what_is_no_whole_number_in_range_is_refused(value):
    with pytest.raises(ValueError, match=r"^steps must be a whole number from 1 to 5, got "):
        check_count("steps", value, 1, 5)


@pytest.mark.parametrize("value", [0, 0.0, 0.5, np.float32(0.25)])
def test_numbers_in_range_pass(value):
    check_number("decay", value, below=1.0)
    check_number("decay", value)


@pytest.mark.parametrize("value", [-1e-9, 1.0, math.nan, math.inf, -math.inf, "0.5", None, (0.5,)])
def test_what_is_no_number_in_range_is_refused(value):
    with pytest.raises(ValueError, match=r"^decay must be a number of at least 0 and below 1, got"):
        check_number("decay", value, below=1.0)


def test_without_an_upper_end_infinity_is_outside():
    check_number("weight", 1e300)
    with pytest.raises(ValueError, match="finite number of at least 0, got inf"):
        check_number("weight", math.inf)
