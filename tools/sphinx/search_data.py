"""A Sphinx extension: what the search page searches, section by section, and works from disk, too.

Sphinx's own search loads each page that it has found, which a browser refuses to pages on disk,
shows the frame around the text in its snippets, and knows no Chinese words here. After the build
this file collects the text of all pages into one script, which only the search page loads;
book/_assets/search.js ranks.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
SKIPPED_TAGS = {"script", "style", "svg", "summary", "button"}
SKIPPED = re.compile(
    r"\b(headerlink|highlight|needs|toctree-wrapper|lab-still|section-number|eqno|question)\b"
)
BREAKS = {"p", "li", "td", "th", "dt", "dd", "div", "figcaption", "h1", "h2", "h3", "h4", "tr"}


class Sections(HTMLParser):
    """Collect [anchor, heading, text] of sections, named folds and entries of definition lists."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self.open: list[int] = []  # the sections around this place
        self.tags: list[tuple[str, bool, bool]] = []  # open tags: name, skipped, ends a section
        self.heading: list[str] | None = None
        self.article = False
        self.entries: list[int] = []  # entries of lists: how many sections were open around each
        self.feed(html)
        self.found = [[anchor, clean(heading), clean(text)] for anchor, heading, text in self.found]

    @property
    def skipping(self) -> bool:
        return any(skipped for _, skipped, _ in self.tags)

    def begin(self, anchor: str) -> None:
        self.open.append(len(self.found))
        self.found.append([anchor, "", ""])

    def handle_starttag(self, tag, attrs) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.article |= tag == "article"
        if not self.article or tag in VOID:
            return
        names = attributes.get("class", "")
        skipped = tag in SKIPPED_TAGS or bool(SKIPPED.search(names))
        skipped |= tag == "div" and "math" in names.split()
        section = "id" in attributes and (tag == "section" or named_fold(tag, names))
        if section:
            self.begin(attributes["id"])
        elif tag == "dl":
            self.entries.append(len(self.open))
        elif tag == "dt" and attributes.get("id") and self.entries:
            if not self.tags or self.tags[-1][0] != "dl" or not self.same_entry():
                del self.open[self.entries[-1] :]
                self.begin(attributes["id"])
            self.heading = self.found[self.open[-1]]
        elif tag == "span" and attributes.get("id") and self.open and self.headless():
            self.found[self.open[-1]][0] = attributes["id"]  # a label outlives a heading's words
        elif tag in ("h1", "h2", "h3", "h4") and self.open:
            self.heading = self.found[self.open[-1]]
        elif "admonition-title" in names and self.tags and self.tags[-1][::2] == ("div", True):
            self.heading = self.found[self.open[-1]]
        self.tags.append((tag, skipped, section))
        if tag in BREAKS:
            self.handle_data(" ")

    def headless(self) -> bool:
        """Say whether nothing of the innermost section has been read yet."""
        return not "".join(self.found[self.open[-1]][1:]).strip()

    def same_entry(self) -> bool:
        """Say whether a `dt` follows another one at once: two words for one thing."""
        inside = len(self.open) > self.entries[-1]
        return inside and not self.found[self.open[-1]][2].strip()

    def handle_endtag(self, tag) -> None:
        if tag == "article":
            self.article = False
        if not self.article or tag in VOID or tag not in [name for name, *_ in self.tags]:
            return
        while self.tags:
            name, _, section = self.tags.pop()
            if section:
                self.open.pop()
            if name == "dl":
                del self.open[self.entries.pop() :]
            if name in ("dt", "h1", "h2", "h3", "h4") or (name == "p" and not self.entries):
                if self.heading is not None:
                    self.heading[1] += " · " if name == "dt" else " "
                self.heading = None
            if name == tag:
                break

    def handle_data(self, data) -> None:
        if not self.article or not self.open or self.skipping:
            return
        if self.heading is not None:
            self.heading[1] += data
        else:
            self.found[self.open[-1]][2] += data


def named_fold(tag: str, names: str) -> bool:
    """Say whether this is a fold of the text, such as a card, and no exercise or solution."""
    kinds = set(names.split())
    return (
        tag == "div"
        and {"admonition", "dropdown"} <= kinds
        and not {"exercise", "solution"} & kinds
    )


def clean(text: str) -> str:
    """Return a text in one line, without the marks around formulas."""
    text = re.sub(r"\\[()\[\]]", " ", text)
    return re.sub(r"\s+", " ", text).strip().rstrip("·").strip()


def write(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    pages = []
    for name in reading_order(app):
        page = app.builder.get_target_uri(name)
        path = Path(app.outdir, page)
        if path.is_file():
            sections = Sections(path.read_text(encoding="utf-8")).found
            pages.append([page, app.env.titles[name].astext(), sections])
    text = json.dumps(pages, ensure_ascii=False, separators=(",", ":"))
    target = Path(app.outdir, "_static", "search-data.js")
    target.write_text(f"window.bookSearch = {text};\n", encoding="utf-8")


def reading_order(app) -> list[str]:
    """Return the pages of the book in the order of its table of contents."""
    found, waiting = [], [app.config.root_doc]
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in app.env.titles:
            found.append(name)
            waiting = [*app.env.toctree_includes.get(name, []), *waiting]
    return found


def setup(app) -> dict:
    app.connect("build-finished", write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
