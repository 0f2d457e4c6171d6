import numpy as np
import pytest
import torch

from gan_tutorial import check
from gan_tutorial.checks.answers import Wrong
from gan_tutorial.checks.words import chosen, matched, truth, word, words

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


@pytest.mark.parametrize("answer", ["Holds", " holds.\n", "'holds'", np.str_("HOLDS")])
def test_a_text_in_any_form(answer):
    assert word(answer) == "holds"


@pytest.mark.parametrize(
    "answer", [3, 1.5, True, b"holds", ["holds"], ("h",), torch.ones(1), "", " ."]
)
def test_what_is_no_text_is_refused_in_a_sentence(answer):
    with pytest.raises(Wrong, match="A text is expected"):
        word(answer)


def test_collections_of_texts():
    assert words(["a", "a", "b"]) == words({"a": 1, "b": 2}) == words(x for x in "ab") == {"a", "b"}
    for answer in ("ab", 3, [1], [["a"]], torch.ones(2)):
        with pytest.raises(Wrong, match="collection of texts"):
            words(answer)


@pytest.mark.parametrize("yes", [True, 1, 1.0, np.True_, np.array([True]), torch.tensor(True)])
def test_verdicts_in_any_form(yes):
    assert truth(yes) is True
    assert truth(yes == 2) is False


@pytest.mark.parametrize("answer", ["no", "False", "", [], [False], 2, 0.5, torch.zeros(2), object])
def test_what_only_counts_as_true_is_no_verdict(answer):
    with pytest.raises(Wrong, match="True or False is expected"):
        truth(answer)


# --- In the exercises that ask for words or verdicts --------------------------------------------


def diagnose(real, fake):
    if real.max() > 2:
        return "bytes"
    if real.min() >= 0:
        return "unit"
    return "sigmoid" if fake.min() >= 0 else "open" if fake.abs().max() > 1.05 else "fine"


@pytest.mark.parametrize(
    "form",
    [len, hash, list, lambda name: (name,), lambda name: [ord(name[0]), len(name)],
     lambda name: torch.tensor(float(ord(name[0]))), str.encode],
    ids=["numbers", "hashes", "lists", "tuples", "codes", "tensors", "bytes"],
)  # fmt: skip
def test_a_diagnosis_is_a_text(form):
    assert check("ex-range", diagnose)
    verdict = check("ex-range", lambda real, fake: form(diagnose(real, fake)))
    assert not verdict
    assert "A text is expected" in verdict.sentence or "one name" in verdict.sentence


def test_a_rule_answers_with_a_text():
    class Word:
        def __init__(self, text):
            self.text = text

        def __str__(self):
            return self.text

    def rule(a, b):
        return "holds" if max(a) < min(b) else "fails" if max(b) < min(a) else "undecided"

    assert check("ex-undecided", rule)
    assert "A text is expected" in check("ex-undecided", lambda a, b: Word(rule(a, b))).sentence


def test_a_leak_is_found_or_not():
    """A word for no is true in Python, and accuses everybody."""
    for verdict in ("yes", "no", 2, [False]):
        assert (
            "True or False is expected" in check("ex-leak", lambda program, v=verdict: v).sentence
        )
