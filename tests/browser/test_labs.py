"""What all laboratories have in common: everyone can use them, where they stand, on paper."""

from importlib.resources import files

import pytest
from whole_pages import DRAWN, PHONE, turn

PAGE = "book/laboratories.html"


LABORATORIES = [
    "toy-gan", "dirac-gan", "two-clouds", "football", "repaint", "repair-plane", "fault-atlas",
]  # fmt: skip


@pytest.mark.parametrize("name", LABORATORIES)
def test_everyone_can_use_a_started_laboratory(start, name):
    """Light and dark, by axe-core; and on a phone nothing is wider than the screen."""
    page, figure = start(name)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    for theme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        turn(page, theme)
        judged = "([figure, options]) => axe.run(figure, { preload: false, ...options })"
        result = page.evaluate(judged, [figure.element_handle(), options])
        found = [v for v in result["violations"] if v["impact"] in ("serious", "critical")]
        assert not found, [theme, *((v["id"], [n["html"] for n in v["nodes"]]) for v in found)]
        assert "color-contrast" in [rule["id"] for rule in result["passes"]], "texts are judged"
    page.set_viewport_size(PHONE)
    page.evaluate(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("toy-gan", "book/01_principles.html"),
        ("dirac-gan", "book/02_minimax.html"),
        ("two-clouds", "book/04_measuring.html"),
        ("football", "book/03_code.html"),
        ("repaint", "book/05_repair.html"),
        ("repair-plane", "book/05_repair.html"),
        ("fault-atlas", "book/08_pitfalls.html"),
    ],
)
def test_laboratory_stands_in_its_chapter(start, name, page):
    _, figure = start(name, page)
    assert figure.locator("canvas").first.is_visible()


def test_without_javascript_and_on_paper_there_is_a_picture(browser, html, start):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{html.as_uri()}/{PAGE}")
    assert page.locator("figure.lab img").count() == len(LABORATORIES)
    assert all(picture.is_visible() for picture in page.locator("figure.lab img").all())
    assert page.locator("figure.lab button").count() == 0
    context.close()

    page, figure = start("toy-gan")
    assert not figure.locator("img").is_visible()
    page.emulate_media(media="print")
    assert figure.locator("img").is_visible()
    assert not figure.locator(".lab-bench").is_visible()
