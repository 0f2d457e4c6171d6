"""The phone edition, at 375 pixels: figures fit, what scrolls shows it, tables can be read."""

import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
PHONE = {"width": 375, "height": 812}


def test_a_figure_can_be_enlarged(visit):
    page = visit("book/02_minimax.html", viewport=PHONE).page
    button = page.get_by_role("button", name="Enlarge").first
    button.click()
    large = page.locator("dialog.enlarged img")
    large.wait_for()
    assert large.bounding_box()["width"] > 500
    page.get_by_role("button", name="Close").click()
    assert not large.is_visible()


def test_what_scrolls_is_a_stop_of_the_tab_key(visit):
    page = visit("book/02_minimax.html", viewport=PHONE).page
    boxes = page.locator("article :is(pre, .pst-scrollable-table-container):visible")
    told = "list => list.map((b) => [b.scrollWidth > b.clientWidth + 1, b.tabIndex === 0])"
    found = boxes.evaluate_all(told)
    assert [stops for _, stops in found] == [scrolls for scrolls, _ in found]
    assert {scrolls for scrolls, _ in found} == {True, False}


def test_cards_say_what_their_entries_are(visit):
    page = visit("book/notation.html", viewport=PHONE).page
    table = page.locator("table.as-cards").first
    names = [name.strip() for name in table.locator("thead th").all_text_contents()]
    cells = table.locator("tbody tr").first.locator("td, th")
    assert [cell.get_attribute("data-label") for cell in cells.all()] == names
    assert table.bounding_box()["width"] <= 345
    shown = table.locator("tbody :is(td, th):visible")
    says = "list => list.map((c) => Boolean(c.textContent.trim() || c.querySelector('.math')))"
    assert shown.evaluate_all(says) == [True] * shown.count()
    assert shown.count() < table.locator("tbody :is(td, th)").count(), "some entries say nothing"
