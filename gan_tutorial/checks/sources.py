"""Checks for the exercises of chapter 13, how to read a paper."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .core import Mistake, Mistakes, Wrong, call, chosen, compare_functions, exercise, word, words

# --- 13.1 Four references ---------------------------------------------------------------------

WORDS = ("title", "authors", "venue", "year", "pages", "fused")
FAULTS = [{"pages"}, {"venue", "year", "pages"}, {"venue", "pages"}, {"fused"}]


def _faults(answer: Any, mistakes: Mistakes) -> None:
    given = [chosen(part, WORDS) if part else set() for part in answer]
    if len(given) != len(FAULTS):
        raise Wrong(f"There are {len(FAULTS)} references: hand in as many collections of words.")
    if given == FAULTS:
        return
    for mistake in mistakes.values():
        if given == mistake.answer:
            raise Wrong(mistake.why)
    for k, (found, faults) in enumerate(zip(given, FAULTS, strict=True), 1):
        if found != faults:
            raise Wrong(
                f"Of reference {k} you list {sorted(found)}: {len(found - faults)} of these are "
                f"not at fault, and {len(faults - found)} are missing."
            )


# --- 13.3 A rule that may say "undecided" -----------------------------------------------------


def _rule(a: Sequence[float], b: Sequence[float]) -> str:
    if max(a) < min(b):
        return "holds"
    return "fails" if max(b) < min(a) else "undecided"


def _by_means(a: Sequence[float], b: Sequence[float]) -> str:
    return "holds" if sum(a) / len(a) < sum(b) / len(b) else "fails"


def _one_way(a: Sequence[float], b: Sequence[float]) -> str:
    return "holds" if max(a) < min(b) else "fails"


def _by_lowest(a: Sequence[float], b: Sequence[float]) -> str:
    return "holds" if min(a) < min(b) else "fails"


PAIRS = [
    ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
    ([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]),
    ([1.0, 2.0, 4.5], [4.0, 5.0, 6.0]),
    ([3.0, 5.0, 9.0], [4.0, 5.0, 6.0]),
    ([2.0], [1.0]),
    ([1.0, 2.0], [2.0, 3.0]),
]


def _words(answer: Any, mistakes: Mistakes) -> None:
    given = [word(call(answer, *pair)) for pair in PAIRS]
    if given == [_rule(*pair) for pair in PAIRS]:
        return
    for mistake in mistakes.values():
        if given == [mistake.answer(*pair) for pair in PAIRS]:
            raise Wrong(mistake.why)
    for (a, b), said in zip(PAIRS, given, strict=True):
        if said != _rule(a, b):
            raise Wrong(f"For the FIDs {a} and {b} it returns {said!r}.")


# --- 13.4 Ninety-two references ---------------------------------------------------------------


def _addresses(bibliography: str, fields: str = "doi|eprint|url", least: int = 2) -> set[str]:
    found = re.findall(rf"^\s*(?:{fields})\s*=\s*\{{(.*?)\}}", bibliography, re.M)
    return {address for address, times in Counter(found).items() if times >= least}


def _entry(k: int, **fields: str) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{entry{k},\n{lines}}}\n"


LISTS = [
    "".join(_entry(k, title=f"Page {k}", url="https://example.org/page") for k in range(3)),
    _entry(1, title="One", doi="10.1/a") + _entry(2, title="Two", doi="10.1/a"),
    _entry(1, title="One", eprint="1406.2661") + _entry(2, title="Two", eprint="1406.2661"),
    _entry(1, title="Same", url="https://a.org") + _entry(2, title="Same", url="https://b.org"),
    "",
]


def _doubles(answer: Any, mistakes: Mistakes) -> None:
    given = [words(call(answer, text)) for text in LISTS]
    if given == [_addresses(text) for text in LISTS]:
        return
    for mistake in mistakes.values():
        if given == [mistake.answer(text) for text in LISTS]:
            raise Wrong(mistake.why)
    for text, found in zip(LISTS, given, strict=True):
        if found != _addresses(text):
            raise Wrong(f"Of a list of {text.count('@')} entries it returns {sorted(found)}.")


def _needed(f: float, confidence: float = 0.95, rounded: bool = True) -> float:
    exact = math.log(1 - confidence) / math.log1p(-f)
    return math.ceil(exact) if rounded else math.floor(exact)


EXERCISES = (
    exercise(
        "13.1",
        "ex-references",
        "a list of four collections: what your program says is wrong with each reference",
        _faults,
        "The fourth is made of two papers, and does not exist. A program believes the rest: open "
        "them.",
        title=Mistake(
            "The first title is that of the preprint: with 'Nets' written out it is the same.",
            [{"title", "pages"}, *FAULTS[1:]],
        ),
        similar=Mistake(
            "No single entry explains the fourth title. Try two together before you call it wrong.",
            [*FAULTS[:3], {"title", "authors", "year", "pages"}],
        ),
        preprint=Mistake(
            "The second was a preprint in 2015 and was presented in 2016: the year is wrong, too.",
            [FAULTS[0], {"venue", "pages"}, *FAULTS[2:]],
        ),
    ),
    exercise(
        "13.2",
        "ex-negative",
        "a function of (f, confidence) that returns how many texts are needed",
        compare_functions(
            _needed, [(0.001, 0.95), (0.01, 0.95), (0.05, 0.99)], "f, confidence", tolerance=1e-6
        ),
        "To exclude one in n, read about three times n.",
        rounded_down=Mistake(
            "One text short: the number must be rounded up, or the confidence is not reached.",
            lambda f, confidence: _needed(f, confidence, rounded=False),
        ),
        inverse=Mistake(
            "After 1/f texts nothing is found in more than a third of all searches.",
            lambda f, confidence: math.ceil(1 / f),
        ),
        wrong_tail=Mistake(
            "The probability of finding nothing must be at most *one minus* the confidence.",
            lambda f, confidence: math.ceil(math.log(confidence) / math.log1p(-f)),
        ),
    ),
    exercise(
        "13.3",
        "ex-undecided",
        'a function of two lists of FIDs that returns "holds", "fails" or "undecided"',
        _words,
        "With one seed each it never says 'undecided': such a rule cannot know that it does not "
        "know.",
        means=Mistake(
            "A comparison of means always decides. The rule asks for *all* of A below all of B.",
            _by_means,
        ),
        one_way=Mistake(
            "That the rule does not hold does not mean that B wins: then all of B must be lower.",
            _one_way,
        ),
        lowest=Mistake(
            "The best seed of each is the luckiest. The largest FID of A must be below B's "
            "smallest.",
            _by_lowest,
        ),
    ),
    exercise(
        "13.4",
        "ex-copies",
        "a function of the bibliography's text that returns the addresses that several entries "
        "have",
        _doubles,
        "Titles can be retouched; two entries with one address are one source.",
        only_url=Mistake(
            "A source may be named by DOI or arXiv number in place of an address: look at these, "
            "too.",
            lambda text: _addresses(text, "url"),
        ),
        titles=Mistake(
            "These are the titles that stand twice: a retouched copy gets past that.",
            lambda text: _addresses(text, "title"),
        ),
        all_of_them=Mistake(
            "These are all addresses: count how often each stands there.",
            lambda text: _addresses(text, least=1),
        ),
    ),
)
