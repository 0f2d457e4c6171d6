"""Take the icons that no page shows out of the theme's script, which holds two thousand.

It shrinks from 1.5 MB to a tenth of that, for every reader of every page. The script draws the
marks of companies, too: their font, 0.1 MB, would be loaded only to be replaced.
"""

import re
from pathlib import Path

SCRIPT = Path("_static", "scripts", "fontawesome.js")
STYLE = Path("_static", "styles", "pydata-sphinx-theme.css")
BRANDS = re.compile(r"@font-face\{[^{}]*fa-brands[^{}]*\}")
# name: [width, height, [aliases], "code point", "path"]
ICON = re.compile(
    r'(?P<quote>"?)(?P<name>[\w-]+)(?P=quote):\[\d+,\d+,\[(?P<aliases>[^\]]*)\],"[0-9a-f]+",'
    r'(?:"[^"]*"|\[[^\]]*\])\],?'
)


def trim(pages: Path) -> int:
    """Rewrite script and style in the folder of the built book; return how many icons are left."""
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
    style = pages / STYLE
    style.write_text(BRANDS.sub("", style.read_text(encoding="utf-8")), encoding="utf-8")
    return kept
