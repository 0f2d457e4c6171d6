"""The built book in a real browser: which browser, which pages, and what happens in one."""

import functools
import http.server
import os
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# A backstop: nothing takes as long even where eight others want the same processor.
PATIENCE_MS = 600_000

DESK = {"width": 1280, "height": 900}

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items) -> None:
    """Leave the tests of this folder to `make test`: they need the built book."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def html(root) -> Path:
    """Return the folder of the built book."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.skip("the book is not built: say `make book` first")
    return folder


@pytest.fixture(scope="session")
def executable() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    return found


@pytest.fixture(scope="module")
def browser(html, executable):
    """Start the browser; it ends with the file, so that other tests find no event loop running."""
    from playwright.sync_api import sync_playwright

    arguments = [NOWHERE_ELSE]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=executable, args=arguments, timeout=PATIENCE_MS
        )
        for name in ("new_page", "new_context"):
            setattr(started, name, patient(getattr(started, name)))
        yield started
        started.close()


def patient(opened):
    """Return the function that opens a page or a context, with our patience in what it opens."""

    def open_patiently(**options):
        page = opened(**options)
        page.set_default_timeout(PATIENCE_MS)
        return page

    return open_patiently


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def site(html):
    """Serve the book; return its address."""
    handler = functools.partial(_Quiet, directory=html)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Visit:
    """An open page, and what it asked for and complained about so far."""

    page: object
    home: str
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)


class Tab:
    """A tab of the browser, in which one page of the book is opened after the other.

    A new tab costs three times as much as a page in an old one. Nothing of the page before is
    left: not its storage, not its window's size, not its theme.
    """

    def __init__(self, browser, script: str = "", **options) -> None:
        self.context = browser.new_context(**options)
        self.context.add_init_script(script)  # it runs before those of the page
        page = self.page = self.context.new_page()
        self.seen = Visit(page, "")
        page.on("pageerror", lambda error: self.seen.errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and self.seen.errors.append(m.text))
        page.on("request", self.asked)
        page.on("requestfailed", lambda request: self.seen.failed.append(request.url))
        page.on("response", lambda r: r.status >= 400 and self.seen.failed.append(r.url))
        page.on("requestfinished", lambda request: self.seen.loaded.add(request.url))

    def asked(self, request) -> None:
        if not request.url.startswith((self.seen.home, "data:", "blob:", "about:")):
            self.seen.elsewhere.append(request.url)

    def open(
        self, name: str, home: str, *, theme="light", viewport=DESK, motion="no-preference",
        whole=False,
    ) -> Visit:  # fmt: skip
        """Open a page and wait until it is ready, with `whole` until all formulas are set."""
        page = self.page
        page.evaluate(FORGET)
        page.goto("about:blank")
        page.emulate_media(media="null", color_scheme=theme, reduced_motion=motion)
        page.set_viewport_size(viewport)
        seen = self.seen = Visit(page, home)
        page.goto(f"{home}/{name}", wait_until="load")
        page.wait_for_function(WHOLE if whole else READY)
        return seen


@pytest.fixture(scope="module")
def tab(browser) -> Tab:
    """Return the tab that the tests of a file share."""
    return Tab(browser)


@pytest.fixture
def visit(browser, html, tab, request):
    """Return a function that opens a page for one test; its options are those of `Tab.open`.

    The first page is opened in the file's tab; the next one, or one that is to differ in what
    only a new tab can have (a script before the page's, a finger, time that stands still), in
    one of its own.
    """
    opened, free = [], [tab] if "stop_time" not in request.fixturenames else []

    def go(name: str, home: str | None = None, *, script: str = "", own=None, **options) -> Visit:
        if script or own or not free:
            opened.append(Tab(browser, script, **(own or {})))
            here = opened[-1]
        else:
            here = free.pop()
        return here.open(name, home or html.as_uri(), **options)

    yield go
    for other in opened:
        other.context.close()


@pytest.fixture(scope="module")
def visit_for_all(browser, html):
    """Return a function that opens a page for several tests of a file, in a tab of its own."""
    return lambda name, **options: Tab(browser).open(name, html.as_uri(), **options)


@pytest.fixture(scope="module")
def load(browser, html):
    """Return a function that gives an empty page with scripts of the laboratories in it.

    They only compute: one page serves all tests of a file that need the same.
    """
    pages = {}

    def go(*names):
        if names not in pages:
            pages[names] = browser.new_page()
            for name in names:
                pages[names].add_script_tag(path=html / "_static" / "labs" / name)
        return pages[names]

    return go


@pytest.fixture
def start(visit):
    """Return a function that opens a page and starts one laboratory on it."""

    def go(name, page="book/laboratories.html", **options):
        """Everything that is folded in a laboratory is open; `options` are those of `visit`."""
        seen = visit(page, **options)
        figure = seen.page.locator(f"figure.lab[data-lab={name}]")
        assert not any("_static/labs/" in u and "lab.js" not in u for u in seen.loaded)
        figure.get_by_role("button", name="Start the laboratory").click()
        figure.locator(".lab-bench").wait_for()
        figure.evaluate("f => f.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert not seen.errors
        assert not seen.elsewhere
        return seen.page, figure

    return go


@pytest.fixture
def stop_time():
    """Return a function that stops a page's time: it passes by `page.clock.run_for` only."""

    def stop(page) -> None:
        page.clock.install(time=0)
        page.clock.pause_at(3600)

    return stop


# Nothing outside this machine is asked for, whatever a page may want; what it wants is noted.
NOWHERE_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

FORGET = """() => {
  if (location.protocol !== "about:") { localStorage.clear(); sessionStorage.clear(); }
}"""

# Formulas are set after the page has loaded, and when they come into view: here all of them,
# and below those that are in view.
WHOLE = """async () => {
  if (document.querySelector(".math") && !window.bookFormulas) return false;
  await window.bookFormulas?.settled();
  await window.bookFormulas?.all();
  await document.fonts.ready;
  return true;
}"""
READY = WHOLE.replace("  await window.bookFormulas?.all();\n", "")
