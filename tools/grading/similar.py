"""Which submissions look alike? A list for a person to look at, and no verdict."""

import ast
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import problem_sets
from gradebook import table
from results import Result, write

WORDS = 8  # in a row, that two answers in words share
NEARLY = 0.85  # of the program's fingerprints in common
SHORT = 25  # tokens, below which every right answer looks the same


def report(results: list[Result], out: Path, sets: dict[str, Path]) -> list[str]:
    """Write similar.csv: equal and nearly equal programs and answers, official solutions."""
    rows: list[list] = []
    for name in sorted({r.set for r in results} & set(sets)):
        mine = [r for r in results if r.set == name]
        official = problem_sets.cells(problem_sets.read(sets[name]))
        given = {squeezed(problem_sets.handed_out(c.source)) for c in official if c.is_code}
        rows += _programs(name, mine, given)
        rows += _words(name, mine)
        rows += _official(name, mine, official)
    write(out / "similar.csv", table([["set", "what", "share", "students"], *rows]))
    return [f"{len(rows)} groups of submissions look alike: similar.csv"] if rows else []


def squeezed(text: str) -> str:
    return " ".join(text.split())


def _programs(name: str, results: list[Result], given: set[str]) -> list[list]:
    """Compare programs by their shape, so that new names and comments do not hide a copy."""
    texts = {r.student: _own_code(r, given) for r in results}
    equal = defaultdict(list)
    for student, text in texts.items():
        if len(text.split()) >= SHORT:
            equal[text].append(student)
    rows = [
        [name, "equal programs, word by word", "1.00", ", ".join(sorted(group))]
        for group in equal.values()
        if len(group) > 1
    ]
    shapes = {group[0]: shingles(shape(text)) for text, group in equal.items()}
    for one, two in combinations(shapes, 2):
        share = overlap(shapes[one], shapes[two])
        if share >= NEARLY:
            rows.append([name, "nearly equal programs", f"{share:.2f}", f"{one}, {two}"])
    return rows


def _own_code(result: Result, given: set[str]) -> str:
    sources = [source for source, _, _ in result.cells if squeezed(source) not in given]
    return "\n\n".join(sources).strip()


def shape(source: str) -> list[str]:
    """Return the kinds of a program's nodes, in order: what stays when names are changed."""
    nodes = []
    for part in source.split("\n\n"):
        try:
            nodes += [type(node).__name__ for node in ast.walk(ast.parse(part))]
        except (SyntaxError, ValueError, RecursionError):
            nodes += re.findall(r"\w+", part)
    return nodes


def shingles(words: list[str], length: int = WORDS) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + length]) for i in range(max(1, len(words) - length + 1))}


def overlap(one: set, two: set) -> float:
    """Return the Jaccard index."""
    return len(one & two) / max(1, len(one | two))


def _words(name: str, results: list[Result]) -> list[list]:
    rows = []
    for part in sorted({part for r in results for part in r.written}):
        texts = {r.student: _plain_words(r.written[part]) for r in results if part in r.written}
        pieces = {student: shingles(words) for student, words in texts.items()}
        for one, two in combinations(pieces, 2):
            share = overlap(pieces[one], pieces[two])
            if share >= 0.5 and min(len(texts[one]), len(texts[two])) >= WORDS:
                rows.append([name, f"answers in words to {part}", f"{share:.2f}", f"{one}, {two}"])
    return rows


def _plain_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _official(name: str, results: list[Result], official) -> list[list]:
    """Find who handed in the solution of the repository."""
    words = {c.id: shingles(_plain_words(c.source)) for c in official if c.role == "written"}
    rows = []
    for r in results:
        signs = [note for note in r.notes if "official solution" in note]
        for part, text in r.written.items():
            if overlap(shingles(_plain_words(text)), words.get(part, set())) >= 0.5:
                signs.append(f"the answer to {part} is the official one")
        rows += [[name, sign, "", r.student] for sign in dict.fromkeys(signs)]
    return rows
