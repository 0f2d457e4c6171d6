"""A Sphinx extension: every picture says how large it is, and is loaded when it is needed.

A page whose pictures have a width and a height does not jump while it loads; a style sheet makes
them narrower where the column is. The first picture may be on the first screen: it is not lazy.
Large pictures that a notebook has put into the page, the frames of an animation, become files: the
text of the page need not wait for them. Large PNG become WebP: it keeps every pixel and is half as
large.
"""

import base64
import hashlib
import io
import re
from pathlib import Path
from urllib.parse import unquote

import imagesize
from PIL import Image

PICTURE = re.compile(r"<img\b[^>]*>")
INLINE = re.compile(r"data:image/(?P<kind>[\w+.-]+);base64,(?P<data>.*)", re.DOTALL)
LARGE = 8192  # characters of a picture in a page


def measured(tag: str, size: tuple[int, int] | None, lazy: bool) -> str:
    """Return the tag of a picture with what it lacks of width, height and the time to load it."""
    added = ""
    if size and min(size) > 0 and not re.search(r"\s(width|height)=", tag):
        added += f' width="{round(size[0])}" height="{round(size[1])}"'  # a drawing's are not whole
    if lazy and "loading=" not in tag:
        added += ' loading="lazy"'
    elif size and not lazy:
        added += ' fetchpriority="high"'  # before the scripts: it is most of what is seen first
    return f"<img{added}{tag[4:]}"


def size_of(source: str, files: dict[str, Path]) -> tuple[int, int] | None:
    """Return the width and the height of a picture in pixels; None where that is not known."""
    if inline := INLINE.match(source):
        return imagesize.get(io.BytesIO(base64.b64decode(inline["data"])))
    path = files.get(unquote(source.split("?")[0]).rsplit("/", 1)[-1])
    return imagesize.get(path) if path and path.is_file() else None


def content_of(source: str, files: dict[str, Path]) -> bytes | None:
    """Return a large picture that could be lighter: one that stands in the page, or a PNG."""
    if inline := INLINE.match(source):
        return base64.b64decode(inline["data"]) if len(source) > LARGE else None
    path = files.get(unquote(source).rsplit("/", 1)[-1])
    if "_images/" in source and path and path.suffix == ".png" and path.is_file():
        return path.read_bytes() if path.stat().st_size > LARGE else None
    return None


def write_light(content: bytes, folder: Path) -> str:
    """Write a picture as a file, of the lighter of two kinds; return the file's name."""
    name = f"light-{hashlib.sha256(content).hexdigest()}"  # the PNG may have its hash as a name
    if known := next(folder.glob(f"{name}.*"), None):
        return known.name
    with Image.open(io.BytesIO(content)) as picture:
        kind = (picture.format or "").lower()
        if kind == "png":
            packed = io.BytesIO()
            picture.save(packed, "WEBP", lossless=True, exact=True, quality=50)
            if len(packed.getvalue()) < len(content):
                content, kind = packed.getvalue(), "webp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.{kind}").write_bytes(content)
    return f"{name}.{kind}"


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
        count += 1
        found = re.search(r'\ssrc="([^"]*)"', match[0])
        if not found:
            return measured(match[0], None, count > 1)
        tag, source = match[0], found[1]
        if content := content_of(source, files):
            name = write_light(content, Path(app.outdir, "_images"))
            tag = tag.replace(source, f"{'../' * pagename.count('/')}_images/{name}")
        return measured(tag, size_of(source, files), count > 1)

    context["body"] = PICTURE.sub(replace, body)


def setup(app) -> dict:
    app.connect("html-page-context", dress, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
