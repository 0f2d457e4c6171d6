"""Check the built pages for what Sphinx does not warn about: pictures undescribed or missing."""

import re
from html.parser import HTMLParser
from pathlib import Path

# Without alt text of its own, the picture of a cell is described by its file name, a hash.
FILE_NAME = re.compile(r"[0-9a-f]{32,}|\.(png|jpe?g|gif|svg|webp)$")


class _Pictures(HTMLParser):
    """Collect the pictures in the text of a page (not those of the frame around it)."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.depth += tag == "article"
        attributes = dict(attrs)
        if tag == "img" and self.depth:
            self.found.append((attributes.get("src") or "", attributes.get("alt") or ""))

    def handle_endtag(self, tag) -> None:
        self.depth -= tag == "article"


def complaints(pages: Path) -> list[str]:
    """Return a sentence for each picture of the built pages with which something is wrong."""
    found = []
    for page in sorted(pages.glob("**/*.html")):
        if "_static" in page.relative_to(pages).parts:
            continue
        pictures = _Pictures()
        pictures.feed(page.read_text(encoding="utf-8"))
        for source, alt in pictures.found:
            picture = f"{page.relative_to(pages)}: the picture {source[:60]}"
            if not alt.strip() or FILE_NAME.search(alt):
                found.append(
                    f"{picture} has no alt text; describe it in its cell's metadata, "
                    "mystnb.image.alt."
                )
            if not source.startswith(("data:", "http")) and not (page.parent / source).is_file():
                found.append(f"{picture} is not there.")
    return found
