import pytest
import torch

from gan_tutorial.checks.answers import Wrong, close, copied, number, numbers


def test_one_number_is_one():
    assert number("3/4") == number(torch.tensor([[0.75]])) == 0.75
    with pytest.raises(Wrong, match="these are 2"):
        number([1, 2])


def test_lists_of_unequal_parts_are_refused_in_a_sentence():
    with pytest.raises(Wrong, match="as many in each"):
        numbers([[1, 2], [3]])


def test_nan_is_close_to_nothing():
    assert not close(float("nan"), float("nan"), 1.0)
    assert close([1.0], 1, 1e-9)
    assert not close([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0, 3.0, 4.0], 1e-9)


def test_gradients_flow_through_a_copy():
    x = torch.ones(3, requires_grad=True)
    copied([{"x": x}])[0]["x"].sum().backward()
    assert x.grad.tolist() == [1, 1, 1]
