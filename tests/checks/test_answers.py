import pytest
import torch

from gan_tutorial.checks.answers import Wrong, chosen, close, copied, matched, number, numbers

KNOWN = ("mean", "patch copy", "PCA", "non-saturating")


class Mean:
    """Stands for the class of a generator."""


@pytest.mark.parametrize(
    "answer",
    [
        {"mean", "PCA"},
        ["PCA", "Mean", "mean"],
        "mean, pca",
        "Mean and PCA.",
        "{'mean'; 'PCA'}",
        "mean PCA",
        "MEAN/PCA",
        {"mean": 1.0, "PCA": 2.0},
        (Mean, "PCA"),
    ],
)
def test_names_in_any_case_with_any_separator(answer):
    assert chosen(answer, KNOWN) == {"mean", "PCA"}


@pytest.mark.parametrize("answer", ["Patch-Copy, non saturating", ["patch_copy", "Nonsaturating"]])
def test_hyphens_and_spaces_in_names_do_not_count(answer):
    assert chosen(answer, KNOWN) == {"patch copy", "non-saturating"}


@pytest.mark.parametrize("answer", ["median", {"mean", "median"}, [], 3.0, [None]])
def test_other_names_are_refused(answer):
    with pytest.raises(Wrong):
        chosen(answer, KNOWN)


@pytest.mark.parametrize(
    "answer",
    ["1a 2b", "1A,2B", "1 - a; 2 - b", "(1) a (2) b", {1: "A", 2: "b"}, [(1, "a"), ("2", "B")]],
)
def test_pairs_in_any_form(answer):
    assert matched(answer, "12", "ab") == {"1": "a", "2": "b"}


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
