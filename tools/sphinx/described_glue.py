"""A Sphinx extension: a picture glued in another chapter, with a description of its own.

```{described-glue} key
:doc: 01_principles.ipynb
:alt: What the picture shows.
```

The plain `glue` directive knows no `alt`, and shows only what the other chapter shows itself.
"""

import base64
import hashlib
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.ext.glue.crossref import read_glue_cache
from myst_nb.ext.glue.directives import PasteAnyDirective
from sphinx.transforms.post_transforms import SphinxPostTransform


class described(nodes.General, nodes.Element):
    """Holds the reference to a glued picture until every chapter is read, and the description."""


class DescribedGlue(PasteAnyDirective):
    option_spec = PasteAnyDirective.option_spec | {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        if missing := {"doc", "alt"} - set(self.options):
            raise self.error(f"described-glue needs :{':, :'.join(sorted(missing))}:")
        return [described("", *super().run(), alt=self.options["alt"])]


class PlacePictures(SphinxPostTransform):
    default_priority = 4  # before MyST-NB resolves what is glued, at 5

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(described)):
            reference = node[0]
            glued = read_glue_cache(self.env.mystnb_config.output_folder, reference.refdoc)
            png = glued.get(reference.key, {}).get("data", {}).get("image/png")
            if png:
                uri = self.write(png)
                picture = nodes.image(uri=uri, candidates={"*": uri}, alt=node["alt"])
                node.replace_self(picture)
            else:  # MyST-NB warns of what is not there
                node.replace_self(node.children)

    def write(self, png: str) -> str:
        """Put the picture among the built ones; return its address from this page."""
        content = base64.b64decode(png)
        builder = self.app.builder
        name = f"{builder.imagedir}/{hashlib.sha256(content).hexdigest()}.png"
        target = Path(builder.outdir, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return "../" * self.env.docname.count("/") + name


def setup(app) -> dict:
    app.add_directive("described-glue", DescribedGlue)
    app.add_post_transform(PlacePictures)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
