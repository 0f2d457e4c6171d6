"""A Sphinx extension: a laboratory in the text.

:::{lab} toy-gan
![What its picture shows.](_assets/labs/toy-gan.png)

A caption.
:::

The picture and the caption are what is seen without JavaScript, on paper and in Jupyter, where the
colons are plain text. In the built page book/_assets/labs/lab.js adds the button that starts it;
with `:at-once:` it starts by itself, and rests while it is out of sight. Such a page holds what is
seen of the laboratory at first, NAME-first.html of tools/artifacts/lab_pictures.py: when it starts,
nothing moves.
"""

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

LABORATORIES = (
    "toy-gan", "dirac-gan", "two-clouds", "football", "repaint", "repair-plane", "fault-atlas",
)  # fmt: skip


class laboratory(nodes.General, nodes.Element):
    """Holds the picture and the caption of the laboratory `name`."""


class Lab(SphinxDirective):
    required_arguments = 1
    option_spec: ClassVar = {"at-once": directives.flag}
    has_content = True

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        if name not in LABORATORIES:
            raise self.error(f"No laboratory {name!r}; there are {', '.join(LABORATORIES)}.")
        node = laboratory("", name=name, at_once="at-once" in self.options)
        self.state.nested_parse(self.content, self.content_offset, node)
        pictures = list(node.findall(nodes.image))
        if not pictures:
            raise self.error("A laboratory needs a picture, for readers who cannot start it.")
        if node["at_once"]:
            first = Path(self.env.srcdir, "book", "_assets", "labs", f"{name}-first.html")
            if not first.is_file():
                raise self.error(f"The laboratory {name!r} has no first look: {first.name}.")
            self.env.note_dependency(str(first))
            node["first"] = first.read_text(encoding="utf-8")
            for picture in pictures:
                picture["loading"] = "lazy"  # only on paper, and without scripts
        return [node]


def begin(translator, node) -> None:
    at_once = " data-at-once" if node["at_once"] else ""
    translator.body.append(f'<figure class="lab" data-lab="{node["name"]}"{at_once}>')
    translator.body.append(node.get("first", ""))
    translator.body.append('<div class="lab-still">')


def end(translator, node) -> None:
    translator.body.append("</div></figure>")


def add_script(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None and list(doctree.findall(laboratory)):
        app.add_js_file("labs/lab.js", loading_method="defer")


def setup(app) -> dict:
    app.add_node(laboratory, html=(begin, end))
    app.add_directive("lab", Lab)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
