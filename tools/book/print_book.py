"""Print the built book as one PDF, with a Chromium or Chrome: _build/gan_tutorial.pdf."""

import functools
import io
import os
import re
import shutil
import sys
from pathlib import Path

from toc import ROOT, pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# All articles in one page; answers unfolded; every chapter on a new sheet. Links between pages
# become links within the PDF, and those to other files of the built book plain text. Scripts that
# stand in the articles and draw figures are run again, since those that are pasted in do not run.
GATHER = """async (articles) => {
  const box = document.querySelector("article");
  box.replaceChildren();
  const base = "https://book.invalid/";
  const parts = articles.map(([name, text]) => {
    const part = document.createElement("div");
    part.className = "printed-page";
    part.innerHTML = text;
    part.dataset.page = new URL(name, base).pathname;
    part.querySelector("h1").id = `top:${part.dataset.page}`;
    box.append(part);
    return part;
  });
  const places = new Map(parts.map((part) => [part.dataset.page, part]));
  const named = new Set();
  for (const part of parts)
    for (const link of part.querySelectorAll("a[href]")) {
      const url = new URL(link.getAttribute("href"), new URL(part.dataset.page, base));
      if (url.origin !== new URL(base).origin) continue;
      const page = places.get(url.pathname), id = decodeURIComponent(url.hash.slice(1));
      const target = page && id && page.querySelector(`[id="${CSS.escape(id)}"]`);
      if (target) named.add(target);
      if (!page) link.removeAttribute("href");
      else link.href = `#${target ? `at:${url.pathname}:${id}` : `top:${url.pathname}`}`;
    }
  for (const target of named) { // in one page no two places may have one name
    const mark = document.createElement("span");
    mark.id = `at:${target.closest(".printed-page").dataset.page}:${target.id}`;
    if (target.matches("tr, tbody, table, ol, ul, dl, svg *")) target.id = mark.id;
    else target.prepend(mark);
  }
  // On paper the list of chapters stands at the front.
  for (const list of box.querySelectorAll("section:has(> .toctree-wrapper)"))
    list.parentElement.querySelector(":scope > section").before(list);
  // The list of chapters gets the numbers of their sheets, once they are known.
  for (const link of box.querySelectorAll('li[class*="toctree-l"] > a[href^="#top:"]')) {
    const sheet = document.createElement("span");
    sheet.className = "sheet";
    sheet.dataset.to = link.getAttribute("href").slice(1);
    link.parentElement.classList.add("contents-line");
    link.after(sheet);
  }
  for (const old of box.querySelectorAll("script:not([src]):not([type])")) {
    const script = document.createElement("script");
    script.textContent = old.textContent;
    old.replaceWith(script);
  }
  // Cells whose code only draws are folded on the screen; on paper their figures speak.
  for (const fold of box.querySelectorAll("details.hide.above-input")) fold.remove();
  for (const fold of box.querySelectorAll("details")) fold.open = true;
  for (const fold of box.querySelectorAll(".toggle-hidden")) fold.classList.remove("toggle-hidden");
  for (const code of box.querySelectorAll("pre"))
    code.classList.toggle("long", code.textContent.split("\\n").length > 24);
  for (const picture of box.querySelectorAll("img")) picture.loading = "eager";
  await bookFormulas.all(); // also what is out of view
  await Promise.all([...document.images].map((picture) => picture.decode().catch(() => {})));
}"""

NUMBER = """(sheets) => {
  for (const sheet of document.querySelectorAll(".sheet"))
    sheet.textContent = sheets[sheet.dataset.to];
}"""

STYLE = """
  .printed-page + .printed-page { break-before: page; }
  /* The reference of the library, a quarter of the book, is looked up and not read: set small. */
  .printed-page[data-page*="/library/"] { zoom: 0.94; }
  .printed-page[data-page*="/library/"] + .printed-page[data-page*="/library/"] {
    break-before: auto;
  }
  .bd-sidebar-primary, .bd-sidebar-secondary, .bd-header, .bd-header-article, .bd-footer,
  .prev-next-footer, .copybtn, .headerlink, .toggle-button, .needs-links, [data-controls],
  #pst-skip-link { display: none !important; }
  .bd-main .bd-content .bd-article-container { max-width: none; }
  /* A line on paper is nearer to the next one than on a screen. */
  .bd-main .bd-content :is(.bd-article-container, .bd-article) { padding: 0 !important; }
  article { line-height: 1.35; }
  article :is(p, ul, ol, dl, figure, .cell, .admonition, .question, .table) {
    margin-block: 0 0.6rem !important;
  }
  article :is(li, dd, td, th, figcaption) > p { margin-block: 0 0.2rem !important; }
  article :is(mjx-container[display="true"], div.math) { margin-block: 0.4rem !important; }
  article :is(figure, .cell_output) img { max-width: 72% !important; height: auto !important; }
  article .question :is(li, label) { margin-block: 0 !important; padding-block: 0 !important; }
  * { animation: none !important; transition: none !important; box-shadow: none !important; }
  details[open] > summary ~ * { opacity: 1 !important; }
  img, svg, tr, figure, mjx-container[display="true"], .sd-card, .lab, [data-player],
  pre, div.cell_input:not(:has(.long)), div.cell_output:not(:has(.long)) { break-inside: avoid; }
  pre.long, :is(.cell_input, .cell_output, [class*="highlight"]):has(.long) {
    display: block !important;
    break-inside: auto !important;
  }
  div.highlight, pre, .pst-scrollable-table-container {
    overflow: visible !important; /* what scrolls is never broken */
  }
  table { break-inside: auto !important; }
  pre, p, li { orphans: 3; widows: 3; }
  thead { display: table-header-group; }
  h1, h2, h3, h4, .admonition-title { break-after: avoid; }
  figcaption { break-before: avoid; }
  .printed-page section:has(> .toctree-wrapper) { break-before: page; }
  .contents-line { display: flex; align-items: baseline; gap: 0.5em; }
  .contents-line::before { content: ""; order: 1; flex: 1; border-bottom: 1px dotted #888; }
  .contents-line .sheet { order: 2; min-width: 2em; text-align: right; }
  summary, #jb-print-docs-body { display: none !important; }
  article h1 { display: block !important; }
"""

SCALE = 0.755  # text of 15 pixels becomes 8.5 points

FOOTER = (
    '<div style="font: 8px sans-serif; width: 100%; text-align: center">'
    '<span class="pageNumber"></span></div>'
)


def article(page: Path) -> str:
    """Return what stands in the article of a built page."""
    found = re.search(r"<article[^>]*>(.*)</article>", page.read_text(encoding="utf-8"), re.S)
    if not found:
        raise ValueError(f"{page} has no article.")
    return found[1]


def sheets(pdf: bytes) -> dict[str, int]:
    """Return on which sheet each place of a PDF is that its links lead to."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(pdf))
    return {
        name.removeprefix("/"): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


def print_book(html: Path, names: list[str], out: Path) -> None:
    """Write the pages `names` of the built book to one PDF."""
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        raise FileNotFoundError(f"Printing needs a browser, one of {', '.join(BROWSERS)}.")
    files = [html / name for name in names]
    if missing := [path for path in files if not path.is_file()]:
        raise FileNotFoundError(f"{missing[0]} is not built: say `make book` first.")
    articles = [article(path) for path in files]
    with_math = next(path for path in files if "formulas.js" in path.read_text(encoding="utf-8"))
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"] if root else []
        )
        page = browser.new_page(color_scheme="light")
        page.set_default_timeout(300_000)
        page.goto(with_math.as_uri())
        page.add_style_tag(content=STYLE)
        page.evaluate(GATHER, list(zip(names, articles, strict=True)))
        pdf = functools.partial(
            page.pdf,
            format="A4",
            scale=SCALE,
            margin={"top": "15mm", "bottom": "15mm", "left": "15mm", "right": "15mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            outline=True,
            tagged=True,
        )
        page.evaluate(NUMBER, sheets(pdf()))
        pdf(path=out)
        browser.close()


def main() -> int:
    names = [page.relative_to(ROOT).with_suffix(".html").as_posix() for page in pages()]
    out = ROOT / "_build" / "gan_tutorial.pdf"
    try:
        print_book(ROOT / "_build" / "html", names, out)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The book on paper: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
