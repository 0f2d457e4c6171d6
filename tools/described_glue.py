"""A Sphinx extension: a picture glued in another chapter, with a description of its own.

```{described-glue} key
:doc: 01_principles.ipynb
:alt: What the picture shows.
```

The plain `glue` directive knows no `alt`, and would describe the picture by its file name.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.ext.glue.directives import PasteAnyDirective
from sphinx.transforms.post_transforms import SphinxPostTransform


class described(nodes.General, nodes.Element):
    """Holds the picture until it is known, and its description."""


class DescribedGlue(PasteAnyDirective):
    option_spec = PasteAnyDirective.option_spec | {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        if "alt" not in self.options:
            raise self.error("described-glue needs the option :alt:")
        return [described("", *super().run(), alt=self.options["alt"])]


class Describe(SphinxPostTransform):
    default_priority = 6  # glued pictures arrive at 5

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(described)):
            for image in node.findall(nodes.image):
                image["alt"] = node["alt"]
            node.replace_self(node.children)


def setup(app) -> dict:
    app.add_directive("described-glue", DescribedGlue)
    app.add_post_transform(Describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
