"""A Sphinx extension: what stands on every page beside its text, and what does not.

- Scripts that a page has no use for are not loaded: Thebe, which fetches its code from elsewhere,
  and MathJax, 1.2 MB, where there is no formula.
- Under the title of a chapter stands what it needs: how long its notebook ran, and on what.
- ``{versions}`` lists what the book was built with.
- The bibliography is read aloud as plain paragraphs: the roles that Sphinx gives it contradict
  each other.
"""

import platform
from importlib.metadata import version

from docutils import nodes
from docutils.parsers.rst import Directive

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "matplotlib", "jupyter-book")


def clean(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    context["script_files"] = [
        script for script in context["script_files"] if wanted(script, has_math(body))
    ]
    if "citation-list" in body:
        body = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        body = body.replace(' role="doc-biblioentry"', "")
    run = app.env.nb_metadata.get(pagename, {}).get("exec_data")
    if run and run.get("runtime"):
        body = body.replace("</h1>", f"</h1>\n{needs(run['runtime'])}", 1)
    context["body"] = body


def needs(seconds: float) -> str:
    """Return the line about a notebook that ran for so long."""
    time = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
    return (
        f'<p class="needs">Ran in {time} on one processor core when this page was built; it needs '
        "no GPU and no network. Run it yourself in Colab (the rocket above), or download it.</p>"
    )


class Versions(Directive):
    def run(self) -> list[nodes.Node]:
        lines = [f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
        lines += [f"{package} {version(package)}" for package in PACKAGES]
        items = [nodes.list_item("", nodes.paragraph("", line)) for line in lines]
        return [nodes.bullet_list("", *items)]


def has_math(body: str) -> bool:
    return 'class="math' in body or "class='math" in body


def wanted(script, math: bool) -> bool:
    """Decide about one script, which has a file name or a body."""
    text = f"{script.filename or ''} {script.attributes.get('body') or ''}"
    if "thebe" in text.lower():
        return False
    return math or "mathjax/" not in text


def setup(app) -> dict:
    app.add_directive("versions", Versions)
    # Late, when the other extensions have added what they add.
    app.connect("html-page-context", clean, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
