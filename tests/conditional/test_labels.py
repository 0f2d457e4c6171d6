import warnings

import pytest
import torch

from gan_tutorial import data
from gan_tutorial.conditional import check_labels, label_of, labels_like
from gan_tutorial.data import Dataset


def made(counts, classes=()):
    labels = torch.cat([torch.full((n,), k) for k, n in enumerate(counts)])
    return Dataset("mine", torch.zeros(len(labels), 2), labels=labels, classes=classes)


@pytest.mark.parametrize("name", ["digits", "ring", "grid"])
def test_classes_of_the_librarys_own_data(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        samples = data.load(name)
        assert check_labels(samples) == samples.classes


def test_classes_without_names_are_called_by_their_numbers():
    assert check_labels(made([30, 30, 30])) == ("0", "1", "2")


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (torch.zeros(5, 2), "A tensor of .* has no labels"),
        (Dataset("mine", torch.zeros(5, 2)), "mine has no labels"),
        (made([30], ("cat",)), "one class only, 'cat'"),
        (made([30, 0, 30], ("cat", "dog", "owl")), "no training sample of 'dog'"),
        (made([30, 30, 30], ("cat", "dog")), "names 2 classes"),
        (made([0, 0], ("cat", "dog")), "mine is empty"),
    ],
)
def test_what_cannot_be_learned_is_refused(samples, message):
    with pytest.raises(ValueError, match=message):
        check_labels(samples)


def test_unknown_labels_are_refused():
    samples = made([30, 30])
    samples.labels[:7] = -1
    with pytest.raises(ValueError, match="7 of the 60 samples of mine have no known class"):
        check_labels(samples)


@pytest.mark.parametrize(("count", "warned"), [(1, True), (3, True), (19, True), (20, False)])
def test_a_class_of_few_samples_is_told_of(count, warned):
    samples = made([30, count], ("cat", "dog"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        check_labels(samples)
    assert len(told) == int(warned)
    if warned:
        assert f"'dog' ({count})" in str(told[0].message)
        assert "cat" not in str(told[0].message)


def test_the_number_of_a_class():
    assert label_of("1", ("3", "1")) == 1
    with pytest.raises(ValueError, match=r"no class 'dgo': did you mean 'dog'\? The classes are"):
        label_of("dgo", ("cat", "dog"))
    with pytest.raises(ValueError, match="no class '7': the classes are 'cat', 'dog'"):
        label_of("7", ("cat", "dog"))
    with pytest.raises(ValueError, match="and 80 more"):
        label_of("x", [f"class {k}" for k in range(100)])


def test_labels_come_as_often_as_in_the_samples():
    samples = made([90, 10])
    assert labels_like(samples, 100).bincount().tolist() == [90, 10]
    assert labels_like(samples, 200, seed=1).bincount().tolist() == [180, 20]
    assert not torch.equal(labels_like(samples, 50), labels_like(samples, 50, seed=1))
