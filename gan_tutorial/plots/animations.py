"""Pictures that move without a kernel: in the built book, from a file, in Jupyter and in Colab."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..data.ranges import check_count
from . import html

__all__ = ["Recorder", "animation", "frame"]

_PLAYER = """\
<div data-player="@ID@" style="@FRAME@;max-width:@WIDTH@px;padding:8px;\
font:14px/1.4 sans-serif">
<div style="overflow:hidden;aspect-ratio:@RATIO@">
<img class="dark-light" alt="@ALT@" src="@PNG@" style="width:@TOTAL@%;\
max-width:none;height:auto;margin:0;padding:0;border:0;border-radius:0;transform:@FINAL@@PIXELS@">
</div>
<div data-controls role="group" aria-label="Animation controls" \
style="display:none;gap:6px;align-items:center;margin-top:6px">
<button type="button" aria-label="Play">&#9654;&#xFE0E;</button>
<button type="button" aria-label="One frame back">&#8722;</button>
<button type="button" aria-label="One frame on">+</button>
<input type="range" min="0" max="@LAST@" value="@LAST@" aria-label="Frame" \
style="flex:1;min-width:0;accent-color:#0072B2">
</div>
<div data-caption style="min-height:1.4em;font-variant-numeric:tabular-nums">@CAPTION@</div>
</div>
<script>
for (const box of document.querySelectorAll('[data-player="@ID@"]')) {
  if (box.dataset.ready) continue;
  box.dataset.ready = "yes";
  const columns = @COLUMNS@, rows = @ROWS@, captions = @CAPTIONS@, last = @LAST@;
  const controls = box.querySelector("[data-controls]"), image = box.querySelector("img");
  const [play, back, on] = controls.querySelectorAll("button");
  const slider = controls.querySelector("input"), caption = box.querySelector("[data-caption]");
  let timer = null;
  const show = (k) => {
    k = Math.max(0, Math.min(last, k));
    const x = -100 * (k % columns) / columns, y = -100 * Math.floor(k / columns) / rows;
    image.style.transform = `translate(${x}%, ${y}%)`;
    slider.value = k;
    caption.textContent = captions[k];
    slider.setAttribute("aria-valuetext", captions[k]);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.innerHTML = "&#9654;&#xFE0E;";
    play.setAttribute("aria-label", "Play");
  };
  const step = (by) => { stop(); show(+slider.value + by); };
  back.onclick = () => step(-1);
  on.onclick = () => step(1);
  slider.oninput = () => step(0);
  play.onclick = () => {
    if (timer) return stop();
    play.innerHTML = "&#10074;&#10074;&#xFE0E;";
    play.setAttribute("aria-label", "Pause");
    if (+slider.value === last) show(0);
    timer = setInterval(() => {
      if (+slider.value < last) show(+slider.value + 1);
      else stop();
    }, @INTERVAL@);
  };
  let shown = 0;
  addEventListener("beforeprint", () => { stop(); shown = +slider.value; show(last); });
  addEventListener("afterprint", () => show(shown));
  controls.style.display = "flex";
  show(last);
}
</script>
"""


def animation(
    frames: Sequence[Any],
    captions: Sequence[str] | None = None,
    *,
    alt: str,
    interval_ms: int = 400,
    width: int | None = None,
    colors: int = 64,
) -> Any:
    """Show frames one after the other, with a slider, play and step buttons.

    All frames are packed in one small PNG inside the page, and a few lines of plain JavaScript
    move it behind a window: it works in the built book, from a file, in Jupyter and in Colab,
    without a kernel and without a network. It rests on the last frame, which tells the most, on
    paper and where scripts do not run too; nothing moves until the reader presses play, which
    starts from the first.

    Parameters
    ----------
    frames : sequence
        Frames of one size: PIL images, arrays (H, W) or (H, W, 3) of uint8 or of floats in
        [0, 1], or matplotlib figures (which are closed).
    captions : sequence of str, optional
        One line a frame; by default its number.
    alt : str
        What a reader who does not see the picture should be told about it.
    interval_ms : int
        Milliseconds between two frames while playing, at least 1.
    width : int, optional
        Width on the page in CSS pixels, at least 1; by default that of the frames, at most 760.
        On a narrow page it shrinks.
    colors : int
        Size of the common palette, 2 to 256: the fewer, the smaller the picture.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    ValueError
        If there is no frame, frames differ in size, `alt` is empty, captions do not match, or a
        number is out of range.
    """
    if not len(frames):
        raise ValueError("there is no frame to show")
    html.check_alt(alt)
    check_count("interval_ms", interval_ms)
    check_count("colors", colors, 2, 256)
    if width is not None:
        check_count("width", width)
    pictures = [frame(given) for given in frames]
    sizes = {picture.shape for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"all frames must have one size, not {sorted(sizes)}")
    number = len(pictures)
    if captions is None:
        captions = [f"{k} of {number}" for k in range(1, number + 1)]
    if len(captions) != number:
        raise ValueError(f"{len(captions)} captions for {number} frames: give one for each")

    height, frame_width = pictures[0].shape[:2]
    columns = math.ceil(math.sqrt(number))
    rows = math.ceil(number / columns)
    sheet = html.png(_sprite(pictures, columns, rows), colors)
    shown = min(frame_width, 760) if width is None else width
    x, y = -100 * ((number - 1) % columns) / columns, -100 * ((number - 1) // columns) / rows
    return html.figure(
        "player",
        _PLAYER,
        width=shown,
        ratio=f"{frame_width}/{height}",
        alt=html.text(alt),
        total=100 * columns,
        final=f"translate({x:.4f}%,{y:.4f}%)",
        # Enlarged frames are drawn as crisp squares: small images are seen as they are.
        pixels=";image-rendering:pixelated" if shown > frame_width else "",
        caption=html.text(captions[-1]),
        captions=html.script([str(caption) for caption in captions]),
        columns=columns,
        rows=rows,
        last=number - 1,
        interval=interval_ms,
        png=sheet,
    )


class Recorder:
    """Callback of `gan_tutorial.fit` that keeps a picture of the run every few steps.

    Parameters
    ----------
    draw : callable
        ``draw(state)`` gives one frame: anything that `animation` takes. ``state.step`` is the
        step just done and ``state.task`` what is being trained.
    every : int
        Steps between two frames, at least 1.
    steps : sequence of int, optional
        The steps at which to draw, counted from 1, in place of `every`.

    Attributes
    ----------
    frames : list of numpy.ndarray
        The frames so far.
    captions : list of str
        One a frame: its step.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> recorder = Recorder(lambda state: np.zeros((4, 4)), every=10)
    >>> for step in range(1, 31):
    ...     recorder(SimpleNamespace(step=step, task=None))
    >>> recorder.captions
    ['step 10', 'step 20', 'step 30']
    """

    def __init__(
        self,
        draw: Callable[[Any], Any],
        every: int = 50,
        steps: Sequence[int] | None = None,
    ) -> None:
        check_count("every", every)
        for step in steps or ():
            check_count("Each of steps", step)
        self.draw = draw
        self.every = every
        self.steps = None if steps is None else frozenset(steps)
        self.frames: list[np.ndarray] = []
        self.captions: list[str] = []

    def __call__(self, state: Any) -> None:
        """Draw a frame if this step is one to keep."""
        wanted = state.step % self.every == 0 if self.steps is None else state.step in self.steps
        if wanted:
            self.frames.append(frame(self.draw(state)))
            self.captions.append(f"step {state.step:,}")

    def animation(self, *, alt: str, **options: Any) -> Any:
        """Show what was recorded; the arguments are those of `animation`."""
        return animation(self.frames, self.captions, alt=alt, **options)


def frame(picture: Any) -> np.ndarray:
    """Turn a picture into what `animation` is made of.

    Parameters
    ----------
    picture : PIL image, array or matplotlib figure
        An array has shape (H, W) or (H, W, 3) and holds uint8, or floats in [0, 1]. A figure is
        closed, so that many of them do not fill the memory.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8.

    Raises
    ------
    ValueError
        If an array has another shape or range.
    """
    if hasattr(picture, "savefig"):
        import matplotlib.pyplot as plt
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas = FigureCanvasAgg(picture)
        canvas.draw()
        array = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        plt.close(picture)
        return array
    if hasattr(picture, "convert"):
        return np.asarray(picture.convert("RGB"))
    array = np.asarray(picture)
    if array.ndim == 2:
        array = array[..., None].repeat(3, axis=2)
    if array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(f"a frame must have shape (H, W) or (H, W, 3), not {array.shape}")
    if array.dtype == np.uint8:
        return array
    if not (array.min() >= 0 and array.max() <= 1):
        raise ValueError("a frame of floats must lie in [0, 1]; plots.tile makes frames of images")
    return (array * 255).round().astype(np.uint8)


def _sprite(pictures: list[np.ndarray], columns: int, rows: int) -> np.ndarray:
    """Lay frames out in one picture, (rows * H, columns * W, 3)."""
    height, width = pictures[0].shape[:2]
    sheet = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // columns * height, index % columns * width
        sheet[top : top + height, left : left + width] = picture
    return sheet
