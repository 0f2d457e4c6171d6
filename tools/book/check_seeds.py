"""Show that no sentence and no line of code of the source articles is in this repository.

The articles themselves are not part of it. They are looked for in the folder that
GAN_TUTORIAL_SEEDS names, then in shared/seeds inside this checkout and beside it. Compared are
sentences, lines of code, and runs of Chinese characters; see `traces`.
"""

import ast
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from toc import ROOT

TEXT = {".py", ".md", ".ipynb", ".yml", ".yaml", ".toml", ".bib", ".cff", ".css", ".js", ".sh", ""}
SENTENCE = 30  # letters of a sentence without Chinese characters
CODE = 24  # characters of a line of code, without spaces
RUN = 12  # Chinese characters in a row; the longest terms of the glossary have fewer
# What the articles are called is said where they are named.
TITLES = (
    "无监督学习在图像生成任务中的应用：一种新的方法用于生成逼真的图像",
    "基于半监督学习的图像生成与生成对抗网络",
)
# What every program has: no line that only imports a package is anybody's.
COMMON = re.compile(r"(import|from)[\w.]+(import[\w,()]+)?(as\w+)?")


def folder(root: Path = ROOT) -> Path | None:
    """Return where the articles are, or None."""
    places = [root / "shared" / "seeds", root.parent / "shared" / "seeds"]
    if named := os.environ.get("GAN_TUTORIAL_SEEDS"):
        places.insert(0, Path(named))
    return next((place for place in places if place.is_dir() and any(place.glob("*.txt"))), None)


def text_of(path: Path) -> str:
    """Return what a file says: of a notebook the cells, since JSON breaks its lines."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:  # of an archive that another test builds, and has taken away again
        return ""
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells)
    return text


def plain(text: str) -> str:
    """Return the letters, digits and signs of a text, in small letters and without its spaces."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def runs(text: str) -> set[str]:
    """Return every run of RUN Chinese characters; punctuation and spaces do not end one."""
    found = set()
    for title in TITLES:
        text = text.replace(title, "")
    for part in re.findall(r"[\u4e00-\u9fff\s，。、；：！？（）《》“”]+", text):
        letters = "".join(re.findall(r"[\u4e00-\u9fff]", part))
        found |= {letters[i : i + RUN] for i in range(len(letters) - RUN + 1)}
    return found


def sentences(text: str) -> set[str]:
    """Return the sentences in Latin letters, by their letters only; a title of a paper is none."""
    found = set()
    for line in text.splitlines():
        if re.match(r"\s*\[\d+\]", line):  # an entry of a list of references counts as a whole
            parts = [line]
        else:
            parts = re.split(r"[.!?。！？]\s", line)
        for part in parts:
            letters = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKC", part).lower())
            if len(letters) >= SENTENCE:
                found.add(letters)
    return found


def code(text: str) -> set[str]:
    """Return the lines of code and of formulas, without spaces, comments and kind of quotes."""
    found = set()
    for line in text.splitlines():
        line = plain(re.sub(r"(^|\s)#.*$", "", line)).replace("'", '"').rstrip(",\\")
        if len(line) >= CODE and re.search(r"[=(\\]", line) and not COMMON.fullmatch(line):
            found.add(line)
    return found


def only_code(text: str) -> str:
    """Return the fenced blocks and the formulas of an article."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.S) + re.findall(r"\$\$(.*?)\$\$", text, re.S)
    return "\n".join(blocks)


def structure(text: str) -> set[str]:
    """Return each function of Python code as a tree, which new names of spaces do not change."""
    found = set()
    for block in re.findall(r"```python\n(.*?)```", text, re.S) or [text]:
        try:
            tree = ast.parse(block)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and len(node.body) > 2:
                found.add(ast.dump(ast.Module(node.body, [])))
    return found


def traces(articles: Iterable[str], text: str, python: bool = False) -> list[str]:
    """Return what of the articles is in a text: runs of characters, sentences, lines of code."""
    found = []
    letters = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKC", text).lower())
    own_runs, own_code, own_trees = runs(text), code(text), structure(text) if python else set()
    for article in articles:
        found += sorted(runs(article) & own_runs)
        found += sorted(sentence for sentence in sentences(article) if sentence in letters)
        found += sorted(code(only_code(article)) & own_code)
        found += sorted(structure(article) & own_trees)
    return found


def files(root: Path = ROOT) -> list[Path]:
    """Return the text files of the repository: what git tracks, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    paths = [root / name for name in listed if not name.startswith("shared/")]
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


def main() -> int:
    place = folder()
    if place is None:
        print("The articles are not here: name their folder in GAN_TUTORIAL_SEEDS.")
        return 0
    articles = [path.read_text(encoding="utf-8") for path in sorted(place.glob("*.txt"))]
    status = 0
    for path in files():
        for trace in traces(articles, text_of(path), path.suffix == ".py"):
            print(f"{path.relative_to(ROOT)}: {trace[:80]}")
            status = 1
    print(f"{len(files())} files compared with {len(articles)} articles.")
    return status


if __name__ == "__main__":
    sys.exit(main())
