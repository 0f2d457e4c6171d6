"""What is seen first: the title page with its laboratory, and what other sites show of a page."""

import pytest
import toc
from whole_pages import LATER

COVER = "book/intro.html"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
CHAPTERS = [path.with_suffix(".html").name for path in toc.notebooks() if path.stem[0].isdigit()]
STEPS = "figure => figure.lab?.step() ?? 0"


def lab(page):
    return page.locator("figure.lab[data-at-once]")


def test_laboratory_runs_by_itself_and_is_large(visit):
    page = visit(COVER, viewport=DESK).page
    figure = lab(page)
    page.wait_for_function("f => f.lab?.step() >= 2", arg=figure.element_handle())
    area = figure.locator("canvas").first.bounding_box()
    assert area["width"] > 480
    assert area["y"] < 0.4 * DESK["height"]
    assert area["y"] + area["height"] < DESK["height"]
    promise = page.locator(".promise p")
    size = promise.evaluate("p => parseFloat(getComputedStyle(p).lineHeight)")
    assert promise.bounding_box()["height"] < 1.5 * size, "one line"


# A page that is never idle until it is told so; and how far what is in view has moved by itself.
BUSY = """window.held = [];
window.requestIdleCallback = (act) => held.push(act);
window.moved = 0;
new PerformanceObserver((told) => told.getEntries().forEach(({ value }) => { moved += value; }))
  .observe({ type: "layout-shift", buffered: true });"""
IDLE = "() => { const told = held.splice(0); told.forEach((act) => act()); }"
PLACES = """bench => {
  const home = bench.closest("figure").getBoundingClientRect();
  const parts = bench.querySelectorAll("button, select, input, canvas, summary, .lab-legend");
  return [[home.height], ...[...parts].map((part) => {
    const { left, top, width, height } = part.getBoundingClientRect();
    return [left - home.left, top - home.top, width, height];
  })].map((numbers) => numbers.map(Math.round));
}"""


@pytest.mark.parametrize("width", [375, 820, 1440])
def test_nothing_moves_when_the_laboratory_starts(visit, width):
    """What the page shows of it at first stands where the laboratory will stand."""
    page = visit(COVER, viewport={"width": width, "height": 900}, script=BUSY).page
    figure = lab(page)
    first = figure.locator(".lab-first")
    places, words = first.evaluate(PLACES), first.inner_text()
    assert len(places) > 20
    assert "Cause mode collapse" in words
    page.evaluate("moved = 0")  # the fonts are there
    while not figure.evaluate("f => Boolean(f.lab)"):
        page.evaluate(IDLE)
        page.evaluate(LATER)
    page.wait_for_function("f => f.lab.step() >= 2", arg=figure.element_handle())
    assert first.count() == 0
    assert figure.locator(".lab-bench").evaluate(PLACES) == places
    assert page.evaluate("moved") < 0.01


def test_a_laboratory_that_starts_by_itself_waits_until_it_is_seen(visit):
    script = f"{BUSY} window.IntersectionObserver = class {{ observe() {{}} }};"
    page = visit(COVER, viewport=DESK, script=script).page
    for _ in range(3):
        page.evaluate(IDLE)
        page.evaluate(LATER)
    assert not lab(page).evaluate("f => Boolean(f.lab)")
    assert lab(page).locator("button:visible:not(.lab-first *)").count() == 0


def test_without_scripts_there_is_a_picture_in_its_place(browser, html):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{html.as_uri()}/{COVER}")
    assert lab(page).locator(".lab-still img").is_visible()
    assert not lab(page).locator(".lab-first").is_visible()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_first_screen_of_a_phone(visit, theme):
    """Promise, three buttons and the plane, without scrolling, nothing over the edge."""
    page = visit(COVER, viewport=PHONE, theme=theme).page
    canvas = lab(page).locator("canvas").first
    canvas.wait_for()
    area = canvas.bounding_box()
    assert area["y"] + area["height"] < PHONE["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_three_buttons_lead_on(visit, html):
    page = visit(COVER, viewport=PHONE).page
    links = page.locator(".cover-buttons a")
    assert links.all_inner_texts() == ["Read", "Play", "Run"]
    tops = {round(link.bounding_box()["y"]) for link in links.all()}
    assert len(tops) == 1, "side by side"
    assert min(link.bounding_box()["height"] for link in links.all()) >= 40, "as large as a finger"
    read, play, run = (link.get_attribute("href") for link in links.all())
    assert (read, play) == ("01_principles.html", "laboratories.html")
    assert page.locator(run).count() == 1


def test_laboratory_rests_out_of_sight(visit):
    page = visit(COVER, viewport=DESK).page
    figure = lab(page)
    handle = figure.element_handle()
    page.wait_for_function("f => f.lab?.running()", arg=handle)
    page.locator("footer").last.scroll_into_view_if_needed()
    page.wait_for_function("f => !f.lab.running()", arg=handle)
    figure.locator("canvas").first.scroll_into_view_if_needed()
    page.wait_for_function("f => f.lab.running()", arg=handle)
    figure.get_by_role("button", name="Pause").click()
    page.locator("footer").last.scroll_into_view_if_needed()
    figure.locator("canvas").first.scroll_into_view_if_needed()
    page.evaluate(LATER)
    assert not figure.evaluate("f => f.lab.running()"), "what the reader has paused stays paused"


# An observer of a canvas that says what a test lets it say: a busy browser tells several changes
# at once.
TELL = """(() => {
  const Observer = IntersectionObserver;
  window.told = [];
  window.IntersectionObserver = class extends Observer {
    constructor(act, ...more) {
      super((...entries) => this.silent || act(...entries), ...more);
      this.act = act;
    }
    observe(target) {
      super.observe(target);
      if (target.tagName !== "CANVAS") return;
      this.silent = true;
      told.push(this.act);
    }
  };
})();"""


@pytest.mark.parametrize("seen", [True, False])
def test_of_several_changes_of_sight_the_last_holds(visit, seen):
    page = visit(COVER, viewport=DESK, script=TELL).page
    figure = lab(page)
    page.wait_for_function("f => f.lab?.running() && told.length", arg=figure.element_handle())
    page.evaluate(
        "seen => told.forEach((act) => act([!seen, seen].map((isIntersecting) => ({"
        " isIntersecting }))))",
        seen,
    )
    assert figure.evaluate("f => f.lab.running()") == seen


def test_laboratory_waits_for_who_wants_less_motion(visit):
    page = visit(COVER, viewport=DESK, motion="reduce").page
    figure = lab(page)
    figure.get_by_role("button", name="Run").wait_for()
    page.evaluate(LATER)
    assert figure.evaluate(STEPS) == 0


def test_every_chapter_has_a_card_with_a_picture_and_a_question(visit):
    page = visit(COVER).page
    cards = page.locator(".sd-card:has(.cover-picture)")
    asked = []
    for card in cards.all():
        picture = card.locator(".cover-picture img")
        picture.scroll_into_view_if_needed()
        assert picture.get_attribute("alt")
        box = picture.bounding_box()
        assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.02)
        assert card.locator(".sd-card-body em").first.inner_text().endswith("?")
        asked.append(card.locator("a.sd-stretched-link").get_attribute("href"))
    assert asked == CHAPTERS, "in the order of the book"


def test_a_mark_stands_for_the_book(visit):
    page = visit("book/glossary.html").page
    mark = page.locator(".navbar-brand img:visible")
    assert mark.get_attribute("src").endswith("mark.svg")
    assert 40 < mark.bounding_box()["height"] < 90
    assert page.locator("link[rel=icon]").get_attribute("href").endswith("mark.svg")
