"""A Sphinx extension: the index of exercises, from book/exercises.yml and the book itself.

The file gives topic, difficulty and minutes. Number, title and the links to exercise and solution
come from what Sphinx has read, and whether there is a check from the library, so that they cannot
be out of date. Where a chapter's exercises begin, a line leads to their place in the index.

{assigned}`ex-ratio ex-bound` becomes the numbers of these exercises, each a link; the name of a
chapter's file stands for all of its exercises that can be checked.
"""

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import solution_node

COLUMNS = (
    ("Exercise", 40),
    ("Topic", 21),
    ("Difficulty", 9),
    ("Minutes", 8),
    ("Check", 8),
    ("Solution", 14),
)
DATA = Path("book", "exercises.yml")
PAGE = "book/exercises"  # where the index stands
HEADING = "Exercises"  # in a chapter


def read(root: Path) -> dict[str, dict[str, dict]]:
    """Return what the file says: chapter -> label -> topic, difficulty, minutes and open."""
    return yaml.safe_load((root / DATA).read_text(encoding="utf-8"))


class placeholder(nodes.General, nodes.Element):
    """Stands where the tables will be, until every chapter is read."""


class numbers(nodes.Inline, nodes.TextElement):
    """Stands where the numbers of exercises will be, by their labels in `names`."""


def assigned(name, rawtext, text, lineno, inliner, options=None, content=None):
    return [numbers("", names=text.split())], []


def meant(names: list[str], book: dict[str, dict[str, dict]]) -> list[tuple[str, str]]:
    """Return (chapter, label) for labels and chapters.

    Raises
    ------
    KeyError
        If there is no such exercise and no such chapter.
    """
    home = {label: chapter for chapter, entries in book.items() for label in entries}
    found = []
    for name in names:
        labels = [label for label in book[name] if label in checked()] if name in book else [name]
        found += [(home[label], label) for label in labels]
    return found


def checked() -> frozenset[str]:
    """Return the labels of the exercises that `gan_tutorial.check` knows."""
    from gan_tutorial.checks import EXERCISES

    return frozenset(exercise.label for exercise in EXERCISES.values())


def chapter_anchor(chapter: str) -> str:
    """Name the place in the index where the exercises of a chapter stand."""
    return f"exercises-of-{chapter.replace('_', '-')}"


def solution_anchor(exercise: str) -> str:
    """Name the place of an exercise's solution: an id that the page's scripts can look up.

    The extension's own names hold a slash, which is no valid selector.
    """
    return f"{exercise}-solution"


class NameSolutions(SphinxPostTransform):
    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in self.document.findall(solution_node):
            node["ids"] = [solution_anchor(node["target_label"])]


class ExerciseIndex(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(Path(self.env.srcdir, DATA)))
        self.env.note_reread()
        return [placeholder()]


class WriteIndex(SphinxPostTransform):
    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(placeholder)):
            tables = []
            for chapter, entries in read(Path(self.env.srcdir)).items():
                docname = f"book/{chapter}"
                if docname not in self.env.titles:
                    logging.getLogger(__name__).warning("exercises.yml: no chapter %s", docname)
                    continue
                number = ".".join(map(str, self.env.toc_secnumbers[docname].get("", ())))
                heading = f"{number} {self.env.titles[docname].astext()}"
                place = chapter_anchor(chapter)
                tables += [nodes.rubric("", heading, ids=[place]), self.table(docname, entries)]
            node.replace_self(tables)

    def table(self, docname: str, entries: dict[str, dict]) -> nodes.table:
        registry = getattr(self.env, "sphinx_exercise_registry", {})
        rows, known = [], checked()
        for label, about in entries.items():
            if label not in registry:
                logging.getLogger(__name__).warning("exercises.yml: no exercise %s", label)
                continue
            numbers = self.env.toc_fignumbers[docname]["exercise"][label]
            title = registry[label]["node"][0]
            subtitle = title.children[1].astext() if len(title.children) > 1 else ""
            name = f"{'.'.join(map(str, numbers))} {subtitle}".strip()
            rows.append(
                (
                    self.link(name, docname, label),
                    nodes.Text(about["topic"]),
                    nodes.Text("●" * about["difficulty"]),
                    nodes.Text(str(about["minutes"])),
                    nodes.Text("yes" if label in known else "no"),
                    self.link(
                        "one answer" if about.get("open") else "solution",
                        docname,
                        solution_anchor(label),
                    ),
                )
            )
        return _table(rows)

    def link(self, text: str, docname: str, target: str) -> nodes.reference:
        return _link(self, text, docname, target)


class WriteNumbers(SphinxPostTransform):
    default_priority = 8

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(numbers)):
            try:
                exercises = meant(node["names"], read(Path(self.env.srcdir)))
            except KeyError as error:
                logging.getLogger(__name__).warning("assigned: no exercise or chapter %s", error)
                exercises = []
            parts: list[nodes.Node] = []
            for chapter, label in exercises:
                docname = f"book/{chapter}"
                place = self.env.toc_fignumbers[docname]["exercise"][label]
                parts += [nodes.Text(", ")] if parts else []
                parts.append(_link(self, ".".join(map(str, place)), docname, label))
            node.replace_self(parts)


class LinkToIndex(SphinxPostTransform):
    """Say under the heading of a chapter's exercises where all of them are listed."""

    default_priority = 8

    def run(self, **kwargs) -> None:
        chapter = Path(self.env.docname).name
        entries = read(Path(self.env.srcdir)).get(chapter)
        if entries is None or self.env.docname != f"book/{chapter}":
            return
        count, with_check = len(entries), len(checked() & entries.keys())
        for title in list(self.document.findall(nodes.title)):
            section = title.parent
            if isinstance(section, nodes.section) and title.astext() == HEADING:
                line = nodes.paragraph("", f"{with_check} of these {count} can be checked: the ")
                line += _link(self, "index of exercises", PAGE, chapter_anchor(chapter))
                line += nodes.Text(" says which, how hard each is and how long it takes.")
                section.insert(1, line)


def _link(transform, text: str, docname: str, target: str) -> nodes.reference:
    uri = transform.app.builder.get_relative_uri(transform.env.docname, docname)
    return nodes.reference("", text, internal=True, refuri=f"{uri}#{target}")


def _table(rows) -> nodes.table:
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for _, width in COLUMNS]
    group += nodes.thead("", _row([nodes.Text(name) for name, _ in COLUMNS]))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["exercise-index"])


def _row(cells) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app) -> dict:
    app.add_node(placeholder)
    app.add_node(numbers)
    app.add_directive("exercise-index", ExerciseIndex)
    app.add_role("assigned", assigned)
    app.add_post_transform(WriteNumbers)
    app.add_post_transform(NameSolutions)
    app.add_post_transform(WriteIndex)
    app.add_post_transform(LinkToIndex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
