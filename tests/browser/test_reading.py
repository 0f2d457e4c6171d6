"""What a page does when it is used: players, search, folded answers, the switch to dark."""

import gallery
import pytest
import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]


@pytest.mark.parametrize("name", PAGES)
def test_players_move(visit, stop_time, html, name):
    """Every animation rests on its last frame, goes a frame back, plays, and stops when told to."""
    if "data-player" not in (html / name).read_text(encoding="utf-8"):
        pytest.skip("no animation on this page")
    page = visit(name, reduced_motion="reduce").page  # else one player may have begun by itself
    stop_time(page)
    for box in page.locator("[data-player]").all():
        slider, caption = box.locator("input[type=range]"), box.locator("[data-caption]")
        image, resting = box.locator("img"), caption.inner_text()
        where, last = image.evaluate("i => i.style.transform"), slider.get_attribute("max")
        assert slider.input_value() == last
        box.get_by_role("button", name="One frame back").click()
        assert slider.input_value() == str(int(last) - 1)
        assert caption.inner_text() != resting
        assert image.evaluate("i => i.style.transform") != where
        slider.press("End")
        assert slider.input_value() == last
        slider.press("Home")
        box.get_by_role("button", name="Play").click()
        assert slider.input_value() == "0"
        while slider.input_value() == "0":
            page.clock.run_for(100)
        box.get_by_role("button", name="Pause").click()
        assert box.get_by_role("button", name="Play").is_visible()


def test_title_page_moves_once_and_only_if_welcome(visit):
    """A walk of less than five seconds, that stops by itself; none for who wants less motion."""
    still = visit("book/intro.html", reduced_motion="reduce").page.locator(".gallery-walk")
    slider = still.locator("input[type=range]")
    assert still.get_by_role("button", name="Play").is_visible()
    assert slider.input_value() == slider.get_attribute("max")  # it rests
    assert int(slider.get_attribute("max")) * gallery.WALK_MS < 5000
    walk = visit("book/intro.html").page.locator(".gallery-walk")
    walk.scroll_into_view_if_needed()
    slider = walk.locator("input[type=range]").element_handle()
    walk.page.wait_for_function("s => Number(s.value) > 1 && s.value !== s.max", arg=slider)
    walk.page.wait_for_function("s => s.value === s.max", arg=slider)
    walk.get_by_role("button", name="Play").wait_for()
    assert slider.input_value() == slider.get_attribute("max"), "it has stopped there"


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_needs_and_what_comes_next(visit, name):
    """On a phone, too: time and hardware, Colab, download and source, and the next page."""
    page = visit(name, viewport={"width": 375, "height": 812}).page
    needs = page.locator("article .needs")
    assert needs.count() == 1
    links = needs.locator("a")
    offered = [link.inner_text() for link in links.all()]
    if "notebook ran" in needs.inner_text():
        assert offered == ["run in Colab", "download", "source"]
        assert "no GPU" in needs.inner_text()
    else:
        assert offered == ["source"]
    assert all(link.bounding_box()["width"] for link in links.all())
    step = page.locator(".prev-next-footer a.right-next")
    if name == PAGES[-1]:
        assert step.count() == 0
    else:
        step.scroll_into_view_if_needed()
        step.click()
        page.wait_for_url(f"**/{PAGES[PAGES.index(name) + 1]}")


def test_status_page_tells_how_every_notebook_went(visit):
    """In words: a tick is a sign that many machines cannot show."""
    rows = visit("book/status.html").page.locator(".runs tbody tr").all_inner_texts()
    assert len(rows) == len(toc.notebooks())
    for row in rows:
        name, seconds, verdict = row.split("\t")
        assert name.startswith("book/")
        assert float(seconds) > 0
        assert verdict.strip() == "complete"


def test_descent_explorer_follows_the_slider(visit):
    page = visit("book/02_minimax.html").page
    box = page.locator("[id^=descent-explorer]")
    words = box.locator("[data-words]")
    before = words.inner_text()
    box.get_by_role("slider").press("End")
    assert words.inner_text() != before
    after = words.inner_text()
    box.get_by_label("1.0").check()
    assert words.inner_text() != after


def test_answers_are_folded_and_open_by_keyboard(visit):
    page = visit("book/01_principles.html").page
    answer = page.locator(".solution.dropdown").first
    content = answer.locator(".section, section, .solution-content").first
    assert not content.is_visible()
    answer.locator("button, summary").first.press("Enter")
    content.wait_for(state="visible")


def test_reader_can_switch_to_dark(visit):
    page = visit("book/intro.html").page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button = page.locator("button.theme-switch-button:visible").first
    for _ in range(3):  # it goes round: light, dark, as the system says
        button.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    page.wait_for_function(f"light => {ground} !== light", arg=light)


# --- The margin of a wide screen ----------------------------------------------------------------

ASIDE = """() => {
  const edge = document.querySelector(".bd-sidebar-secondary").getBoundingClientRect().left;
  const column = document.querySelector("article section > p").getBoundingClientRect().right;
  return [...document.querySelectorAll(`article :is(section, .cell_output) > figure > figcaption,
      article section > .note.admonition:not(.dropdown)`)]
    .filter((e) => e.checkVisibility() && !e.closest(".lab, .admonition .cell_output, .solution"))
    .map((e) => e.getBoundingClientRect())
    .map((box) => ({ beside: box.left >= column - 1, clear: box.right <= edge + 1 }));
}"""


@pytest.mark.parametrize("name", ["01_principles", "02_minimax", "04_measuring"])
def test_captions_and_notes_stand_in_the_margin_where_it_is_wide(visit, name):
    """Beside the column and never over the list of contents; on a laptop below their figures."""
    wide = visit(f"book/{name}.html", viewport={"width": 1920, "height": 1000}).page
    found = wide.evaluate(ASIDE)
    assert len(found) > 3
    assert all(box["beside"] and box["clear"] for box in found)
    assert wide.evaluate("document.documentElement.scrollWidth") <= 1920
    wide.set_viewport_size({"width": 1440, "height": 900})
    assert not any(box["beside"] for box in wide.evaluate(ASIDE))
