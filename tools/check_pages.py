"""Check the built pages for what Sphinx does not warn about: pictures without a description."""

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
        self.undescribed: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.depth += tag == "article"
        attributes = dict(attrs)
        if tag == "img" and self.depth:
            alt = (attributes.get("alt") or "").strip()
            if not alt or FILE_NAME.search(alt):
                self.undescribed.append(attributes.get("src") or "?")

    def handle_endtag(self, tag) -> None:
        self.depth -= tag == "article"


def undescribed_pictures(html: str) -> list[str]:
    """Return the source of every picture in the page's text that has no alt text of its own."""
    pictures = _Pictures()
    pictures.feed(html)
    return pictures.undescribed


def complaints(pages: Path) -> list[str]:
    """Return one sentence for each picture without a description on the pages in a folder."""
    return [
        f"{page.relative_to(pages)}: the picture {source[:60]} has no alt text; "
        "describe it in its cell's metadata, mystnb.image.alt."
        for page in sorted(pages.glob("**/*.html"))
        if "_static" not in page.parts
        for source in undescribed_pictures(page.read_text(encoding="utf-8"))
    ]
