"""Pictures that move, as files: GIF, animated WebP or animated PNG."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..data.ranges import check_count
from ..training.files import write_atomically
from .animations import frame

__all__ = ["ANIMATIONS", "save_animation"]

# What the name of a picture that moves may end in, and how Pillow writes it.
ANIMATIONS: dict[str, dict[str, Any]] = {
    ".gif": {"format": "GIF", "disposal": 1},
    ".webp": {"format": "WEBP", "quality": 90, "method": 4},
    ".png": {"format": "PNG"},
    ".apng": {"format": "PNG"},
}


def save_animation(
    frames: Sequence[Any],
    path: str | os.PathLike,
    *,
    interval_ms: int = 80,
    last_ms: int | None = None,
) -> Path:
    """Write frames as one picture that moves, over and over, whole or not at all.

    Parameters
    ----------
    frames : sequence
        Of one size, two at least: whatever `frame` takes, such as arrays (H, W, 3) of uint8.
    path : str or path-like
        Where to write, ending in one of `ANIMATIONS`. A GIF has 256 colors a frame; an animated
        PNG has all of them and is the largest.
    interval_ms : int
        Milliseconds that a frame stays, 20 or more: browsers slow down what is faster.
    last_ms : int, optional
        How long the last one stays; by default as the others.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    ValueError
        If the name ends in something else, there are fewer than two frames, or they differ in
        size.
    """
    from PIL import Image

    path = Path(path)
    how = ANIMATIONS.get(path.suffix.lower())
    if how is None:
        raise ValueError(
            f"The name {path.name!r} does not say which kind of moving picture to write: let it "
            f"end in one of {', '.join(ANIMATIONS)}."
        )
    check_count("interval_ms", interval_ms, 20)
    if len(frames) < 2:
        raise ValueError(f"What moves has two frames at least, got {len(frames)}.")
    pictures = [Image.fromarray(frame(each)) for each in frames]
    sizes = {picture.size for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"All frames must have one size, not {sorted(sizes)}.")
    last = interval_ms if last_ms is None else last_ms
    check_count("last_ms", last, 20)
    buffer = io.BytesIO()
    # Frames that are alike are merged by Pillow into one that stays as long as all of them.
    pictures[0].save(
        buffer,
        save_all=True,
        append_images=pictures[1:],
        duration=[interval_ms] * (len(pictures) - 1) + [last],
        loop=0,
        **how,
    )
    write_atomically(path, buffer.getvalue())
    return path
