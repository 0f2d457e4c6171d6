"""A Sphinx extension: pictures by the generators that come with the library, for the title page.

```{gallery} footballs
:alt: What the picture shows.
```

They are made anew whenever the page is read, from the shipped weights and the codes of seed 0,
not picked by hand. What lies between the tiles is transparent, for light and dark pages.
"""

import hashlib
import io
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from cover_pictures import DRAWINGS, draw
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from PIL import Image
from sphinx.transforms.post_transforms import SphinxPostTransform
from torch import Tensor

from gan_tutorial import checkpoints, data, masks, plots, repair
from gan_tutorial.models.sampling import latent_codes, sample_generator

WALK_STOPS, WALK_STEPS, WALK_MS = 4, 6, 180  # less than five seconds in all

# It moves once when it comes into view, unless the reader has asked for less motion.
BEGIN = """<script>
if (!matchMedia("(prefers-reduced-motion: reduce)").matches)
  new IntersectionObserver(([seen], watch) => {
    if (!seen.isIntersecting) return;
    watch.disconnect();
    seen.target.querySelector("[aria-label=Play]").click();
  }, { threshold: 0.5 }).observe(document.querySelector(".gallery-walk"));
</script>"""


def footballs(rows: int = 3, columns: int = 3) -> Tensor:
    """Return rows of what the generator of chapter 3 makes of the first codes."""
    generator = checkpoints.load_generator(checkpoints.shipped("soccer64"))
    codes = latent_codes(rows * columns, generator.latent_dim, seed=0)
    return sample_generator(generator, codes).unflatten(0, (rows, columns))


def mended(count: int = 3) -> Tensor:
    """Return rows: test pictures with holes, completed as in chapter 5, and as they were."""
    generator = checkpoints.load_generator(checkpoints.shipped("repair32"))
    known = data.load("soccer", "test", image_size=32, count=count)[:]
    hole = masks.center(1, 32)
    damaged = masks.composite(known, torch.full_like(known, torch.nan), hole)
    return torch.stack([damaged, repair.complete(generator, known, hole), known])


def grounds(count: int = 4) -> Tensor:
    """Return rows: test pictures on plain ground, and the same balls on grass."""
    named = ("plain", "grass")
    return torch.stack([data.load("soccer", "test", count=count, ground=g)[:] for g in named])


def picture(rows: Tensor, scale: int, gap: int = 3) -> bytes:
    """Return a PNG of images (rows, columns, 3, H, W); gaps and missing pixels are transparent."""
    height, width = (scale * side for side in rows.shape[-2:])
    sheet = np.zeros(
        (len(rows) * (height + gap) - gap, rows.shape[1] * (width + gap) - gap, 4), np.uint8
    )
    for i, row in enumerate(rows):
        for j, image in enumerate(row.permute(0, 2, 3, 1).numpy()):
            there = ~np.isnan(image)
            pixels = np.where(there, (np.nan_to_num(image).clip(-1, 1) + 1) * 127.5, 0).round()
            pixels = np.concatenate([pixels, 255.0 * there[..., :1]], 2).astype(np.uint8)
            pixels = pixels.repeat(scale, 0).repeat(scale, 1)
            top, left = i * (height + gap), j * (width + gap)
            sheet[top : top + height, left : left + width] = pixels
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def walk(alt: str) -> str:
    """Return a player that walks from ball to ball in latent space and comes back."""
    generator = checkpoints.load_generator(checkpoints.shipped("soccer64"))
    stops = latent_codes(WALK_STOPS, generator.latent_dim, seed=0)
    legs = zip(stops, stops.roll(-1, 0), strict=True)
    codes = torch.cat([plots.interpolate(a, b, WALK_STEPS + 1)[:-1] for a, b in legs])
    images = sample_generator(generator, torch.cat([codes, codes[:1]]))
    frames = [plots.tile(image[None]) for image in images]
    captions = [f"{k} of {len(codes)} steps" for k in range(len(frames))]
    player = plots.animation(frames, captions, alt=alt, interval_ms=WALK_MS, width=256, colors=128)
    return f'<div class="gallery-walk">{player.data}{BEGIN}</div>'


PICTURES = {
    "footballs": lambda: picture(footballs(), 2),
    "footballs-wide": lambda: picture(footballs(2, 4), 2),
    "repair": lambda: picture(mended(), 4),
    "repair-wide": lambda: picture(mended(4)[:2], 4),
    "two-grounds": lambda: picture(grounds(), 4),
    **{name: partial(draw, drawing) for name, drawing in DRAWINGS.items()},
}


class pictured(nodes.General, nodes.Element):
    """Holds the name and the description of a picture until the page is written."""


class Gallery(Directive):
    required_arguments = 1
    option_spec: ClassVar = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        if name not in (*PICTURES, "walk"):
            raise self.error(f"No picture {name!r}; there are {', '.join(PICTURES)} and walk.")
        if "alt" not in self.options:
            raise self.error("gallery needs :alt:")
        return [pictured("", name=name, alt=self.options["alt"])]


class Paint(SphinxPostTransform):
    default_priority = 4

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(pictured)):
            if node["name"] == "walk":
                node.replace_self(nodes.raw("", walk(node["alt"]), format="html"))
                continue
            content = PICTURES[node["name"]]()
            builder = self.app.builder
            name = f"{builder.imagedir}/{hashlib.sha256(content).hexdigest()}.png"
            target = Path(builder.outdir, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            uri = "../" * self.env.docname.count("/") + name
            # The theme puts a white ground behind other pictures when the page is dark.
            node.replace_self(
                nodes.image(uri=uri, candidates={"*": uri}, alt=node["alt"], classes=["dark-light"])
            )


def setup(app) -> dict:
    app.add_directive("gallery", Gallery)
    app.add_post_transform(Paint)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
