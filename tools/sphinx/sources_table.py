"""A Sphinx extension: what the articles say, as a table from book/sources.yml and the book itself.

``{sources-table}`` with ``:pages: 01_principles faq`` writes one row for each claim, defect and
technique that these pages settle, with a link to the place and the numbers it has computed. The
tables of a page, a topic each, have every row together; one that is missing or stands twice, a row
without a living place, and a verdict that the numbers contradict, are warnings, and so end the
build. The names of the rows are not seen, but links lead to them: in the folds of the chapters the
small labels, such as *(S1-01)*, become such links. The page is complete without JavaScript;
book/_assets/sources.js adds the search.
"""

import re
from collections import Counter
from pathlib import Path
from typing import ClassVar

import claims
from docutils import nodes
from places import ID
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

COLUMNS = (("What is said", 38), ("What holds", 46), ("Shown in", 16))
TITLED = (nodes.section, nodes.admonition)
MARK = re.compile(rf"({ID.pattern})")
WORDS = {
    "stops": "the program stops",
    "silent": "runs, and is wrong",
    "formula": "wrong formula",
    "text": "misleading text",
    "full": "in full",
    "demo": "as a demonstration",
    "pointer": "a pointer",
    "none": "nothing to run",
}


class sources_table(nodes.General, nodes.Element):
    """Stands where the table will be, until every chapter is read."""


class SourcesTable(SphinxDirective):
    option_spec: ClassVar = {"pages": str.split}

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(Path(self.env.srcdir, claims.DATA)))
        self.env.note_reread()
        self.env.sources_page = self.env.docname
        return [sources_table(pages=self.options.get("pages", []))]


class WriteTable(SphinxPostTransform):
    default_priority = 8

    def run(self, **kwargs) -> None:
        nodes_here = list(self.document.findall(sources_table))
        if not nodes_here:
            return
        root = Path(self.env.srcdir)
        self.log = logging.getLogger(__name__)
        rows = claims.read(root)
        self.titles = {row.page: self.targets(f"book/{row.page}") for row in rows}
        executed = Path(self.env.mystnb_config.output_folder)
        self.values = {row.page: claims.values_of(executed, row.page) for row in rows}
        shown: Counter[str] = Counter()
        for node in nodes_here:
            topic = [row for row in rows if row.page in node["pages"]]
            shown.update(row.id for row in topic)
            node.replace_self(table(COLUMNS, map(self.row, topic), ["sources-table"]))
        if wrong := [row.id for row in rows if shown[row.id] != 1]:
            self.log.warning("Not in one table each: %s", ", ".join(wrong))
        for sentence in claims.complaints(root, rows):
            self.log.warning("sources.yml: %s", sentence)

    def targets(self, docname: str) -> dict[str, str]:
        """Return anchor -> title, for sections, folds, labels in them, and exercises."""
        if docname not in self.env.titles:
            return {}
        document = self.env.get_doctree(docname)
        found = {
            anchor: title.astext()
            for part in document.findall(lambda node: isinstance(node, TITLED))
            for title in part.children[:1]
            if isinstance(title, nodes.title)
            for anchor in (*part["ids"], *_labels(part))
        }
        exercises = self.env.toc_fignumbers.get(docname, {}).get("exercise", {})
        for label, number in exercises.items():
            found[label] = f"Exercise {'.'.join(map(str, number))}"
        return found

    def row(self, row: claims.Row) -> nodes.row:
        for sentence in claims.contradictions(row, self.values.get(row.page) or {}):
            self.log.warning("sources.yml: %s", sentence)
        word = nodes.strong("", WORDS.get(row.verdict, row.verdict), classes=["verdict"])
        command = [nodes.paragraph("", "", nodes.literal("", row.run))] if row.run else []
        cells = (
            [nodes.paragraph("", row.says)],
            [nodes.paragraph("", "", word), nodes.paragraph("", row.holds), *self.measured(row)],
            [nodes.paragraph("", "", self.link(row)), *command],
        )
        classes = [f"kind-{row.kind}", *(f"article-{name.lower()}" for name in row.article)]
        return nodes.row("", *entries(cells), ids=[row.id.lower()], classes=classes)

    def measured(self, row: claims.Row) -> list[nodes.paragraph]:
        """Return the line with the numbers, if the row has one."""
        if not row.measured:
            return []
        text = claims.filled(row, self.values)
        return [nodes.paragraph("", f"Measured: {text}.", classes=["measured"])]

    def link(self, row: claims.Row) -> nodes.Node:
        docname = f"book/{row.page}"
        title = self.titles[row.page].get(row.anchor)
        if title is None:
            self.log.warning("sources.yml: %s: the page has no %s", row.id, row.settled)
            return nodes.Text(row.settled)
        number = self.env.toc_secnumbers.get(docname, {}).get("", ())
        chapter = f"{'.'.join(map(str, number))} " if number else ""
        uri = self.app.builder.get_relative_uri(self.env.docname, docname)
        text = f"{chapter}{self.env.titles[docname].astext()}"
        if title != self.env.titles[docname].astext():
            text += f": {title}"
        return nodes.reference("", text, internal=True, refuri=f"{uri}#{row.anchor}")


def _labels(part: nodes.Element) -> list[str]:
    """Return the labels that stand in a section or an admonition, but not in one below."""
    own = [child for child in part.children if not isinstance(child, TITLED)]
    return [
        anchor
        for child in own
        for node in child.findall(nodes.Element)
        for anchor in (*node["ids"], *_target(node))
    ]


def _target(node: nodes.Element) -> list[str]:
    return [node["refid"]] if isinstance(node, nodes.target) and "refid" in node else []


def table(columns, rows, classes: list[str]) -> nodes.table:
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=width) for _, width in columns]
    heads = [[nodes.paragraph("", name)] for name, _ in columns]
    group += nodes.thead("", nodes.row("", *entries(heads)))
    group += nodes.tbody("", *rows)
    return nodes.table("", group, classes=classes)


def entries(cells) -> list[nodes.entry]:
    return [nodes.entry("", *cell) for cell in cells]


class LinkMarks(SphinxPostTransform):
    """Turn the small labels of the chapters into links to their rows."""

    default_priority = 9

    def run(self, **kwargs) -> None:
        page = getattr(self.env, "sources_page", None)
        if page is None or self.env.docname == page:
            return
        uri = self.app.builder.get_relative_uri(self.env.docname, page)
        known = {row.id for row in claims.read(Path(self.env.srcdir))}
        for mark in list(self.document.findall(nodes.emphasis)):
            for text in list(mark.findall(nodes.Text)):
                if isinstance(text.parent, nodes.reference) or not MARK.search(text):
                    continue
                parts = [
                    nodes.reference(
                        "", part, internal=True, refuri=f"{uri}#{part.lower()}", classes=["mark"]
                    )
                    if part in known
                    else nodes.Text(part)
                    for part in MARK.split(text)
                ]
                text.parent.replace(text, parts)


def purge(app, env, docname) -> None:
    if getattr(env, "sources_page", None) == docname:
        env.sources_page = None


def merge(app, env, docnames, other) -> None:
    env.sources_page = getattr(other, "sources_page", None) or getattr(env, "sources_page", None)


def add_script(app, pagename, templatename, context, doctree) -> None:
    if pagename == getattr(app.env, "sources_page", None):
        app.add_js_file("sources.js", loading_method="defer")


def setup(app) -> dict:
    app.add_node(sources_table)
    app.add_directive("sources-table", SourcesTable)
    app.add_post_transform(WriteTable)
    app.add_post_transform(LinkMarks)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
