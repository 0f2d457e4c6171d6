"""What every figure of HTML needs: its fields filled in, text kept text, and an id of its own.

A template names its fields ``@LIKE_THIS@``; ``@ID@`` is the figure's own id. A page may hold the
outputs of several programs, and a book is built twice to see whether anything changed: so an id is
made of what the figure shows, and where one program shows the same twice, of the number as well.
"""

import base64
import hashlib
import html
import io
import json
import re
from collections import Counter
from typing import Any

import numpy as np

__all__ = ["FRAME", "check_alt", "figure", "png", "script", "text"]

# Its own light background and dark text keep a figure legible on light and dark pages alike.
FRAME = "background:#fff;color:#1a1a1a;border-radius:6px;color-scheme:light"

_shown: Counter[str] = Counter()


def figure(kind: str, template: str, **fields: object) -> Any:
    """Make a figure of a template.

    Parameters
    ----------
    kind : str
        What the id begins with, such as ``curtain``.
    template : str
        Self-contained HTML with fields.
    **fields
        What to put in for each field, in small letters; the text of `text` and `script`, or
        numbers. What is put in is not searched for fields again.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    KeyError
        If a field of the template is not given.
    """
    from IPython.display import HTML

    given = {name.upper(): str(value) for name, value in fields.items()}
    given.setdefault("FRAME", FRAME)
    content = "\0".join([template, *(f"{name}\0{given[name]}" for name in sorted(given))])
    digest = hashlib.sha256(content.encode()).hexdigest()[:10]
    _shown[f"{kind}-{digest}"] += 1
    number = _shown[f"{kind}-{digest}"]
    given["ID"] = f"{kind}-{digest}" + (f"-{number}" if number > 1 else "")
    return HTML(re.sub(r"@([A-Z]+)@", lambda field: given[field[1]], template))


def text(words: object) -> str:
    """Write words so that they stay words, between tags and within an attribute's quotes."""
    return html.escape(str(words), quote=True)


def script(value: object) -> str:
    r"""Write a value for a script: nothing in it can end the script or begin a comment.

    Examples
    --------
    >>> script(["</script>", 1])
    '["\\u003c/script>",1]'
    """
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def png(pixels: np.ndarray, colors: int | None = None) -> str:
    """Write a picture as the address of an image that is in the page itself.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, 3)
    colors : int, optional
        Size of its palette, 2 to 256: the fewer, the smaller; by default all its colors.
    """
    from PIL import Image

    image = Image.fromarray(pixels)
    if colors is not None:
        image = image.quantize(colors, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def check_alt(alt: str) -> None:
    """Raise ValueError unless there is something to say to a reader who sees no picture."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("alt is empty: say in a sentence what the picture shows.")
