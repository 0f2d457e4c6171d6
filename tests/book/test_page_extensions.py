"""The extensions that dress the pages: folds, pictures, heads, search and previews."""

import base64
import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
from code_folds import code, definitions, imports_only, one_setup
from cover_pictures import DRAWINGS, HEIGHT, WIDTH, draw
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from page_head import say_width_once, write_index
from pictures import content_of, measured, size_of, write_light
from PIL import Image
from previews import from_root, link_first, targets, tidy, words
from search_data import Sections


def folded_cell(source: str, *outputs) -> tuple:
    """Return a fold and its cell, as MyST-NB makes them."""
    fold = HideCodeCellNode()
    fold += nodes.literal_block("", source)
    cell = nodes.container("", nb_element="cell_code")
    cell += [fold, *outputs]
    return fold, cell


def page_of(*folds):
    section = nodes.section()
    section += [cell for _, cell in folds]
    return section


INSTALL = "try:\n    import gan_tutorial\nexcept ImportError:\n    %pip install gan_tutorial"


def test_installation_and_imports_become_one_fold():
    first, second = folded_cell(INSTALL), folded_cell("import math\nfrom gan_tutorial import data")
    third = folded_cell("x = 1")
    page = page_of(first, second, third)
    left = one_setup([first, second, third])
    assert left == [first, third]
    assert code(first[0]) == f"{INSTALL}\nimport math\nfrom gan_tutorial import data"
    assert len(page) == 2


@pytest.mark.parametrize("second", ["def f(x):\n    return x", "x = 3\nimport math"])
def test_what_is_more_than_imports_stays_apart(second):
    folds = [folded_cell(INSTALL), folded_cell(second)]
    page = page_of(*folds)
    assert len(one_setup(folds)) == 2
    assert len(page) == 2


def test_a_cell_with_output_stays_apart():
    folds = [folded_cell(INSTALL), folded_cell("import math", nodes.container())]
    page_of(*folds)
    assert len(one_setup(folds)) == 2


def test_definitions_are_named():
    assert definitions("%time x\nclass A:\n    def f(self): ...\ndef g(): ...") == ["A", "g"]
    assert definitions("this is no python") == []
    assert imports_only("import math\nmath.pi")
    assert not imports_only("")


def test_a_picture_gets_what_it_lacks():
    tag = '<img alt="a" src="b.png" />'
    assert measured(tag, (30, 20), lazy=True) == (
        '<img width="30" height="20" loading="lazy" alt="a" src="b.png" />'
    )
    assert measured(tag, (29.6, 20.2), lazy=False).startswith(
        '<img width="30" height="20" fetchpriority="high" alt'
    )
    assert measured(tag, None, lazy=False) == tag
    sized = '<img width="5" loading="eager" src="b.png">'
    assert measured(sized, (30, 20), lazy=True) == sized


def test_sizes_are_read_from_files_and_from_the_page_itself(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (7, 5)).save(buffer, "PNG")
    (tmp_path / "source.png").write_bytes(buffer.getvalue())
    files = {"built name.png": tmp_path / "source.png"}
    assert size_of("../_images/built%20name.png", files) == (7, 5)
    assert size_of("../_images/other.png", files) is None
    inline = base64.b64encode(buffer.getvalue()).decode()
    assert size_of(f"data:image/png;base64,{inline}", {}) == (7, 5)


def noise(mode: str, side: int = 90) -> bytes:
    """Return a PNG that is not small, of random pixels in a few tones."""
    shape = (side, side, len(mode)) if len(mode) > 1 else (side, side)
    levels = 16 * np.random.default_rng(0).integers(0, 16, shape, dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels, mode).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_large_pictures_become_lighter_and_keep_every_pixel(tmp_path, mode):
    content = noise(mode)
    (tmp_path / f"{hashlib.sha256(content).hexdigest()}.png").write_bytes(content)  # as MyST-NB
    name = write_light(content, tmp_path)
    assert name.endswith(".webp")
    assert (tmp_path / name).stat().st_size < len(content)
    with Image.open(tmp_path / name) as light, Image.open(io.BytesIO(content)) as before:
        assert np.array_equal(light.convert("RGBA"), before.convert("RGBA"))
    written = (tmp_path / name).stat().st_mtime_ns
    assert write_light(content, tmp_path) == name
    assert (tmp_path / name).stat().st_mtime_ns == written, "it is written once"


def test_what_stands_in_the_page_or_is_a_large_png_is_made_lighter(tmp_path):
    large, small = noise("RGB"), noise("L", 5)
    for name, content in (("large.png", large), ("small.png", small), ("drawing.svg", large)):
        (tmp_path / name).write_bytes(content)
    files = {path.name: path for path in tmp_path.iterdir()}
    assert content_of("../_images/large.png", files) == large
    for name in ("_images/small.png", "_images/drawing.svg", "_images/none.png", "large.png"):
        assert content_of(name, files) is None
    inline = base64.b64encode(large).decode()
    assert content_of(f"data:image/png;base64,{inline}", {}) == large
    assert content_of(f"data:image/png;base64,{base64.b64encode(small).decode()}", {}) is None


def test_width_of_the_page_is_said_once():
    context = {"metatags": '<meta name="viewport" content="x" />\n<meta name="description" />'}
    say_width_once(None, "page", "page.html", context, None)
    assert context["metatags"] == '<meta name="description" />'


def test_index_leads_to_the_title_page(tmp_path):
    config = SimpleNamespace(
        language="en", root_doc="book/intro", html_baseurl="https://a.b/", html_favicon="x/m.svg"
    )
    app = SimpleNamespace(
        builder=SimpleNamespace(name="html", get_target_uri=lambda name: f"{name}.html"),
        config=config,
        env=SimpleNamespace(titles={"book/intro": nodes.title("", "GANs & more")}),
        outdir=tmp_path,
    )
    write_index(app, None)
    text = (tmp_path / "index.html").read_text()
    assert "<title>GANs &amp; more</title>" in text
    assert 'href="https://a.b/book/intro.html"' in text
    (tmp_path / "index.html").unlink()
    write_index(app, RuntimeError())
    assert not (tmp_path / "index.html").exists()


PAGE = r"""<nav><p>Chapters</p></nav><article><section id="top">
<h1><span class="section-number">1. </span>Top<a class="headerlink">#</a></h1>
<p class="needs">25 minutes</p><p>A word \(x^2\).</p>
<div class="highlight"><pre>code()</pre></div>
<section id="inner"><h2>Inner</h2><ul><li>One</li><li>Two</li></ul></section>
<dl class="glossary"><dt id="term-a">gen</dt><dt id="term-b">生成器</dt><dd><p>Makes.</p></dd>
<dt id="term-c">disc</dt><dd>Tells.</dd></dl>
<p>After.</p></section></article><footer>Next</footer>"""


def test_search_knows_sections_and_entries_without_the_frame_around_them():
    assert Sections(PAGE).found == [
        ["top", "Top", "A word x^2 . After."],
        ["inner", "Inner", "One Two"],
        ["term-a", "gen · 生成器", "Makes."],
        ["term-c", "disc", "Tells."],
    ]


def test_a_label_before_a_heading_names_the_place():
    page = (
        '<article><section id="mode-collapse"><span id="fault-mode-collapse"></span>'
        '<h3>Mode collapse</h3><p>Seen.<span id="later"></span></p></section></article>'
    )
    assert Sections(page).found == [["fault-mode-collapse", "Mode collapse", "Seen."]]


def test_wrong_answers_are_not_found_as_if_the_book_said_so():
    asked = '<div class="question"><fieldset><legend>Why?</legend></fieldset><p>Never.</p></div>'
    page = f'<article><section id="a"><h1>A</h1><p>One.</p>{asked}<p>Two.</p></section></article>'
    assert Sections(page).found == [["a", "A", "One. Two."]]


def test_a_named_fold_is_a_place_of_its_own():
    """Its title is the heading; text after it belongs to the section again."""
    page = (
        '<article><section id="cards"><h2>Cards</h2><p>Open one.</p>'
        '<div class="dropdown admonition" id="fault-a"><p class="admonition-title">A fault</p>'
        "<p>Seen.</p><p>Cured.</p></div>"
        '<div class="exercise dropdown admonition" id="ex-a">'
        '<p class="admonition-title">Try</p></div>'
        '<div class="dropdown admonition"><p class="admonition-title">Aside</p></div>'
        "<p>After.</p></section></article>"
    )
    assert Sections(page).found == [
        ["cards", "Cards", "Open one. Try Aside After."],
        ["fault-a", "A fault", "Seen. Cured."],
    ]


def test_what_can_be_shown_is_collected_without_names():
    page = """<div class="math notranslate" id="equation-eq-a"><span class="eqno">(1)
    <a class="headerlink" href="#equation-eq-a">#</a></span>\\[x\\]</div>
    <figure class="align" id="fig-a"><img src="../_images/a.png"/>
    <figcaption><p id="id3">It.<a class="headerlink" href="#fig-a">#</a></p></figcaption></figure>
    <figure class="align" id="fig-b"><div data-player></div></figure>
    <dt id="term-x">word<a class="headerlink" href="#term-x">#</a></dt><dt id="term-y">字</dt>
    <dd>Meaning.</dd>"""
    found = targets(page)
    assert set(found) == {"equation-eq-a", "fig-a", "term-x", "term-y"}
    assert not any("id=" in part or "headerlink" in part for part in found.values())
    assert "(1)" not in found["equation-eq-a"]
    assert found["term-x"] == found["term-y"] == "<dl><dt>word · 字</dt><dd>Meaning.</dd></dl>"
    assert tidy("a<script>b</script>") == "a"


def test_links_of_a_preview_begin_at_the_top_of_the_book():
    html = '<img src="../_images/a.png"><a href="#b"></a><a href="c.html#d"></a><a href="https://e.f/"></a>'
    assert from_root(html, "book/library/page.html") == (
        '<img src="{root}book/_images/a.png"><a href="{root}book/library/page.html#b"></a>'
        '<a href="{root}book/library/c.html#d"></a><a href="https://e.f/"></a>'
    )


def test_a_word_is_linked_once():

    paragraph = nodes.paragraph("", "A generator, two generators and a Latent code.")
    anchors = {"generator": "term-generator", "latent code": "term-latent-code"}
    seen: set[str] = set()
    link_first(paragraph[0], words(anchors), anchors, "glossary.html", seen)
    assert paragraph.astext() == "A generator, two generators and a Latent code."
    links = [(link.astext(), link["refuri"]) for link in paragraph.findall(nodes.reference)]
    assert links == [
        ("generator", "glossary.html#term-generator"),
        ("Latent code", "glossary.html#term-latent-code"),
    ]


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("batch\nnormalization, then a batch", ["batch\nnormalization", "batch"]),
        ("half precision, and then precision", ["precision"]),
        ("a real picture, and precisions", ["precisions"]),
        ("non-precision batches", ["batches"]),
    ],
)
def test_a_word_is_linked_where_it_means_what_the_glossary_says(text, linked):
    anchors = dict.fromkeys(("batch", "batch normalization", "precision", "real"))
    anchors = {word: f"term-{number}" for number, word in enumerate(anchors)}
    paragraph = nodes.paragraph("", text)
    link_first(paragraph[0], words(anchors), anchors, "glossary.html", set())
    assert [link.astext() for link in paragraph.findall(nodes.reference)] == linked


@pytest.mark.parametrize("name", DRAWINGS)
def test_pictures_of_the_cards_are_light_and_let_the_page_show_through(name):
    png = draw(DRAWINGS[name])
    assert len(png) < 20_000
    with Image.open(io.BytesIO(png)) as drawn:
        assert drawn.size == (WIDTH, HEIGHT)
        alpha = drawn.convert("RGBA").getchannel("A")
        low, high = alpha.getextrema()
        assert low == 0
        assert high > 250
