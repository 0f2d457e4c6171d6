"""A Sphinx extension: what a link leads to is seen before one follows it; and words have meanings.

- What is on the page itself book/_assets/previews.js copies. What other pages hold (equations,
  figures, citations, words) is collected here after the build into one script, which is loaded when
  the first of them is looked at: pages on disk may load nothing else.
- The first time that a chapter uses a word of the glossary, the word becomes a link to it.
"""

import json
import re
from pathlib import Path
from urllib.parse import unquote

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

GLOSSARY = "book/glossary"
EVERYDAY = {"real", "cache"}  # more often the plain English word, or another kind of it
# where a word of the glossary is part of a name that means something else
NAMES = r"(?:mixed|half|single|double|full)\s+precision"

# What can be shown, each as Sphinx writes it; the first group is its id.
SHOWN = (
    re.compile(r'<div class="math[^"]*" id="(equation-[^"]+)">.*?</div>', re.DOTALL),
    re.compile(r'<div class="citation" id="([^"]+)".*?</div>', re.DOTALL),
    re.compile(r'<figure class="[^"]*" id="([^"]+)">.*?</figure>', re.DOTALL),
)
ENTRY = re.compile(r"((?:<dt[^>]*>(?:(?!</dt>).)*</dt>)+)\s*<dd>(.*?)</dd>", re.DOTALL)
LINK = re.compile(r'<a class="[^"]*reference[^"]*" href="([^"#:]+\.html)#([^"]+)"')


def tidy(html: str) -> str:
    """Return what is shown of a part of a page: no names, no links to itself, no number."""
    html = re.sub(r'<span class="eqno">.*?</span>', "", html, flags=re.DOTALL)
    html = re.sub(r'<a class="headerlink".*?</a>', "", html, flags=re.DOTALL)
    html = re.sub(r"<(script|style)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r'\sid="[^"]*"', "", html)


def targets(html: str) -> dict[str, str]:
    """Return the parts of a page that can be shown, by their ids."""
    found = {}
    for kind in SHOWN:
        for match in kind.finditer(html):
            if "data-player" not in match[0] and len(match[0]) < 20_000:
                found[match[1]] = tidy(match[0])
    for words, meaning in ENTRY.findall(html):
        for anchor in re.findall(r'id="(term-[^"]+)"', words):
            found[anchor] = tidy(f"<dl><dt>{words_of(words)}</dt><dd>{meaning}</dd></dl>")
    return found


def words_of(terms: str) -> str:
    """Return the terms of one entry side by side."""
    terms = re.sub(r'<a class="headerlink".*?</a>', "", terms, flags=re.DOTALL)
    return " \u00b7 ".join(
        re.sub(r"<[^>]*>", "", term).strip() for term in terms.split("</dt>")[:-1]
    )


def from_root(html: str, page: str) -> str:
    """Return HTML whose links and pictures begin at the top folder of the book, at `{root}`."""
    folder = page.rpartition("/")[0]

    def move(match: re.Match) -> str:
        address = match[2]
        if re.match(r"[a-z]+:|#", address):
            inside = f"{{root}}{page}" if address.startswith("#") else ""
            return f'{match[1]}="{inside}{address}"'
        parts: list[str] = [part for part in folder.split("/") if part]
        for part in address.split("/"):
            if part == "..":
                parts.pop()
            else:
                parts.append(part)
        return f'{match[1]}="{{root}}{"/".join(parts)}"'

    return re.sub(r'\b(href|src)="([^"]*)"', move, html)


def write(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    pages = {
        app.builder.get_target_uri(name): Path(app.outdir, app.builder.get_target_uri(name))
        for name in app.env.found_docs
    }
    texts = {
        page: path.read_text(encoding="utf-8") for page, path in pages.items() if path.is_file()
    }
    wanted = set()
    for page, text in texts.items():
        for address, anchor in LINK.findall(text):
            absolute = (Path("/", page).parent / unquote(address)).as_posix()
            parts: list[str] = []
            for part in absolute.strip("/").split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part]
            wanted.add(("/".join(parts), unquote(anchor)))
    shown = {}
    for page, text in texts.items():
        for anchor, html in targets(text).items():
            if (page, anchor) in wanted:
                shown[f"{page}#{anchor}"] = from_root(html, page)
    script = json.dumps(shown, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    target = Path(app.outdir, "_static", "preview-data.js")
    target.write_text(f"window.bookPreviews = {script};\n", encoding="utf-8")


class LinkWords(SphinxPostTransform):
    """Link the first mention of each word of the glossary in the running text of a chapter."""

    default_priority = 210
    formats = ("html",)

    def run(self, **kwargs) -> None:
        name = self.env.docname
        if not self.env.doc2path(name).endswith(".ipynb") or GLOSSARY not in self.env.all_docs:
            return
        anchors = terms(self.env)
        if not anchors:
            return
        pattern = words(anchors)
        page = self.app.builder.get_relative_uri(name, GLOSSARY)
        seen: set[str] = set()
        for text in list(self.document.findall(nodes.Text)):
            if running(text):
                link_first(text, pattern, anchors, page, seen)


def words(anchors) -> re.Pattern:
    """Return what finds the words of the glossary in a text, also over the end of a line.

    Longer ones come first; group 1 is empty where a word is part of a name of something else.
    """
    ordered = sorted(set(anchors) - EVERYDAY, key=len, reverse=True)
    either = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered)
    return re.compile(rf"(?<![\w-])(?:({either})(?:s|es)?|{NAMES})(?![\w-])", re.IGNORECASE)


def terms(env) -> dict[str, str]:
    """Return the anchor of each English word of the glossary; an abbreviation is a word, too."""
    found = {}
    for (kind, word), (page, anchor) in env.domaindata["std"]["objects"].items():
        if kind != "term" or page != GLOSSARY or not re.match(r"[A-Za-z]", word):
            continue
        long, _, short = word.partition(" (")
        found[long.lower()] = anchor
        if short:
            found[short.rstrip(")").lower()] = anchor
    return found


def running(text: nodes.Text) -> bool:
    """Say whether a text stands in a paragraph or an item, not in a title, a link or code."""
    node, paragraph = text.parent, False
    while node is not None:
        if isinstance(
            node,
            nodes.title
            | nodes.reference
            | nodes.literal
            | nodes.literal_block
            | nodes.math
            | nodes.math_block
            | nodes.caption
            | nodes.table
            | nodes.raw
            | nodes.comment,
        ):
            return False
        classes = node.get("classes", []) if isinstance(node, nodes.Element) else []
        if {"exercise", "solution", "dropdown", "cell"} & set(classes):
            return False
        paragraph = paragraph or isinstance(node, nodes.paragraph)
        node = node.parent
    return paragraph


def link_first(text: nodes.Text, pattern, anchors: dict, page: str, seen: set[str]) -> None:
    """Replace in one text the words that have not been met before by links."""
    source, at, parts = text.astext(), 0, []
    for match in pattern.finditer(source):
        anchor = anchors[" ".join(match[1].lower().split())] if match[1] else None
        if anchor is None or anchor in seen:
            continue
        seen.add(anchor)
        link = nodes.reference("", match[0], internal=True, refuri=f"{page}#{anchor}")
        link["classes"].append("word")
        parts += [nodes.Text(source[at : match.start()]), link]
        at = match.end()
    if parts:
        parent = text.parent
        parent.replace(text, [part for part in [*parts, nodes.Text(source[at:])] if part.astext()])


def add_script(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None:
        app.add_js_file("previews.js", loading_method="defer")


def setup(app) -> dict:
    app.add_post_transform(LinkWords)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
