"""How much a chapter asks of its reader: words, lines of code, minutes.

What counts is what one reads on the way: not exercises, their solutions and questions, not what is
folded (dropdown admonitions; cells tagged hide-input or hide-cell) and not what is removed.
As a script: prints the weight of every chapter.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from toc import notebooks

WORDS_A_MINUTE, SECONDS_A_LINE = 200, 4
MINUTES, LINES, CELL, COLUMN = 45, 250, 30, 87  # COLUMN: characters, on a page 1,440 wide
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
ASIDE = re.compile(r"\{(exercise|solution)-(start|end)\}")
ASIDE_LINE = re.compile(r"(^`{3,}\{(?:exercise|solution)-(?:start|end)\}[^`]*`{3,})", re.MULTILINE)
DISPLAY = re.compile(r"\$\$.*?\$\$(?: *\([\w-]+\))?|\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
DISPLAYED = 10  # a displayed formula is read as slowly as ten words


@dataclass(frozen=True)
class Weight:
    """The weight of one chapter; `longest` and `widest` are of its visible cells of code."""

    words: int
    lines: int
    longest: int
    widest: int

    @property
    def minutes(self) -> float:
        return self.words / WORDS_A_MINUTE + self.lines * SECONDS_A_LINE / 60

    def complaints(self) -> list[str]:
        """Return a sentence for each measure that is over its limit."""
        measures = (
            (self.minutes, MINUTES, "minutes to read"),
            (self.lines, LINES, "visible lines of code"),
            (self.longest, CELL, "lines in its longest visible cell"),
            (self.widest, COLUMN, "characters in its widest visible line of code"),
        )
        return [
            f"It has {round(value)} {what}; at most {limit} are allowed."
            for value, limit, what in measures
            if value > limit
        ]


def weigh(notebook) -> Weight:
    """Measure a notebook of the book, executed or not.

    Words are those of text, headings, tables and captions; a formula in a line is one word, a
    displayed one is ten. Lines of code are those that are not blank, comments included.
    """
    texts, listings = [], []
    for cell in on_the_way(notebook):
        if cell.cell_type == "markdown":
            text, listed = _split(cell.source)
            texts.append(text)
            listings += listed
            continue
        texts.append(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", ""))
        if shown(cell):
            listings.append(cell.source)
    lines = [[line for line in code.splitlines() if line.strip()] for code in listings]
    return Weight(
        words=sum(map(count_words, texts)),
        lines=sum(map(len, lines)),
        longest=max(map(len, lines), default=0),
        widest=max((len(line) for code in lines for line in code), default=0),
    )


def on_the_way(notebook) -> list:
    """Return the cells outside of exercises and solutions."""
    found, aside = [], False
    for cell in notebook.cells:
        marks = ASIDE.findall(cell.source) if cell.cell_type == "markdown" else []
        if not marks and not aside:
            found.append(cell)
        elif marks:
            rest = nbformat.from_dict({**cell, "source": _outside(cell.source, aside)})
            found += [rest] if rest.source.strip() else []
            aside = marks[-1][1] == "start"
    return found


def _outside(text: str, aside: bool) -> str:
    """Return the lines of a text that are not between the marks of an exercise or a solution."""
    kept = []
    for part in ASIDE_LINE.split(text):
        if mark := ASIDE.search(part):
            aside = mark[2] == "start"
        elif not aside:
            kept.append(part)
    return "".join(kept)


def shown(cell) -> bool:
    """Say whether a reader sees the code of a cell without opening anything."""
    return cell.cell_type == "code" and not HIDDEN & set(cell.metadata.get("tags", []))


def _split(text: str) -> tuple[str, list[str]]:
    """Return the words that one reads, and the listings between fences; folds are left out."""
    lines, listings = [], []
    fences: list[tuple[str, str]] = []  # what is open: the fence, and what becomes of the lines
    source = text.splitlines()
    for at, line in enumerate(source):
        if fences and line.strip() == fences[-1][0]:
            fences.pop()
        elif opened := re.match(r"(`{3,}|:{3,})(\{[\w:-]+\})? *(.*)", line):
            inside = fences[-1][1] if fences else "text"
            if inside != "text":
                use = inside
            elif opened[2] == "{question}":
                use = "fold"
            elif opened[2] in (None, "{code-block}", "{code}"):
                use = "code"
                listings.append("")
            else:
                use = "fold" if _folded(source[at:]) else "text"
                lines += [opened[3]] if use == "text" else []
            fences.append((opened[1], use))
        elif not fences or fences[-1][1] == "text":
            lines.append(line)
        elif fences[-1][1] == "code":
            listings[-1] += line + "\n"
    return "\n".join(lines), listings


def _folded(lines: list[str]) -> bool:
    """Say whether a directive, given from its first line on, is a dropdown."""
    for line in lines[1:]:
        if not re.match(r":[\w-]+:", line):
            return False
        if line.startswith(":class:") and "dropdown" in line:
            return True
    return False


def count_words(text: str) -> int:
    """Count the words of a text in Markdown, as a reader of the page sees them."""
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL)
    text = DISPLAY.sub(" word" * DISPLAYED, text)
    text = re.sub(r"^(?:\(([\w-]+)\)=|:[\w-]+:.*|[|: -]+)$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"\{[\w:-]+\}`([^`<]*?)(?: *<[^>`]*>)?`", r" \1 ", text)  # a role
    text = re.sub(r"\$[^$]+\$", " word ", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return len(re.findall(r"[^\W_][\w'\N{RIGHT SINGLE QUOTATION MARK}.,%-]*", text))


def raw_outputs(notebook) -> list[str]:
    """Return what is shown raw on the way: prints of Python objects in place of sentences.

    It looks at the code of all cells whose output is shown: arguments of `print` have to be texts,
    and the last line of a cell no name, tuple, list or dictionary.
    """
    found = []
    for cell in on_the_way(notebook):
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type != "code" or tags & {"remove-cell", "remove-output", "hide-output"}:
            continue
        source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE)
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
                found += [ast.unparse(node) for part in node.args if not _is_text(part)][:1]
        last = tree.body[-1] if tree.body else None
        quiet = source.rstrip().endswith(";")
        raw = (ast.Name, ast.Tuple, ast.List, ast.Dict, ast.Attribute, ast.Subscript, ast.Compare)
        if isinstance(last, ast.Expr) and isinstance(last.value, raw) and not quiet:
            found.append(ast.unparse(last))
    return found


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Starred):
        node = node.value
    if isinstance(node, ast.Call):  # " ".join(...), text.rjust(8)
        return isinstance(node.func, ast.Attribute) and _is_text(node.func.value)
    if isinstance(node, ast.BinOp):
        return _is_text(node.left)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def read(path: Path) -> Weight:
    """Measure a file."""
    return weigh(nbformat.read(path, as_version=4))


def main() -> None:
    print(f"{'chapter':20s} {'minutes':>7s} {'words':>6s} {'lines':>6s} {'cell':>5s} {'wide':>5s}")
    for path in notebooks():
        w = read(path)
        row = f"{w.minutes:7.0f} {w.words:6d} {w.lines:6d} {w.longest:5d} {w.widest:5d}"
        print(f"{path.stem:20s} {row}")


if __name__ == "__main__":
    main()
