"""A Sphinx extension: what stands on every page beside its text, and what does not.

- Scripts that a page has no use for are not loaded: Thebe, which fetches its code from elsewhere,
  MathJax, 0.8 MB, where there is no formula, and what serves parts that it has not.
- A link into a fold opens it.
- Under the title, or at the end of the title page, stands what the page needs, in time and
  hardware, and where to run it, download it and find its source.
- At the end of a chapter stands a place for the reader's mark; see book/_assets/progress.js.
- ``{versions}`` lists what the book was built with.
- Folds of the sidebar have names, for who hears the page.
- Scripts wait until the page is there; styles are one file, which tools/book/one_style.py writes.
- The bibliography is read aloud as plain paragraphs: the roles that Sphinx gives it contradict
  each other.
"""

import platform
import re
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import weight
from docutils import nodes
from docutils.parsers.rst import Directive

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "matplotlib", "jupyter-book")


# It loads the parts of MathJax that `mathjax3_config` names, and sets what comes near the view.
FORMULAS = "formulas.js"


def name_mathjax(app, config) -> None:
    """Load MathJax in parts: sphinx-mathjax-offline names all in one, whatever the settings say."""
    config.mathjax_path = FORMULAS


def clean(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body", "")
    context["script_files"] = [
        waiting(script) for script in context["script_files"] if wanted(script, body)
    ]
    if "citation-list" in body:
        body = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        body = body.replace(' role="doc-biblioentry"', "")
    # the text of every exercise, solution and proof of a page has the same name
    body = re.sub(r' id="((exercise|solution|proof)-content|proof)"', "", body)
    # Names, punctuation and spaces in code have the color of their block, and are half of a page.
    body = re.sub(r'<span class="(?:n|nn|p|w)">([^<]*)</span>', r"\1", body)
    body = body.replace("\u2705", "complete")  # a sign that few fonts have
    if doctree is not None:
        run = app.env.nb_metadata.get(pagename, {}).get("exec_data") or {}
        line = needs(run.get("runtime"), reading_minutes(Path(app.env.doc2path(pagename))))
        words = f'<p class="needs">{line} {offers(app, pagename, context)}</p>'
        if pagename == app.config.root_doc:  # its first screen is for the laboratory
            before, end, after = body.rpartition("</section>")
            body = f"{before}{words}\n{end}{after}"
        else:
            body = body.replace("</h1>", f"</h1>\n{words}", 1)
        if app.env.doc2path(pagename).endswith(".ipynb"):
            page = app.builder.get_target_uri(pagename)
            body += f'\n<p class="mark-read" data-page="{page}"></p>'
    context["body"] = body
    if navigation := context.get("generate_toctree_html"):
        context["generate_toctree_html"] = lambda *a, **k: named_folds(str(navigation(*a, **k)))


def named_folds(navigation: str) -> str:
    """Give the folds of the sidebar names: the theme shows an arrow, which is not read aloud."""
    return re.sub(
        r"(>)([^<>]+)(</a>\s*<details[^>]*>\s*)<summary>",
        r'\1\2\3<summary aria-label="Pages of \2">',
        navigation,
    )


def reading_minutes(source: Path) -> int:
    """Return how long a chapter takes to read without its exercises, in steps of five minutes."""
    if source.suffix != ".ipynb":
        return 5
    return max(5, 5 * round(weight.read(source).minutes / 5))


def needs(seconds: float | None, minutes: int) -> str:
    """Say what a page asks of its reader, and of the machine if it is a notebook that ran."""
    if not seconds:
        return "This page needs nothing but a browser."
    time = f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
    return (
        f"About {minutes} minutes to read, exercises apart. The notebook ran in {time} on one "
        "processor core when this page was built; it needs no GPU and no network."
    )


def offers(app, pagename, context) -> str:
    """Return links: to run a notebook in Colab, to download it, and to the page's source."""
    theme = app.config.html_theme_options
    source = Path(app.env.doc2path(pagename, base=False)).as_posix()
    home = f"{theme['repository_url']}/blob/{theme['repository_branch']}/{source}"
    links = [f'<a href="{home}">source</a>']
    if source.endswith(".ipynb"):
        colab = home.replace("https://github.com", f"{theme['launch_buttons']['colab_url']}/github")
        notebook = context["pathto"](f"_sources/{context['sourcename']}", 1)
        links = [
            f'<a href="{colab}">run in Colab</a>',
            f'<a href="{notebook}" download>download</a>',
            *links,
        ]
    return f'<span class="needs-links">{" · ".join(links)}</span>'


class Versions(Directive):
    def run(self) -> list[nodes.Node]:
        lines = [f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
        lines += [f"{package} {version(package)}" for package in PACKAGES]
        items = [nodes.list_item("", nodes.paragraph("", line)) for line in lines]
        return [nodes.bullet_list("", *items)]


# What a script is for; others are for every page. The last two would fetch code that runs in the
# page, and say which page to ask for in another version of the book: there is neither.
SCRIPTS = {
    FORMULAS: r"""class=["']math""",
    "clipboard.min.js": r'class="highlight',
    "copybutton.js": r'class="highlight',
    "togglebutton.js": r'class="[^"]*\b(?:toggle|dropdown)\b',
    "design-tabs.js": r'class="[^"]*\bsd-tab-',
    "thebe": r"(?!)",
    "DOCUMENTATION_OPTIONS.pagename": r"(?!)",
}


def wanted(script, body: str) -> bool:
    """Say whether a page has something that a script, a file or a few lines, is for."""
    text = f"{script.filename or ''} {script.attributes.get('body') or ''}"
    needs = [part for name, part in SCRIPTS.items() if name.lower() in text.lower()]
    return all(re.search(part, body) for part in needs)


def waiting(script):
    """Return a script that waits until the page is there: until then nothing would be shown.

    What is `async` waits for nobody.
    """
    if not script.filename or "async" in script.attributes:
        return script
    attributes = {**script.attributes, "defer": "defer"}
    return type(script)(script.filename, priority=script.priority, **attributes)


def name_style(app) -> None:
    """Name the style with the state it is in, so that no page is shown with an older one."""
    folders = [Path(app.confdir, folder) for folder in app.config.html_static_path]
    own = [path.read_bytes() for folder in folders for path in sorted(folder.glob("custom.css"))]
    digest = sha256(b"".join([version("sphinx-book-theme").encode(), *own])).hexdigest()[:8]
    app.config.html_context["book_style"] = f"book.css?v={digest}"


def add_script(app, pagename, templatename, context, doctree) -> None:
    if doctree is not None:
        app.add_js_file("progress.js", loading_method="defer")
        app.add_js_file("phone.js", loading_method="defer")
    if "dropdown" in context.get("body", ""):
        app.add_js_file("folds.js", loading_method="defer")


def setup(app) -> dict:
    app.add_directive("versions", Versions)
    app.connect("config-inited", name_mathjax)
    app.connect("builder-inited", name_style)
    app.connect("html-page-context", add_script)
    # Late, when the other extensions have added what they add.
    app.connect("html-page-context", clean, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
