"""The latent space of a conditional generator, to walk through in a page without a kernel."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..data.ranges import check_count
from . import html
from .images import tile

__all__ = ["class_explorer"]


def class_explorer(images: Tensor, classes: Sequence[str], *, alt: str, size: int = 256) -> Any:
    """Show pictures on a square of codes: the reader chooses a class, and drags.

    Parameters
    ----------
    images : Tensor, shape (K, n, n, C, H, W)
        In [-1, 1]: for every class the pictures of the same n x n codes, n at least 2.
    classes : sequence of str
        The K names.
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
        If the shape does not fit, a name is missing, `alt` is empty, or `size` is out of range.
    """
    shape = tuple(images.shape)
    if len(shape) != 6 or shape[1] != shape[2] or shape[1] < 2 or shape[0] != len(classes):
        raise ValueError(
            f"Pictures of {len(classes)} classes on a square of codes have the shape "
            f"({len(classes)}, n, n, C, H, W) with n of 2 or more, not {shape}."
        )
    html.check_alt(alt)
    check_count("size", size)
    side = shape[1]
    sheet = tile(images.reshape(-1, *shape[3:]), columns=side, gap=0)  # classes below each other
    return html.figure(
        "explorer",
        _PAGE,
        alt=html.text(alt),
        size=size,
        ratio=f"{shape[5]}/{shape[4]}",
        options="".join(f"<option>{html.text(name)}</option>" for name in classes),
        side=side,
        last=side - 1,
        middle=side // 2,
        rows=side * shape[0],
        background=f"{100 * side}% {100 * side * shape[0]}%",
        png=html.png(sheet, 64),
    )


_PAGE = """\
<div id="@ID@" style="@FRAME@;border:1px solid #ccc;padding:.8em;max-width:@SIZE@px;\
font:14px/1.5 sans-serif">
<div data-stage role="img" aria-label="@ALT@" style="position:relative;aspect-ratio:@RATIO@;\
touch-action:none;cursor:move;background-image:url(@PNG@);background-size:@BACKGROUND@;\
image-rendering:pixelated"></div>
<label style="display:flex;gap:.6em;margin-top:.5em">class
<select data-class style="flex:1;min-width:0">@OPTIONS@</select></label>
<label style="display:flex;gap:.6em;align-items:center;margin-top:.3em">across
<input data-x type="range" min="0" max="@LAST@" value="@MIDDLE@" \
style="flex:1;min-width:0;accent-color:#0072B2"></label>
<label style="display:flex;gap:.6em;align-items:center">down
<input data-y type="range" min="0" max="@LAST@" value="@MIDDLE@" \
style="flex:1;min-width:0;accent-color:#0072B2"></label>
<div data-words aria-live="polite" style="margin-top:.4em"></div>
<noscript>This figure needs JavaScript.</noscript>
</div>
<script>
for (const box of document.querySelectorAll('[id="@ID@"]')) {
  if (box.dataset.ready) continue;
  box.dataset.ready = "yes";
  const get = (name) => box.querySelector("[data-" + name + "]");
  const stage = get("stage"), side = @SIDE@, rows = @ROWS@;
  function draw() {
    const x = Number(get("x").value), y = Number(get("y").value), k = get("class").selectedIndex;
    stage.style.backgroundPosition =
      100 * x / (side - 1) + "% " + 100 * (k * side + y) / (rows - 1) + "%";
    get("words").textContent = "Class " + get("class").value + ", code " + (x + 1) +
      " across and " + (y + 1) + " down, of " + side + " by " + side + ".";
  }
  function drag(event) {
    if (event.buttons !== 1) return;
    const at = stage.getBoundingClientRect();
    const cell = (part) => Math.max(0, Math.min(side - 1, Math.floor(part * side)));
    get("x").value = cell((event.clientX - at.left) / at.width);
    get("y").value = cell((event.clientY - at.top) / at.height);
    draw();
  }
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    drag(event);
  });
  stage.addEventListener("pointermove", drag);
  box.addEventListener("input", draw);
  draw();
}
</script>
"""
