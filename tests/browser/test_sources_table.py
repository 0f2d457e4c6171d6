"""The tables of claims, one a topic: searched, filtered, and complete without JavaScript."""

import re
from importlib.resources import files
from itertools import pairwise

import pytest

PAGE = "book/appendix_claims.html"
ROWS, TOPICS = 281, 9


@pytest.fixture
def table(visit):
    def open_at(anchor="", **options):
        page = visit(PAGE + anchor, **options).page
        return page, page.locator("table.sources-table tbody tr:visible")

    return open_at


def test_complete_without_javascript(browser, html):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((html / PAGE).as_uri())
    assert page.locator("table.sources-table tbody tr:visible").count() == ROWS
    assert page.locator(".sources-search").count() == 0
    context.close()


def test_words_and_filters_narrow_the_table(table):
    page, rows = table()
    assert rows.count() == ROWS
    page.get_by_role("searchbox", name="Search").fill("nesterov MOMENTUM")
    assert 1 <= rows.count() < 20
    assert all("esterov" in row.inner_text() for row in rows.all())
    page.get_by_role("button", name="Show all").press("Enter")
    assert rows.count() == ROWS
    page.locator("select[name=article]").select_option("s4")
    page.get_by_label("Verdict").select_option("wrong")
    shown = rows.all()
    assert 3 <= len(shown) <= 10
    assert all(row.get_attribute("id").startswith("s4-") for row in shown)
    assert page.get_by_role("status").inner_text() == f"{len(shown)} of {ROWS}"
    page.get_by_role("searchbox", name="Search").fill("no such word")
    assert rows.count() == 0
    assert "None" in page.get_by_role("status").inner_text()


def test_an_empty_topic_goes_with_its_heading(table):
    page, _ = table()
    headings = page.locator("article h2:visible")
    assert headings.count() == TOPICS
    page.get_by_role("searchbox", name="Search").fill("nesterov")
    assert 1 <= headings.count() < TOPICS
    assert page.locator("article h1:visible").count() == 1


def test_no_name_of_a_row_is_seen(table):
    page, rows = table()
    assert rows.count() == ROWS
    assert not re.search(r"\b(S[0-4]|D|T)-\d\d\b", page.locator("article").inner_text())


def test_every_filter_shows_some_rows(table):
    page, rows = table()
    for label in ("Kind", "Article", "Verdict", "Shown in"):
        # a label's text begins with its name, and its options follow
        box = page.locator("label", has_text=re.compile(f"^\\s*{label}")).locator("select")
        options = box.locator("option").all_inner_texts()
        assert len(options) >= 4, label
        counts = []
        for option in options[1:]:
            box.select_option(option)
            counts.append(rows.count())
        assert min(counts) >= 1
        if label != "Article":  # several articles may share a defect
            assert sum(counts) == ROWS, label
        box.select_option("all")


def test_search_is_reached_and_used_by_keyboard(table):
    page, rows = table()
    page.get_by_role("searchbox", name="Search").focus()
    page.keyboard.type("D-57")
    assert rows.count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "kind"


def test_an_id_in_the_fold_of_a_chapter_leads_to_its_row(visit):
    page = visit("book/01_principles.html").page
    fold = page.locator("#principles-articles")
    fold.locator("button").first.click()
    fold.locator("a.mark", has_text="D-68").click()
    page.wait_for_url("**/appendix_claims.html#d-68")
    assert page.locator("tr:target").get_attribute("id") == "d-68"


def test_a_row_that_a_fold_settles_leads_into_it(visit):
    """The fold is open when one arrives: by a link from elsewhere, or from the same page."""
    fold = visit("book/01_principles.html#principles-articles").page.locator("#principles-articles")
    fold.locator("a.mark", has_text="S0-03").wait_for()
    page = visit("book/01_principles.html").page
    assert not page.locator("a.mark", has_text="S0-03").is_visible()
    page.evaluate("location.hash = '#principles-articles'")
    page.locator("a.mark", has_text="S0-03").wait_for()


def test_a_label_in_a_chapter_leads_to_its_row(visit):
    page = visit("book/02_minimax.html").page
    fold = page.locator(".admonition").filter(has_text="What the articles say").last
    fold.locator(".admonition-title").click()
    fold.locator("a.mark", has_text="D-54").first.click()
    page.wait_for_url("**/appendix_claims.html#d-54")
    assert page.locator("tr:target").get_attribute("id") == "d-54"


def test_a_hidden_row_is_shown_when_it_is_asked_for(table):
    page, rows = table()
    page.get_by_role("searchbox", name="Search").fill("nesterov")
    page.evaluate("location.hash = '#d-01'")
    page.wait_for_function("document.getElementById('d-01').offsetHeight > 0")
    assert rows.count() == ROWS


def test_on_a_phone_rows_are_cards_and_still_a_table(table):
    page, rows = table(viewport={"width": 375, "height": 812})
    assert page.get_by_role("table").count() == TOPICS
    assert page.get_by_role("cell").count() == 3 * ROWS
    first = rows.first.locator("td")
    boxes = [cell.bounding_box() for cell in first.all()]
    assert all(a["y"] < b["y"] for a, b in pairwise(boxes))
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run('article', {resultTypes: ['violations']})")["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
