import pytest

from gan_tutorial import check


def repeats(key):
    """The share of rows whose key has been seen."""

    def share(features):
        seen, count = set(), 0
        for row in features:
            count += key(row) in seen
            seen.add(key(row))
        return count / len(features)

    return share


def test_rows_repeat_if_all_their_numbers_do():
    assert check("4.2", repeats(lambda row: tuple(row.tolist())))
    some = (lambda row: row[0].item(), lambda row: row.sum().item(), lambda row: row[-1].item())
    for key in some:
        assert not check("4.2", repeats(key))


@pytest.mark.parametrize("right", [lambda x: 0.5 - x.quantile(0.25), lambda x: 0.5 - lowest(x)])
def test_the_quantile_of_the_pixels_is_wanted(right):
    assert check("4.4", right)


def lowest(x):
    """The smallest of the upper three quarters."""
    values = x.flatten().sort().values
    return values[len(values) // 4]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: 0.5 + x.quantile(0.75),  # right for pixels that lie evenly around 0
        lambda x: 0.5 - x.mean() + 0.125 * x.max(),
        lambda x: 0.5 - x.min() / 8,
        lambda x: float("inf"),
        lambda x: [0.5, 0.5],
    ],
)
def test_other_constants_are_wrong(wrong):
    assert not check("4.4", wrong)
