"""A Sphinx extension: a table of how long each chapter takes to read (tools/book/weight.py)."""

from pathlib import Path

import weight
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from toc import notebooks

COLUMNS = (("Chapter", 40), ("Minutes", 12), ("Words", 12), ("Lines of code", 12))
COLUMNS += (("Longest cell", 12), ("Widest line", 12))


class weight_table(nodes.General, nodes.Element):
    """Stands where the table will be, until every chapter is read."""


class WeightTable(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        return [weight_table()]


class WriteTable(SphinxPostTransform):
    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(weight_table)):
            found = notebooks(Path(self.env.srcdir))
            there = [path for path in found if f"book/{path.stem}" in self.env.titles]
            node.replace_self(table(self.row(path) for path in there))

    def row(self, path: Path) -> nodes.row:
        docname = f"book/{path.stem}"
        number = ".".join(map(str, self.env.toc_secnumbers.get(docname, {}).get("", ()) or ()))
        uri = self.app.builder.get_relative_uri(self.env.docname, docname)
        title = f"{number} {self.env.titles[docname].astext()}".strip()
        w = weight.read(path)
        measures = (w.minutes, w.words, w.lines, w.longest, w.widest)
        return row(
            nodes.reference("", title, internal=True, refuri=uri),
            *(nodes.Text(f"{measure:,.0f}") for measure in measures),
        )


def table(rows) -> nodes.table:
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for _, width in COLUMNS]
    group += nodes.thead("", row(*(nodes.Text(name) for name, _ in COLUMNS)))
    group += nodes.tbody("", *rows)
    return nodes.table("", group, classes=["weight-table"])


def row(*cells) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app) -> dict:
    app.add_node(weight_table)
    app.add_directive("weight-table", WeightTable)
    app.add_post_transform(WriteTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
