"""The book from a server: one page of every kind, and no page that asks by another way."""

import re

import pytest
import toc
from whole_pages import COMPLAINTS

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
ASKED = re.compile(r"<(?:script|link|img|source|iframe)\b[^>]*?\s(?:src|href)=\"([^\"]+)\"")
PART = re.compile(r"data-player|gallery-walk|figure class=\"lab|class=\"math|class=\"question")


@pytest.fixture(scope="module")
def texts(html) -> dict[str, str]:
    return {name: (html / name).read_text(encoding="utf-8") for name in [*PAGES, "genindex.html"]}


def test_pages_ask_for_files_of_the_book_by_their_place_beside_them(html, texts):
    """So that a page from a server asks for what the same page from a folder asks for."""
    said = re.compile(r"<link rel=\"canonical\"[^>]*>")  # an address, which nobody loads
    for name, text in texts.items():
        asked = ASKED.findall(said.sub("", text))
        assert len(asked) > 10, name
        for address in asked:
            if address.startswith(("data:", "#")):
                continue
            file = (html / name).parent / address.partition("#")[0].partition("?")[0]
            assert ":" not in address, f"{name} asks for {address}"
            assert not address.startswith("/"), f"{name} asks for {address}"
            assert file.is_file(), f"{name} asks for {address}, which is not there"


def kind(text: str) -> frozenset:
    """Return what moves in a page, or is set or shown by a script of its own."""
    scripts = (f.split("?")[0].split("/")[-1] for f in ASKED.findall(text) if ".js" in f)
    return frozenset([*scripts, *PART.findall(text)])


def test_pages_open_from_a_server(tab, site, texts):
    """The shortest page of every kind: no error, nothing missing, nothing from elsewhere."""
    kinds = {kind(text): name for name, text in sorted(texts.items(), key=lambda t: -len(t[1]))}
    assert len(kinds) > 5
    for name in kinds.values():
        seen = tab.open(name, site)
        found = seen.page.evaluate(COMPLAINTS)
        wrong = [*seen.elsewhere, *seen.failed, *seen.errors]
        assert not wrong, name
        assert not found["wrong"], name
        assert not found["broken"], name
