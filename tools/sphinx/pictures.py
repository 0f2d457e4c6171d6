"""A Sphinx extension: every picture says how large it is, and is loaded when it is needed.

A page whose pictures have a width and a height does not jump while it loads; a style sheet makes
them narrower where the column is. The first picture may be on the first screen: it is not lazy.
Large pictures that a notebook has put into the page, the frames of an animation, become files: the
text of the page need not wait for them.
"""

import base64
import hashlib
import io
import re
from pathlib import Path
from urllib.parse import unquote

import imagesize

PICTURE = re.compile(r"<img\b[^>]*>")
INLINE = re.compile(r"data:image/(?P<kind>[\w+.-]+);base64,(?P<data>.*)", re.DOTALL)
LARGE = 8192  # characters of a picture in a page


def measured(tag: str, size: tuple[int, int] | None, lazy: bool) -> str:
    """Return the tag of a picture with what it lacks of width, height and loading."""
    added = ""
    if size and min(size) > 0 and not re.search(r"\s(width|height)=", tag):
        added += f' width="{round(size[0])}" height="{round(size[1])}"'  # a drawing's are not whole
    if lazy and "loading=" not in tag:
        added += ' loading="lazy"'
    return f"<img{added}{tag[4:]}"


def size_of(source: str, files: dict[str, Path]) -> tuple[int, int] | None:
    """Return the width and the height of a picture in pixels; None where that is not known."""
    if inline := INLINE.match(source):
        return imagesize.get(io.BytesIO(base64.b64decode(inline["data"])))
    path = files.get(unquote(source.split("?")[0]).rsplit("/", 1)[-1])
    return imagesize.get(path) if path and path.is_file() else None


def filed(tag: str, source: str, pages: Path, pagename: str) -> str:
    """Return the tag of a picture; one that is large and stands in the page becomes a file."""
    inline = INLINE.match(source)
    if not inline or len(source) < LARGE:
        return tag
    content = base64.b64decode(inline["data"])
    path = f"_images/{hashlib.sha256(content).hexdigest()}.{inline['kind'].partition('+')[0]}"
    (pages / path).parent.mkdir(parents=True, exist_ok=True)
    (pages / path).write_bytes(content)
    return tag.replace(source, "../" * pagename.count("/") + path)


def files_of(app) -> dict[str, Path]:
    """Return where the pictures of the book are before Sphinx copies them, by their built names."""
    built = Path(app.outdir, "_images")
    files = {path.name: path for path in built.glob("*")} if built.is_dir() else {}
    return files | {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}


def dress(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    if "<img" not in body:
        return
    files, count = files_of(app), 0

    def replace(match: re.Match) -> str:
        nonlocal count
        source = re.search(r'\ssrc="([^"]*)"', match[0])
        count += 1
        if not source:
            return measured(match[0], None, count > 1)
        size = size_of(source[1], files)
        return measured(filed(match[0], source[1], Path(app.outdir), pagename), size, count > 1)

    context["body"] = PICTURE.sub(replace, body)


def setup(app) -> dict:
    app.connect("html-page-context", dress, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
