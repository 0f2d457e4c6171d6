"""Sphinx extension: show the docstrings of the library as they are written for people.

- In a type such as ``(N, *shape)`` the star is a star, not the start of emphasis.
- A name in single backticks becomes a link where the library has something of that name, and is
  set in italics otherwise: parameters, and names of other files.
"""

import re

STAR = re.compile(r"(?<![\\*\w`])\*(?=shape\b)")


def escape_stars(app, what, name, obj, options, lines) -> None:
    """Escape, in place, the lines of one docstring."""
    lines[:] = [line if "``" in line or ">>>" in line else STAR.sub(r"\\*", line) for line in lines]


def setup(app) -> dict:
    """Join the build: our change comes before numpydoc reads the lines."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", escape_stars, priority=100)
    return {"parallel_read_safe": True}
