"""A page to play with a generator: pictures of a plane of latent codes, to be explored."""

import base64
import html as escape
import io
from collections.abc import Sequence

import torch
from torch import Tensor

from ..data.ranges import check_count
from .html import script
from .images import interpolate, tile

__all__ = ["plane_codes", "playground"]

LOSSLESS = 16  # side of pictures up to which every pixel is to be seen as it is

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@</title>
<style>
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #767676; --mark: #d55e00 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --paper: #181818; --line: #8c8c8c; --mark: #ffa366 } }
body { margin: 0 auto; padding: 1rem; max-width: 46rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.3rem; margin: 0 0 .5rem }
main { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)) }
#pad { position: relative; overflow: hidden; touch-action: none; cursor: crosshair;
  border: 1px solid var(--line); aspect-ratio: @ASPECT@ }
#pad:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
#pad img { position: absolute; inset: 0; width: 100%; height: 100% }
#mark { position: absolute; box-sizing: border-box; border: 3px solid var(--mark);
  box-shadow: 0 0 0 1px #fff; pointer-events: none }
#one { border: 1px solid var(--line); overflow: hidden; position: relative; aspect-ratio: @ASPECT@ }
#one img { position: absolute; width: @TOTAL@%; height: @TOTAL@% }
img { image-rendering: @RENDERING@ }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .75rem 0 }
button, select { font: inherit; min-height: 2.75rem; padding: 0 .9rem; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 4px }
option { color: #1a1a1a; background: #fff }
p { margin: .5rem 0 }
</style>
<h1>@TITLE@</h1>
<p>Drag over the plane of codes, or move with the arrow keys: what the generator makes at that place
stands large beside it.</p>
<div class="row"><label for="which">Plane</label><select id="which"></select>
<button type="button" id="next">Next plane</button></div>
<main>
<div id="pad" tabindex="0" role="application" aria-label="Plane of latent codes"
aria-describedby="where"><img alt="" draggable="false"><div id="mark"></div></div>
<div id="one" role="img" aria-label="The sample at this place"><img alt=""></div>
</main>
<p id="where" aria-live="polite"></p>
<p>@ABOUT@</p>
<script>
"use strict";
const planes = @PLANES@, side = @SIDE@;
const id = (name) => document.getElementById(name);
const pad = id("pad"), mark = id("mark"), which = id("which");
let plane = 0, x = (side - 1) >> 1, y = x;
planes.forEach(({ name }, k) => which.add(new Option(name, k)));
function show() {
  const within = (v) => Math.max(0, Math.min(side - 1, v));
  x = within(x);
  y = within(y);
  const sheet = planes[plane].sheet;
  for (const image of [pad.firstChild, id("one").firstChild])
    if (image.src !== sheet) image.src = sheet;
  const cell = 100 / side;
  const place = { width: cell, height: cell, left: x * cell, top: y * cell };
  for (const [name, value] of Object.entries(place)) mark.style[name] = value + "%";
  id("one").firstChild.style.translate = `${-x * cell}% ${-y * cell}%`;
  id("where").textContent =
    `${planes[plane].name}: column ${x + 1} and row ${y + 1} of ${side}.`;
  which.value = plane;
}
function point(event) {
  const box = pad.getBoundingClientRect();
  x = Math.floor((event.clientX - box.left) / box.width * side);
  y = Math.floor((event.clientY - box.top) / box.height * side);
  show();
}
pad.addEventListener("pointerdown", (event) => {
  pad.setPointerCapture(event.pointerId);
  point(event);
});
pad.addEventListener("pointermove", (event) => {
  if (pad.hasPointerCapture(event.pointerId)) point(event);
});
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
pad.addEventListener("keydown", (event) => {
  const [dx, dy] = ARROWS[event.key] || [];
  if (dx === undefined) return;
  event.preventDefault();
  x += dx;
  y += dy;
  show();
});
which.addEventListener("change", () => { plane = +which.value; show(); });
id("next").addEventListener("click", () => { plane = (plane + 1) % planes.length; show(); });
show();
</script>
</html>
"""


def plane_codes(corners: Tensor, side: int) -> Tensor:
    """Return the codes of a plane that is spanned by four of them.

    Parameters
    ----------
    corners : Tensor, shape (4, k)
        At the upper left, upper right, lower left and lower right.
    side : int
        Codes along each edge, at least 2.

    Returns
    -------
    Tensor, shape (side * side, k)
        Row by row; on the way between two codes lie those of `interpolate`, of usual length.
    """
    check_count("side", side, 2)
    a, b, c, d = corners
    upper, lower = interpolate(a, b, side), interpolate(c, d, side)
    columns = [interpolate(u, v, side) for u, v in zip(upper, lower, strict=True)]
    return torch.stack(columns, 1).flatten(0, 1)


def playground(planes: dict[str, Tensor], side: int, *, title: str, about: Sequence[str]) -> str:
    """Return a page that holds all it needs, and works from a file without a network.

    Parameters
    ----------
    planes : dict of str to Tensor
        Pictures (side * side, C, H, W) in [-1, 1] by the name of their plane, at least one.
    side : int
        Pictures along each edge.
    title : str
    about : sequence of str
        Sentences that stand below.

    Raises
    ------
    ValueError
        If there is no plane, or one holds another number of pictures.
    """
    if not planes:
        raise ValueError("There is no plane to show.")
    for name, pictures in planes.items():
        if len(pictures) != side * side:
            raise ValueError(f"{name} holds {len(pictures)} pictures, and not {side} x {side}.")
    first = next(iter(planes.values()))
    height, width = first.shape[2:]
    small = max(height, width) <= LOSSLESS
    sheets = [{"name": name, "sheet": _sheet(each, side, small)} for name, each in planes.items()]
    fields = {
        "TITLE": escape.escape(title),
        "ABOUT": escape.escape(" ".join(about)),
        "ASPECT": f"{width}/{height}",
        "TOTAL": str(100 * side),
        "SIDE": str(side),
        "RENDERING": "pixelated" if max(height, width) < 128 else "auto",
        "PLANES": script(sheets),
    }
    page = _PAGE
    for name, value in fields.items():
        page = page.replace(f"@{name}@", value)
    return page


def _sheet(pictures: Tensor, side: int, lossless: bool) -> str:
    """Return pictures in one WebP file, as an address within the page."""
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.fromarray(tile(pictures, columns=side, gap=0))
    image.save(buffer, "WEBP", lossless=lossless, quality=90)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
