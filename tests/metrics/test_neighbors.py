"""The nearest pictures."""

import pytest
import torch

from gan_tutorial.metrics import Features, nearest


@pytest.mark.parametrize("count", [1, 3, 40])
def test_they_are_those_of_a_plain_search_nearest_first(count):
    x, y = torch.rand(600, 1, 3, 3), torch.rand(40, 1, 3, 3)
    rows, distances = nearest(x, y, count)
    every = (x.double().flatten(1)[:, None] - y.double().flatten(1)).norm(dim=2)
    torch.testing.assert_close(distances, every.sort(1).values[:, :count])
    torch.testing.assert_close(distances, every.gather(1, rows))


def test_a_copy_is_at_zero_and_features_are_taken():
    y = torch.rand(20, 6)
    for kind in (lambda x: x, lambda x: Features(x, "own"), lambda x: x.numpy()):
        rows, distances = nearest(kind(y[[4, 9]]), kind(y), 2)
        assert rows[:, 0].tolist() == [4, 9]
        assert distances[:, 0].tolist() == [0, 0]


def test_refusals():
    x = torch.rand(5, 4)
    with pytest.raises(TypeError, match="both as Features"):
        nearest(x, Features(x, "own"))
    with pytest.raises(ValueError, match="Samples of 4 numbers"):
        nearest(x, torch.rand(5, 3))
    for count in (0, 6):
        with pytest.raises(ValueError, match="from 1 to 5"):
            nearest(x, x, count)
