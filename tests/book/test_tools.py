"""The tools that build the book, tried on a book of one page."""

import base64
import io
import json
from types import SimpleNamespace
from zipfile import ZipFile

import nbformat
import numpy as np
import pytest
import toc
import torch
from check_pages import complaints
from execute import execute, fingerprint
from export_generator import script
from gallery import mended, picture
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebooks_zip import pack
from page_parts import clean, named_folds, needs, reading_minutes
from PIL import Image
from sphinx.builders.html._assets import _JavaScript as JavaScript

from gan_tutorial import checkpoints, data


@pytest.fixture
def book(tmp_path):
    """Return a function that writes the page with the given cells and executes it."""
    (tmp_path / "gan_tutorial").mkdir()
    (tmp_path / "gan_tutorial" / "__init__.py").write_text("ANSWER = 1\n")
    (tmp_path / "book").mkdir()
    page = tmp_path / "book" / "page.ipynb"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}

    def run(*cells: str):
        notebook = new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [new_code_cell(cell) for cell in cells]
        nbformat.write(notebook, page)
        (result,) = execute(tmp_path, [page], jobs=2, timeout=1800)
        return result

    run.library = tmp_path / "gan_tutorial" / "__init__.py"
    return run


def test_page_is_executed_again_only_when_it_or_the_library_changes(book):
    cell = "import gan_tutorial; assert gan_tutorial.ANSWER == 1"
    assert book(cell).error is None
    assert book(cell).cached
    book.library.write_text("ANSWER = 2\n")
    again = book(cell)
    assert not again.cached
    assert "AssertionError" in again.error


def test_failing_cell_is_named_and_not_cached(book):
    for _ in range(2):
        result = book("x = 1", "x / 0")
        assert "page.ipynb, code cell 2/2" in result.error
        assert "ZeroDivisionError" in result.error
        assert not result.cached


def test_page_runs_in_its_own_folder_on_one_thread(book):
    cell = (
        "import os, pathlib\n"
        "assert pathlib.Path('page.ipynb').is_file()\n"
        "assert os.environ['OMP_NUM_THREADS'] == '1'"
    )
    assert book(cell).error is None


def test_fingerprint_covers_library_results_and_pins(tmp_path):
    seen = {fingerprint(tmp_path)}
    for file in ("gan_tutorial/a/b.py", "benchmarks/results/c.json", "requirements.txt"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("1")
        seen.add(fingerprint(tmp_path))
    assert len(seen) == 4
    (tmp_path / "README.md").write_text("1")
    assert fingerprint(tmp_path) in seen


def test_pictures_are_there_and_described(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "page.html").write_text(
        """<img src="logo.png"><article>
        <img src="a.png" alt="Samples on a ring"> <img src="data:image/png;base64,AA" alt="Dots">
        <img src="a.png"> <img src="a.png" alt=" ">
        <img src="a.png" alt="../_images/0123456789abcdef0123456789abcdef.png">
        <img src="b.png" alt="Samples on a grid">
        </article><img src="c.png">"""
    )
    *undescribed, missing = complaints(tmp_path)
    assert len(undescribed) == 3
    assert all(line.startswith("page.html: the picture a.png has no alt") for line in undescribed)
    assert missing == "page.html: the picture b.png is not there."


def cleaned(body, scripts):
    """Return the scripts that a page is left with."""
    context = {"body": body, "script_files": list(scripts)}
    clean(SimpleNamespace(env=SimpleNamespace(nb_metadata={})), "page", "page.html", context, None)
    return context["script_files"]


@pytest.mark.parametrize(
    ("body", "used"),
    [
        ("<p>words</p>", []),
        ('<span class="math notranslate">x</span>', ["formulas"]),
        ('<div class="solution dropdown admonition">', ["togglebutton"]),
        ('<div class="highlight-python"><div class="highlight">', ["clipboard.min", "copybutton"]),
        ('<div class="sd-tab-set docutils">', ["design-tabs"]),
        ("<p>math, a highlight, toggle sd-tab-set</p>", []),
    ],
)
def test_scripts_without_a_use_are_left_out(body, used):
    names = ("formulas", "clipboard.min", "copybutton", "togglebutton", "design-tabs")
    scripts = [JavaScript(f"{name}.js") for name in ("a", *names, "sphinx-thebe")]
    scripts.append(JavaScript(None, body='const THEBE_JS_URL = "u"'))
    scripts.append(JavaScript(None, body="DOCUMENTATION_OPTIONS.pagename = 'a'"))
    left = [f"{name}.js" for name in ("a", *names) if name in ("a", *used)]
    assert [script.filename for script in cleaned(body, scripts)] == left


def test_scripts_wait_until_the_page_is_there():
    """But what waits for nobody does not; and a script is not changed for other pages."""
    one = JavaScript("a.js", priority=7, **{"data-a": "b"})
    others = [JavaScript(None, body="let a = 1"), JavaScript("formulas.js", **{"async": "async"})]
    scripts = cleaned('<p class="math">x</p>', [one, *others])
    assert scripts == [JavaScript("a.js", priority=7, **{"data-a": "b", "defer": "defer"}), *others]
    assert "defer" not in one.attributes


def test_zip_holds_every_notebook_and_is_always_the_same(tmp_path):
    (tmp_path / "_static").mkdir()
    pack(tmp_path)
    archive = tmp_path / "_static" / "notebooks.zip"
    first = archive.read_bytes()
    with ZipFile(archive) as packed:
        names = {name.rpartition("/")[2] for name in packed.namelist()}
        assert packed.testzip() is None
    assert {path.name for path in toc.notebooks()} | {"LICENSE", "toy-gan.png"} <= names
    pack(tmp_path)
    assert archive.read_bytes() == first


def test_needs_of_a_page_are_told_in_seconds_or_minutes():
    assert "in 42 seconds on one" in needs(42.4, 15)
    assert "in 2.5 minutes on one" in needs(150, 15)
    assert "About 15 minutes to read" in needs(150, 15)
    assert "nothing but a browser" in needs(None, 15)


def test_folds_of_the_sidebar_have_names():
    fold = '<li><a href="11.html">9. Sources</a><details><summary><i></i></summary><ul></ul>'
    assert '<summary aria-label="Pages of 9. Sources">' in named_folds(fold)
    assert named_folds('<a href="1.html">1. Principles</a>') == '<a href="1.html">1. Principles</a>'


def test_time_to_read_is_the_weight_of_the_chapter_in_steps_of_five_minutes(tmp_path):
    page = tmp_path / "page.ipynb"
    for words, minutes in ((2200, 10), (1, 5)):
        nbformat.write(new_notebook(cells=[new_markdown_cell("word " * words)]), page)
        assert reading_minutes(page) == minutes
    assert reading_minutes(tmp_path / "page.md") == 5


def test_exported_generator_is_small_and_its_directions_are_orthogonal():
    generator = checkpoints.load_generator(checkpoints.shipped("soccer64"))
    text = script(generator)
    assert len(text) < 2.7e6
    fields = json.loads(text.removeprefix("window.ganFootball = ").removesuffix(";\n"))
    found = torch.tensor(fields["directions"])
    torch.testing.assert_close(found @ found.T, torch.eye(4), atol=1e-4, rtol=0)
    assert fields["channels"] == [256, 128, 64, 32, 3]
    balls = data.load("soccer", "test", image_size=64, count=6)[:]
    for ball, told in zip(balls, fields["drawn"], strict=True):
        pixels = torch.frombuffer(bytearray(base64.b64decode(told)), dtype=torch.uint8)
        shown = pixels.view(64, 64, 3).permute(2, 0, 1) / 127.5 - 1
        torch.testing.assert_close(shown, ball, atol=1 / 255, rtol=0)


def test_gallery_shows_holes_and_gaps_as_nothing():
    """What is missing is transparent, so that it is neither white nor black on any page."""
    rows = torch.full((2, 3, 3, 4, 4), 0.5)
    rows[0, 0, :, 1, 2] = torch.nan
    sheet = np.asarray(Image.open(io.BytesIO(picture(rows, scale=2, gap=3))))
    assert sheet.shape == (2 * 11 - 3, 3 * 11 - 3, 4)
    clear = sheet[..., 3] == 0
    assert clear[2:4, 4:6].all()
    assert clear[8:11].all()
    assert clear[:, 8:11].all()
    assert (~clear).sum() == 6 * 64 - 4
    assert (sheet[~clear] == [191, 191, 191, 255]).all()


def test_gallery_keeps_what_is_known_of_mended_pictures():
    damaged, completed, before = mended()
    known = ~damaged.isnan()
    assert 0.5 < known.float().mean() < 0.9
    assert torch.equal(completed[known], before[known])
    assert not completed.isnan().any()
    assert (completed - before)[~known].abs().mean() > 0.02
