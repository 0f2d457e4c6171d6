"""A Sphinx extension: folded code has a name that says what it is for.

MyST-NB writes the same four words above every fold. Here a fold is named for the figure, the table
or the picture it makes, or for the functions it defines; and the cells with which a chapter begins,
the installation in Colab and the imports, are one fold.
"""

import ast
import re
from collections import Counter

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

SETUP = "Set-up of this chapter: installation and imports"


class NameFolds(SphinxPostTransform):
    default_priority = 200  # after MyST-NB has made the folds, at 199
    formats = ("html",)

    def run(self, **kwargs) -> None:
        # MyST-NB does not tell a fold which cell it is in.
        folds = [
            (fold, cell)
            for cell in self.document.findall(nodes.container)
            for fold in cell.children
            if isinstance(fold, HideCodeCellNode)
        ]
        folds = one_setup(folds)
        names = [self.name(fold, cell) for fold, cell in folds]
        often, seen = Counter(names), Counter()
        for (fold, _), name in zip(folds, names, strict=True):
            seen[name] += 1
            if often[name] > 1:
                name = f"{name} ({seen[name]} of {often[name]})"
            fold["prompt_show"] = name
            fold["prompt_hide"] = f"Hide: {name}"

    def name(self, fold, cell) -> str:
        if fold.get("set-up"):
            return SETUP
        numbers = self.env.toc_fignumbers.get(self.env.docname, {}).get("figure", {})
        for figure in cell.findall(nodes.figure):
            for label in figure["ids"]:
                if label in numbers:
                    return f"Code for Fig. {'.'.join(map(str, numbers[label]))}"
        shown = [part for part in cell.children if part.get("nb_element") == "cell_code_output"]
        for kind, what in ((nodes.table, "table"), (nodes.image, "picture")):
            if any(True for part in shown for _ in part.findall(kind)):
                return f"Code for the {what} below"
        if any("<table" in raw.astext() for part in shown for raw in part.findall(nodes.raw)):
            return "Code for the table below"
        if any("data-player" in raw.astext() for part in shown for raw in part.findall(nodes.raw)):
            return "Code for the film below"
        if shown:
            return "Code for the output below"
        source = code(fold)
        if defined := definitions(source):
            listed = ", ".join(defined[:3]) + (", ..." if len(defined) > 3 else "")
            return f"Code of {listed}"
        return f"Code, {len([line for line in source.splitlines() if line.strip()])} lines"


def one_setup(folds: list) -> list:
    """Move the imports into the fold of the installation; return the folds that are left."""
    if not folds or "import gan_tutorial" not in code(folds[0][0]):
        return folds
    fold, cell = folds[0]
    fold["set-up"] = True
    if len(folds) > 1:
        second, beside = folds[1]
        follows = cell.next_node(descend=False, siblings=True) is beside
        if follows and len(beside.children) == 1 and imports_only(code(second)):
            fold.extend(second.children)
            beside.parent.remove(beside)
            return [folds[0], *folds[2:]]
    return folds


def code(fold) -> str:
    """Return the source of a folded cell."""
    return "\n".join(block.astext() for block in fold.findall(nodes.literal_block))


def parsed(source: str) -> ast.Module | None:
    """Return the tree of a cell, whose lines with a magic command count as `pass`."""
    try:
        return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))
    except SyntaxError:
        return None


def definitions(source: str) -> list[str]:
    """Return the names of the functions and classes that a cell defines."""
    tree = parsed(source)
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in tree.body if isinstance(node, kinds)] if tree else []


def imports_only(source: str) -> bool:
    """Say whether a cell imports, sets options, and does no more: it defines nothing."""
    tree = parsed(source)
    if tree is None or not tree.body:
        return False
    return isinstance(tree.body[0], ast.Import | ast.ImportFrom) and not definitions(source)


def speak_names(app, pagename, templatename, context, doctree) -> None:
    """Read the names aloud: a label that is the same for all hides them."""
    context["body"] = context.get("body", "").replace(
        '<summary aria-label="Toggle hidden content">', "<summary>"
    )


def setup(app) -> dict:
    app.add_post_transform(NameFolds)
    app.connect("html-page-context", speak_names)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
