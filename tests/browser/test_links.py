"""Every link inside the book leads to a page, and to a place on it, that is there."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest


class _Anchors(HTMLParser):
    """Collect the places of a page that can be linked to, and its links."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs) -> None:
        attributes = dict(attrs)
        self.places |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])


@pytest.fixture(scope="module")
def anchors(html) -> dict[Path, _Anchors]:
    pages = (page for page in html.rglob("*.html") if "_static" not in page.parts)
    return {page: _Anchors(page) for page in pages}


def test_links_within_the_book_resolve(html, anchors):
    dead, followed = [], 0
    for page, found in anchors.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            followed += 1
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            place = unquote(parts.fragment)
            there = target.is_file() and (
                not place or target not in anchors or place in anchors[target].places
            )
            if not there:
                dead.append(f"{page.relative_to(html)}: {link}")
    assert followed > 100
    assert not dead, "links that lead nowhere:\n" + "\n".join(sorted(set(dead))[:20])
