"""Take the icons that no page shows, of two thousand, out of the theme's script, style and fonts.

The script shrinks from 1.5 MB to a tenth of that, for every reader of every page, its fonts from
0.15 MB to a twentieth, the style by a quarter. The script draws the marks of companies, too: their
font, 0.1 MB, would be loaded only to be replaced.
"""

import re
from pathlib import Path

from fontTools import subset

SCRIPT = Path("_static", "scripts", "fontawesome.js")
STYLE = Path("_static", "styles", "pydata-sphinx-theme.css")
FONTS = Path("_static", "vendor", "fontawesome", "webfonts")
BRANDS = re.compile(r"@font-face\{[^{}]*fa-brands[^{}]*\}")
# name: [width, height, [aliases], "code point", "path"]
ICON = re.compile(
    r'(?P<quote>"?)(?P<name>[\w-]+)(?P=quote):\[\d+,\d+,\[(?P<aliases>[^\]]*)\],"[0-9a-f]+",'
    r'(?:"[^"]*"|\[[^\]]*\])\],?'
)
# .fa-name:before,.fa-alias:before{content:"\code"}
RULE = re.compile(r'(?P<names>(?:\.fa-[\w-]+:before,?)+)\{content:"[^"]*"\}')
# src:url(.../fa-solid-900.woff2) format("woff2"),url(.../fa-solid-900.ttf) format("truetype")
FACE = re.compile(r"src:url\((?P<place>[^()]*/(?P<name>fa-[\w-]+))\.woff2\)[^{};]*\.ttf\)[^{};]*")
CODE = re.compile(r"\\([ef][0-9a-f]{3})|([\ue000-\uf8ff])")


def trim(pages: Path) -> int:
    """Rewrite script, style and fonts of the built book; return how many drawn icons are left."""
    script = pages / SCRIPT
    files = [*pages.rglob("*.html"), *pages.rglob("_static/**/*.js")]
    used = {
        name
        for path in files
        if path != script
        for name in re.findall(r"\bfa-([a-z0-9-]+)", path.read_text(encoding="utf-8"))
    }
    kept = 0

    def decide(icon: re.Match) -> str:
        nonlocal kept
        names = {icon["name"], *re.findall(r'"([\w-]+)"', icon["aliases"])}
        if names.isdisjoint(used):
            return ""
        kept += 1
        return icon[0]

    text = ICON.sub(decide, script.read_text(encoding="utf-8"))
    script.write_text(text, encoding="utf-8")
    trim_style(pages, used)
    return kept


def trim_style(pages: Path, used: set[str]) -> None:
    """Leave the rules of the icons in use, and in the fonts the signs that a style asks for."""

    def decide(rule: re.Match) -> str:
        names = re.findall(r"\.fa-([\w-]+):before", rule["names"])
        return "" if used.isdisjoint(names) else rule[0]

    style = pages / STYLE
    text = RULE.sub(decide, BRANDS.sub("", style.read_text(encoding="utf-8")))
    others = [path for path in pages.rglob("_static/**/*.css") if path != style]
    said = "".join([text, *(path.read_text(encoding="utf-8") for path in others)])
    codes = {int(escaped, 16) if escaped else ord(sign) for escaped, sign in CODE.findall(said)}

    def face(source: re.Match) -> str:
        font = pages / FONTS / f"{source['name']}.ttf"
        if not font.is_file():
            return source[0]
        write_subset(font, codes)
        return f'src:url({source["place"]}.woff) format("woff")'

    style.write_text(FACE.sub(face, text), encoding="utf-8")


def write_subset(font: Path, codes: set[int]) -> None:
    """Write the signs in use beside a font, as WOFF: the second WOFF needs one more package."""
    options = subset.Options(flavor="woff", notdef_outline=True)
    with subset.load_font(font, options) as loaded:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=codes)
        subsetter.subset(loaded)
        subset.save_font(loaded, font.with_suffix(".woff"), options)
