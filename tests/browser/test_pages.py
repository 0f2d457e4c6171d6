"""Every page of the table of contents, as a reader meets it: from a folder and from a server."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import toc

PAGES = [page.relative_to(toc.ROOT).with_suffix(".html").as_posix() for page in toc.pages()]
MEGABYTE = 2**20

# As wide as in DejaVu, whatever fonts this machine has, and as readers may set it (WCAG 1.4.12).
WIDE = "* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"

each_page = pytest.mark.parametrize("name", PAGES)

# What axe finds serious and is not ours to mend: the rule, where, and why it stays.
KNOWN: dict[str, dict[str, str]] = {}

# All that is folded away is opened at once, so that it is checked as well.
UNFOLD = """() => {
  const still = document.createElement("style");
  still.textContent = "* { transition: none !important; animation: none !important; }";
  document.head.append(still);
  for (const part of document.querySelectorAll("details")) part.open = true;
  for (const part of document.querySelectorAll(".toggle-hidden"))
    part.classList.remove("toggle-hidden");
}"""


@pytest.fixture(scope="module", params=PAGES)
def opened(request, visit_for_all):
    """Open a page once for all tests that look at it: most of the time goes into its formulas."""
    seen = visit_for_all(request.param)
    yield seen
    seen.page.context.close()


@each_page
def test_page_is_built(html, name):
    assert (html / name).is_file(), "_toc.yml lists it, the built book lacks it: say `make book`"


def test_page_opens_without_complaint(opened):
    """No error in the console, nothing missing, nothing from elsewhere, math and pictures there."""
    complain(opened)


@each_page
def test_page_opens_from_a_server_too(visit, site, name):
    complain(visit(name, site))


def complain(seen) -> None:
    page = seen.page
    assert not seen.elsewhere, "the page asks for what is not part of the book"
    assert not seen.failed, "the page asks for what is not there"
    assert not seen.errors, "errors in the browser's console"
    assert not page.locator("mjx-merror, [data-mjx-error]").all_inner_texts(), (
        "formulas with errors"
    )
    unset = page.evaluate(
        "[...document.querySelectorAll('article .math')]"
        ".filter(f => !f.querySelector('mjx-container')).map(f => f.textContent.slice(0, 80))"
    )
    assert not unset, "formulas that were not set"
    broken = page.evaluate(
        """async () => {
          const whole = (i) => { i.loading = "eager"; return i.decode().catch(() => {}); };
          await Promise.all([...document.images].map(whole));
          return [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src);
        }"""
    )
    assert not broken, "pictures that cannot be shown"


@each_page
def test_page_is_complete_without_a_kernel(html, name):
    """Nothing in the page waits for a running Python: readers of the built book have none."""
    text = (html / name).read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget" not in text, (
        "an ipywidget was displayed while the book was built, and is dead there: show "
        "gan_tutorial.animation or a figure, and display the widget where there is a kernel only "
        "(chapter 2 does so for Colab)"
    )


def test_page_is_light(opened, html):
    """What a page adds to the files that all pages share stays below two megabytes."""
    paths = {Path(unquote(urlsplit(url).path)) for url in opened.at_load if url.startswith("file:")}
    sizes = {path.relative_to(html).as_posix(): path.stat().st_size for path in paths}
    shared = {path: size for path, size in sizes.items() if path.startswith("_static/")}
    own = {path: size for path, size in sizes.items() if path not in shared}
    assert sum(own.values()) < 2 * MEGABYTE, f"the page and its pictures: {largest(own)}"
    assert sum(shared.values()) < 2.3 * MEGABYTE, f"what all pages share: {largest(shared)}"


def largest(sizes: dict[str, int]) -> str:
    top = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{path} {size / MEGABYTE:.2f} MB" for path, size in top)


TOO_WIDE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const scrolls = (e) => getComputedStyle(e).overflowX !== "visible";
  const reaches = (e) => e.getBoundingClientRect().right > innerWidth + 1;
  const free = (e) => {
    for (let p = e.parentElement; !p.matches("article"); p = p.parentElement)
      if (scrolls(p)) return false;
    return true;
  };
  return [...document.querySelectorAll("article *")].filter((e) => reaches(e) && free(e))
    .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5).concat(["(the whole page)"]);
}"""


@pytest.mark.parametrize("letters", ["usual", "wide"])
def test_page_fits_a_phone(opened, letters):
    """At a width of 375 pixels only tables, code, formulas and figures scroll, not the page."""
    page = opened.page
    page.set_viewport_size({"width": 375, "height": 812})
    page.evaluate(UNFOLD)
    if letters == "wide":
        style = page.add_style_tag(content=WIDE)
    wide = page.evaluate(TOO_WIDE)
    if letters == "wide":
        style.evaluate("style => style.remove()")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not wide, "wider than the screen of a phone"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_accessible(opened, theme):
    """axe-core finds nothing serious or critical; in dark mode only colors are another matter."""
    page = opened.page
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    page.evaluate(UNFOLD)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    options = {"resultTypes": ["violations"], "preload": False}
    if theme == "dark":
        options["runOnly"] = ["color-contrast"]
    result = page.evaluate("options => axe.run(document, options)", options)
    found = [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
        if not any(known in node["html"] for known in KNOWN.get(violation["id"], ()))
    ]
    assert not found, "\n\n".join(found[:10])
