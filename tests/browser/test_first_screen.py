"""What is seen first: the title page with its laboratory, and what other sites show of a page."""

import re
from html.parser import HTMLParser

import pytest
import toc

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
    page.wait_for_timeout(300)
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
    page = visit(COVER, viewport=DESK, reduced_motion="reduce").page
    figure = lab(page)
    figure.get_by_role("button", name="Run").wait_for()
    page.wait_for_timeout(300)
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


class _Head(HTMLParser):
    """Collect the title, the `meta` tags and the links of a page's head."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.meta: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.feed(text.split("</head>")[0])

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        if tag == "meta":
            name = attributes.get("name") or attributes.get("property") or ""
            self.meta.append((name, attributes.get("content") or ""))
        elif tag == "link":
            self.links[attributes.get("rel") or ""] = attributes.get("href") or ""


@pytest.mark.parametrize("name", PAGES)
def test_page_says_who_it_is(html, name):
    """To search engines and to those who share it: title, words, address, picture; each once."""
    path = html / name
    if not path.is_file():
        pytest.skip("not built")
    text = path.read_text(encoding="utf-8")
    head = _Head(text)
    names = [what for what, _ in head.meta]
    once = ["viewport", "description", "og:title", "og:description", "og:url", "og:image"]
    assert {what: names.count(what) for what in once} == dict.fromkeys(once, 1)
    meta = dict(head.meta)
    assert len(meta["description"]) >= 40, meta["description"]
    assert head.links["canonical"] == meta["og:url"]
    assert meta["og:url"].endswith(f"/{name}")
    assert head.links["icon"].endswith("mark.svg")
    title = re.search(r"<title>\s*(.*?)\s*</title>", text, re.DOTALL)[1]
    assert title.endswith("GANs that run")
    picture = meta["og:image"].split("/_static/")[1]
    assert (html / "_static" / picture).is_file()


def test_the_address_of_the_book_leads_to_its_title_page(html):
    text = (html / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<title>\S.*</title>", text)
    assert 'lang="en"' in text
    assert f'url={COVER}"' in text
    assert f'<a href="{COVER}">' in text
