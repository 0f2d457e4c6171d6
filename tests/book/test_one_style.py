"""The styles of the book in one file: what no page can use is left out, and nothing else."""

import base64
import re
import shutil
from io import BytesIO

import calm_theme
import one_style
import pytest
import tinycss2
from fontTools.ttLib import TTFont
from matplotlib import get_data_path

NAMES = one_style.Names({"div", "a", "used", "here", "open", "href"}, ("lab-",))


def shown(css: str) -> str:
    return tinycss2.serialize(one_style.shown(one_style.rules_in(css), NAMES))


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        ("div", "div"),
        (".used > a:hover", ".used > a:hover"),
        (".gone", ""),
        ("table .used", ""),
        ("#gone a", ""),
        ("#here", "#here"),
        ("[href]", "[href]"),
        ("[data-gone=a]", ""),
        (".gone,.used,p", ".used"),
        ("div:not(.gone)", "div:not(.gone)"),
        (":is(.gone, .used) a", ":is(.gone, .used) a"),
        (":where(.gone, p) a", ""),
        ("div:has(> .gone)", ""),
        ("::selection", "::selection"),
        ("a::before", "a::before"),
        (".lab-real", ".lab-real"),
        ("*", "*"),
        (":root", ":root"),
    ],
)
def test_a_rule_stays_unless_it_asks_for_what_is_not_there(selector, kept):
    assert shown(f"{selector}{{color:red}}") == (f"{kept}{{color:red}}" if kept else "")


def test_groups_keep_what_may_be_shown_in_them():
    css = (
        "@media print{.gone{color:red}a{color:red}}@media (min-width:1px){@supports (a:b){p{a:b}}}"
    )
    assert shown(css) == "@media print{a{color:red}}"
    assert shown("@font-face{font-family:A}") == "@font-face{font-family:A}"


def test_movement_that_no_rule_names_is_left_out():
    css = "@keyframes a{to{top:0}}@keyframes b{to{top:0}}div{animation:2s b}"
    assert one_style.without_unused_motion(css) == "@keyframes b{to{top:0}}div{animation:2s b}"


def test_a_style_that_cannot_be_read_is_said():
    with pytest.raises(ValueError, match="cannot be read"):
        one_style.rules_in("a{color:red}}")


@pytest.fixture
def pages(tmp_path):
    """Return the folder of a book of one page, with an icon in two of its styles."""
    static = tmp_path / "_static"
    fonts = static / "vendor"
    for folder in (fonts, static / "styles", static / "mathjax"):
        folder.mkdir(parents=True)
    source = get_data_path() + "/fonts/ttf/DejaVuSans.ttf"  # with private signs, as the icons are
    shutil.copy(source, fonts / "fa-solid-900.ttf")
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-sun">gone</i><a id="here">x</a>')
    (static / "a.js").write_text("box.classList.add('given', `kind-${kind}`)")
    (static / "mathjax" / "b.js").write_text("'of-mathjax'")
    (static / "search-data.js").write_text("'a word of the text'")
    face = 'url(../vendor/fa-solid-900.woff2) format("woff2"),url(../vendor/fa-solid-900.ttf)'
    (static / "styles" / "pydata-sphinx-theme.css").write_text(
        f'@charset "UTF-8";@font-face{{font-family:I;src:{face}}}'
        r'.fa-sun:before{content:"\ef00"}.fa-moon:before{content:"\ef01"}'
        ".gone{a:b}.given{a:b}.kind-of{a:b}.of-mathjax{a:b}.text{a:b}#here{background:url(../c.png)}"
    )
    (static / "custom.css").write_text(".gone-but-ours{content:'\uef02'}")
    return tmp_path


def test_styles_are_one_file(pages):
    size = one_style.write(pages)
    text = (pages / "_static" / "book.css").read_text(encoding="utf-8")
    assert size == len(text.encode())
    assert "charset" not in text
    for name in (".fa-sun:before", ".given", ".kind-of", ".gone-but-ours"):
        assert f"{name}{{" in text
    for name in (".fa-moon", ".gone{", ".of-mathjax", ".text"):
        assert name not in text
    assert '#here{background:url("c.png")}' in text


def test_signs_of_the_icon_font_stand_in_the_file(pages):
    """Those that a rule in use asks for, by number or as they are."""
    one_style.write(pages)
    text = (pages / "_static" / "book.css").read_text(encoding="utf-8")
    [packed] = re.findall(r'font-family:I;src:url\("data:font/woff;base64,([^"]+)"\)', text)
    with TTFont(BytesIO(base64.b64decode(packed))) as font:
        assert set(font.getBestCmap()) == {0xEF00, 0xEF02}


def test_a_style_without_a_place_is_named(pages):
    (pages / "_static" / "new.css").write_text("a{b:c}")
    with pytest.raises(ValueError, match=r"new\.css have no place yet"):
        one_style.write(pages)


ASKS = "all(e).forEach((e=>{e.tabIndex=e.scrollWidth>e.clientWidth||e.a>e.b?0:-1})),go()"


def test_theme_asks_no_more_what_scrolls(tmp_path):
    script = tmp_path / calm_theme.SCRIPT
    script.parent.mkdir(parents=True)
    script.write_text(f"a();{ASKS};b()")
    for _ in range(2):  # a second time it is known
        calm_theme.calm(tmp_path)
        assert script.read_text() == "a();all(e).length/* calm */,go();b()"
    script.write_text("something else")
    with pytest.raises(ValueError, match="is a new one"):
        calm_theme.calm(tmp_path)
