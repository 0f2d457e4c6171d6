import numpy as np
import pytest
from scipy import stats

from gan_tutorial.data import streams

MASK = 2**64 - 1


def split_mix(state):
    """SplitMix64's output function in Python's unbounded integers."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


@pytest.mark.parametrize("seed", [0, 1, -1, 2**64 - 1, 12345678901234567890])
def test_numbers_are_those_of_split_mix(seed):
    golden = 0x9E3779B97F4A7C15
    key = seed & MASK
    for word in (2, 5):
        key = (split_mix((key + golden) & MASK) + word) & MASK
    key = split_mix(key)
    expected = [(split_mix((key + (i + 1) * golden) & MASK) >> 11) / 2**53 for i in range(9)]
    assert streams.uniforms(seed, 2, np.arange(9), 5).tolist() == expected


def test_numbers_are_uniform_and_streams_are_independent():
    index = np.arange(20_000)
    columns = [streams.uniforms(s, t, index, f) for s in (0, 1) for t in (0, 1) for f in (0, 1)]
    for column in columns:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 0.03
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 0.03


def test_seed_of_differs_between_streams_and_seeds():
    assert len({streams.seed_of(seed, stream) for seed in range(20) for stream in range(3)}) == 60


def test_choose_takes_distinct_rows_in_order_and_smaller_choices_lie_in_larger_ones():
    few, many = streams.choose(100, 10, 3, "x"), streams.choose(100, 40, 3, "x")
    assert len(set(few)) == 10
    assert (np.diff(many) > 0).all()
    assert set(few) < set(many)
    assert set(few) != set(streams.choose(100, 10, 4, "x"))
    assert streams.choose(5, None, 0, "x").tolist() == [0, 1, 2, 3, 4]


def test_choose_refuses_more_than_there_are():
    with pytest.raises(ValueError, match="count=11 is more than the 10 samples of the test split"):
        streams.choose(10, 11, 0, "the test split")


@pytest.mark.parametrize("wrong", [0, 2.0, "3", True])
def test_choose_refuses_what_is_no_count(wrong):
    with pytest.raises(ValueError, match="count must be a whole number of at least 1, got"):
        streams.choose(10, wrong, 0, "the test split")


def test_unknown_splits_are_refused_with_the_names_of_the_known():
    with pytest.raises(ValueError, match=r"no split 'val'.*'train', 'validation', 'test'"):
        streams.check_split("val")
