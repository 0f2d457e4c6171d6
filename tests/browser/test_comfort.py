"""Reading with ease: pages that stand still, links that land, previews, folds with names."""

import pytest

CHAPTER = "book/02_minimax.html"
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


@pytest.fixture(scope="module")
def whole(visit_for_all):
    """Open the chapter once, with all its formulas, for tests that leave nothing behind."""
    return visit_for_all(CHAPTER, whole=True)


@pytest.fixture
def chapter(whole):
    """Return its page, from its top; no test may have an error or ask for anything elsewhere."""
    whole.page.mouse.move(0, 0)
    whole.page.keyboard.press("Escape")
    whole.page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    yield whole.page
    assert not whole.errors
    assert not whole.elsewhere


def test_formulas_are_no_stops_of_the_tab_key(chapter):
    assert chapter.locator("mjx-container").count() > 100
    stops = "mjx-container[tabindex='0'], mjx-container [tabindex='0']"
    assert chapter.locator(stops).count() == 0
    assert chapter.locator("mjx-assistive-mml").count() > 100, "who listens hears them"


@pytest.mark.parametrize("control", ["article summary", "article a.reference", ".mark-read button",
                                     ".theme-switch-button", ".bd-links a"])  # fmt: skip
def test_focus_is_seen(chapter, control):
    page = chapter
    place = page.locator(control).locator("visible=true").first
    place.scroll_into_view_if_needed()
    page.keyboard.press("Shift")  # from now on by keyboard
    place.focus()
    outline = place.evaluate(
        "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
    )
    assert outline == ["solid", "3px"]


# --- Previews ---------------------------------------------------------------------------------

KINDS = {
    "equation": ("article a.reference[href^='#equation-']", "mjx-math"),
    "figure": ("article a.reference[href^='#fig-']", "img, figcaption"),
    "citation": ("article a.reference[href*='bibliography.html#']", ".citation"),
    "word": ("article a.word", "dl dd"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_mouse_shows_what_a_link_leads_to(chapter, kind):
    page, (link, content) = chapter, KINDS[kind]
    place = page.locator(link).first
    place.scroll_into_view_if_needed()
    page.evaluate(SETTLED)
    place.hover()
    preview = page.locator("#preview")
    preview.locator(content).first.wait_for(state="attached")
    assert preview.locator("[id]").count() == 0
    page.keyboard.press("Escape")
    preview.wait_for(state="detached")


def test_keyboard_shows_it_too(chapter):
    page = chapter
    place = page.locator("article a.word").first
    place.scroll_into_view_if_needed()
    page.keyboard.press("Shift")
    place.focus()
    preview = page.locator("#preview")
    preview.wait_for()
    assert place.get_attribute("aria-describedby") == "preview"
    place.blur()
    page.keyboard.press("Escape")
    preview.wait_for(state="detached")


# --- Formulas are set as they come into view ------------------------------------------------------


def test_formulas_out_of_view_wait(visit):
    page = visit(CHAPTER).page
    assert page.locator("article .math:not(:has(mjx-container))").count() > 100
    last = page.locator("article section > div.math").locator("visible=true").last
    last.evaluate("e => e.scrollIntoView({ behavior: 'instant' })")
    page.wait_for_function("e => e.querySelector('mjx-math')", arg=last.element_handle())


def test_all_formulas_are_set_for_paper(visit):
    page = visit(CHAPTER).page
    unset = page.locator("article .math:not(:has(mjx-container))")
    assert unset.count() > 100
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert unset.count() == 0


def test_a_link_into_a_chapter_lands(visit):
    """The place stays where it is while formulas above it are still not set."""
    page = visit(CHAPTER).page
    middle = page.locator("article section section:has(> h2)").nth(5)
    target = middle.get_attribute("id")
    page.goto(f"{page.url}#{target}")
    page.wait_for_function(
        "id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < 200", arg=target
    )


def test_touch_shows_it_and_leads_there(visit):
    page = visit(
        CHAPTER, viewport={"width": 375, "height": 812}, own={"has_touch": True}, whole=True
    ).page
    place = page.locator("article a.word").first
    place.scroll_into_view_if_needed()
    page.evaluate(SETTLED)
    place.tap()
    preview = page.locator("#preview")
    preview.wait_for()
    box = preview.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    preview.get_by_role("link", name="Go there").tap()
    page.wait_for_url("**/glossary.html#term-*")


# --- How far am I -----------------------------------------------------------------------------


def test_marks_are_remembered_and_can_be_forgotten(visit):
    seen = visit(CHAPTER)
    page = seen.page
    mark = page.locator(".mark-read button")
    mark.click()
    assert mark.get_attribute("aria-pressed") == "true"
    page.goto(f"{seen.home}/book/intro.html")
    note = page.locator(".how-far")
    note.filter(has_text="You have read 1 of").wait_for()
    assert page.locator(".sd-card[data-read]").count() == 1
    assert note.get_by_role("link").get_attribute("href").endswith("01_principles.html")
    note.get_by_role("button", name="Forget").click()
    assert not note.is_visible()
    assert page.locator("[data-read]").count() == 0
    assert page.evaluate("localStorage.getItem('gan_tutorial.read')") == "[]"
