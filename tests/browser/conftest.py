"""The built book in a real browser: which browser, which pages, and what happens in one."""

import functools
import http.server
import os
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# A backstop: nothing takes as long even where eight others want the same processor.
PATIENCE_MS = 600_000

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

    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
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
    at_load: set[str] = field(default_factory=set)
    elsewhere: list[str] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)


@pytest.fixture
def visit(browser, html):
    """Return a function that opens a page for one test."""
    with visiting(browser, html) as go:
        yield go


@pytest.fixture(scope="module")
def visit_for_all(browser, html):
    """Return a function that opens a page for several tests of one file."""
    with visiting(browser, html) as go:
        yield go


@contextmanager
def visiting(browser, html):
    """Give a function that opens a page and waits until it is complete; see `Visit`.

    What is not part of the book is not fetched, and noted under `elsewhere`.
    """
    contexts = []

    def go(
        name: str, home: str | None = None, *, theme="light", script: str = "", **options
    ) -> Visit:
        """`script` runs before those of the page."""
        home = home or html.as_uri()
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(color_scheme=theme, **options)
        contexts.append(context)
        context.add_init_script(script)
        page = context.new_page()
        seen = Visit(page, home)

        def decide(route) -> None:
            url = route.request.url
            if url.startswith((home, "data:", "blob:")):
                route.continue_()
            else:
                seen.elsewhere.append(url)
                route.abort()

        page.route("**/*", decide)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and seen.errors.append(m.text))
        page.on("requestfailed", lambda request: seen.failed.append(request.url))
        page.on("response", lambda r: r.status >= 400 and seen.failed.append(r.url))
        page.on("requestfinished", lambda request: seen.loaded.add(request.url))
        page.goto(f"{home}/{name}", wait_until="load")
        page.wait_for_function(COMPLETE)
        seen.at_load |= seen.loaded
        return seen

    try:
        yield go
    finally:
        for context in contexts:
            context.close()


@pytest.fixture
def load(browser, html):
    """Return a function that opens an empty page with scripts of the laboratories in it."""
    pages = []

    def go(*names):
        page = browser.new_page()
        pages.append(page)
        for name in names:
            page.add_script_tag(path=html / "_static" / "labs" / name)
        return page

    yield go
    for page in pages:
        page.close()


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


# Formulas are set after the page has loaded, and when they come into view: here all of them.
COMPLETE = """async () => {
  if (document.querySelector(".math") && !window.MathJax?.startup?.promise) return false;
  await window.MathJax?.startup?.promise;
  await window.MathJax?.startup?.document?.lazyTypesetAll?.();
  await document.fonts.ready;
  return true;
}"""
