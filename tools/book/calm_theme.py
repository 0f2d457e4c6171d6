"""Let the theme's script no longer ask every box of a page whether it scrolls.

It asks each block of code and each table, folded ones as well, and notes the answer, in turn, so
that each question has the page laid out anew: in a chapter a hundred times, and again after every
few formulas. What it notes, whether the Tab key stops there, book/_assets/phone.js does.
"""

import re
from pathlib import Path

SCRIPT = Path("_static", "scripts", "pydata-sphinx-theme.js")
ASKS = re.compile(r"\.forEach\(\(?(\w+)=>\{\1\.tabIndex=\1\.scrollWidth>[^?{}]*\?0:-1\}\)?\)")
ASKED_NO_MORE = ".length/* calm */"


def calm(pages: Path) -> None:
    """Rewrite the script of the built book; ValueError if it is another one than we know."""
    script = pages / SCRIPT
    text = script.read_text(encoding="utf-8")
    if ASKED_NO_MORE in text:
        return
    text, found = ASKS.subn(ASKED_NO_MORE, text)
    if found != 1:
        raise ValueError(
            f"{SCRIPT.name} is a new one: see whether it still asks every box in turn whether it "
            "scrolls, and mend tools/book/calm_theme.py."
        )
    script.write_text(text, encoding="utf-8")
