"""Every page of the book, as a reader meets it, on a desk and on a phone.

Each is loaded once, in a tab that a class of pages shares; all that is asked of it is measured
there (`whole_pages`), and each test reads one of the answers. The classes are for `--dist
loadscope`, which gives each to one of the processes.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import toc
from whole_pages import look

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
MEGABYTE = 2**20


@pytest.fixture(scope="class")
def found(request, html, tab):
    """Open a page and return what is found out about it."""
    if not (html / request.param).is_file():
        pytest.skip("not built")
    # Nothing moves by itself: what does is tried elsewhere.
    seen = tab.open(request.param, html.as_uri(), motion="reduce", whole=True)
    return {"page": request.param, **look(seen)}


class EachPage:
    """What is asked of each page."""

    def test_it_opens_without_complaint(self, found):
        """No error in the console, nothing missing, nothing from elsewhere, all is shown."""
        assert not found["elsewhere"], "the page asks for what is not part of the book"
        assert not found["failed"], "the page asks for what is not there"
        assert not found["errors"], "errors in the browser's console"
        assert not found["wrong"], "formulas with errors"
        assert not found["unset"], "formulas that were not set"
        assert not found["broken"], "pictures that cannot be shown"

    def test_it_is_light(self, found, html):
        """The page and its own files below two megabytes, and with all that it loads below 2.5."""
        urls = (urlsplit(url) for url in found["loaded"])
        paths = [Path(unquote(url.path)) for url in urls if url.scheme == "file"]
        sizes = {path.relative_to(html).as_posix(): path.stat().st_size for path in paths}
        assert found["page"] in sizes
        assert any(name.endswith(".css") for name in sizes)
        own = {name: size for name, size in sizes.items() if not name.startswith("_static/")}
        assert sum(own.values()) < 2 * MEGABYTE, f"the page and its pictures: {largest(own)}"
        assert sum(sizes.values()) < 2.5 * MEGABYTE, f"with what pages share: {largest(sizes)}"

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_it_is_accessible(self, found, theme):
        """axe-core finds nothing serious or critical; in the dark colors only are judged anew."""
        assert not found[theme], "\n\n".join(found[theme][:10])

    @pytest.mark.parametrize("letters", ["usual letters", "wide letters"])
    def test_it_fits_a_phone(self, found, letters):
        """At 375 pixels only tables, code, formulas and figures scroll, not the page."""
        assert not found[letters], "wider than the screen of a phone"

    def test_figures_are_as_wide_as_the_column(self, found):
        assert not found["figures"]

    def test_what_scrolls_sideways_shows_that_it_goes_on(self, found):
        """Code, tables, formulas and outputs fade out at the edge beyond which there is more."""
        assert not found["silent"]

    def test_numbers_stand_beside_their_equations(self, found):
        assert not found["covered"]

    def test_code_is_not_wrapped(self, found):
        assert not found["wrapped"]

    def test_tables_are_cards_or_keep_their_first_column(self, found):
        assert not found["tables"]

    def test_what_the_page_needs_can_be_pressed_on_a_phone(self, found):
        assert not found["links"]


def largest(sizes: dict[str, int]) -> str:
    top = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{path} {size / MEGABYTE:.2f} MB" for path, size in top)


CHAPTERS = [path.relative_to(toc.ROOT).with_suffix(".html").as_posix() for path in toc.notebooks()]
LIBRARY = [name for name in PAGES if name.startswith("book/library/")]
OTHERS = [name for name in PAGES if name not in (*CHAPTERS, *LIBRARY)] + ["genindex.html"]


def of(pages):
    return pytest.mark.parametrize("found", pages, indirect=True, scope="class")


@of(CHAPTERS[:4])
class TestFirstChapters(EachPage):
    pass


@of(CHAPTERS[4:])
class TestLaterChapters(EachPage):
    pass


@of(LIBRARY)
class TestLibrary(EachPage):
    pass


@of(OTHERS)
class TestOtherPages(EachPage):
    pass
