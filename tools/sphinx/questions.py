"""A Sphinx extension: a question in the page, with a reason for every answer.

:::{question}
:name: minimax-q-share

Data are three times as dense as fakes at $x$. Which is $D^*(x)$?

- [ ] $\\tfrac13$
  - That is the other ratio, of fakes to data.
- [x] $\\tfrac34$
  - It is $p / (p + q)$ with $p = 3q$.
:::

The argument says which kind it is. ``choice``, the usual one: one of the marks is an ``x``.
``number``: behind the marks stand numbers, decimal or a fraction, one of them right, and, last,
words for any other number; ``:within: 0.01`` is how far off is still right, by default half a unit
of the last digit, and at most 0.005. ``order``: the list is numbered, in the right order, and the
page mixes it.

All of it is Markdown, in lists, which a notebook shows and a translation finds; without JavaScript
and on paper the answers stand in a fold below. (jupyterquiz, which has these kinds but orders,
keeps its questions as JSON in the code of a cell, and draws them by a script alone.)
book/_assets/questions.js makes the page answer.
"""

import random
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

KINDS = ("choice", "number", "order")
RIGHT, WRONG, ANSWER = "Right.", "Not so.", "Answer"
ITEM = re.compile(r"(?:- \[(?P<mark>[ xX])\]|\d+\.) +(?P<text>.*)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:/\d+)?")


@dataclass(frozen=True)
class Answer:
    """One thing to choose, or one place of an order, and what is said about it."""

    text: str
    reason: str
    right: bool = True

    @property
    def value(self) -> Fraction | None:
        """The number that stands there, or None if words do."""
        return Fraction(self.text) if NUMBER.fullmatch(self.text) else None


@dataclass(frozen=True)
class Question:
    """What is asked, in Markdown; `within` is how far off a number may be."""

    kind: str
    stem: str
    answers: tuple[Answer, ...]
    within: Fraction = Fraction(0)

    @property
    def right(self) -> Answer:
        return next(answer for answer in self.answers if answer.right)


def parse(text: str, kind: str = "choice", within: str | None = None) -> Question:
    """Read the body of a directive; ValueError says in one sentence what is wrong with it."""
    if kind not in KINDS:
        raise ValueError(f"A question is of the kind {', '.join(KINDS)}, not {kind!r}.")
    lines = text.strip().splitlines()
    at = next((k for k, line in enumerate(lines) if ITEM.match(line)), len(lines))
    stem = "\n".join(lines[:at]).strip()
    if not stem:
        raise ValueError("A question begins with what it asks, above its list of answers.")
    answers = tuple(_answers(lines[at:], kind))
    if len(answers) < (3 if kind == "order" else 2):
        what = "three things to order" if kind == "order" else "two answers"
        raise ValueError(f"A question has at least {what}; {stem[:40]!r} has {len(answers)}.")
    if kind == "order":
        return Question(kind, stem, answers)
    if sum(answer.right for answer in answers) != 1:
        raise ValueError(f"One answer is marked with [x]; of {stem[:40]!r} it is not exactly one.")
    if kind == "choice":
        return Question(kind, stem, answers)
    return Question(kind, stem, answers, _tolerance(stem, answers, within))


def _answers(lines: list[str], kind: str):
    """Yield the items of the list, whose reasons are items one level down."""
    items: list[list[str]] = []
    for line in lines:
        if ITEM.match(line):
            items.append([line])
        elif line.startswith(" ") or not line.strip():
            items[-1].append(line)
        else:
            raise ValueError(f"Behind the answers of a question stands {line!r}: move it above.")
    for first, *rest in items:
        found = ITEM.match(first)
        if (found["mark"] is None) != (kind == "order"):
            form = "1." if kind == "order" else "- [ ] or - [x]"
            raise ValueError(f"An answer of the kind {kind} begins with {form}, not as {first!r}.")
        at = next((k for k, line in enumerate(rest) if re.match(r" +- +\S", line)), None)
        if at is None:
            raise ValueError(f"The answer {first!r} has no reason: write one below, as '  - ...'.")
        text = " ".join([found["text"], *(line.strip() for line in rest[:at])]).strip()
        reason = re.sub(r"^ +- +", "", "\n".join(rest[at:]).rstrip())
        reason = "\n".join(line.strip() for line in reason.splitlines())
        yield Answer(text, reason, found["mark"] != " ")


def _tolerance(stem: str, answers: tuple[Answer, ...], within: str | None) -> Fraction:
    """Return how far off a number may be, after a look at the numbers."""
    *numbers, rest = answers
    if rest.value is not None or rest.right or any(a.value is None for a in numbers):
        raise ValueError(
            f"The answers of a number question are numbers, and last words for any other number: "
            f"those of {stem[:40]!r} are not."
        )
    right = next(answer for answer in numbers if answer.right)
    digits = max(2, len(right.text.partition(".")[2]))
    try:
        limit = Fraction(Decimal(within)) if within else Fraction(1, 2) / 10**digits
    except ArithmeticError:
        raise ValueError(f":within: is a number such as 0.01, not {within!r}.") from None
    for answer in numbers:
        if not answer.right and abs(answer.value - right.value) <= limit:
            raise ValueError(f"{answer.text} counts as {right.text}, which is right.")
    return limit


# --- In the page ------------------------------------------------------------------------------


class question(nodes.General, nodes.Element):
    """Holds a stem, choices (if there are any to see), and answers."""


class question_stem(nodes.General, nodes.TextElement): ...


class question_choices(nodes.General, nodes.Element): ...


class question_choice(nodes.General, nodes.TextElement): ...


class question_answers(nodes.General, nodes.Element): ...


class question_answer(nodes.General, nodes.Element): ...


class AskQuestion(SphinxDirective):
    optional_arguments = 1
    has_content = True
    option_spec: ClassVar = {"name": directives.unchanged_required, "within": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0].strip() if self.arguments else "choice"
        name = self.options.get("name")
        if not name:
            raise self.warning("A question needs a :name:, under which its answer is remembered.")
        try:
            asked = parse("\n".join(self.content), kind, self.options.get("within"))
        except ValueError as error:
            raise self.warning(str(error)) from None
        node = question("", kind=kind, within=float(asked.within))
        self.add_name(node)
        self.set_source_info(node)
        first, *rest = self.markdown(asked.stem)
        node += [question_stem("", "", *first.children), *rest]
        if kind != "number":
            shown = list(enumerate(asked.answers, 1))
            if kind == "order":
                mix(shown, name)
            choices = [self.choice(*pair) for pair in shown]
            node += question_choices("", *choices, tag="ol" if kind == "choice" else "ul")
        answers = [self.answer(answer, kind) for answer in asked.answers]
        node += question_answers("", *answers, tag="ul" if kind == "number" else "ol")
        counts = self.env.__dict__.setdefault("questions", {})
        counts[self.env.docname] = counts.get(self.env.docname, 0) + 1
        return [node]

    def markdown(self, text: str) -> list[nodes.Node]:
        box = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), ""), self.content_offset, box)
        if not box.children or not isinstance(box[0], nodes.paragraph):
            raise self.warning(f"A question or answer begins with words, not {text[:40]!r}.")
        return box.children

    def choice(self, place: int, answer: Answer) -> question_choice:
        return question_choice("", "", *self.markdown(answer.text)[0].children, place=place)

    def answer(self, answer: Answer, kind: str) -> question_answer:
        """Return the verdict, what was answered (if no letter stands for it), and the reason."""
        first, *rest = self.markdown(answer.reason)
        said = nodes.paragraph()
        if kind != "order":
            said += [nodes.strong("", RIGHT if answer.right else WRONG), nodes.Text(" ")]
        if kind != "choice":
            words = nodes.inline(classes=["question-answered"])
            words += self.markdown(answer.text)[0].children
            words += nodes.Text(" " if answer.text.endswith((".", "?", "!")) else ": ")
            said += words
        said += first.children
        value = None if kind != "number" or answer.value is None else float(answer.value)
        return question_answer("", said, *rest, right=answer.right, value=value)


def mix(things: list, seed: str) -> None:
    """Put things in another order, always the same one for the same seed, and not the given one."""
    given = list(things)
    order = random.Random(seed)
    while things == given:
        order.shuffle(things)


def write(text: str):
    """Return a function that writes a text, with the attributes of its node filled in."""
    return lambda translator, node: translator.body.append(text.format_map(node.attributes))


def begin_question(translator, node) -> None:
    within = f' data-within="{node["within"]:g}"' if node["kind"] == "number" else ""
    name, kind = node["ids"][0], node["kind"]
    translator.body.append(
        f'<div class="question" id="{name}" data-kind="{kind}"{within}><fieldset>'
    )


def begin_answer(translator, node) -> None:
    value = "" if node["value"] is None else f' data-value="{node["value"]:.10g}"'
    translator.body.append(f"<li{value}{' data-right' if node['right'] else ''}>")


def purge(app, env, docname) -> None:
    env.__dict__.setdefault("questions", {}).pop(docname, None)


def merge(app, env, docnames, other) -> None:
    found = getattr(other, "questions", {})
    counts = env.__dict__.setdefault("questions", {})
    counts.update({name: found[name] for name in docnames if name in found})


def title_page(app, env) -> list[str]:
    """Have the title page written anew: it says how many questions there are."""
    return [app.config.root_doc]


def add_script(app, pagename, templatename, context, doctree) -> None:
    counts = getattr(app.env, "questions", {})
    if pagename in counts:
        app.add_js_file("questions.js", loading_method="defer")
    if pagename == app.config.root_doc:
        total = f'<meta name="questions" content="{sum(counts.values())}" />'
        context["metatags"] = context.get("metatags", "") + total


def setup(app) -> dict:
    app.add_node(question, html=(begin_question, write("</details></div>")))
    app.add_node(question_stem, html=(write("<legend>"), write("</legend>")))
    choices = write('<{tag} class="question-choices">'), write("</{tag}>")
    app.add_node(question_choices, html=choices)
    choice = write('<li data-place="{place}"><label>'), write("</label></li>")
    app.add_node(question_choice, html=choice)
    answers = f'</fieldset><details class="question-answers"><summary>{ANSWER}</summary>'
    answers += '<div class="question-said"><{tag}>'
    app.add_node(question_answers, html=(write(answers), write("</{tag}></div>")))
    app.add_node(question_answer, html=(begin_answer, write("</li>")))
    app.add_directive("question", AskQuestion)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", title_page)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
