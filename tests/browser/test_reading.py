"""What a page does when it is used: players, search, folded answers, the switch to dark."""

import pytest
import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]


@pytest.mark.parametrize("name", PAGES)
def test_players_move(visit, html, name):
    """Every animation of a page goes a frame on, plays, and stops when told to."""
    if "data-player" not in (html / name).read_text(encoding="utf-8"):
        pytest.skip("no animation on this page")
    page = visit(name).page
    for box in page.locator("[data-player]").all():
        slider, caption = box.locator("input[type=range]"), box.locator("[data-caption]")
        image, first = box.locator("img"), caption.inner_text()
        where = image.evaluate("i => i.style.transform")
        box.get_by_role("button", name="One frame on").click()
        assert slider.input_value() == "1"
        assert caption.inner_text() != first
        assert image.evaluate("i => i.style.transform") != where
        slider.press("End")
        assert slider.input_value() == slider.get_attribute("max")
        slider.press("Home")
        box.get_by_role("button", name="Play").click()
        page.wait_for_function("s => Number(s.value) > 0", arg=slider.element_handle())
        box.get_by_role("button", name="Pause").click()
        assert box.get_by_role("button", name="Play").is_visible()


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


@pytest.mark.parametrize("source", ["folder", "server"])
def test_search_finds(visit, site, source):
    seen = visit("search.html?q=discriminator", site if source == "server" else None)
    results = seen.page.locator("#search-results li")
    results.first.wait_for()
    assert results.count() >= 3
    assert "discriminator" in seen.page.locator("#search-results").inner_text().lower()
    assert not seen.elsewhere


def test_answers_are_folded_and_open_by_keyboard(visit):
    page = visit("book/01_principles.html").page
    answer = page.locator(".solution.dropdown").first
    content = answer.locator(".section, section, .solution-content").first
    assert not content.is_visible()
    answer.locator("button, summary").first.press("Enter")
    assert content.is_visible()


def test_reader_can_switch_to_dark(visit):
    page = visit("book/intro.html").page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button = page.locator("button.theme-switch-button:visible").first
    for _ in range(3):  # it goes round: light, dark, as the system says
        button.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate(ground) != light
