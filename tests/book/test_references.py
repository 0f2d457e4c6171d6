"""The bibliography: complete, and used."""

import re

import nbformat
import pytest
import toc

CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


@pytest.fixture(scope="module")
def entries(root) -> dict[str, str]:
    text = (root / "book" / "references.bib").read_text(encoding="utf-8")
    found = re.findall(r"^@\w+\{([^,\s]+),(.*?)^\}", text, re.M | re.S)
    assert len(found) == len(dict(found)), "a key appears twice"
    return dict(found)


@pytest.fixture(scope="module")
def cited() -> set[str]:
    keys = set()
    for path in toc.pages():
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        for group in CITATION.findall(text):
            keys |= {key.strip() for key in group.split(",")}
    return keys


def test_every_citation_has_an_entry(entries, cited):
    assert cited <= set(entries)


def test_every_entry_is_cited(entries, cited):
    assert set(entries) <= cited


def test_every_entry_can_be_found(entries):
    """An entry names its DOI or arXiv number, or where else it can be read, unless it is old."""
    for key, fields in entries.items():
        year = re.search(r"^\s*year\s*=\s*[{\"]?(\d{4})", fields, re.M)
        assert year, key
        online = re.search(r"^\s*(doi|eprint|isbn|url)\s*=", fields, re.M)
        assert online or int(year.group(1)) < 1990, key
