"""Make the pictures that stand for the laboratories until they are started.

    make book && python tools/artifacts/lab_pictures.py [NAME ...]

And, of the one that starts by itself, all that is seen of it at first: its controls, which do
nothing yet, and its plane, light and dark. Needs a Chromium or Chrome, as the browser tests do.
"""

import base64
import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "_build" / "html" / "book" / "laboratories.html").as_uri()
FOLDER = ROOT / "book" / "_assets" / "labs"
STEPS = 60  # of the toy GAN
AT_ONCE = "toy-gan"

FIRST_LOOK = """figure => {
  const first = figure.querySelector(".lab-bench").cloneNode(true);
  first.classList.add("lab-first");
  first.inert = true;
  first.setAttribute("aria-hidden", "true");
  first.querySelector(".lab-spoken").remove();
  for (const part of first.querySelectorAll("[style='']")) part.removeAttribute("style");
  return first.outerHTML;
}"""
PLANE = """async (figure, theme) => {
  document.documentElement.dataset.theme = theme;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return figure.querySelector("canvas").toDataURL("image/webp", 0.85).split(",")[1];
}"""


def write_first_look(figure, name: str) -> None:
    """Write what is seen of a laboratory that has been started and has not moved."""
    (FOLDER / f"{name}-first.html").write_text(figure.evaluate(FIRST_LOOK) + "\n")
    for theme, ending in (("dark", "-dark"), ("light", "")):
        picture = base64.b64decode(figure.evaluate(PLANE, theme))
        (FOLDER / f"{name}-first{ending}.webp").write_bytes(picture)


def main() -> None:
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, device_scale_factor=1.25)
        page.goto(PAGE)
        for figure in page.locator("figure.lab").all():
            name = figure.get_attribute("data-lab")
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            figure.get_by_role("button", name="Start the laboratory").click()
            figure.locator(".lab-bench").wait_for(timeout=60_000)
            if name == AT_ONCE:
                write_first_look(figure, name)
            if name == "toy-gan":
                figure.get_by_role("button", name="Run").click()
                page.wait_for_function(
                    "([figure, steps]) => figure.lab.step() >= steps",
                    arg=[figure.element_handle(), STEPS],
                    timeout=300_000,
                )
                figure.get_by_role("button", name="Pause").click()
            if name == "repaint":
                figure.get_by_role("button", name="Search").click()
                page.wait_for_function(
                    "figure => !figure.lab.running()", arg=figure.element_handle(), timeout=300_000
                )
            page.mouse.click(5, 5)  # no button in focus
            figure.evaluate(
                "figure => figure.querySelectorAll('.lab-buttons')"
                ".forEach((row) => { row.style.display = 'none'; })"
            )
            picture = Image.open(io.BytesIO(figure.locator(".lab-views").screenshot()))
            picture = picture.convert("RGB")  # a palette would cost thin lines their color
            picture.save(FOLDER / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
