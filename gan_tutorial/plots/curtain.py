"""Damaged and repaired pictures behind a curtain that a reader can draw.

`curtain` is one self-contained piece of HTML, which works in a built page without a kernel.
`live_repair` computes while you move the hole, and needs a running kernel; it works with
ipywidgets 7.7 and 8.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..data.ranges import check_count
from ..repair.completion import complete
from ..repair.masks import composite
from . import html
from .images import tile

__all__ = ["curtain", "live_repair"]


def curtain(layers: dict[str, Tensor], *, alt: str, size: int = 288) -> Any:
    """Show pictures with a curtain between two versions of them.

    The reader chooses a picture, a version on either side, and how far the curtain is drawn.

    Parameters
    ----------
    layers : dict of str to Tensor
        The versions by name, at least two, each of shape (N, C, H, W) in [-1, 1]. At first the
        first one covers the left half and the last one the right half.
    alt : str
        What a reader who does not see the pictures should be told about them.
    size : int
        Side of the picture on the page in CSS pixels, at least 1; on a narrow page it shrinks.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    ValueError
        If there are fewer than two versions, they differ in shape, `alt` is empty, or `size` is
        out of range.
    """
    if len(layers) < 2:
        raise ValueError(f"A curtain hangs between two versions or more, got {len(layers)}.")
    html.check_alt(alt)
    check_count("size", size)
    shapes = {tuple(images.shape) for images in layers.values()}
    if len(shapes) > 1:
        raise ValueError(f"all versions must have one shape, not {sorted(shapes)}")
    (shape,) = shapes
    sheet = tile(torch.cat(list(layers.values())), columns=shape[0], gap=0)
    names = list(layers)
    return html.figure(
        "curtain",
        _PAGE,
        alt=html.text(alt),
        size=size,
        ratio=f"{shape[3]}/{shape[2]}",
        options="".join(f"<option>{html.text(name)}</option>" for name in names),
        names=html.script(names),
        pictures=shape[0],
        last=shape[0] - 1,
        versions=len(names),
        background=f"{100 * shape[0]}% {100 * len(names)}%",
        png=html.png(sheet),
    )


_PAGE = """\
<div id="@ID@" style="@FRAME@;border:1px solid #ccc;padding:.8em;max-width:@SIZE@px;\
font:14px/1.5 sans-serif">
<div data-stage role="img" aria-label="@ALT@" style="position:relative;aspect-ratio:@RATIO@">
<div data-layer style="position:absolute;inset:0"></div>
<div data-layer style="position:absolute;inset:0"></div>
<div data-edge style="position:absolute;top:0;bottom:0;width:2px;background:#fff;\
box-shadow:0 0 2px #000"></div></div>
<label style="display:flex;gap:.6em;align-items:center;margin-top:.5em">curtain
<input data-draw type="range" min="0" max="100" value="50" \
style="flex:1;min-width:0;accent-color:#0072B2"></label>
<label style="display:flex;gap:.6em;align-items:center">picture
<input data-picture type="range" min="0" max="@LAST@" value="0" \
style="flex:1;min-width:0;accent-color:#0072B2"></label>
<label style="display:flex;gap:.6em;margin-top:.3em">left
<select data-left style="flex:1;min-width:0">@OPTIONS@</select></label>
<label style="display:flex;gap:.6em;margin-top:.3em">right
<select data-right style="flex:1;min-width:0">@OPTIONS@</select></label>
<div data-words aria-live="polite" style="margin-top:.4em"></div>
<noscript>This figure needs JavaScript.</noscript>
</div>
<script>
for (const box of document.querySelectorAll('[id="@ID@"]')) {
  if (box.dataset.ready) continue;
  box.dataset.ready = "yes";
  const names = @NAMES@;
  const get = (name) => box.querySelector("[data-" + name + "]");
  const layers = box.querySelectorAll("[data-layer]");
  const pictures = @PICTURES@, versions = @VERSIONS@;
  for (const layer of layers) {
    layer.style.backgroundImage = "url(@PNG@)";
    layer.style.backgroundSize = "@BACKGROUND@";
    layer.style.imageRendering = "pixelated";
  }
  get("left").selectedIndex = 0;
  get("right").selectedIndex = versions - 1;
  function draw() {
    const k = Number(get("picture").value), open = Number(get("draw").value);
    [get("right").selectedIndex, get("left").selectedIndex].forEach((version, i) => {
      layers[i].style.backgroundPosition = (pictures > 1 ? 100 * k / (pictures - 1) : 0) + "% " +
        100 * version / (versions - 1) + "%";
    });
    layers[1].style.clipPath = "inset(0 " + (100 - open) + "% 0 0)";
    get("edge").style.left = "calc(" + open + "% - 1px)";
    get("words").textContent = "Picture " + (k + 1) + " of " + pictures + ": left, " +
      names[get("left").selectedIndex] + "; right, " + names[get("right").selectedIndex] + ".";
  }
  box.addEventListener("input", draw);
  draw();
}
</script>
"""


def live_repair(generator: nn.Module, images: Tensor) -> Any:
    """Return sliders for a hole, and the picture that is repaired as you move them.

    Needs a running kernel (Jupyter, Colab).

    Parameters
    ----------
    generator : nn.Module
        A generator as `UNetGenerator`.
    images : Tensor, shape (N, C, H, W)
        Pictures to damage, in [-1, 1].

    Returns
    -------
    ipywidgets.VBox
        Five sliders above one figure.
    """
    import ipywidgets

    height, width = images.shape[2:]

    def slider(value: int, low: int, high: int, name: str) -> Any:
        return ipywidgets.IntSlider(value=value, min=low, max=high, description=name)

    controls = {
        "picture": slider(0, 0, len(images) - 1, "picture"),
        "left": slider(width // 4, 0, width - 2, "left"),
        "top": slider(height // 4, 0, height - 2, "top"),
        "side": slider(width // 2, 1, min(height, width) - 1, "side"),
        "seed": slider(0, 0, 20, "noise"),
    }

    def draw(picture: int, left: int, top: int, side: int, seed: int) -> None:
        import matplotlib.pyplot as plt

        from .images import image_grid

        image_grid(hole_by_hole(generator, images[picture], left, top, side, seed), columns=3)
        plt.show()

    figure = ipywidgets.interactive_output(draw, controls)
    return ipywidgets.VBox([*controls.values(), figure])


def hole_by_hole(
    generator: nn.Module, image: Tensor, left: int, top: int, side: int, seed: int = 0
) -> Tensor:
    """Return a picture (C, H, W) damaged, repaired and whole, shape (3, C, H, W)."""
    mask = torch.ones(1, 1, *image.shape[1:])
    mask[..., top : top + side, left : left + side] = 0
    x = image[None]
    damaged = composite(x, torch.ones_like(x), mask)
    return torch.cat([damaged, complete(generator, x, mask, seed), x])
