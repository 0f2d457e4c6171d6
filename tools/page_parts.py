"""A Sphinx extension: what stands on every page beside its text, and what does not.

- Scripts that a page has no use for are not loaded: Thebe, which fetches its code from elsewhere,
  and MathJax, 1.2 MB, where there is no formula.
- The bibliography is read aloud as plain paragraphs: the roles that Sphinx gives it contradict
  each other.
"""


def clean(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    context["script_files"] = [
        script for script in context["script_files"] if wanted(script, has_math(body))
    ]
    if "citation-list" in body:
        body = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        context["body"] = body.replace(' role="doc-biblioentry"', "")


def has_math(body: str) -> bool:
    return 'class="math' in body or "class='math" in body


def wanted(script, math: bool) -> bool:
    """Decide about one script, which has a file name or a body."""
    text = f"{script.filename or ''} {script.attributes.get('body') or ''}"
    if "thebe" in text.lower():
        return False
    return math or "mathjax/" not in text


def setup(app) -> dict:
    # Late, when the other extensions have added what they add.
    app.connect("html-page-context", clean, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
