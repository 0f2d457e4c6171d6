"""Reading with ease: pages that stand still, links that land, previews, folds with names."""

import re
from collections import Counter

import pytest
import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
CHAPTER = "book/02_minimax.html"
MEGABYTE = 2**20
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


@pytest.fixture(params=PAGES)
def text(html, request) -> str:
    path = html / request.param
    if not path.is_file():
        pytest.skip("not built")
    return path.read_text(encoding="utf-8")


def test_nothing_holds_back_the_jump_to_an_anchor(text):
    """A deferred script is run before the jump: MathJax, of a megabyte, is not waited for."""
    for tag in re.findall(r"<script[^>]*mathjax/[^>]*>", text):
        assert "async" in tag
        assert "defer" not in tag


def test_pictures_say_how_large_they_are(text):
    article = text.partition("<article")[2].partition("</article>")[0]
    pictures = re.findall(r"<img\b[^>]*>", article)
    for picture in pictures:
        assert re.search(r'\swidth="\d+"', picture), picture[-200:]
        assert re.search(r'\sheight="\d+"', picture), picture[-200:]
    assert all('loading="lazy"' in picture for picture in pictures[1:])


def test_ids_are_unique(text):
    ids = Counter(re.findall(r'<[^>]*\sid="([^"]+)"', text))
    assert not {name: count for name, count in ids.items() if count > 1}


def test_folds_have_names_of_their_own(text):
    names = re.findall(r'<p class="collapsed admonition-title">(.*?)</p>', text)
    assert not any("Show code cell" in name for name in names)
    assert "Toggle hidden content" not in text
    assert sum(name.startswith("Set-up of this chapter") for name in names) <= 1
    numbered = [name for name in names if name.startswith("Code for Fig.")]
    assert len(numbered) == len(set(numbered))


def test_chapters_begin_with_one_fold(html):
    for path in toc.notebooks():
        page = html / path.relative_to(toc.ROOT).with_suffix(".html")
        if not page.is_file():
            continue
        article = page.read_text(encoding="utf-8").partition("<article")[2]
        if "cell_input" not in article:
            continue
        folds = article.split("<details")[1:]
        assert "Set-up of this chapter" in folds[0]
        assert "import gan_tutorial" in re.sub(r"<[^>]*>", "", folds[0])


@pytest.mark.parametrize("name", PAGES)
def test_whole_page_weighs_little(visit, html, name):
    """With scripts, styles, fonts and what is on the first screen: 2.5 MB before compression."""
    if not (html / name).is_file():
        pytest.skip("not built")
    seen = visit(name)
    size = sum(
        int(entry)
        for entry in seen.page.evaluate(
            "performance.getEntriesByType('resource').map((e) => e.decodedBodySize)"
        )
    )
    size += (html / name).stat().st_size
    assert size < 2.5 * MEGABYTE


def test_formulas_are_no_stops_of_the_tab_key(visit):
    page = visit(CHAPTER).page
    assert page.locator("mjx-container").count() > 100
    assert page.locator("mjx-container[tabindex='0'], mjx-container [tabindex='0']").count() == 0
    assert page.locator("mjx-assistive-mml").count() > 100, "who listens hears them"


def test_formulas_out_of_view_wait(visiting_page):
    page = visiting_page(CHAPTER)
    assert page.locator("mjx-lazy").count() > 100
    last = page.locator("article section > div.math").locator("visible=true").last
    last.evaluate("e => e.scrollIntoView({ behavior: 'instant' })")
    page.wait_for_function("e => e.querySelector('mjx-math')", arg=last.element_handle())


@pytest.fixture
def visiting_page(browser, html):
    """Return a function that opens a page without setting the formulas that are out of view."""
    pages = []

    def go(name, **options):
        page = browser.new_page(**options)
        pages.append(page)
        page.goto((html / name).as_uri())
        page.wait_for_function("window.MathJax?.startup?.promise")
        page.evaluate("async () => { await MathJax.startup.promise; }")
        return page

    yield go
    for page in pages:
        page.close()


def test_a_link_into_a_chapter_lands(visiting_page):
    """The place stays where it is while formulas above it are still not set."""
    page = visiting_page(f"{CHAPTER}")
    middle = page.locator("article section section:has(> h2)").nth(5)
    target = middle.get_attribute("id")
    page.goto(f"{page.url}#{target}")
    page.wait_for_function(
        "id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < 200", arg=target
    )


@pytest.mark.parametrize("control", ["article summary", "article a.reference", ".mark-read button",
                                     ".theme-switch-button", ".bd-links a"])  # fmt: skip
def test_focus_is_seen(visit, control):
    page = visit(CHAPTER).page
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
def test_mouse_shows_what_a_link_leads_to(visit, kind):
    link, content = KINDS[kind]
    seen = visit(CHAPTER)
    page = seen.page
    place = page.locator(link).first
    place.scroll_into_view_if_needed()
    page.evaluate(SETTLED)
    place.hover()
    preview = page.locator("#preview")
    preview.locator(content).first.wait_for(state="attached")
    assert preview.locator("[id]").count() == 0
    page.keyboard.press("Escape")
    preview.wait_for(state="detached")
    assert not seen.errors
    assert not seen.elsewhere


def test_keyboard_shows_it_too(visit):
    page = visit(CHAPTER).page
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


def test_touch_shows_it_and_leads_there(visit):
    page = visit(CHAPTER, viewport={"width": 375, "height": 812}, has_touch=True).page
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
