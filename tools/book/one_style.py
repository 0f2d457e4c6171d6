"""Put the styles of the built book into one file, `_static/book.css`, without what no page can use.

A page is shown when its styles are there: a dozen files, of which nine rules in ten are for other
books, would hold back every one. A rule stays unless its selector asks for a name (a class, an
identifier, an element, an attribute) that stands in no tag of any page and is no word of any
script, for scripts give names that no page has. A word of a script that ends in a hyphen stands
for all names that begin so. The book's own styles stay whole. The icons are a font, of which the
dozen signs that are shown stand in the file itself.
"""

import base64
import io
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import tinycss2
from fontTools import subset
from tinycss2.ast import AtRule, FunctionBlock, Node, QualifiedRule

BOOK, OWN = "book.css", "custom.css"
# In the order in which they override each other.
SHEETS = (
    "basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css",
    "togglebutton.css", "copybutton.css", "mystnb.*.css", "exercise.css", "proof.css",
    "sphinx-design.min.css", OWN,
)  # fmt: skip
LEFT_OUT = (
    "styles/theme.css",  # only imports the first of them
    "sphinx-thebe.css",  # code that runs in the page: nowhere
    BOOK,
)
# Scripts that hold texts and numbers, and what sets formulas, which has its own styles.
NO_NAMES = re.compile(r"^(mathjax|locales)/|(^|/)(search-data|searchindex|football-weights)\.js$")

TAG = re.compile(r"<[^>]*>")
WORD = re.compile(r"[A-Za-z_][\w-]*")
ADDRESS = re.compile(r"""url\((["']?)(?!data:|#)([^"')]+)\1\)""")
ICONS = re.compile(r'src:\s*url\("(?P<font>[^"]*/fa-(?:solid-900|brands-400))\.woff2"\)[^;}]*')
SIGN = re.compile(r"\\([ef][0-9a-f]{3})|([\ue000-\uf8ff])")  # by its number, or as it is
GROUPS = {"media", "supports", "container", "layer"}
ANY_OF = {"is", "where", "has", "matches"}


@dataclass
class Names:
    """What the pages and scripts of the book name."""

    words: set[str] = field(default_factory=set)
    beginnings: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.words or name.startswith(self.beginnings)


def names_of(pages: Path) -> Names:
    """Read the names that stand in the tags of all pages, and all words of their scripts."""
    words, static = set(), pages / "_static"
    for page in pages.rglob("*.html"):
        words.update(WORD.findall(" ".join(TAG.findall(page.read_text(encoding="utf-8")))))
    for script in static.rglob("*.js"):
        if not NO_NAMES.search(script.relative_to(static).as_posix()):
            words.update(WORD.findall(script.read_text(encoding="utf-8")))
    return Names(words, tuple(sorted(w for w in words if w.endswith("-") and len(w) > 3)))


def pieces(tokens: Iterable[Node]) -> list[list[Node]]:
    """Split a list of selectors at its commas."""
    parts: list[list[Node]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def possible(selector: list[Node], names: Names) -> bool:
    """Say whether something in the book may be what a selector asks for."""
    before = ""
    for token in selector:
        if token.type == "ident" and before != ":" and token.value not in names:
            return False
        if token.type == "hash" and token.value not in names:
            return False
        if token.type == "[] block":
            asked = next(part.value for part in token.content if part.type == "ident")
            if asked not in names:
                return False
        if isinstance(token, FunctionBlock) and token.lower_name in ANY_OF:
            if not any(possible(part, names) for part in pieces(token.arguments)):
                return False
        before = token.value if token.type == "literal" else ""
    return True


def shown(rules: Iterable[Node], names: Names) -> list[Node]:
    """Return the rules that may apply to something, each with those of its selectors."""
    kept: list[Node] = []
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            selectors = [part for part in pieces(rule.prelude) if possible(part, names)]
            if not selectors:
                continue
            comma = tinycss2.parse_component_value_list(",")
            rule.prelude = [t for part in selectors for t in (*comma, *part)][1:]
        elif isinstance(rule, AtRule) and rule.lower_at_keyword in GROUPS and rule.content:
            rule.content = shown(rules_in(rule.content), names)
            if not rule.content:
                continue
        kept.append(rule)
    return kept


def rules_in(content) -> list[Node]:
    found = tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True)
    for rule in found:
        if rule.type == "error":
            raise ValueError(f"A style cannot be read: {rule.message}, line {rule.source_line}.")
    return found


def without_unused_motion(text: str) -> str:
    """Take out what describes a movement (`@keyframes`) that no rule names."""
    rules = rules_in(text)
    others = tinycss2.serialize([rule for rule in rules if not names_motion(rule)])
    return tinycss2.serialize([rule for rule in rules if (motion := names_motion(rule)) is None
                               or re.search(rf"animation[^;}}]*\b{motion}\b", others)])  # fmt: skip


def names_motion(rule: Node) -> str | None:
    if isinstance(rule, AtRule) and rule.lower_at_keyword.endswith("keyframes"):
        return tinycss2.serialize(rule.prelude).strip()
    return None


def placed(text: str, sheet: str) -> str:
    """Let the addresses in a sheet begin at `_static`."""
    folder = posixpath.dirname(sheet)
    return ADDRESS.sub(
        lambda found: f'url("{posixpath.normpath(posixpath.join(folder, found[2]))}")', text
    )


def with_icons(text: str, static: Path) -> str:
    """Put the signs of the icon font that a style asks for into the style."""
    codes = {int(number, 16) if number else ord(sign) for number, sign in SIGN.findall(text)}

    def replace(face: re.Match) -> str:
        packed = base64.b64encode(font_of(static / f"{face['font']}.ttf", codes)).decode()
        return f'src:url("data:font/woff;base64,{packed}") format("woff")'

    return ICONS.sub(replace, text)


def font_of(font: Path, codes: set[int]) -> bytes:
    """Return some signs of a font, as WOFF: the second WOFF needs one more package."""
    options = subset.Options(flavor="woff", notdef_outline=True)
    packed = io.BytesIO()
    with subset.load_font(font, options) as loaded:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=codes)
        subsetter.subset(loaded)
        loaded.flavor = "woff"
        loaded.save(packed)
    return packed.getvalue()


def sheets(static: Path) -> list[Path]:
    """Return the styles of the book in their order; ValueError names one that has no place."""
    found = [path for pattern in SHEETS for path in sorted(static.glob(pattern))]
    left_out = {static / name for name in LEFT_OUT}
    others = {*static.glob("*.css"), *static.glob("styles/*.css")} - {*found} - left_out
    if others:
        raise ValueError(
            f"The styles {min(others).relative_to(static)} have no place yet: write in "
            "tools/book/one_style.py where they stand among the others (SHEETS), or that no page "
            "needs them (LEFT_OUT)."
        )
    return found


def write(pages: Path) -> int:
    """Write the styles of the built book into one file; return its size in bytes."""
    static, names, parts = pages / "_static", names_of(pages), []
    for path in sheets(static):
        name = path.relative_to(static).as_posix()
        rules = rules_in(placed(path.read_text(encoding="utf-8"), name))
        rules = [rule for rule in rules if getattr(rule, "lower_at_keyword", "") != "charset"]
        parts.append(tinycss2.serialize(rules if name == OWN else shown(rules, names)))
    text = with_icons(without_unused_motion("\n".join(parts)), static)
    (static / BOOK).write_text(text, encoding="utf-8")
    return len(text.encode())
