"""The one style of the book: what it leaves out, no page could use."""

import re
from collections.abc import Iterator

import one_style
import pytest
import tinycss2
from whole_pages import UNFOLD

# How something is for a moment, and what is drawn before or after it.
STATES = re.compile(
    r"::?(?:before|after|marker|placeholder|backdrop|selection|first-l\w+|-\w+-[\w-]+|file-[\w-]+)"
    r"|:(?:hover|focus(?:-\w+)?|active|visited|target|disabled|checked|invalid|valid|link)(?![\w-])"
)


def selectors_left_out(html) -> Iterator[str]:
    names, static = one_style.names_of(html), html / "_static"

    def of(rules) -> Iterator[str]:
        for rule in rules:
            if rule.type == "qualified-rule":
                for part in one_style.pieces(rule.prelude):
                    if not one_style.possible(part, names):
                        yield tinycss2.serialize(part)
            elif rule.lower_at_keyword in one_style.GROUPS and rule.content:
                yield from of(one_style.rules_in(rule.content))

    for sheet in one_style.sheets(static):
        if sheet.name != one_style.OWN:
            yield from of(one_style.rules_in(sheet.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def left_out(html) -> list[str]:
    return sorted({STATES.sub("", selector).strip() for selector in selectors_left_out(html)})


FOUND = """selectors => {
  const found = [], unknown = [];
  for (const selector of selectors)
    try { if (document.querySelector(selector)) found.push(selector); }
    catch { unknown.push(selector); }
  return [found, unknown];
}"""


@pytest.mark.parametrize(
    "name", ["book/02_minimax.html", "book/intro.html", "search.html", "genindex.html"]
)
def test_what_is_left_out_of_the_style_is_for_nothing_here(visit, left_out, name):
    page = visit(name).page
    page.evaluate(UNFOLD)
    found, unknown = page.evaluate(FOUND, left_out)
    assert not found
    assert len(left_out) - len(unknown) > 1000, "selectors that could be asked for"


def test_nor_in_a_laboratory(start, left_out):
    page, _ = start("toy-gan")
    assert not page.evaluate(FOUND, left_out)[0]


def test_icons_are_signs_of_the_font_in_the_style(visit):
    """Each is drawn, by a font of which no file is loaded."""
    seen = visit("book/notation.html")
    icons = seen.page.locator("i[class*=fa-]:visible")
    assert icons.count() > 3
    drawn = "i => [getComputedStyle(i, '::before').content.length, i.getBoundingClientRect().width]"
    for length, width in (icon.evaluate(drawn) for icon in icons.all()):
        assert length == 3, "one sign in quotation marks"
        assert width > 5
    assert seen.page.evaluate("document.fonts.check('900 1em \"Font Awesome 6 Free\"')")
    assert not [url for url in seen.loaded if "fontawesome" in url]
