"""A Sphinx extension: what stands in the head of a page, and the page at the book's address.

- The width of the page is said once: docutils, Sphinx and the theme say it each (the template
  layout.html takes out what the theme says).
- `index.html`, which only leads to the title page, has a title, a language and a link, for those
  whose browser does not follow by itself.
"""

import re
from html import escape
from pathlib import Path

VIEWPORT = re.compile(r'<meta[^>]*name="viewport"[^>]*>\s*')

INDEX = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>{title}</title>
    <meta http-equiv="refresh" content="0; url={page}" />
    <link rel="canonical" href="{home}{page}" />
    <link rel="icon" href="_static/{icon}" />
  </head>
  <body>
    <p><a href="{page}">{title}</a></p>
  </body>
</html>
"""


def say_width_once(app, pagename, templatename, context, doctree) -> None:
    context["metatags"] = VIEWPORT.sub("", context.get("metatags") or "")


def write_index(app, exception) -> None:
    if exception or app.builder.name != "html":
        return
    text = INDEX.format(
        language=app.config.language,
        title=escape(app.env.titles[app.config.root_doc].astext()),
        page=app.builder.get_target_uri(app.config.root_doc),
        home=app.config.html_baseurl,
        icon=Path(app.config.html_favicon).name,
    )
    Path(app.outdir, "index.html").write_text(text, encoding="utf-8")


def setup(app) -> dict:
    app.connect("html-page-context", say_width_once, priority=900)
    app.connect("build-finished", write_index, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
