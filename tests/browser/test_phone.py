"""The phone edition, at 375 pixels: figures fit, what scrolls shows it, tables can be read."""

import pytest
import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
PHONE = {"width": 375, "height": 812}


@pytest.fixture(scope="module", params=[*PAGES, "genindex.html"])
def page(request, html, visit_for_all):
    if not (html / request.param).is_file():
        pytest.skip("not built")
    seen = visit_for_all(request.param, viewport=PHONE)
    # All that is folded is opened, and all that scrolls has been in view.
    seen.page.evaluate(
        """async () => {
          for (const fold of document.querySelectorAll("details")) fold.open = true;
          for (const fold of document.querySelectorAll(".toggle-hidden"))
            fold.classList.remove("toggle-hidden");
          dispatchEvent(new Event("resize"));
          await new Promise((done) => setTimeout(done, 300));
        }"""
    )
    yield seen.page
    seen.page.context.close()


def test_page_does_not_scroll_sideways(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_figures_are_as_wide_as_the_column(page):
    wide = page.evaluate(
        """() => [...document.querySelectorAll("article img")]
          .filter((i) => !i.closest("[data-player]") && i.getBoundingClientRect().width > 360)
          .map((i) => i.src.slice(-60))"""
    )
    assert not wide


def test_what_scrolls_sideways_shows_that_it_goes_on(page):
    """Code, tables, formulas and outputs fade out at the edge beyond which there is more."""
    silent = page.evaluate(
        """() => [...document.querySelectorAll("article *")]
          .filter((e) => /auto|scroll/.test(getComputedStyle(e).overflowX) && e.clientWidth &&
            e.scrollWidth > e.clientWidth + 2 && !e.closest(".goes-on, svg, [data-player]") &&
            !e.querySelector(".goes-on"))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert not silent


def test_code_is_not_wrapped(page):
    wrapped = page.evaluate(
        """() => [...document.querySelectorAll("article :is(.cell_input, .highlight) pre")]
          .filter((e) => getComputedStyle(e).whiteSpace !== "pre").length"""
    )
    assert wrapped == 0


def test_tables_are_cards_or_keep_their_first_column(page):
    lost = page.evaluate(
        """() => [...document.querySelectorAll("article table:not(.sources-table)")]
          .filter((t) => t.getBoundingClientRect().width > 360)
          .filter((t) => getComputedStyle(t.querySelector("tbody tr > :first-child")).position
            !== "sticky")
          .map((t) => t.outerHTML.slice(0, 120))"""
    )
    assert not lost


def test_a_figure_can_be_enlarged(visit):
    page = visit("book/02_minimax.html", viewport=PHONE).page
    button = page.get_by_role("button", name="Enlarge").first
    button.click()
    large = page.locator("dialog.enlarged img")
    large.wait_for()
    assert large.bounding_box()["width"] > 500
    page.get_by_role("button", name="Close").click()
    assert not large.is_visible()


def test_cards_say_what_their_entries_are(visit):
    page = visit("book/notation.html", viewport=PHONE).page
    table = page.locator("table.as-cards").first
    names = [name.strip() for name in table.locator("thead th").all_text_contents()]
    cells = table.locator("tbody tr").first.locator("td, th")
    assert [cell.get_attribute("data-label") for cell in cells.all()] == names
    assert table.bounding_box()["width"] <= 345
