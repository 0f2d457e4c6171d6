"""Exercises, their index, their solutions and their checks agree with each other."""

import re
from itertools import groupby

import nbformat
import pytest
import toc
import yaml

from gan_tutorial.checks import EXERCISES

CHAPTERS = [path for path in toc.notebooks() if re.match(r"\d\d_", path.name)]
OPENED = re.compile(
    r"^`{3,}\{exercise(?:-start)?\}[^\n]*\n(?:(?!`{3,})[^\n]*\n)*?:label: *(\S+)", re.M
)


@pytest.fixture(scope="module")
def index(root) -> dict:
    return yaml.safe_load((root / "book" / "exercises.yml").read_text(encoding="utf-8"))


def cells(path) -> list:
    return nbformat.read(path, as_version=4).cells


def labels(path) -> list[str]:
    text = "\n\n".join(cell.source for cell in cells(path) if cell.cell_type == "markdown")
    return OPENED.findall(text)


def solutions(path) -> dict[str, str]:
    """Return the code between the marks of each solution."""
    found: dict[str, str] = {}
    current = None
    for cell in cells(path):
        if cell.cell_type == "code" and current:
            found[current] += cell.source + "\n"
        for start, _ in re.findall(r"\{solution-start\} *(\S+)|(\{solution-end\})", cell.source):
            current = start or None
            if start:
                found[start] = ""
    return found


def numbers() -> dict[str, str]:
    """Return label -> number: the chapter's, as in the names of its files, and the place in it."""
    found: dict[str, str] = {}
    for chapter, pages in groupby(CHAPTERS, key=lambda path: int(path.name[:2])):
        places = [label for path in pages for label in labels(path)]
        found |= {label: f"{chapter}.{place}" for place, label in enumerate(places, 1)}
    return found


def test_chapters_stand_in_the_order_of_their_numbers():
    prefixes = [path.name[:2] for path in CHAPTERS]
    assert prefixes == sorted(prefixes)
    assert prefixes[0] == "01"


def test_every_exercise_is_in_the_index(index):
    book = {path.stem: labels(path) for path in CHAPTERS}
    assert {"01_principles", "02_minimax", "03_code"} <= set(book)
    assert {name: list(entries) for name, entries in index.items()} == book, (
        "book/exercises.yml lists every exercise of every chapter, in order: add the new ones, "
        "with topic, difficulty (1 to 3), minutes, and open: true where there is no single answer"
    )
    for entries in index.values():
        for label, about in entries.items():
            assert set(about) - {"open"} == {"topic", "difficulty", "minutes"}, label
            assert about["difficulty"] in (1, 2, 3), label
            assert 5 <= about["minutes"] <= 90, label


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_a_tested_solution(path):
    code = solutions(path)
    assert sorted(code) == sorted(labels(path))
    for label, source in code.items():
        assert re.search(r"\bassert\b|\bassert_\w+\(", source), f"{label}: nothing is asserted"


def test_checks_have_the_numbers_of_the_book():
    book = numbers()
    for exercise in EXERCISES.values():
        assert book.get(exercise.label) == exercise.number, exercise.label


def test_checks_are_offered_in_the_exercise_and_used_in_the_solution(index):
    known = {exercise.label: exercise.number for exercise in EXERCISES.values()}
    for path in CHAPTERS:
        text = "\n\n".join(c.source for c in cells(path) if c.cell_type == "markdown")
        code = solutions(path)
        for label in labels(path):
            if number := known.get(label):
                assert f'gan_tutorial.check("{number}"' in text, label
                assert f'assert check("{number}"' in code[label], label


# what is handed in would be a training, and its outcome a table to be read
EXPERIMENTS = {"ex-clumps", "ex-own-fault", "ex-cross-talk", "ex-rare-digit"}


def test_only_open_ended_exercises_and_experiments_have_no_check(index):
    known = {exercise.label for exercise in EXERCISES.values()}
    for path in CHAPTERS:
        if known.isdisjoint(index[path.stem]):
            continue  # a page without checks so far
        for label, about in index[path.stem].items():
            unchecked = about.get("open", False) or label in EXPERIMENTS
            assert (label in known) != unchecked, label
